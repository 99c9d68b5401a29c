"""What in study.yaml must meet: names and what they name, versions, folders and files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from trialect.converters.did_you_mean import meant
from trialect.converters.form_files import is_inside
from trialect.converters.readers.study_facts import Facts
from trialect.problems import Problem, rule
from trialect.schemas import ct, sdtm

REFERENCE = rule(
    "STUDY-REFERENCE",
    "error",
    "The study file refers to something it does not define",
    "{value!r} is none of the {what}.{meant}",
    "Define it, or name one of {known}.",
)
TWICE = rule(
    "STUDY-TWICE",
    "error",
    "Two parts of the study file have the same name",
    "{what} {value!r} is there {times} times.",
    "Give each its own.",
)
NOT_AT_HAND = rule(
    "STUDY-VERSION",
    "error",
    "A version of a standard is not at hand",
    "version {value!r} of {what} is not at hand.",
    "Use one of {known}{or_else}.",
)
OUTSIDE = rule(
    "STUDY-OUTSIDE",
    "error",
    "A path of the study file leads out of the study folder",
    "{value!r} leads out of its folder.",
    "Name a place inside it, with / between folders and without `..`.",
)
NO_ID = rule(
    "STUDY-ID",
    "error",
    "The study identifier cannot name a folder",
    "{value!r} cannot be the name of a folder, which the package needs.",
    "Write an identifier with a letter or a digit of ASCII, and without `..`.",
)

IG_VERSIONS = ("3.4",)
"""The versions of SDTMIG that `schemas.sdtm` holds."""

HOW_TO_INSTALL = (
    ", or download `SDTM Terminology` of {version} from NCI EVS and install it: "
    "trialect terminology install 'SDTM Terminology {version}.txt'"
)


def references(facts: Facts) -> Iterator[Problem]:
    """Elements, interventions, arms and domains that are named are defined."""
    study = facts.study
    elements = [one.code for one in study.elements]
    interventions = [one.name for one in study.interventions]
    arms = [one.code for one in study.arms]
    domains = list(sdtm.datasets(study.sdtm.ig)) if study.sdtm.ig in IG_VERSIONS else None
    for pattern, what, known in (
        ("arms.*.elements.*.element", "elements", elements),
        ("arms.*.interventions.*", "interventions", interventions),
        ("visits.*.arm", "arms", arms),
        ("elements.*.start.domain", "datasets of SDTMIG", domains),
        ("sdtm.reference.start.domain", "datasets of SDTMIG", domains),
        ("sdtm.reference.end.domain", "datasets of SDTMIG", domains),
        ("visits.*.epoch", "epochs of the arms", list(study.epochs) if arms else None),
    ):
        for path, text in facts.values(pattern):
            if known is not None and text not in known:
                listed = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
                yield facts.problem(
                    REFERENCE,
                    path,
                    value=text,
                    what=what,
                    meant=meant(text, known),
                    known=listed or "them",
                )


def event_dates(facts: Facts) -> Iterator[Problem]:
    """Dates of events are variables of their domains."""
    version = facts.study.sdtm.ig
    domains = sdtm.datasets(version) if version in IG_VERSIONS else {}
    for pattern in ("elements.*.start", "sdtm.reference.start", "sdtm.reference.end"):
        named = dict(facts.values(f"{pattern}.domain"))
        for path, text in facts.values(f"{pattern}.date"):
            domain = domains.get(named.get(f"{path.removesuffix('.date')}.domain", ""))
            if domain is None or domain.allowed(text) is not None:
                continue
            known = [one.name for one in domain.variables if one.name.endswith("DTC")]
            yield facts.problem(
                REFERENCE,
                path,
                value=text,
                what=f"variables of {domain.name}",
                meant=meant(text, known),
                known=", ".join(known),
            )


def uniqueness(facts: Facts) -> Iterator[Problem]:
    """Codes that name one thing each."""
    study = facts.study
    for what, place, names in (
        ("arm", "arms", [one.code for one in study.arms]),
        ("element", "elements", [one.code for one in study.elements]),
        ("site", "sites", [one.id for one in study.sites]),
        ("visit number", "visits", [(f"{one.num:g}", one.arm) for one in study.visits]),
        ("criterion", "criteria", [(one.code, one.version) for one in study.criteria]),
    ):
        yield from _twice(facts, what, place, names)


def _twice(facts: Facts, what: str, place: str, names: Iterable[object]) -> Iterator[Problem]:
    listed = list(names)
    for name, times in Counter(listed).items():
        if times > 1:
            last = len(listed) - 1 - listed[::-1].index(name)
            shown = name[0] if isinstance(name, tuple) else name
            yield facts.problem(TWICE, f"{place}.{last}", value=shown, what=what, times=times)


def versions(facts: Facts) -> Iterator[Problem]:
    """Versions of standards that are at hand; terminology may also lie in the study's folder."""
    sdtm = facts.study.sdtm
    if sdtm.ig not in IG_VERSIONS:
        known = ", ".join(IG_VERSIONS)
        given = {"value": sdtm.ig, "what": "SDTMIG", "known": known, "or_else": ""}
        yield facts.problem(NOT_AT_HAND, "sdtm.ig", **given)
    at_hand = dict.fromkeys(one.version for one in ct.at_hand(facts.folder))
    if sdtm.ct not in at_hand:
        yield facts.problem(
            NOT_AT_HAND,
            "sdtm.ct",
            value=sdtm.ct,
            what="SDTM controlled terminology",
            known=", ".join(at_hand),
            or_else=HOW_TO_INSTALL.format(version=sdtm.ct),
        )


def places(facts: Facts) -> Iterator[Problem]:
    """Folders and files that stay inside the study folder."""
    records = facts.study.records
    if not is_inside(records.folder):
        yield facts.problem(OUTSIDE, "records.folder", value=records.folder)
    for form, one in records.forms.items():
        # A form's name is the name of the file with its rejected rows.
        if not is_inside(form) or "/" in form:
            yield facts.problem(OUTSIDE, f"records.forms.{form}", value=form)
        if not is_inside(one.file):
            yield facts.problem(OUTSIDE, f"records.forms.{form}.file", value=one.file)


def identifier(facts: Facts) -> Iterator[Problem]:
    """The study identifier, whose letters and digits name a folder of the package."""
    studyid = facts.study.studyid
    parts = re.split(r"[/\\]", studyid)
    has_name = any(sign.isascii() and sign.isalnum() for sign in studyid)
    if not has_name or any(part and not part.strip(". ") for part in parts):
        yield facts.problem(NO_ID, "studyid", value=studyid)

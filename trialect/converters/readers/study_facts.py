"""What study.yaml must hold true beyond its form: words, dates, and references that meet.

Each check is a function from the study and its lines to problems; `CHECKS` lists them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from trialect.converters.did_you_mean import meant
from trialect.converters.form_files import is_inside
from trialect.converters.readers.study_words import WORDS
from trialect.converters.readers.typed import UNKNOWN_WORD
from trialect.converters.readers.yaml_tree import Node
from trialect.problems import Problem, Rule, rule
from trialect.schemas import ct, sdtm
from trialect.trial import Study

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
NO_DATE = rule(
    "STUDY-DATE",
    "error",
    "A date of the study file is none",
    "{value!r} is no date that exists.",
    "Write YYYY, YYYY-MM or YYYY-MM-DD.",
    "ISO 8601",
)
NO_FORMAT = rule(
    "STUDY-DATE-FORMAT",
    "error",
    "The date format of the records is none",
    "{value!r} is no format of dates: {reason}.",
    "Write it with yyyy, mm or mon, and dd, as in dd.mm.yyyy; docs/mapping.md says how.",
)
NO_STAMP = rule(
    "STUDY-STAMP",
    "error",
    "The stamp of the study file is no date and time",
    "{value!r} is no date and time in UTC.",
    "Write it as 2026-01-31T12:00:00Z.",
    "ISO 8601",
)
NO_AGE = rule(
    "STUDY-AGE",
    "error",
    "An age of the study file is none",
    "{value!r} is no age.",
    "Write a whole number and Years, Months, Weeks, Days, Hours or Minutes, as in `18 Years`.",
    "ClinicalTrials.gov API v2, NormalizedTime",
)
NO_ZONE = rule(
    "STUDY-TIMEZONE",
    "error",
    "The time zone of a site is not known",
    "{value!r} is no time zone.{meant}",
    "Write a name of the IANA time zone database, as in Europe/Istanbul.",
)
NO_PATH = rule(
    "STUDY-PATH",
    "error",
    "A path leads to nothing in the study file",
    "{value!r} leads to nothing in this file ({part!r} is not there).",
    "Write a dotted path of keys, as in design.masking; an item of a list is named by its code, "
    "id, number or place (the first is 0), * is any item.",
)
DAY_ZERO = rule(
    "STUDY-DAY-ZERO",
    "error",
    "A planned visit is on day 0",
    "there is no study day 0: the day before day 1 is day -1.",
    "Write the planned study day without a day 0.",
    "SDTMIG 3.4, 4.4.4",
)
OUT_OF_RANGE = rule(
    "STUDY-RANGE",
    "error",
    "A number of the study file is out of its range",
    "{value} is not within {low} to {high}.",
    "Write a number within it.",
)
OUTSIDE = rule(
    "STUDY-OUTSIDE",
    "error",
    "A path of the study file leads out of the study folder",
    "{value!r} leads out of its folder.",
    "Name a place inside it, with / between folders and without `..`.",
)
NOT_AT_HAND = rule(
    "STUDY-VERSION",
    "error",
    "A version of a standard is not at hand",
    "version {value!r} of {what} is not at hand.",
    "Use one of {known}{or_else}.",
)
NO_ID = rule(
    "STUDY-ID",
    "error",
    "The study identifier cannot name a folder",
    "{value!r} cannot be the name of a folder, which the package needs.",
    "Write an identifier without / \\ : and not of dots alone.",
)
NO_URL = rule(
    "STUDY-URL",
    "error",
    "The base of the FHIR resources is no URL",
    "{value!r} is no http(s) URL.",
    "Write one, as in https://example.org/trials/ID, without a slash at its end.",
)
NOT_ASCII = rule(
    "STUDY-TRANSLITERATION",
    "error",
    "A transliteration is not ASCII",
    "{value!r} is replaced by {by!r}, which is not ASCII either.",
    "Write the replacement in ASCII.",
)
NO_ENCODING = rule(
    "STUDY-ENCODING",
    "error",
    "A declared encoding is not known",
    "{value!r} is no text encoding.",
    "Write utf-8, utf-16, cp1252, cp1254, iso8859-9 or another name that Python knows.",
)

_AGE = re.compile(r"[0-9]+ (Years?|Months?|Weeks?|Days?|Hours?|Minutes?)")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?(?<!/)")


@dataclass(frozen=True, slots=True)
class Facts:
    """A study and the tree it was read from, which knows the lines."""

    study: Study
    root: Node
    file: str
    folder: Path | None = None
    """The study folder, which may carry terminology of its own."""

    def problem(self, broken: Rule, path: str, **given: object) -> Problem:
        """A problem at a dotted path (items by their place)."""
        return broken.problem(file=self.file, row=self._line(path), field=path, **given)

    def values(self, pattern: str) -> Iterator[tuple[str, str]]:
        """The paths and texts that a pattern with * finds in the file."""
        for path, node in _follow(self.root, pattern.split("."), ""):
            if node.kind == "text" and not node.is_null:
                yield path, node.text

    def _line(self, path: str) -> int:
        node = self.root
        line = node.line
        for step in path.split("."):
            if node.kind == "mapping" and step in node.entries:
                node = node.entries[step]
            elif node.kind == "list" and step.isdigit() and int(step) < len(node.items):
                node = node.items[int(step)]
            else:
                break
            line = node.key_line or node.line
        return line


def _follow(node: Node, steps: list[str], path: str) -> Iterator[tuple[str, Node]]:
    if not steps:
        yield path, node
        return
    step, *rest = steps
    for name, child in _children(node):
        if step in ("*", name):
            yield from _follow(child, rest, f"{path}.{name}" if path else name)


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.entries.items()
    yield from ((str(place), item) for place, item in enumerate(node.items))


def check(facts: Facts) -> list[Problem]:
    """Everything that is wrong with a study as a whole, in the order of its lines."""
    found = [problem for one in CHECKS for problem in one(facts)]
    return sorted(found, key=lambda problem: problem.row or 0)


def words(facts: Facts) -> Iterator[Problem]:
    """Words of closed lists."""
    for pattern, known in WORDS.items():
        for path, text in facts.values(pattern):
            if text not in known:
                yield facts.problem(
                    UNKNOWN_WORD, path, value=text, meant=meant(text, known), known=", ".join(known)
                )


def dates(facts: Facts) -> Iterator[Problem]:
    """Dates that exist, as complete as they are known; the stamp in UTC."""
    for pattern in ("start.date", "completion.date"):
        for path, text in facts.values(pattern):
            if not is_date(text):
                yield facts.problem(NO_DATE, path, value=text)
    stamp = facts.study.sdtm.stamp
    if stamp is not None and not _is_stamp(stamp):
        yield facts.problem(NO_STAMP, "sdtm.stamp", value=stamp)


def date_formats(facts: Facts) -> Iterator[Problem]:
    """How the exports write dates."""
    from trialect.mappings.dates import DateFormatError, check_format

    for path, text in facts.values("records.date_format"):
        try:
            check_format(text)
        except DateFormatError as error:
            yield facts.problem(NO_FORMAT, path, value=text, reason=error)


def is_date(text: str) -> bool:
    """Whether a text is a date YYYY, YYYY-MM or YYYY-MM-DD that exists."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _is_stamp(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def ages(facts: Facts) -> Iterator[Problem]:
    """Ages as ClinicalTrials.gov writes them."""
    for pattern in ("eligibility.minimum_age", "eligibility.maximum_age"):
        for path, text in facts.values(pattern):
            if not _AGE.fullmatch(text):
                yield facts.problem(NO_AGE, path, value=text)


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
        ("intervention", "interventions", [one.name for one in study.interventions]),
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


def days(facts: Facts) -> Iterator[Problem]:
    """No planned day 0."""
    for place, visit in enumerate(facts.study.visits):
        if visit.day == 0:
            yield facts.problem(DAY_ZERO, f"visits.{place}.day", value=0)


def zones(facts: Facts) -> Iterator[Problem]:
    """Time zones of the sites."""
    for path, text in facts.values("sites.*.timezone"):
        if text not in _zones():
            yield facts.problem(NO_ZONE, path, value=text, meant=meant(text, sorted(_zones())))


@cache
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def numbers(facts: Facts) -> Iterator[Problem]:
    """Numbers that have a range."""
    study = facts.study
    limits: list[tuple[str, int | None, int, int]] = [
        ("enrolment.planned", study.enrolment.planned, 0, 10**9),
        ("enrolment.actual", study.enrolment.actual, 0, 10**9),
        ("sdtm.split_bytes", study.sdtm.split_bytes, 10**4, 10**15),
        ("fhir.bundle_subjects", study.fhir.bundle_subjects, 1, 10**6),
        ("fhir.bundle_bytes", study.fhir.bundle_bytes, 10**4, 10**12),
        *((f"sdtm.lengths.{name}", size, 1, 200) for name, size in study.sdtm.lengths.items()),
    ]
    for path, number, low, high in limits:
        if number is not None and not low <= number <= high:
            yield facts.problem(OUT_OF_RANGE, path, value=number, low=low, high=high)


IG_VERSIONS = ("3.4",)
"""The versions of SDTMIG that `schemas.sdtm` holds."""


HOW_TO_INSTALL = (
    ", or download `SDTM Terminology` of {version} from NCI EVS and install it: "
    "trialect terminology install 'SDTM Terminology {version}.txt'"
)


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
    """The study identifier, which names a folder of the package."""
    studyid = facts.study.studyid
    if not is_inside(studyid) or "/" in studyid or not studyid.strip(". "):
        yield facts.problem(NO_ID, "studyid", value=studyid)


def encodings(facts: Facts) -> Iterator[Problem]:
    """Encodings that can be read."""
    from trialect.converters.readers.text import is_encoding

    for path, text in facts.values("records.forms.*.encoding"):
        if not is_encoding(text):
            yield facts.problem(NO_ENCODING, path, value=text)


def urls(facts: Facts) -> Iterator[Problem]:
    """The base of the FHIR resources."""
    base = facts.study.fhir.base
    if base and not _URL.fullmatch(base):
        yield facts.problem(NO_URL, "fhir.base", value=base)


def transliterations(facts: Facts) -> Iterator[Problem]:
    """Replacements for what ASCII has not."""
    for sign, by in facts.study.sdtm.transliterate.items():
        if not by.isascii():
            yield facts.problem(NOT_ASCII, f"sdtm.transliterate.{sign}", value=sign, by=by)


CHECKS: tuple[Callable[[Facts], Iterator[Problem]], ...] = (
    words,
    dates,
    date_formats,
    ages,
    references,
    event_dates,
    uniqueness,
    days,
    zones,
    numbers,
    versions,
    places,
    identifier,
    encodings,
    urls,
    transliterations,
)

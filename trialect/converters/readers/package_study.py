"""The Study that an SDTM package states: TS, the trial design datasets, and the sites of DM.

Each fact is read from one place and in one way; a term that stands for several of ours, and a
parameter that no field of Study holds, stays a parameter as it is. Nothing is added: what the
package does not state is left out, and told (`missing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

import polars as pl

from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.problems import Problem, rule
from trialect.protocol import (
    Arm,
    ArmElement,
    Criterion,
    Design,
    Element,
    Eligibility,
    Enrolment,
    Intervention,
    Outcome,
    Parameter,
    Registration,
    Site,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.schemas import ct
from trialect.study_options import FhirOptions, SdtmOptions
from trialect.trial import Study

NO_FACT = rule(
    "PACKAGE-NO-FACT",
    "warning",
    "The package does not state a fact of the study",
    "{what} is stated nowhere in the package ({where}).",
    "State it there, or give `{field}` in a study.yaml beside the package or with --study.",
)
NO_BASE = rule(
    "PACKAGE-NO-BASE",
    "warning",
    "The study has no base URL",
    "Nothing says under which URL the study's FHIR resources are named; {value} stands for it,"
    " which leads nowhere (RFC 6761, .invalid).",
    "Give fhir.base in a study.yaml beside the package or with --study.",
    "http://hl7.org/fhir/R4/datatypes.html#Identifier",
)
NO_ZONES = rule(
    "PACKAGE-NO-ZONE",
    "warning",
    "The time zones of sites are not known",
    "SDTM holds no time zone; sites {value} have none, so that times of day there cannot be said"
    " as FHIR asks (the day is written, and the text as collected beside it).",
    "Give the sites with their timezone in a study.yaml beside the package or with --study.",
    "http://hl7.org/fhir/R4/datatypes.html#dateTime",
)

Key = TypeVar("Key")
Frames = Mapping[str, pl.DataFrame]
Row = dict[str, str | None]

NOT_KNOWN = ""
"""Stands in a Study for what a Study must have and the package does not state."""

_PHASES = {term: words for words, term in terms.PHASES.items()}
_AGE = re.compile(r"P(\d+)([YMWD])")
_AGE_UNITS = {"Y": "Years", "M": "Months", "W": "Weeks", "D": "Days"}
_OUTCOMES: dict[str, Literal["PRIMARY", "SECONDARY", "OTHER"]] = {
    "OUTMSPRI": "PRIMARY",
    "OUTMSSEC": "SECONDARY",
    "OUTMSEXP": "OTHER",
}
_HELD = {
    *("TITLE", "SPONSOR", "REGID", "SSTDTC", "SENDTC", "PLANSUB", "ACTSUB", *_OUTCOMES),
    *("INDIC", "STYPE"),
}
"""Parameters that a field of Study holds as they are."""


def study_of_package(frames: Frames, studyid: str, ig: str, stamp: str | None) -> Study:
    """The Study of the datasets without subjects and of DM's sites (`DM`: distinct SITEID, ...).

    `ig` and `stamp` are what define.xml says, if anything.
    """
    summary = _summary(frames)
    first = {code: rows[0]["TSVAL"] for code, rows in summary.items() if rows[0]["TSVAL"]}
    slug = re.sub(r"[^a-z0-9]+", "-", studyid.lower()).strip("-") or "study"
    return Study(
        studyid=studyid,
        title=first.get("TITLE") or NOT_KNOWN,
        sponsor=Sponsor(first.get("SPONSOR") or NOT_KNOWN),
        registrations=tuple(
            Registration(value, _registry(row))
            for row in summary.get("REGID", [])
            if (value := row["TSVAL"])
        ),
        start=_date(first.get("SSTDTC")),
        completion=_date(first.get("SENDTC")),
        status=_state(first),
        conditions=tuple(_texts(summary, "INDIC")),
        design=_design(first),
        enrolment=Enrolment(_count(first.get("PLANSUB")), _count(first.get("ACTSUB"))),
        eligibility=_eligibility(first),
        interventions=tuple(Intervention(name) for name in _texts(summary, "TRT")),
        arms=tuple(_arms(frames)),
        elements=tuple(_elements(frames)),
        visits=tuple(_visits(frames)),
        criteria=tuple(_criteria(frames)),
        outcomes=tuple(
            Outcome(kind, text)
            for code, kind in _OUTCOMES.items()
            for text in _texts(summary, code)
        ),
        sites=tuple(_sites(frames)),
        parameters=tuple(_parameters(summary)),
        sdtm=SdtmOptions(ig=ig or SdtmOptions().ig, stamp=stamp),
        fhir=FhirOptions(base=f"https://{slug}.invalid", all_variables=True),
    )


def _state(first: Mapping[str, str]) -> str | None:
    """COMPLETED where the trial's end does not lie behind the data's cut-off; else not stated."""
    ended, cut = _date(first.get("SENDTC")), _date(first.get("DCUTDTC"))
    if ended is None or cut is None or not len(ended.date) == len(cut.date) == 10:
        return None
    return "COMPLETED" if ended.date <= cut.date else None


def missing(study: Study) -> Iterator[Problem]:
    """What the package (and a study.yaml with it) leaves open."""
    for value, what, where, field in (
        (study.title, "The title", "TS TITLE", "title"),
        (study.sponsor.name, "The sponsor", "TS SPONSOR", "sponsor"),
        (study.arms, "The arms", "TA", "arms"),
        (study.visits, "The planned visits", "TV", "visits"),
        (study.sites, "The sites", "DM SITEID", "sites"),
        (study.status, "The state of the trial", "TS SENDTC and DCUTDTC", "status"),
    ):
        if not value:
            yield NO_FACT.problem(what=what, where=where, field=field)
    if study.fhir.base.endswith(".invalid"):
        yield NO_BASE.problem(field="fhir.base", value=study.fhir.base)
    if zoneless := [site.id for site in study.sites if not site.timezone]:
        yield NO_ZONES.problem(field="sites", value=", ".join(zoneless))


def _rows(frames: Frames, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    frame = frames.get(name)
    if frame is None:
        return
    known = [c for c in columns if c in frame.columns]
    for row in frame.select(known).iter_rows(named=True):
        yield {column: row.get(column) for column in columns}


def _summary(frames: Frames) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    columns = ("TSPARMCD", "TSVAL", "TSVALNF", "TSVALCD", "TSVCDREF", "TSVCDVER")
    longer = tuple(f"TSVAL{number}" for number in range(1, 10))
    for row in _rows(frames, "TS", (*columns, *longer)):
        # SDTMIG 3.4, 7.4.2: a text over 200 characters goes on in TSVAL1, TSVAL2, ...
        rest = [row[name] for name in longer if row[name]]
        if rest:
            row["TSVAL"] = " ".join([row["TSVAL"] or "", *filter(None, rest)])
        if row["TSPARMCD"]:
            found.setdefault(row["TSPARMCD"], []).append(row)
    return found


def _texts(summary: Mapping[str, list[Row]], code: str) -> Iterator[str]:
    for row in summary.get(code, []):
        if row["TSVAL"]:
            yield row["TSVAL"]


def _registry(row: Row) -> str:
    known = "ClinicalTrials.gov"
    named = row["TSVCDREF"] or NOT_KNOWN
    return known if named.casefold() == known.casefold() else named


def _date(text: str | None) -> StudyDate | None:
    """A date of TS, which does not say whether it is planned or reached."""
    if not text or not re.match(r"\d{4}(-\d\d(-\d\d)?)?(T|$)", text):
        return None
    return StudyDate(text[:10], None)


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _word(known: Mapping[Key, str], term: str | None) -> Key | None:
    """The first word that a term stands for."""
    return next((word for word, one in known.items() if one == term), None)


def _design(first: Mapping[str, str | None]) -> Design:
    return Design(
        type=_word(terms.STUDY_TYPE, first.get("STYPE")) or first.get("STYPE") or NOT_KNOWN,
        # N is said of one arm and of arms that are not chosen by chance: no word for both.
        allocation="RANDOMIZED" if first.get("RANDOM") == "Y" else None,
        model=_word(terms.MODEL, first.get("INTMODEL")),
        masking=_word(terms.MASKING, first.get("TBLIND")),
        purpose=_word(terms.PURPOSE, first.get("TINDTP")),
        phases=_PHASES.get(first.get("TPHASE") or "", ()),
    )


def _eligibility(first: Mapping[str, str | None]) -> Eligibility:
    healthy = {"Y": True, "N": False}.get(first.get("HLTSUBJI") or "")
    return Eligibility(
        _age(first.get("AGEMIN")),
        _age(first.get("AGEMAX")),
        _word(terms.SEX, first.get("SEXPOP")),
        healthy,
    )


def _age(duration: str | None) -> str | None:
    found = _AGE.fullmatch(duration or "")
    return f"{found[1]} {_AGE_UNITS[found[2]]}" if found else duration


def _arms(frames: Frames) -> Iterator[Arm]:
    columns = ("ARMCD", "ARM", "ETCD", "EPOCH", "TABRANCH", "TATRANS")
    paths: dict[str, list[Row]] = {}
    for row in _rows(frames, "TA", columns):
        if row["ARMCD"]:
            paths.setdefault(row["ARMCD"], []).append(row)
    for code, rows in paths.items():
        elements = tuple(
            ArmElement(r["ETCD"] or "", r["EPOCH"] or "", r["TABRANCH"], r["TATRANS"]) for r in rows
        )
        yield Arm(code, rows[0]["ARM"] or code, elements=elements)


def _elements(frames: Frames) -> Iterator[Element]:
    for row in _rows(frames, "TE", ("ETCD", "ELEMENT", "TESTRL", "TEENRL", "TEDUR")):
        if row["ETCD"]:
            yield Element(
                row["ETCD"],
                row["ELEMENT"] or row["ETCD"],
                row["TESTRL"] or "",
                row["TEENRL"],
                row["TEDUR"],
            )


def _visits(frames: Frames) -> Iterator[Visit]:
    columns = ("VISITNUM", "VISIT", "VISITDY", "ARMCD", "TVSTRL", "TVENRL")
    for row in _rows(frames, "TV", columns):
        if row["VISITNUM"] is not None:
            day = row["VISITDY"]
            yield Visit(
                float(row["VISITNUM"]),
                row["VISIT"] or "",
                None if day is None else int(float(day)),
                row["TVSTRL"] or "",
                row["TVENRL"],
                row["ARMCD"],
            )


def _criteria(frames: Frames) -> Iterator[Criterion]:
    kinds: dict[str | None, Literal["INCLUSION", "EXCLUSION"]] = {
        "INCLUSION": "INCLUSION",
        "EXCLUSION": "EXCLUSION",
    }
    for row in _rows(frames, "TI", ("IETESTCD", "IETEST", "IECAT", "TIVERS")):
        kind = kinds.get(row["IECAT"])
        if row["IETESTCD"] and kind:
            version = row["TIVERS"] or "1"
            yield Criterion(row["IETESTCD"], kind, row["IETEST"] or "", version)


def _sites(frames: Frames) -> Iterator[Site]:
    sites: dict[str, Site] = {}
    for row in _rows(frames, "DM", ("SITEID", "COUNTRY", "INVNAM", "INVID")):
        code = row["SITEID"]
        if code and code not in sites:
            sites[code] = Site(
                code,
                code,
                NOT_KNOWN,
                row["COUNTRY"] or NOT_KNOWN,
                investigator=row["INVNAM"],
                investigator_id=row["INVID"],
            )
    yield from (sites[code] for code in sorted(sites))


def _parameters(summary: Mapping[str, list[Row]]) -> Iterator[Parameter]:
    """What no field of Study holds as it is."""
    for code, rows in summary.items():
        if code in _HELD and not any(row["TSVALNF"] for row in rows):
            continue
        for row in rows:
            yield Parameter(
                code,
                row["TSVAL"],
                row["TSVALNF"],
                row["TSVALCD"],
                row["TSVCDREF"],
                row["TSVCDVER"],
            )


def known_ct(version: str | None) -> str | None:
    """A version of SDTM CT that is at hand; None when it is not."""
    if version is None:
        return None
    try:
        ct.terminology(version)
    except KeyError:
        return None
    return version

"""The words of a Study as codes of USDM, and back (words.csv).

USDM codes what CDISC's terminology has a term for. A word without one is written with its own
word as the code, in the code system of ClinicalTrials.gov's API, which codelists that are
extensible allow; where a list is not, the check of USDM tells it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from trialect.schemas.registry.usdm_facts import codelists, extensible, terms

CDISC = "http://www.cdisc.org"
CDISC_VERSION = "2025-09-26"
"""The release of CDISC's terminology whose codes and names are written."""

WORDS = "ClinicalTrials.gov API"
WORDS_VERSION = "2.0"

COUNTRIES = "ISO 3166 1 alpha3"
COUNTRIES_VERSION = "2020-08"
"""The system and version by which CDISC's examples name countries."""

UNKNOWN = "C17998"
UNKNOWN_DECODE = "Unknown"
"""NCI's concept for what is not known; for a code that USDM requires and no source says."""

NOT_STATED = "Not stated"
"""For a text that USDM requires and no source says."""


@dataclass(frozen=True, slots=True)
class Coding:
    """A code, its system, the system's version and the code's name."""

    code: str
    system: str
    version: str
    decode: str


@dataclass(frozen=True, slots=True)
class _Line:
    fact: str
    word: str
    codelist: str
    code: str | None
    decode: str | None


def coding(fact: str, word: str) -> Coding:
    """How a word of a fact is coded; in its own word where CDISC has no term for it."""
    line = _lines().get((_fact(fact), word))
    if line is None or line.code is None:
        return Coding(word, WORDS, WORDS_VERSION, _plain(word))
    return Coding(line.code, CDISC, CDISC_VERSION, line.decode or word)


def has_term(fact: str, word: str) -> bool:
    """Whether CDISC has a term for a word."""
    line = _lines().get((_fact(fact), word))
    return line is not None and line.code is not None


def worded_facts() -> tuple[str, ...]:
    """The facts of a Study of which each value is a word of its own."""
    own = dict.fromkeys(fact for fact, _ in _lines())
    return (*(fact for fact in own if fact not in _NO_SINGLE_WORDS), "collaborators.*.type")


_NO_SINGLE_WORDS = frozenset(
    (
        *(
            "design.allocation",
            "design.patient_registry",
            "design.phases",
            "eligibility.age_unit",
            "eligibility.sex",
        ),
        *("interventions.*.role", "parties", "titles", "dates", "epochs", "schedule", "notes"),
        "data_origin",
    )
)


def is_open(fact: str) -> bool:
    """Whether words may be added to the codelist of a fact; so where it has none."""
    lists = {line.codelist for (of, _), line in _lines().items() if of == _fact(fact)}
    return all(one in extensible() for one in lists if one)


def _fact(fact: str) -> str:
    return "sponsor.type" if fact == "collaborators.*.type" else fact


def word(fact: str, code: str, system: str | None = CDISC, decode: str | None = None) -> str | None:
    """The word that a code means, the first of several; None for a code that is not listed.

    A code that no term has, as the provisional ones in CDISC's examples, means the term that it
    is named by.
    """
    if system == WORDS:
        return code if (_fact(fact), code) in _lines() else None
    found = _codes().get((_fact(fact), code))
    if found is None and decode and code not in _all_codes():
        found = _names().get((_fact(fact), decode.casefold()))
    return found


def unknown() -> Coding:
    """The code for what USDM requires and no source says."""
    return Coding(UNKNOWN, CDISC, CDISC_VERSION, UNKNOWN_DECODE)


def epoch_coding(epoch: str) -> Coding | None:
    """The code of an epoch's name; None for a name that is none of CDISC's terms."""
    for term in terms("C99079"):
        if term.name == epoch.upper():
            return Coding(term.code, CDISC, CDISC_VERSION, term.decode)
    return None


def _plain(word: str) -> str:
    return word.replace("_", " ").capitalize()


@cache
def _lines() -> Mapping[tuple[str, str], _Line]:
    found = {}
    with files(__package__).joinpath("words.csv").open(encoding="utf-8") as file:
        for one in csv.DictReader(file):
            code = one["code"] or None
            decode = _DECODES.get(one["code"]) or _decode(one["codelist"], code)
            line = _Line(one["fact"], one["word"], one["codelist"], code, decode)
            found[line.fact, line.word] = line
    return found


_DECODES = {"C69208": "Study Start Date", "C90462": "Clinical Study End Date"}
"""Names of the terms that are from a codelist (C66738) of which USDM uses nothing else."""


_BY_TERM = ("C201264",)
"""Codelists (types of timing) of which CDISC's examples and rules write the submission value."""


def _decode(codelist: str, code: str | None) -> str | None:
    term = next((one for one in terms(codelist) if one.code == code), None)
    if term is None:
        return None
    return term.name if codelist in _BY_TERM else term.decode


@cache
def _names() -> Mapping[tuple[str, str], str]:
    """Words by the names of their terms: NCI's and the submission value."""
    found: dict[tuple[str, str], str] = {}
    for line in _lines().values():
        for term in terms(line.codelist):
            if term.code == line.code:
                found.setdefault((line.fact, term.decode.casefold()), line.word)
                found.setdefault((line.fact, term.name.casefold()), line.word)
    return found


@cache
def _all_codes() -> frozenset[str]:
    return frozenset(term.code for codes in codelists().values() for term in codes)


@cache
def _codes() -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in _lines().values():
        if line.code is not None:
            found.setdefault((line.fact, line.code), line.word)
    return found

"""What stands behind a label of a registry page, read by the form that the label asks for.

Each form takes a value that it understands whole, and nothing else: a value with a word too much
is not understood. `page_words.csv` holds the closed words, `page_labels.csv` the form of a label.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")

_UP_TO_TEN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {word: number for number, word in enumerate((*_UP_TO_TEN, "eleven", "twelve"), 1)}
"""Numbers as sentences write them."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
_UNIT = r"(years?|months?|weeks?|days?|hours?|minutes?)"
_OLD = r"(?: old| of age)?(?: \((?:(?:child|adult|older adult)(?:, )?)+ ?\))?"
_AGE_RANGE = re.compile(rf"(\d{{1,3}})(?: {_UNIT})? (?:to|-) (\d{{1,3}}) {_UNIT}{_OLD}", re.I)
_AGE_FROM = re.compile(
    rf"(\d{{1,3}})(?:\+ {_UNIT}{_OLD}| {_UNIT} (?:and|or) (?:older|over|above){_OLD})", re.I
)
_AGE_UP_TO = re.compile(rf"up to (\d{{1,3}}) {_UNIT}{_OLD}", re.I)
_ENROLMENT = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d{1,9})"
    r"(?:(?: (estimated|actual|anticipated))? (?:participants|patients|subjects))?"
    r"(?: \((estimated|actual|anticipated)\))?(?: (estimated|actual|anticipated))?",
    re.I,
)
_DAY = re.compile(
    r"(?:(\d{4})-(\d\d)(?:-(\d\d))?|([a-z]{3,9})\.? (?:(\d{1,2}), )?(\d{4})"
    r"|(\d{1,2}) ([a-z]{3,9}) (\d{4}))(?: \((estimated|actual|anticipated)\))?",
    re.I,
)
_PHASE = re.compile(r"(?:early )?phase (?:[1-4]|i{1,3}|iv)|n/a|not applicable")
_TREATMENT = re.compile(r"([A-Za-z ]{4,20}): (\S.*)")
_NCT = re.compile(r"NCT\d{8}")


def plain(text: str) -> str:
    """A text for comparing: one blank between words, one kind of dash."""
    return " ".join(text.translate(_DASHES).split())


def key(text: str) -> str:
    """A closed word for comparing: small letters, without dashes and commas."""
    return " ".join(re.sub(r"[-,]", " ", plain(text).casefold()).split())


@cache
def words(fact: str, *, prose: bool = False) -> Mapping[str, str]:
    """What is said of a fact and the word it means; of `prose` those that sentences say too."""
    with files(__package__).joinpath("page_words.csv").open(encoding="utf-8") as lines:
        return {
            line["said"]: line["word"]
            for line in csv.DictReader(lines)
            if line["fact"] == fact and (line["prose"] or not prose)
        }


def word(fact: str, text: str) -> str | None:
    """The word of the registry's enumeration that a text means."""
    return words(fact).get(key(text))


def when_type(text: str | None) -> str | None:
    """ESTIMATED or ACTUAL, of a word in brackets."""
    known = {"estimated": "ESTIMATED", "anticipated": "ESTIMATED", "actual": "ACTUAL"}
    return known.get((text or "").casefold())


def number(text: str) -> int | None:
    """A whole number in digits or as a word up to twelve."""
    said = text.casefold().replace(",", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else NUMBERS.get(said)


def enrolment(text: str) -> tuple[int, str | None] | None:
    """A number of participants, and whether it is planned (ESTIMATED) or reached (ACTUAL)."""
    found = _ENROLMENT.fullmatch(plain(text))
    if found is None:
        return None
    return int(found[1].replace(",", "")), when_type(found[2] or found[3] or found[4])


def ages(text: str) -> tuple[str | None, str | None] | None:
    """Lowest and highest age, each as `18 Years`; None for the one without limit."""
    said = plain(text)
    if found := _AGE_RANGE.fullmatch(said):
        return _age(found[1], found[2] or found[4]), _age(found[3], found[4])
    if found := _AGE_FROM.fullmatch(said):
        return _age(found[1], found[2] or found[3]), None
    if found := _AGE_UP_TO.fullmatch(said):
        return None, _age(found[1], found[2])
    return None


def _age(count: str, unit: str) -> str:
    # ClinicalTrials.gov API v2 NormalizedTime writes "1 Year", "18 Years".
    return f"{int(count)} {unit.rstrip('sS').capitalize()}{'' if int(count) == 1 else 's'}"


def day(text: str) -> tuple[str, str | None] | None:
    """A date as complete as it is said, and whether it is planned or reached.

    A date of digits alone that begins with no year (03/04/2025) is not understood.
    """
    found = _DAY.fullmatch(plain(text))
    if found is None:
        return None
    year = found[1] or found[6] or found[9]
    named = found[4] or found[8]
    month = _MONTHS.get(named.casefold()) if named else int(found[2])
    of_month = found[3] or found[5] or found[7]
    try:
        if month is None:
            return None
        date(int(year), month, int(of_month or 1))
    except ValueError:
        return None
    said = f"{year}-{month:02}" + (f"-{int(of_month):02}" if of_month else "")
    return said, when_type(found[10])


def phases(text: str) -> tuple[str, ...] | None:
    """One phase or two, as `Phase 1/Phase 2` or `Phase 2, Phase 3`."""
    said = plain(text).casefold()
    parts = [part.strip() for part in re.split(r"[,;]|/(?!a\b)", said)]
    if not all(_PHASE.fullmatch(part) for part in parts):
        return None
    known = words("design.phases")
    return tuple(dict.fromkeys(known[part] for part in parts))


def masking(text: str) -> tuple[str, tuple[str, ...]] | None:
    """A masking and the roles in brackets behind it, as `Double (Participant, Investigator)`."""
    if whole := word("design.masking", re.sub(r"[()]", " ", text)):
        return whole, ()
    found = re.fullmatch(r"([^()]+) \(([^()]+)\)", plain(text))
    kind = word("design.masking", found[1]) if found else None
    if found is None or kind is None:
        return None
    roles = [word("design.masked", role) for role in found[2].split(",")]
    known = tuple(role for role in roles if role is not None)
    return (kind, known) if len(known) == len(roles) else None


def treatment(text: str) -> tuple[str | None, str]:
    """A treatment's type and name, of `Drug: Placebo`; a name alone has no type."""
    found = _TREATMENT.fullmatch(text)
    kind = word("interventions.type", found[1]) if found else None
    return (kind, found[2]) if found and kind else (None, text)


def is_nct(text: str) -> bool:
    """Whether a text is an identifier of ClinicalTrials.gov."""
    return _NCT.fullmatch(text) is not None

"""Ages of subjects against the limits of the protocol, in whatever units.

An age of 65 years is that of a subject from the 65th birthday to the day before the 66th. A limit
of at most 65 years lets all of these in (ClinicalTrials.gov: Age Limits). Between units that are
no multiples of each other (years, days) a subject is out of the limits only where every length of
a year or month puts it there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

_LIMIT = re.compile(r"(\d+)\s*(year|month|week|day|hour|minute)s?", re.IGNORECASE)
_DURATION = re.compile(r"P(T?)(\d+(?:\.\d+)?)([YMWDH])")
_NO_LIMIT = frozenset({"n/a", "na", "none", "no limit"})
_MONTHS = {"YEAR": 12, "MONTH": 1}
_MINUTES = {"WEEK": 7 * 24 * 60, "DAY": 24 * 60, "HOUR": 60, "MINUTE": 1}
_SHORTEST, _LONGEST = Fraction(28 * 24 * 60), Fraction(31 * 24 * 60)
"""Minutes of a month, at least and at most; of twelve months as many as a year may have."""

Verdict = Literal["below", "above", "within", "unknown"]


@dataclass(frozen=True, slots=True)
class Age:
    """A number of units: YEAR, MONTH, WEEK, DAY, HOUR or MINUTE."""

    number: Fraction
    unit: str

    @property
    def calendar(self) -> bool:
        """Whether the unit is one of the calendar, whose days vary."""
        return self.unit in _MONTHS

    def minutes(self, month: Fraction, year: int) -> Fraction:
        """The minutes, with so many in a month and days in a year."""
        if not self.calendar:
            return self.number * _MINUTES[self.unit]
        if self.unit == "YEAR":
            return self.number * year * 24 * 60
        return self.number * month


def limit(text: str | None) -> Age | None:
    """A limit such as `18 Years`; None where there is none. Raises ValueError of other texts."""
    if text is None or text.strip().lower() in _NO_LIMIT:
        return None
    found = _LIMIT.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return Age(Fraction(found[1]), found[2].upper())


def duration(text: str | None) -> Age | None:
    """An ISO 8601 duration of one unit (`P18Y`, `PT36H`) as an age; None of others."""
    found = _DURATION.fullmatch(text or "")
    if found is None:
        return None
    dates = {"Y": "YEAR", "M": "MONTH", "W": "WEEK", "D": "DAY"}
    units = {"H": "HOUR", "M": "MINUTE"} if found[1] else dates
    unit = units.get(found[3])
    return Age(Fraction(found[2]), unit) if unit else None


def subject_age(number: float | None, unit: str | None) -> Age | None:
    """AGE and AGEU as an age; None where either is missing or the unit is none of CDISC's."""
    singular = (unit or "").strip().upper().removesuffix("S")
    if number is None or singular not in {*_MONTHS, *_MINUTES}:
        return None
    return Age(Fraction(str(number)), singular)


def judge(age: Age | None, minimum: Age | None, maximum: Age | None) -> Verdict:
    """Where an age lies between two limits, each of which may be none."""
    if age is None:
        return "unknown" if minimum or maximum else "within"
    # A whole number of units is the age until the next one is full.
    whole = age.number.denominator == 1
    older = Age(age.number + 1, age.unit) if whole else age
    if minimum is not None and _at_most(older, minimum, strict=not whole):
        return "below"
    if maximum is not None:
        beyond = Age(maximum.number + 1, maximum.unit)
        if _at_most(beyond, age, strict=False):
            return "above"
    return "within"


def _at_most(one: Age, other: Age, *, strict: bool) -> bool:
    """Whether an age is at most as long as another, whatever the months have of days."""
    if one.calendar == other.calendar:
        left = one.number * (_MONTHS | _MINUTES)[one.unit]
        right = other.number * (_MONTHS | _MINUTES)[other.unit]
    else:
        left, right = one.minutes(_LONGEST, 366), other.minutes(_SHORTEST, 365)
    return left < right if strict else left <= right

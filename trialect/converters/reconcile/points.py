"""Points in time of a trial: so many units after study day 1, or a day, week or month by number."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

HOURS = {"minute": Fraction(1, 60), "hour": Fraction(1)}
DAYS = {
    "day": (Fraction(1), Fraction(1)),
    "week": (Fraction(7), Fraction(7)),
    "month": (Fraction(28), Fraction(31)),
    "year": (Fraction(364), Fraction(366)),
}
"""The fewest and the most days of a unit; a month may be four weeks, a year 52."""

_DURATION = re.compile(r"(PT?)(\d+(?:\.\d+)?)([YMWDH])")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, or a limit: `number` of a unit, counted from study day 1.

    `numbered` is a day, week or month that has a number ("Day 15"), not so many days later.
    `window` is how much earlier or later it may be, in days.
    """

    number: Fraction
    unit: str
    numbered: bool = False
    limit: bool = False
    window: Fraction = Fraction(0)
    stated: bool = True
    """Whether it is counted from a named event or has a number; else it may be a duration."""
    last: Fraction | None = None
    """The end of a range: a point between 6 and 9 months."""
    about: bool = False
    """Whether a word such as approximately leaves it open."""
    origin: str = ""
    """The event that it is counted from, which has no study day; empty where study day 1 is it."""
    name: str = ""
    """Of an event without a study day, what it is called (unit `event`)."""

    def __str__(self) -> str:
        if self.unit in ("baseline", "event"):
            return self.name or "baseline"
        number = f"{float(self.number):g}"
        if self.last is not None:
            number += f" to {float(self.last):g}"
        if self.numbered:
            told = f"{self.unit} {number}"
        else:
            told = f"{number} {self.unit}{'' if number == '1' else 's'}"
        told = f"about {told}" if self.about else told
        told = f"up to {told}" if self.limit else told
        return f"{told} from {self.origin}" if self.origin else told

    @property
    def has_day(self) -> bool:
        """Whether it is counted in study days."""
        return not self.origin and self.unit != "event"

    @property
    def elapsed_hours(self) -> Fraction | None:
        """Hours since the event that it is counted from; None of days and longer."""
        return self.number * HOURS[self.unit] if self.unit in HOURS and not self.last else None

    @property
    def days(self) -> tuple[Fraction, Fraction]:
        """The first and the last study day that may be meant; there is no day 0 (SDTMIG 4.4.4).

        After a whole number of days the day is counted with day 1 as first or as zeroth.
        """
        if self.unit in ("baseline", "event"):
            return Fraction(1), Fraction(1)
        if self.last is not None:
            first, last = (replace(self, number=one, last=None) for one in (self.number, self.last))
            return first.days[0], last.days[1]
        if self.unit in HOURS:
            whole = self.number * HOURS[self.unit] / 24
            least, most = Fraction(whole.numerator // whole.denominator), whole
        else:
            shortest, longest = DAYS[self.unit]
            least, most = self.number * shortest, self.number * longest
        if self.unit == "day" and self.numbered:
            low, high = (least, most) if least else (Fraction(1), Fraction(1))
        elif self.unit in HOURS:
            low, high = 1 + least, 1 + Fraction(-(-most.numerator // most.denominator))
            high = low if whole < 1 else high
        elif self.number < 0:
            low, high = sorted((least, most))
        else:
            low, high = max(least, Fraction(1)), most + 1
        return low - self.window, high + self.window


def read_duration(text: str | None) -> Moment | None:
    """--ELTM of one unit (`PT1H`, `P7D`, ISO 8601) as a point in time; None of others."""
    found = _DURATION.fullmatch(text or "")
    if found is None:
        return None
    units = {"PTM": "minute", "PTH": "hour", "PD": "day", "PW": "week", "PM": "month", "PY": "year"}
    unit = units.get(found[1] + found[3])
    return Moment(Fraction(found[2]), unit) if unit else None


def in_days(number: Fraction, unit: str) -> Fraction:
    """The days of so many units, of months and years the most."""
    return number * HOURS[unit] / 24 if unit in HOURS else number * DAYS[unit][1]

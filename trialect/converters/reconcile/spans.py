"""Dates that are partly known, as the days that they may mean."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?")


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`, one of which is meant."""

    first: date
    last: date

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        month = self.first.strftime("%m")
        whole_month = of_date(f"{self.first.year:04d}-{month}")
        if whole_month == self:
            return f"{self.first.year:04d}-{month}"
        if of_date(f"{self.first.year:04d}") == self:
            return f"{self.first.year:04d}"
        return f"{self.first.isoformat()} to {self.last.isoformat()}"

    def meets(self, other: Span) -> bool:
        """Whether both may mean the same day."""
        return self.first <= other.last and other.first <= self.last

    def before(self, other: Span) -> bool:
        """Whether every day that this may mean lies before every day of the other."""
        return self.last < other.first


def of_date(text: str | None) -> Span | None:
    """The days of `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a date with a time; None of other texts."""
    found = _DATE.fullmatch(text or "")
    if found is None:
        return None
    year, month, day = (int(one) if one else None for one in found.groups())
    assert year is not None
    try:
        if month is None:
            return Span(date(year, 1, 1), date(year, 12, 31))
        if day is None:
            return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        return Span(date(year, month, day), date(year, month, day))
    except ValueError:
        return None


def earliest(spans: Iterable[Span]) -> Span | None:
    """The days on which the earliest of them may be; None of none."""
    known = list(spans)
    return Span(min(s.first for s in known), min(s.last for s in known)) if known else None


def latest(spans: Iterable[Span]) -> Span | None:
    """The days on which the latest of them may be; None of none."""
    known = list(spans)
    return Span(max(s.first for s in known), max(s.last for s in known)) if known else None

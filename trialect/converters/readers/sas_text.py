"""Values of SAS as text: numbers exactly, dates and times as ISO 8601 where their format says so.

SAS counts days, and seconds, from 1960-01-01 (SAS Language Reference: Concepts, Dates, Times, and
Intervals). A value that its format cannot show whole (half a day, a time over 24 hours) stays a
number, so that nothing is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

DATES = re.compile(
    "DATE|DAY|DDMMYY[BCDNPS]?|EURDFD[DE]|EURDFDWN|[EB]8601DA|IS8601DA|JULDAY|JULIAN"
    "|MMDDYY[BCDNPS]?|MMYY[CDNPS]?|MONNAME|MONTH|MONYY|WEEKDAT[EX]|WEEKDAY|WORDDAT[EX]|YEAR"
    "|YYMM[CDNPS]?|YYMMDD[BCDNPS]?|YYMON|YYQ[CDNPS]?"
)
"""Formats of SAS date values (days)."""

DATETIMES = re.compile(
    "DATETIME|DATEAMPM|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|[EB]8601D[NT]|IS8601D[NT]|MDYAMPM"
)
"""Formats of SAS datetime values (seconds)."""

TIMES = re.compile("TIME|TIMEAMPM|TOD|HHMM|HOUR|MMSS|[EB]8601TM|IS8601TM")
"""Formats of SAS time values (seconds)."""

_EPOCH = np.datetime64("1960-01-01", "D")
_DAY = 86_400
_FIRST, _LAST = -138_061, 2_936_547
"""1582-01-01 and 9999-12-31, the dates that SAS knows, in days from 1960-01-01."""


def number_text(values: np.ndarray) -> list[str | None]:
    """Floats as the shortest decimal texts that give them back; missing (NaN) is None."""
    texts: list[str | None] = []
    for value in values.tolist():
        if value != value:
            texts.append(None)
        elif abs(value) < 2**53 and value.is_integer():
            texts.append(str(int(value)))
        else:
            texts.append(np.format_float_positional(value, trim="-"))
    return texts


def format_kind(name: str | None) -> Callable[[float], str | None] | None:
    """How a SAS format (`DATE9.`) shows a number as a date or time; None for other formats."""
    bare = re.sub(r"[0-9.]+$", "", (name or "").upper())
    if DATES.fullmatch(bare):
        return _date
    if DATETIMES.fullmatch(bare):
        return _datetime
    return _time if TIMES.fullmatch(bare) else None


def text_of(values: np.ndarray | Sequence[Any], format: str | None) -> pl.Series:
    """A column as text: numbers by `number_text`, or as dates and times by their SAS format.

    Among the numbers of a list may stand texts: a letter is a special missing value (`A` is SAS's
    .A) and becomes `.A`, so that it is not lost; study.yaml's `records.missing` can declare it as
    no value.
    """
    if not isinstance(values, np.ndarray) or values.dtype == object:
        return pl.Series([_object(one, format) for one in values], dtype=pl.String)
    shown = format_kind(format)
    texts = number_text(values)
    if shown is not None:
        texts = [
            None if text is None else shown(value) or text
            for value, text in zip(values.tolist(), texts, strict=True)
        ]
    return pl.Series(texts, dtype=pl.String)


def character_text(values: Iterable[str | None]) -> pl.Series:
    """A character column; blank is null."""
    return pl.Series([one or None for one in values], dtype=pl.String)


def _object(value: Any, format: str | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return f".{value}"
    text: str | None = text_of(np.array([float(value)]), format)[0]
    return text


def _date(days: float) -> str | None:
    if days != int(days) or not _FIRST <= days <= _LAST:
        return None
    return str(_EPOCH + np.timedelta64(int(days), "D"))


def _datetime(seconds: float) -> str | None:
    days, rest = divmod(seconds, _DAY)
    date = _date(days)
    time = _time(rest)
    return f"{date}T{time}" if date and time else None


def _time(seconds: float) -> str | None:
    if not 0 <= seconds < _DAY:
        return None
    whole = int(seconds)
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    fraction = np.format_float_positional(seconds, trim="-").partition(".")[2]
    return f"{text}.{fraction}" if fraction else text

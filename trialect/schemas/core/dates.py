"""Dates and durations of ISO 8601 as SDTM writes them (SDTMIG 3.4, 4.4.1-4.4.3), for comparison.

A part that is not known is left out at the end or is a hyphen between known ones: `2003-12`,
`2003---15`, `--12-15`, `2003-12-15T-:15`. Two dates compare as far as both are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MICROSECOND = range(7)
PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_MICRO = 10**6
UNITS = (
    12 * 31 * 86_400 * _MICRO,
    31 * 86_400 * _MICRO,
    86_400 * _MICRO,
    3_600 * _MICRO,
    60 * _MICRO,
    _MICRO,
    1,
)
"""How much of a `Moment.key` one year, month, ... is; months have 31 days in it."""


def _moment(name: str) -> str:
    """The expression of a date with its time, its groups named `name` and a letter."""
    return (
        rf"(?P<{name}y>-?[0-9]{{4}}|-)"
        rf"(?:--?(?P<{name}m>0[1-9]|1[0-2]|-))?"
        rf"(?:--?(?P<{name}d>0[1-9]|[12][0-9]|3[01]|-))?"
        rf"(?:{_clock(name)})?"
    )


def _clock(name: str) -> str:
    return (
        rf"T(?P<{name}h>[01][0-9]|2[0-3]|-)"
        rf"(?::(?P<{name}n>[0-5][0-9]|-)(?::(?P<{name}s>[0-5][0-9]|-)?(?:\.(?P<{name}f>[0-9]+))?)?)?"
        r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
    )


_DATE = re.compile(rf"(?:{_moment('a')}(?:/{_moment('b')})?|-{{4,8}}{_clock('c')})\Z")
_UNKNOWN = ("/", "--", "-:")
_KNOWN = re.compile(
    r"[0-9]{4}(?:-(0[1-9]|1[0-2])(?:-([0-3][0-9])"
    r"(?:T([01][0-9]|2[0-3])(?::([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]+))?)?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?)?)?\Z"
)
"""A date without gaps; its last group that took part is its precision."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that was understood: how far it is known, and a number that sorts it.

    `precision` is the last part that is known without a gap (YEAR to MICROSECOND), None when the
    year is not known. `key` is None when the date cannot be (30 February).
    """

    precision: int | None
    key: int | None


def moment(text: str) -> Moment | None:
    """The date that a text says; None when it says none."""
    if plain := _KNOWN.match(text):
        when = _whole(text)
        return None if when is None else Moment(plain.lastindex or YEAR, key_of(when))
    found = _DATE.match(text)
    if found is None or not any(sign in text for sign in _UNKNOWN):
        return None
    parts = found.groupdict()
    values = [
        next((parts[one + part] for one in "abc" if parts.get(one + part)), None)
        for part in "ymdhnsf"
    ]
    values = [None if value == "-" else value for value in values]
    known = next((at for at, value in enumerate(values) if value is None), len(values))
    when = _gapped(values)
    return Moment(known - 1 if known else None, None if when is None else key_of(when))


def _gapped(values: list[str | None]) -> datetime | None:
    first = (1970, 1, 1, 0, 0, 0, 0)
    try:
        year, month, day, hour, minute, second, micro = (
            int(value) if value is not None else default
            for value, default in zip(values, first, strict=True)
        )
        return datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return None


def _whole(text: str) -> datetime | None:
    """A date without gaps, at the time of Greenwich."""
    padded = text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text
    try:
        when = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when


def key_of(when: datetime) -> int:
    """A number that sorts a time, from which `UNITS` divides the less known parts away."""
    days = (when.year * 12 + when.month - 1) * 31 + when.day - 1
    seconds = ((days * 24 + when.hour) * 60 + when.minute) * 60 + when.second
    return seconds * _MICRO + when.microsecond


def is_complete(text: str) -> bool:
    """Whether a text is a date known to the day at least, with nothing after it but a time."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def day_of(text: str) -> int | None:
    """The number of the day that a complete date is of; None for other texts."""
    try:
        return datetime.fromisoformat(text).toordinal()
    except ValueError:
        return None


_NUMBER = r"[0-9]+(?:[.,][0-9]*)?"
_DURATION = re.compile(
    rf"P(?!\Z)(?:(?:(?P<Y>{_NUMBER})Y)?,?(?:(?P<M>{_NUMBER})M)?,?(?:(?P<D>{_NUMBER})D)?,?"
    rf"(?P<T>T(?=[0-9])(?:(?P<h>{_NUMBER})H)?,?(?:(?P<m>{_NUMBER})M)?,?(?:(?P<s>{_NUMBER})S)?)?"
    rf"|(?P<W>{_NUMBER})W)\Z"
)


def is_duration(text: str, *, negative: bool) -> bool:
    """Whether a text is a duration of ISO 8601 (`P1Y6M`, `PT30M`, `P2W`), signed if `negative`.

    Only the last number may have decimals.
    """
    found = _DURATION.match(text.removeprefix("-") if negative else text)
    if found is None:
        return False
    clock = [found[name] for name in "hms"]
    if found["T"] and not any(clock):
        return False
    numbers = [found["W"], *(found[name] for name in "YMD"), *clock]
    given = [number for number in numbers if number is not None]
    return not any("." in number or "," in number for number in given[:-1])


def moments(texts: pl.Series) -> pl.DataFrame:
    """For each text `valid`, `precision` and `key` of the date it says; null for what has none."""
    known = texts.drop_nulls().unique()
    read = [moment(text) for text in known.to_list()]
    none = Moment(None, None)
    said = [one or none for one in read]
    table = pl.DataFrame(
        {
            "text": known,
            "valid": pl.Series([one is not None for one in read], dtype=pl.Boolean),
            "precision": pl.Series([one.precision for one in said], dtype=pl.Int8),
            "key": pl.Series([one.key for one in said], dtype=pl.Int64),
        }
    )
    rows = texts.alias("text").to_frame()
    return rows.join(table, on="text", how="left", maintain_order="left").drop("text")

"""Dates as sources write them, to ISO 8601 as SDTM keeps them: as complete as they were collected.

A format is words for the parts (yyyy, mm, mon, dd, hh, mi, ss, am) with the text between them;
several accepted formats are separated by `|`. Without a format the source writes ISO 8601. An
unknown part (UN, UNK, --, ??, NK, 00 for a day or month) stays unknown, nothing is filled in
(SDTMIG 3.4, 4.4.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

PARTS = ("yyyy", "mm", "dd", "hh", "mi", "ss")
ISO = "yyyy-mm-dd|yyyy-mm-ddThh:mi:ss|yyyy-mm-ddThh:mi|yyyy-mm-ddThh|yyyy-mm|yyyy"

MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        start=1,
    )
}
_UNKNOWN = r"UNKN?|UN|NK|ND|NA|XX+|\?+|-+|_+"
_PATTERNS = {
    "yyyy": rf"(?P<yyyy>\d{{4}}|{_UNKNOWN})",
    "mon": rf"(?P<mon>[A-Za-z]{{3}}|{_UNKNOWN})",
    "mm": rf"(?P<mm>\d{{1,2}}|{_UNKNOWN})",
    "dd": rf"(?P<dd>\d{{1,2}}|{_UNKNOWN})",
    "hh": rf"(?P<hh>\d{{1,2}}|{_UNKNOWN})",
    "mi": rf"(?P<mi>\d{{2}}|{_UNKNOWN})",
    "ss": rf"(?P<ss>\d{{2}}(?:\.\d+)?|{_UNKNOWN})",
    "am": r"(?P<am>[AaPp]\.?[Mm]\.?)",
}
_WORD = re.compile("|".join(_PATTERNS), re.IGNORECASE)


class DateFormatError(ValueError):
    """A format that names no part, a part twice, or a year of two digits."""


class MisfitError(ValueError):
    """A text that is not in the format."""


class ImpossibleError(ValueError):
    """A date or time that does not exist; says which part."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The known parts of a date and time, as digits; None for an unknown one."""

    yyyy: str | None = None
    mm: str | None = None
    dd: str | None = None
    hh: str | None = None
    mi: str | None = None
    ss: str | None = None

    @property
    def iso(self) -> str | None:
        """ISO 8601 as SDTM writes it: cut on the right, `-` for an unknown part before a known."""
        parts = [getattr(self, name) for name in PARTS]
        while parts and parts[-1] is None:
            parts.pop()
        if not parts:
            return None
        text = ""
        for separator, part in zip(("", "-", "-", "T", ":", ":"), parts, strict=False):
            text += separator + (part if part is not None else "-")
        return text

    def join(self, other: Moment) -> Moment:
        """Both moments' parts, where they came in several columns."""
        return Moment(*(getattr(self, n) or getattr(other, n) for n in PARTS))


@cache
def _pattern(format: str) -> re.Pattern[str]:
    if re.search(r"(?<![yY])[yY]{1,3}(?![yY])", format):
        raise DateFormatError("a year needs its four digits (yyyy)")
    text, at, seen = "", 0, set()
    for word in _WORD.finditer(format):
        name = word.group().lower()
        if name in seen:
            raise DateFormatError(f"{name} stands twice")
        seen.add(name)
        text += re.escape(format[at : word.start()]) + _PATTERNS[name]
        at = word.end()
    if not seen:
        raise DateFormatError("it names none of yyyy, mm, mon, dd, hh, mi, ss")
    return re.compile(text + re.escape(format[at:]), re.IGNORECASE)


def check_format(format: str) -> None:
    """Raise `DateFormatError` when a format is none."""
    for one in format.split("|"):
        _pattern(one.strip())


@cache
def parse(text: str, format: str = ISO) -> Moment:
    """The moment that a text in one of the formats tells.

    Raises `MisfitError` when the text is in none of them, `ImpossibleError` when the day or time
    does not exist.
    """
    for one in format.split("|"):
        for shorter in _shorter(one.strip()):
            found = _pattern(shorter).fullmatch(text.strip())
            if found:
                return _moment(found.groupdict())
    raise MisfitError(text)


@cache
def _shorter(format: str) -> tuple[str, ...]:
    """The format, then as it is written when the finest parts are left out one after another:
    dd/mm/yyyy, mm/yyyy, yyyy; yyyy-mm-dd hh:mi, yyyy-mm-dd hh, yyyy-mm-dd, ...
    """
    found = [format]
    if "am" in (word.group().lower() for word in _WORD.finditer(format)):
        # Half a day cannot be left out of a time: the time goes whole.
        date_only = re.split("hh", format, maxsplit=1, flags=re.IGNORECASE)[0].strip()
        if not date_only:
            return (format,)
        found.append(date_only)
    for part in ("ss", "mi", "hh", "dd", "mon", "mm"):
        tokens = re.split(f"({_WORD.pattern})", found[-1], flags=re.IGNORECASE)
        names = [token.lower() for token in tokens]
        if part not in names or sum(name in _PATTERNS for name in names) == 1:
            continue
        at = names.index(part)
        # The text before a part goes with it; before the first part, the text behind it.
        del tokens[at - 1 : at + 1]
        if at == 1:
            del tokens[0]
        found.append("".join(tokens).strip())
    return tuple(found)


def parse_parts(texts: tuple[str | None, ...], formats: tuple[str, ...]) -> Moment:
    """The moment told by several columns, each in its format (the last one repeats)."""
    whole = Moment()
    for place, text in enumerate(texts):
        if text is not None:
            written = formats[min(place, len(formats) - 1)] if formats else ISO
            whole = whole.join(parse(text, written))
    _in_calendar(whole)
    return whole


def _moment(found: dict[str, str | None]) -> Moment:
    known = {name: part for name, part in found.items() if part and part[0].isdigit()}
    month = found.get("mon")
    if month and month.upper() in MONTHS:
        known["mm"] = MONTHS[month.upper()]
    elif month and not re.fullmatch(_UNKNOWN, month, re.IGNORECASE):
        raise ImpossibleError(f"there is no month {month}")
    for name in ("mm", "dd"):
        if known.get(name) in ("00", "0"):
            del known[name]
    hour = known.get("hh")
    if (half := found.get("am")) and hour:
        if not 1 <= int(hour) <= 12:
            raise ImpossibleError(f"there is no hour {hour} {half}")
        known["hh"] = str(int(hour) % 12 + (12 if half.upper().startswith("P") else 0))
    moment = Moment(
        **{
            name: part if name == "yyyy" else part.zfill(2)
            for name, part in known.items()
            if name in PARTS
        }
    )
    _in_calendar(moment)
    return moment


_LIMITS = {"mm": (1, 12), "dd": (1, 31), "hh": (0, 23), "mi": (0, 59)}


def _in_calendar(moment: Moment) -> None:
    for name, (low, high) in _LIMITS.items():
        part = getattr(moment, name)
        if part is not None and not low <= int(part) <= high:
            words = {"mm": "month", "dd": "day", "hh": "hour", "mi": "minute"}
            raise ImpossibleError(f"there is no {words[name]} {part}")
    if moment.ss is not None and float(moment.ss) >= 60:
        raise ImpossibleError(f"there is no second {moment.ss}")
    if moment.mm is not None and moment.dd is not None:
        # Without the year, 29 February may exist.
        year = int(moment.yyyy) if moment.yyyy is not None else 2000
        try:
            date(year, int(moment.mm), int(moment.dd))
        except ValueError:
            shown = moment.iso or ""
            raise ImpossibleError(f"{shown[:10]} is not in the calendar") from None

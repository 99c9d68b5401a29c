"""The forms that texts in a registry's XML have: dates, ages, whole numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MONTH = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])$")
_DAY = re.compile(r"^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
_SLASHED = re.compile(r"^(0[1-9]|[12][0-9]|3[01])/(0[1-9]|1[0-2])/([0-9]{4})$")
_SLASHED_MONTH = re.compile(r"^(?:(0[1-9]|1[0-2])/)?([0-9]{4})$")
_AGE = re.compile(r"^([0-9]+) (year|month|week|day|hour|minute)s?$", re.IGNORECASE)
_SHORT_AGE = re.compile(r"^([0-9]+) ?(Y|M|W|D|H|MIN)$", re.IGNORECASE)
_EMAIL = re.compile(r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+$")
_UTN = re.compile(r"^U1111-[0-9]{4}-[0-9]{4}$")
_URL = re.compile(r"^https?://[^\s/]+\.[^\s]+$", re.IGNORECASE)

_LONG_MONTHS = (1, 3, 5, 7, 8, 10, 12)

HOURS = {
    "year": 365.25 * 24,
    "month": 365.25 * 2,
    "week": 7 * 24,
    "day": 24,
    "hour": 1,
    "minute": 1 / 60,
    "y": 365.25 * 24,
    "m": 365.25 * 2,
    "w": 7 * 24,
    "d": 24,
    "h": 1,
    "min": 1 / 60,
}
"""Hours in the units of ages, to compare two of them."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a text has to look like: the check, how it is told, its words where it has any."""

    fits: Callable[[str], object]
    told: str
    words: tuple[str, ...] = ()


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has the day."""
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= (31 if month in _LONG_MONTHS else 30)


def is_date(text: str) -> bool:
    """Whether a text is a month or a day, `YYYY-MM` or `YYYY-MM-DD`."""
    if _MONTH.match(text):
        return True
    found = _DAY.match(text)
    return found is not None and is_day(int(found[1]), int(found[2]), int(found[3]))


def slashed_date(text: str) -> str | None:
    """The day of `dd/mm/yyyy` as `YYYY-MM-DD`; None for anything else."""
    found = _SLASHED.match(text)
    if found is None or not is_day(int(found[3]), int(found[2]), int(found[1])):
        return None
    return f"{found[3]}-{found[2]}-{found[1]}"


def is_partial_date(text: str) -> bool:
    """Whether a text is a month or a year, `mm/yyyy` or `yyyy`."""
    return _SLASHED_MONTH.match(text) is not None


def hours_of_age(text: str) -> float | None:
    """An age in hours, of `18 Years` or `18Y`; None where it is no age, or has no limit."""
    found = _AGE.match(text) or _SHORT_AGE.match(text)
    return int(found[1]) * HOURS[found[2].lower()] if found is not None and len(text) < 40 else None


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_nct(text: str) -> bool:
    return len(text) == 11 and text.startswith("NCT") and _is_whole(text[3:])


YES_NO = ("yes", "no")

FORMS = {
    "yes_no": Form(lambda text: text.lower() in YES_NO, "yes or no", YES_NO),
    "date": Form(is_date, "a month or a day, as 2024-05 or 2024-05-31"),
    "month": Form(_MONTH.match, "a month, as 2024-05"),
    "day": Form(lambda text: slashed_date(text) or is_partial_date(text), "a day, as 31/05/2024"),
    "whole": Form(_is_whole, "a whole number"),
    "age": Form(
        lambda text: text == "N/A" or _AGE.match(text),
        "a whole number and a unit (Years, Months, Weeks, Days, Hours, Minutes), or N/A",
    ),
    "short_age": Form(
        lambda text: text in ("N/A", "-") or hours_of_age(text) is not None or _is_whole(text),
        "a whole number and a unit, as 18Y or 18 Years",
    ),
    "email": Form(_EMAIL.match, "an e-mail address"),
    "url": Form(_URL.match, "an address that begins with http:// or https://"),
    "utn": Form(_UTN.match, "a Universal Trial Number, as U1111-1111-1111"),
    "nct": Form(_is_nct, "NCT and eight digits"),
}
"""The forms by the names that the tables of elements use."""

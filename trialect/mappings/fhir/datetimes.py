"""ISO 8601 as SDTM writes it (--DTC) to FHIR's dateTime: kept as far as FHIR can hold it.

FHIR R4 (datatypes.html#dateTime) knows YYYY, YYYY-MM, YYYY-MM-DD, and a day with hours, minutes,
seconds and an offset from UTC. It asks for seconds and allows them to be filled with zeros; the
offset is that of the site on that day. What FHIR cannot hold is cut to what is certain, and is a
problem: nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from trialect.mappings.zones import offset_text, zone_of
from trialect.problems import Rule, rule

_SOURCE = "http://hl7.org/fhir/R4/datatypes.html#dateTime"

NOT_A_DATE = rule(
    "FHIR-DATE",
    "error",
    "Not a date that exists",
    "{value!r} is no ISO 8601 date of a day that exists; it is left out of FHIR.",
    "Correct the date in the source.",
    _SOURCE,
)
PARTIAL = rule(
    "FHIR-DATE-PARTIAL",
    "warning",
    "FHIR cannot hold a date with this part missing",
    "FHIR has no date with an unknown part before a known one, nor an hour without minutes:"
    " {value!r} is written as {written}.",
    "Nothing to mend if the source does not know more; SDTM keeps it whole.",
    _SOURCE,
)
NO_ZONE = rule(
    "FHIR-TIME-ZONE",
    "warning",
    "A time of day without a time zone",
    "The time in {value!r} needs the time zone of the subject's site, which is not known;"
    " it is written as {written}.",
    "Give the site (DM.SITEID) and its timezone in study.yaml.",
    _SOURCE,
)
AMBIGUOUS = rule(
    "FHIR-TIME-AMBIGUOUS",
    "warning",
    "A time that the clock showed twice",
    "{value!r} was shown twice by the clocks of {zone} when they were put back;"
    " it is written as {written}.",
    "Write the offset from UTC in the source if it is known.",
    _SOURCE,
)
SKIPPED = rule(
    "FHIR-TIME-SKIPPED",
    "warning",
    "A time that the clock never showed",
    "{value!r} was never shown by the clocks of {zone}: they were put forward over it;"
    " it is written as {written}.",
    "Correct the time, or the site's timezone.",
    _SOURCE,
)

Precision = Literal["none", "year", "month", "day"]

PLAIN = r"^\d{4}(-\d{2}(-\d{2})?)?$"
"""Dates without time that FHIR writes as SDTM does."""

_LENGTHS = {"year": 4, "month": 7, "day": 10}
_DATE = re.compile(r"(\d{4}|-)(?:-(\d{2}|-)(?:-(\d{2}|-))?)?(?:T(.+))?")
_TIME = re.compile(
    r"(\d{2}|-)(?::(\d{2}|-)(?::(\d{2}(?:\.\d+)?|-))?)?(Z|[+-]\d{2}:\d{2})?",
)


def fhir_datetime(text: str, zone: str | None) -> tuple[str | None, Rule | None]:
    """The dateTime of a --DTC text, and the rule it breaks if it is not kept whole.

    `zone` is the IANA name of the site's time zone; None when it is not known.
    """
    if "/" in text:
        return _common(*text.split("/", 1)), PARTIAL
    match = _DATE.fullmatch(text)
    if match is None:
        return None, NOT_A_DATE
    *parts, time = match.groups()
    day, whole = _day([part for part in parts if part is not None])
    if day == "":
        return None, NOT_A_DATE
    if day is None:
        return None, PARTIAL
    if not whole or (time is not None and len(day) < 10):
        return day, PARTIAL
    return _with_time(day, time, zone) if time is not None else (day, None)


def fhir_date(text: str, precision: Precision) -> tuple[str | None, Rule | None]:
    """The `date` of a text, no more exact than `precision` allows (Patient.birthDate)."""
    if precision == "none":
        return None, None
    found, fault = fhir_datetime(text.partition("T")[0], None)
    if found is None:
        return None, fault
    kept = found[: _LENGTHS[precision]]
    # What is unknown right of the allowed precision is no loss: it would not be written anyway.
    return kept, None if len(kept) == _LENGTHS[precision] else fault


def _day(parts: list[str]) -> tuple[str | None, bool]:
    """The certain part of a date and whether it is all of it; None for no year, "" for no date."""
    known = list(parts[: parts.index("-")] if "-" in parts else parts)
    whole = len(known) == len(parts)
    if not known:
        return None, False
    try:
        date(*(int(part) for part in [*known, "01", "01"][:3]))
    except ValueError:
        return "", False
    return "-".join(known), whole


def _with_time(day: str, time: str, zone: str | None) -> tuple[str | None, Rule | None]:
    match = _TIME.fullmatch(time)
    if match is None:
        return None, NOT_A_DATE
    hour, minute, second, offset = match.groups()
    if "-" in (hour, minute) or minute is None or second == "-":
        return day, PARTIAL
    seconds = second or "00"
    if int(hour) > 23 or int(minute) > 59 or float(seconds) >= 60:
        return None, NOT_A_DATE
    clock = f"{day}T{hour}:{minute}:{seconds}"
    if offset is not None:
        return (clock + offset, None) if _offset_exists(offset) else (None, NOT_A_DATE)
    rules = zone_of(zone) if zone else None
    if rules is None:
        return day, NO_ZONE
    local = datetime.fromisoformat(f"{day}T{hour}:{minute}")
    first, second_time = (local.replace(tzinfo=rules, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second_time.utcoffset():
        back = first.astimezone(UTC).astimezone(rules).replace(tzinfo=None)
        return day, AMBIGUOUS if back == local else SKIPPED
    shift = first.utcoffset() or timedelta()
    if shift.total_seconds() % 60:
        return day, NO_ZONE  # local mean time of the 19th century: FHIR's offsets are minutes
    return clock + offset_text(shift), None


TIMED = r"^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$"
"""A day with hours and minutes, without an offset."""


def offset_of_day(day: str, zone: str | None) -> str | None:
    """The offset from UTC that holds all day at a site, as FHIR writes it; None if there is none.

    `day` is a date that exists. On days when clocks are changed each time is looked at by itself.
    """
    rules = zone_of(zone) if zone else None
    if rules is None:
        return None
    shifts = {
        datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=rules, fold=fold).utcoffset()
        for clock in ("00:00", "12:00", "23:59")
        for fold in (0, 1)
    }
    shift = shifts.pop()
    if shifts or shift is None or shift.total_seconds() % 60:
        return None
    return offset_text(shift)


def _offset_exists(offset: str) -> bool:
    """FHIR takes Z and offsets up to 14:00."""
    return offset == "Z" or (offset[1:] <= "14:00" and offset[4:] < "60")


def _common(start: str, end: str) -> str | None:
    """What both ends of an interval share, in whole parts of a date."""
    shared: list[str] = []
    for one, other in zip(start[:10].split("-"), end[:10].split("-"), strict=False):
        if one != other or not one.isdigit():
            break
        shared.append(one)
    found = "-".join(shared)
    return found if re.fullmatch(PLAIN, found) else None

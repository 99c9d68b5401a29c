"""Comparing FHIR dates and times of any precision.

Two values are compared as far as both are known: 2026 and 2026-05-01 are neither before nor after
each other. Times with zones are compared as moments; a date without a time has no zone, and is
compared with a time by the date that the time's own zone has.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def after(one: str, other: str) -> bool:
    """Whether `one` is certainly later than `other`; both are FHIR dates, dateTimes or instants."""
    if one[19:] == other[19:]:  # the same zone and fraction, or none
        return one[:19] > other[:19] if len(one) == len(other) else _shared(one, other)
    if "T" in one and "T" in other:
        return moment(one) > moment(other)
    return _shared(one.partition("T")[0], other.partition("T")[0])


def _shared(one: str, other: str) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] > other[:shared]


def moment(text: str) -> tuple[int, Decimal]:
    """A time with a zone as seconds since year 1 and the fraction. Raises ValueError for others."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time with a zone")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    days = datetime(year, month, day, hour, minute, tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    shift = offset if found[8] != "-" else -offset
    return int((days - shift).total_seconds()) + second, Decimal("0" + (found[7] or ".0"))

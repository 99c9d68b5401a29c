"""Time zones of sites, and offsets from UTC as ISO 8601 writes them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a name (Europe/Istanbul); None where none is known by it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def offset_text(shift: timedelta) -> str:
    """An offset of whole minutes: `+03:00`."""
    minutes = int(shift.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

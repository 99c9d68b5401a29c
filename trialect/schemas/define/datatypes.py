"""Which data type Define-XML 2.1 (4.3.1, ODM 1.3.2 2.14) gives a variable, by its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialect.profile import VariableProfile

_DATES = frozenset({"date", "partialDate"})
_DATETIMES = _DATES | {"datetime", "partialDatetime"}
_ISO8601 = (
    (frozenset({"date"}), "date"),
    (_DATES, "partialDate"),
    (frozenset({"datetime"}), "datetime"),
    (_DATETIMES, "partialDatetime"),
    (_DATES | {"incompleteDate"}, "incompleteDate"),
    (_DATETIMES | {"incompleteDate", "incompleteDatetime"}, "incompleteDatetime"),
    (frozenset({"time"}), "time"),
    (frozenset({"time", "partialTime"}), "partialTime"),
    (frozenset({"durationDatetime"}), "durationDatetime"),
    (frozenset({"intervalDatetime"}), "intervalDatetime"),
)
"""The narrowest ISO 8601 type whose values all texts are."""

WITH_LENGTH = frozenset({"text", "integer", "float"})
"""The types for which Define-XML asks a Length."""


def number_type(found: VariableProfile) -> str:
    """integer, or float when a value has decimals."""
    return "float" if found.decimals else "integer"


def date_type(found: VariableProfile, empty: str) -> str:
    """The ISO 8601 type of a date or duration variable; `empty` when it holds no value, text when
    a value is no ISO 8601.
    """
    # A year alone looks like an integer.
    years = found.digits == 4 and not found.decimals
    kinds = {"partialDate" if kind == "integer" and years else kind for kind in found.kinds}
    if not kinds:
        return empty
    return _narrowest(kinds)


def text_type(found: VariableProfile) -> str:
    """The type of results kept as texts: numbers and dates where all values are."""
    if not found.kinds:
        return "text"
    if found.kinds <= {"integer", "float"}:
        return number_type(found)
    return _narrowest(found.kinds)


def _narrowest(kinds: set[str]) -> str:
    return next((name for members, name in _ISO8601 if kinds <= members), "text")

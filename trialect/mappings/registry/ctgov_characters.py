"""Characters that no text of XML, FHIR or SDTM may have, in the texts of a record.

Text that holds one is kept with U+FFFD in its place, so that the place can be seen, and told.
Source: XML 1.0, 2.2 (Char); FHIR R4, datatypes (string): no control characters but tab, line feed
and carriage return. A half of a surrogate pair is no character of Unicode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from trialect.mappings.registry.ctgov_odds import Odd, Odds, number_of_leaves, odd_at

REPLACEMENT = "\ufffd"
_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cleaned(record: Mapping[str, Any], odds: Odds) -> Mapping[str, Any]:
    """The record, or a copy of it where a text of it holds such a character."""
    try:
        text = orjson.dumps(record)
    except TypeError:  # half a surrogate pair, or nested deeper than orjson writes
        text = None
    if text is not None and not (
        b"\\u00" in text or b"\xef\xbf\xbe" in text or b"\xef\xbf\xbf" in text
    ):
        return record
    return _copy(record, odds)


def _copy(record: Mapping[str, Any], odds: Odds) -> dict[str, Any]:
    """A copy with the characters replaced; without recursion, since the nesting may be deep."""
    copied: dict[str, Any] = {}
    waiting: list[tuple[Any, Any, Any, str]] = []

    def start(target: Any, source: Any, path: str) -> None:
        steps: list[tuple[Any, Any, Any, str]] = []
        if isinstance(source, list):
            steps += [(target, at, item, f"{path}[{at}]") for at, item in enumerate(source)]
        else:
            for name, item in source.items():
                key = _NOT_ALLOWED.sub(REPLACEMENT, str(name))
                steps.append((target, key, item, f"{path}.{key}"))
        waiting.extend(reversed(steps))

    start(copied, record, "")
    while waiting:
        target, key, value, path = waiting.pop()
        if isinstance(value, str) and _NOT_ALLOWED.search(value):
            odds.append(odd_at(path, Odd("character", value, kept=True)))
            value = _NOT_ALLOWED.sub(REPLACEMENT, value)
        elif isinstance(value, dict):
            members: dict[str, Any] = {}
            start(members, value, path)
            value = members
        elif isinstance(value, list):
            places: list[Any] = [None] * len(value)
            start(places, value, path)
            value = places
        target[key] = value
    return copied


def json_text(value: Any) -> str | None:
    """A value without such characters as JSON; None where it is nested too deeply for it, or
    holds a number that JSON has not (1e999).
    """
    try:
        text = orjson.dumps(value)
    except TypeError:
        return None
    if b"null" in text and number_of_leaves(orjson.loads(text)) != number_of_leaves(value):
        return None
    return text.decode()


def characters(text: str) -> str:
    """The characters of a text that may not stand in it, as `U+0007 (character 12)`."""
    found = [
        f"U+{ord(one[0]):04X} (character {one.start() + 1})" for one in _NOT_ALLOWED.finditer(text)
    ]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more

"""JSON of a rule, as bounded as its YAML: not deep, no key twice, no number that is none."""

from __future__ import annotations

import json
from typing import Any

from trialect.schemas.core.plain_yaml import DEPTH_LIMIT


def plain_json(text: str) -> Any:
    """The values that a text says. Raises ValueError with the reason, for a person."""
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level = [given]
    for _ in range(DEPTH_LIMIT):
        level = [inner for one in level for inner in _members(one)]
        if not level:
            return given
    raise ValueError(_TOO_DEEP)


_TOO_DEEP = f"it is nested more than {DEPTH_LIMIT} deep"


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} is there twice")
        found[key] = value
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")

"""Resources in memory: JSON with every number as the text it was written with.

FHIR's decimals have a precision (19.00 is not 19.0), so a number is a `Number`, a text that knows
that it is one. A resource whose JSON has a key twice is refused: readers differ on what it says.
"""

from __future__ import annotations

import json
from typing import Any

Node = Any
"""A JSON value: dict, list, str, Number, bool or None."""


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class DuplicateKeyError(ValueError):
    """A JSON object that has a key twice; the argument is the key."""


def parse(text: str) -> Node:
    """The value of a JSON text.

    Raises `DuplicateKeyError`, `ValueError` for what is no JSON, `RecursionError` for what is
    nested too deeply.
    """
    return _DECODER.decode(text)


def _pairs(given: list[tuple[str, Node]]) -> dict[str, Node]:
    made = dict(given)
    if len(made) != len(given):
        seen: set[str] = set()
        for key, _ in given:
            if key in seen:
                raise DuplicateKeyError(key)
            seen.add(key)
    return made


def _refuse(name: str) -> Node:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=Number, parse_int=Number, parse_constant=_refuse
)


def listed(value: Node) -> list[Node]:
    """An element as a list, whether it repeats or stands alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

"""The functions of FHIRPath that take collections and give one."""

from __future__ import annotations

import re
from collections.abc import Callable

from trialect.schemas.fhir.fhirpath.items import Items, made
from trialect.schemas.fhir.fhirpath.operators import among, boolean, distinct

Function = Callable[..., Items]


def _text(items: Items) -> str | None:
    """The text of a collection of one; None without one."""
    value = items[0].read if len(items) == 1 else None
    return value if type(value) is str else None


def _of_text(answer: Callable[..., object]) -> Function:
    """A function of a text and of texts; nothing where one of them is missing."""

    def ask(items: Items, *arguments: Items) -> Items:
        given = [_text(items), *(one[0].read if one else None for one in arguments)]
        return [] if any(one is None for one in given) else made(answer(*given))

    return ask


def _matches(text: str, pattern: str) -> bool:
    """Whether the pattern takes the whole text, which is what all the definitions mean."""
    return re.fullmatch(pattern, text) is not None


def _integer(items: Items) -> Items:
    value = items[0].read if len(items) == 1 else None
    if type(value) is int:
        return made(value)
    whole = type(value) is str and re.fullmatch(r"[+-]?[0-9]+", value, re.ASCII)
    return made(int(whole[0])) if whole else []


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


FUNCTIONS: dict[str, Function] = {
    "exists": lambda items: made(bool(items)),
    "empty": lambda items: made(not items),
    "count": lambda items: made(len(items)),
    "not": lambda items: [] if boolean(items) is None else made(not boolean(items)),
    "hasValue": lambda items: made(len(items) == 1 and items[0].value is not None),
    "first": lambda items: items[:1],
    "last": lambda items: items[-1:],
    "tail": lambda items: items[1:],
    "skip": lambda items, count: items[count[0].read :],
    "take": lambda items, count: items[: count[0].read],
    "distinct": distinct,
    "isDistinct": lambda items: made(len(distinct(items)) == len(items)),
    "combine": lambda items, other: [*items, *other],
    "union": lambda items, other: distinct([*items, *other]),
    "intersect": lambda items, other: distinct([one for one in items if among(one, other)]),
    "subsetOf": lambda items, other: made(all(among(one, other) for one in items)),
    "allTrue": lambda items: made(all(boolean([one]) is True for one in items)),
    "allFalse": lambda items: made(all(boolean([one]) is False for one in items)),
    "lowBoundary": lambda items: items,
    "highBoundary": lambda items: items,
    "toString": lambda items: made(str(items[0].read)) if len(items) == 1 else [],
    "toInteger": _integer,
    "length": _of_text(len),
    "startsWith": _of_text(str.startswith),
    "endsWith": _of_text(str.endswith),
    "contains": _of_text(lambda text, part: part in text),
    "matches": _of_text(_matches),
    "replaceMatches": _of_text(lambda text, pattern, new: re.sub(pattern, new, text)),
    "substring": _of_text(_substring),
}
"""What each function makes of the collection before the dot and of its arguments.

lowBoundary and highBoundary leave a value as it is: comparing goes as far as both are known.
"""

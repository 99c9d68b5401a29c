"""Reading the text of a resource: exactly, and with the places of its values.

`decode` gives the values and says what is wrong with the text; it sees keys that stand twice, which
JSON readers pass over. `parse` gives the same tree with a `Leaf` for each value that is no object
or list, so that the text between the values, the shape, can be told from the values.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.primitives import decimal, whole_number

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]|\\.)*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))"
)


class NotPlainError(Exception):
    """Text that is not one plain JSON object."""


@dataclass(slots=True, eq=False)
class Leaf:
    """A value that is no object or list: where its text stands, and what may stand there."""

    start: int
    end: int
    raw: str
    pattern: str = ""
    role: str = ""
    path: str = ""
    targets: frozenset[str] | None = None
    form: str = ""


def decode(text: str) -> tuple[Any, list[Problem]]:
    """The decoded JSON with decimals as Decimal, and what is wrong with the text as text.

    When it is no JSON at all the value is None. Integers stay int, so 1.0 is not an integer.
    """
    twice: list[str] = []

    def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(given)
        if len(made) != len(given):
            seen: set[str] = set()
            twice.extend(key for key, _ in given if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add gives None, which is the point
        return made

    try:
        if "\\u" in text:
            orjson.loads(text)  # json lets half of a surrogate pair through
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=decimal,
            parse_int=whole_number,
            parse_constant=_refuse,
        )
    except RecursionError:
        return None, [rules.JSON.problem(detail="objects and lists are nested too deeply")]
    except ValueError as error:
        return None, [rules.JSON.problem(detail=_fault(error, text))]
    return value, [rules.DUPLICATE_KEY.problem(key=key, value=key) for key in twice]


def _fault(error: ValueError, text: str) -> str:
    """What stops JSON from being read, in words of JSON rather than of Python."""
    at = getattr(error, "pos", None)
    if at is not None and str(error).startswith("Invalid control character"):
        sign = ord(text[at])
        return f"character {at + 1} is the control character U+{sign:04X}; JSON has \\u{sign:04x}"
    return str(error)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def parse(text: str) -> Any:
    """The tree of objects, lists and leaves of a JSON text.

    Raises NotPlainError for text that `decode` would find fault with.
    """
    tree, end = _value(text, 0)
    if text[end:].strip(" \t\r\n"):
        raise NotPlainError
    return tree


def _next(text: str, at: int) -> re.Match[str]:
    token = _TOKEN.match(text, at)
    if token is None:
        raise NotPlainError
    return token


def _value(text: str, at: int) -> tuple[Any, int]:
    token = _next(text, at)
    mark = token[1]
    if mark == "{":
        return _object(text, token.end())
    if mark == "[":
        return _list(text, token.end())
    if mark:
        raise NotPlainError
    group = 2 if token[2] else 3
    return Leaf(token.start(group), token.end(group), token[group]), token.end()


def _object(text: str, at: int) -> tuple[dict[str, Any], int]:
    made: dict[str, Any] = {}
    token = _next(text, at)
    if token[1] == "}":
        return made, token.end()
    while True:
        key = token[2]
        if not key or "\\" in key or key[1:-1] in made:
            raise NotPlainError
        token = _next(text, token.end())
        if token[1] != ":":
            raise NotPlainError
        made[key[1:-1]], at = _value(text, token.end())
        token = _next(text, at)
        if token[1] == "}":
            return made, token.end()
        if token[1] != ",":
            raise NotPlainError
        token = _next(text, token.end())


def _list(text: str, at: int) -> tuple[list[Any], int]:
    made: list[Any] = []
    token = _next(text, at)
    if token[1] == "]":
        return made, token.end()
    while True:
        item, at = _value(text, at)
        made.append(item)
        token = _next(text, at)
        if token[1] == "]":
            return made, token.end()
        if token[1] != ",":
            raise NotPlainError
        at = token.end()

"""What is odd in a record, while it is read, and how many values there are in what it says.

Paths are made only where something is odd: each level puts its own step in front of what the
levels below it found.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Literal

Finding = Literal[
    "type",
    "form",
    "word",
    "range",
    "empty",
    "unknown",
    "alone",
    "absent",
    "second",
    "reference",
    "codes",
    "character",
]


class Odd:
    """Something of a record that is not as the API defines it; `path` as `.designModule.phases[0]`.

    `expected` says what should stand there, `kept` whether the value is taken all the same.
    `held` is the way to where the value belongs in what is taken, of which a list may be shorter;
    None where that is not taken.
    """

    __slots__ = ("expected", "finding", "held", "kept", "path", "value")

    def __init__(
        self, finding: Finding, value: object, expected: str = "", *, kept: bool = False
    ) -> None:
        self.finding = finding
        self.value = value
        self.expected = expected
        self.kept = kept
        self.path = ""
        self.held: tuple[str, ...] | None = None


Odds = list[Odd]


def odd_at(path: str, odd: Odd) -> Odd:
    """What is odd, with its path."""
    odd.path = path
    return odd


def prefix(odds: Odds, start: int, name: str) -> None:
    """Put the name of a member in front of the paths of what was found from `start` on."""
    for odd in odds[start:]:
        odd.path = f".{name}{odd.path}"
        if odd.held is not None:
            odd.held = (name, *odd.held)


def prefix_item(odds: Odds, start: int, place: int, held: int | None) -> None:
    """The same for an item of a list; `held` is its place in what is taken, if it is."""
    for odd in odds[start:]:
        odd.path = f"[{place}]{odd.path}"
        odd.held = None if held is None or odd.held is None else (str(held), *odd.held)


def unknown(key: str, value: object, odds: Odds) -> None:
    """Note a member that a table does not have, if it says anything."""
    if says_anything(value):
        odd = odd_at(f".{key}", Odd("unknown", value))
        odd.held = (key,)
        odds.append(odd)


def says_anything(value: object) -> bool:
    """Whether there is a value in a value."""
    return any(True for _ in _leaves(value))


def number_of_leaves(value: object) -> int:
    """How many values there are in a value."""
    return sum(1 for _ in _leaves(value))


def _leaves(value: object) -> Iterator[object]:
    """The values in a value; an empty object or list and null have none."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if one.__class__ is dict:
            waiting.extend(one.values())
        elif one.__class__ is list:
            waiting.extend(one)
        elif one is not None:
            yield one


def count_leaves(value: object, path: str, counts: MutableMapping[str, int]) -> None:
    """Add to `counts` how many values stand below a path, by their paths, `[]` for any item."""
    waiting: list[tuple[Any, str]] = [(value, path)]
    while waiting:
        one, where = waiting.pop()
        if one.__class__ is dict:
            for key, item in one.items():
                kind = item.__class__
                if kind is dict or kind is list:
                    waiting.append((item, f"{where}.{key}"))
                elif item is not None:
                    at = f"{where}.{key}"
                    counts[at] = counts.get(at, 0) + 1
        elif one.__class__ is list:
            where += "[]"
            for item in one:
                kind = item.__class__
                if kind is dict or kind is list:
                    waiting.append((item, where))
                elif item is not None:
                    counts[where] = counts.get(where, 0) + 1
        elif one is not None:
            counts[where] = counts.get(where, 0) + 1

"""Contained resources that refer to each other in a circle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_INSIDE = re.compile(r"\.contained\[(\d+)\]")


def circles(
    contained: Sequence[Any], references: Iterable[tuple[str, str]], path: str
) -> list[tuple[int, list[str]]]:
    """The circles of references among contained resources: where each starts, and the ids on it.

    `references` are (path, text) of the resource at `path` and of what it contains. That what is
    contained refers to what contains it (#) is usual, and no circle.
    """
    places = {
        one["id"]: n
        for n, one in enumerate(contained)
        if type(one) is dict and type(one.get("id")) is str
    }
    leads: dict[int, list[int]] = {}
    for at, text in references:
        inside = _INSIDE.match(at, len(path)) if at.startswith(path) else None
        if inside is not None and text[:1] == "#" and text[1:] in places:
            leads.setdefault(int(inside[1]), []).append(places[text[1:]])
    found = []
    done: set[int] = set()
    for start in sorted(leads):
        way: list[int] = []
        turns = [iter((start,))]
        while turns:
            here = next(turns[-1], None)
            if here is None:
                turns.pop()
                if way:
                    done.add(way.pop())
            elif here in way:
                circle = way[way.index(here) :]
                found.append((circle[0], [str(contained[n]["id"]) for n in [*circle, here]]))
            elif here not in done:
                way.append(here)
                turns.append(iter(leads.get(here, ())))
    return found

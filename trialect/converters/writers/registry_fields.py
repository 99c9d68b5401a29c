"""The Study's path of what a check finds in a registry's XML, by the target's table of places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from trialect.mappings.registry.places import places

Same = Mapping[str, str]
"""Elements that stand in the table of places under another name."""


def field_of(target: str, same: Same) -> Callable[[str, str | None], str | None]:
    """A function from the names of a place (`arm_group/arm_type`), and the Study's path that its
    element was written from (`arms.2`), to the Study's path (`arms.2.type`).
    """
    facts = _facts_by_place(target)

    def field(names: str, fact: str | None) -> str | None:
        place = "/".join(same.get(name, name) for name in names.split("/"))
        found = facts.get(place) or facts.get(f"{place}/textblock")
        if found is None or fact is None:
            return found or fact
        return _numbered(found, fact)

    return field


def _numbered(fact: str, written_from: str) -> str:
    """`arms.*.type` of `arms.2` is `arms.2.type`; of another fact, that fact alone."""
    steps, known = fact.split("."), written_from.split(".")
    for place, one in enumerate(known):
        if place >= len(steps) or (
            steps[place] != one and not (steps[place] == "*" and one.isdigit())
        ):
            return written_from
        steps[place] = one
    return ".".join(steps)


@cache
def _facts_by_place(target: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for fact, place in places(target).items():
        if place.place:
            found.setdefault(place.place, fact)
    return found

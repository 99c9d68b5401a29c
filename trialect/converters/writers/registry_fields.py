"""The Study's path of what a check finds in a registry's XML, by the target's table of places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from trialect.mappings.registry.places import places

Names = Mapping[str, str]


def field_of(target: str, same: Names, groups: Names) -> Callable[[str, str | None], str | None]:
    """A function from the names of a place (`arm_group/arm_type`), and the Study's path that its
    element was written from (`arms.2`), to the Study's path (`arms.2.type`).

    `same` are elements that stand in the table of places under another name, `groups` the facts
    of places that stand for several.
    """
    facts = _facts_by_place(target)

    def field(names: str, fact: str | None) -> str | None:
        place = "/".join(same.get(name, name) for name in names.split("/"))
        found = facts.get(place) or facts.get(f"{place}/textblock") or ()
        if not found:
            return fact or groups.get(place)
        if fact is None:
            return found[0]
        return next(filter(None, (_numbered(one, fact) for one in found)), fact)

    return field


def _numbered(fact: str, written_from: str) -> str | None:
    """`arms.*.type` of `arms.2` is `arms.2.type`; None of another fact."""
    steps, known = fact.split("."), written_from.split(".")
    for place, one in enumerate(known):
        if place >= len(steps):
            return None
        if steps[place] != one and not (steps[place] == "*" and one.isdigit()):
            return None
        steps[place] = one
    return ".".join(steps)


@cache
def _facts_by_place(target: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for fact, place in places(target).items():
        if place.place:
            found[place.place] = (*found.get(place.place, ()), fact)
    return found

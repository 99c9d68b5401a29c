"""The invariants of FHIR that are checked, by key, each a small function.

An invariant is declared with `@invariant(key, ...)`; where it applies, its severity and its
sentence come from the table of the release. The function gets the element (decoded JSON whose
structure is already known to be right) and its `Place`, and says whether the invariant holds.

`reads` and `values` tell the fast path (shapes.py) which values, beside the presence of elements,
the answer depends on, as paths of JSON keys below the element (a list stands for all its items):

- `reads` for values with few variants, such as codes: resources that differ in one of them are
  different shapes. `component?code.coding.code` counts only where there is a `component`.
- `values` for values with many variants, such as dates: the function is asked for each resource.
  These paths must not go through lists; `$this` is the element itself.
- `*` in `reads` when the answer depends on more: such resources always take the exact path.

So: two resources of the same shape with the same values there must get the same answer. (The fast
path never takes resources that contain others or have local references.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: its path, the resource it is in, and what contains that resource.

    `type` is the element's: the name of a primitive type, or the path of its node.
    """

    path: str
    resource: Json
    root: Json
    type: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """An invariant's key, its function, and the values that the function depends on.

    With `traced` the function takes trees of leaves (json_text.py) as well, and fixes those that it
    reads.
    """

    key: str
    holds: Callable[[Any, Place], bool]
    reads: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    traced: bool = False


BOTH = ("R4", "R5")
"""The releases in which an invariant means the same."""

INVARIANTS: dict[str, dict[str, Invariant]] = {release: {} for release in BOTH}
"""Every invariant that a function checks, by release and key."""

Check = Callable[[Any, Place], bool]


def invariant(
    *keys: str,
    reads: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
    releases: tuple[str, ...] = BOTH,
) -> Callable[[Check], Check]:
    """Declare a function as the check of one invariant, or of several that ask the same."""

    def declare(holds: Check) -> Check:
        for release, key in product(releases, keys):
            if key in INVARIANTS[release]:
                raise ValueError(f"invariant {key} of {release} is declared twice")
            INVARIANTS[release][key] = Invariant(key, holds, reads, values)
        return holds

    return declare


def has(item: Json, *names: str) -> bool:
    """Whether an element has a child of one of these names, with a value or only an extension."""
    return any(name in item or "_" + name in item for name in names)


def choice(item: Json, name: str) -> bool:
    """Whether an element has a child `name[x]` of any type."""
    length = len(name)
    for key in item:
        bare = key[1:] if key[0] == "_" else key
        if bare.startswith(name) and bare[length : length + 1].isupper():
            return True
    return False


def items(item: Json, *names: str) -> list[Any]:
    """All the items found by following names through objects and lists."""
    found: list[Any] = [item]
    for name in names:
        found = [one[name] for one in found if isinstance(one, dict) and name in one]
        found = [x for one in found for x in (one if isinstance(one, list) else [one])]
    return [one for one in found if one is not None]


from trialect.schemas.fhir.invariants import (  # noqa: E402 - they fill the registry above
    bundles,
    clinical,
    datatypes,
    definitions,
    questionnaires,
    resources,
)

__all__ = [
    "BOTH",
    "INVARIANTS",
    "Invariant",
    "Place",
    "bundles",
    "choice",
    "clinical",
    "datatypes",
    "definitions",
    "has",
    "invariant",
    "items",
    "questionnaires",
    "resources",
]

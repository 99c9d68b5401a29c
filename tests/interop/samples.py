"""What of many resources is asked of the server: each shape of each type once.

A shape is what a resource has: its elements and the types they have, however often they stand in a
list; which extensions and code systems it names, its status, its units of UCUM and its codes of
HL7. All else is values of a primitive type, whose formats our own checks know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

NAMED = ("resourceType", "url", "system", "status")
"""Elements whose value belongs to the shape."""

OF_KNOWN_SYSTEMS = ("http://unitsofmeasure.org", "http://hl7.org/", "http://terminology.hl7.org/")


def shape(value: Any, key: str = "", within: Any = None) -> str:
    """A text that is the same for values of one shape."""
    if isinstance(value, dict):
        inner = (f"{name}:{shape(value[name], name, value)}" for name in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + "|".join(sorted({shape(one, key, within) for one in value})) + "]"
    known = str(within.get("system", "")).startswith(OF_KNOWN_SYSTEMS) if within else False
    if key in NAMED or (key == "code" and known):
        return str(value)
    return type(value).__name__


def one_of_each(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The first line of each shape."""
    seen = set()
    for line in lines:
        found = shape(json.loads(line))
        if found not in seen:
            seen.add(found)
            yield line

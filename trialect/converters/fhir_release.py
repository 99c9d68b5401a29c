"""The release of FHIR that files are written in, which FHIR's JSON does not say itself.

A package's manifest says it. Elsewhere it shows in the elements: those that only R5 has, where the
others are known to both, are R5's. Files without any such are the same in both, and are taken as
R4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import orjson

from trialect.converters.package import MANIFEST
from trialect.problems import Unusable, rule
from trialect.schemas.fhir.entries import Entries, NotSplitError
from trialect.schemas.fhir.packed import BROKEN_GZIP, opened
from trialect.schemas.fhir.table import RELEASES, Table, table

UNKNOWN_RELEASE = rule(
    "FHIR-RELEASE",
    "error",
    "The release of FHIR is not known",
    "{value!r} is no release of FHIR that is known here.",
    "The releases are R4 and R5.",
)

BUNDLES = 3
"""Of so many bundles the entries are looked at."""

ENTRIES = 10_000
"""Of each bundle so many entries are looked at."""

LINES = 5
"""Of each NDJSON file so many lines are looked at."""

LONGEST = 2**24
"""Bytes of a line that is looked at."""


def release_named(name: str) -> Literal["R4", "R5"]:
    """The release with this name, in any case. Raises `Unusable` for another."""
    match name.upper():
        case "R4":
            return "R4"
        case "R5":
            return "R5"
    raise Unusable(UNKNOWN_RELEASE.problem(value=name))


def release_of_package(folder: Path) -> str | None:
    """The release that the manifest of a package says."""
    try:
        said = orjson.loads((folder / MANIFEST).read_bytes())["standards"]["FHIR"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said if said in RELEASES else None


def release_of_files(ndjson: Sequence[Path], bundles: Sequence[Path]) -> str:
    """The release of files that belong together."""
    return release_of_resources(_sample(ndjson, bundles))


def release_of_text(data: bytes) -> str:
    """The release of the text of a resource."""
    return release_of_resources([_json(data)])


def release_of_resources(resources: Iterable[Any]) -> str:
    """The release in which more of the resources' elements are known; R4 if both know as many."""
    lost = dict.fromkeys(RELEASES, 0)
    for resource in resources:
        unknown = _unknown(resource, table("R4"))
        if unknown:
            lost["R4"] += unknown
            lost["R5"] += _unknown(resource, table("R5"))
    return "R5" if lost["R5"] < lost["R4"] else "R4"


def _unknown(resource: Any, definitions: Table) -> int:
    """How many of a resource's own elements a release does not have."""
    name = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(name, str):
        return 0
    if name not in definitions.resources:
        return 1
    known = definitions.node(name).properties
    return sum(key not in known and key != "resourceType" for key in resource)


def _sample(ndjson: Sequence[Path], bundles: Sequence[Path]) -> Iterator[Any]:
    for path in ndjson:
        with suppress(*BROKEN_GZIP), opened(path) as lines:
            for _ in range(LINES):
                yield _json(lines.readline(LONGEST))
    for path in bundles[:BUNDLES]:
        with suppress(NotSplitError, *BROKEN_GZIP), opened(path) as file:
            for text in islice(chain.from_iterable(Entries(file)), ENTRIES):
                entry = _json(text)
                if isinstance(entry, Mapping):
                    yield entry.get("resource")


def _json(text: bytes) -> Any:
    """The JSON of a text; nothing for what is none, which its check tells."""
    try:
        return orjson.loads(text)
    except ValueError:
        return None

"""NDJSON files under validation: each by itself, then the references between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from trialect.converters.recognise import HEAD, Kind, unpacked_head
from trialect.problems import Problem, rule
from trialect.schemas.fhir import ReferenceIndex, check_ndjson
from trialect.schemas.fhir.packed import BROKEN_GZIP, opened
from trialect.schemas.fhir.rules import DANGLING, JSON

NOT_FOLLOWED = rule(
    "FHIR-REFERENCES-NOT-FOLLOWED",
    "note",
    "References lead to files that are not at hand",
    "Of its references {count} lead to {type} resources, of which no file is named.",
    "Name the folder, or the files of these resources as well.",
)


def check_ndjson_files(
    paths: Sequence[Path], *, complete: bool = True, release: str = "R4"
) -> Iterator[Problem]:
    """The problems of NDJSON files, and of the references between them.

    Unless the files are `complete`, a resource of a type of which none is at hand is not missing.
    """
    index = ReferenceIndex()
    for path in paths:
        try:
            with opened(path) as lines:
                for problem in check_ndjson(lines, file=str(path), index=index, release=release):
                    yield problem.at(file=path.name)
        except BROKEN_GZIP as error:
            yield JSON.problem(detail=f"gzip: {error}", file=path.name)
    types = {path: _first_type(path) for path in paths}
    outside: Counter[tuple[str, str]] = Counter()
    for problem in (*index.unresolved(release=release), *index.duplicates()):
        file = Path(problem.file or "").name
        type_ = (problem.value or "").partition("/")[0]
        if complete or problem.rule != DANGLING.id or type_ in types.values():
            yield problem.at(file=file)
        else:
            outside[file, type_] += 1
    for (file, type_), count in sorted(outside.items()):
        yield NOT_FOLLOWED.problem(file=file, count=count, type=type_)


def _first_type(path: Path) -> str | None:
    """The type of the resources of an NDJSON file, which holds those of one type."""
    try:
        with opened(path) as lines:
            first = orjson.loads(next(lines, b""))
    except (ValueError, *BROKEN_GZIP):
        return None
    found = first.get("resourceType") if isinstance(first, dict) else None
    return found if isinstance(found, str) else None


def packed_fhir(path: Path) -> Kind:
    """The kind of FHIR that a gzip file holds; UNKNOWN for other files. Raises OSError."""
    with path.open("rb") as file:
        head = unpacked_head(file.read(HEAD)) or b""
    first, _, rest = head.lstrip().partition(b"\n")
    named = _RESOURCE_TYPE.search(head)
    if not first.startswith(b"{") or named is None:
        return Kind.UNKNOWN
    try:
        orjson.loads(first)
    except ValueError:
        pass
    else:
        if rest.strip():
            return Kind.FHIR_NDJSON
    return Kind.FHIR_BUNDLE if named[1] == b"Bundle" else Kind.FHIR_RESOURCE


_RESOURCE_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')

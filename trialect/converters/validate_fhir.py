"""Files of FHIR under validation: each by itself, then the references between NDJSON files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import orjson

from trialect.converters.fhir_release import release_of_text
from trialect.converters.recognise import HEAD, Kind, unpacked_head
from trialect.converters.validate_files import not_read
from trialect.problems import Problem, rule
from trialect.schemas.fhir import (
    ReferenceIndex,
    check_bundle_stream,
    check_bundle_texts,
    check_ndjson,
    check_resource_text,
)
from trialect.schemas.fhir.packed import BROKEN_GZIP, LARGEST, content, opened
from trialect.schemas.fhir.rules import DANGLING, JSON, SIZE

NOT_FOLLOWED = rule(
    "FHIR-REFERENCES-NOT-FOLLOWED",
    "note",
    "References lead to files that are not at hand",
    "Of its references {count} lead to {type} resources, of which no file is named.",
    "Name the folder, or the files of these resources as well.",
)

LARGE_BUNDLE = 32 * 1024 * 1024
"""Bytes of a Bundle from which on its entries are checked as they are read."""


def check_resource_file(path: Path, release: str | None) -> list[Problem]:
    """The problems of a file of one resource; without `release`, of the one that it shows."""
    try:
        data = content(path)
    except BROKEN_GZIP as error:
        return [JSON.problem(detail=f"gzip: {error}", file=path.name)]
    if data is None:
        return [SIZE.problem(what="The resource", limit=LARGEST >> 20, file=path.name)]
    found = check_resource_text(data, release or release_of_text(data))
    return [problem.at(file=path.name) for problem in found]


def check_bundle_files(paths: Sequence[Path], release: str) -> Iterator[Problem]:
    """The problems of bundles; many are quicker to check together, a large one is not held."""
    unread: list[Problem] = []
    large: list[Path] = []

    def texts() -> Iterator[tuple[str, bytes]]:
        for path in paths:
            try:
                data = content(path, LARGE_BUNDLE)
            except BROKEN_GZIP as error:
                unread.append(JSON.problem(detail=f"gzip: {error}", file=path.name))
            except OSError as error:
                unread.append(not_read(path, error))
            else:
                if data is not None:
                    yield str(path), data
                else:
                    large.append(path)

    for problem in check_bundle_texts(texts(), release):
        yield problem.at(file=Path(problem.file or "").name)
    for path in large:
        try:
            yield from check_bundle_stream(partial(opened, path), path.name, release)
        except BROKEN_GZIP as error:
            yield JSON.problem(detail=f"gzip: {error}", file=path.name)
        except OSError as error:
            yield not_read(path, error)
    yield from unread


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
            first = orjson.loads(lines.readline(LARGEST))
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

"""FHIR as NDJSON, one file a type: written a partition at a time, and searched by id."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir.identity import RECORD_TYPES, SUBJECT_TYPES, parse_record

_LINES_AT_ONCE = 2000
"""Lines joined before they are written: few enough to stay in the processor's cache."""


def write_lines(file: Path, lines: pl.Series) -> None:
    """Append lines (String, without their ends) to a file, making it if there are any."""
    if not len(lines):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        for start in range(0, len(lines), _LINES_AT_ONCE):
            out.write(joined(lines[start : start + _LINES_AT_ONCE], "\n"))
            out.write(b"\n")


def joined(texts: pl.Series, between: str) -> bytes:
    """Texts end to end with others between them, as UTF-8."""
    found: bytes = texts.str.join(between).cast(pl.Binary).item()
    return found


def find_record(ndjson_folder: Path, id: str) -> tuple[str, str, str] | None:
    """The SDTM record a resource was made of: domain, USUBJID, and its sequence number.

    `id` is a resource's id, `Type/id` or `urn:uuid:id` as they stand in these files or their
    bundles, or the value of its identifier, which is all that a server keeps. The sequence number
    is that of --SEQ; for SV it is VISITNUM, for DM it is empty. A QuestionnaireResponse gives the
    first record it was made of. None when no resource has the id, or it is one of the study's.
    """
    wanted = {id, id.removeprefix("urn:uuid:").rsplit("/", 1)[-1]}
    parts = [f'"{key}":"{text}"'.encode() for text in sorted(wanted) for key in ("id", "value")]
    for file in sorted(Path(ndjson_folder).glob("*.ndjson")):
        for line in _lines_with(file, parts):
            resource = orjson.loads(line)
            if wanted & {resource.get("id"), _identifier(resource)}:
                return record_of(resource)
    return None


def _lines_with(file: Path, parts: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file that hold one of the texts, without reading it into memory."""
    if not file.stat().st_size:
        return
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for part in parts:
            found = data.find(part)
            while found >= 0:
                start = data.rfind(b"\n", 0, found) + 1
                end = data.find(b"\n", found)
                end = len(data) if end < 0 else end
                yield data[start:end]
                found = data.find(part, end)


def _identifier(resource: Mapping[str, Any]) -> str | None:
    identifier = resource.get("identifier")
    first = identifier[0] if isinstance(identifier, list) and identifier else identifier
    return first.get("value") if isinstance(first, dict) else None


def record_of(resource: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The record that a resource was made of, as `find_record` gives it, by its identifier."""
    value, kind = _identifier(resource), resource.get("resourceType")
    if not isinstance(value, str):
        return None
    if kind in SUBJECT_TYPES:
        return "DM", value, ""
    return parse_record(value) if kind in RECORD_TYPES else None

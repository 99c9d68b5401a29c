"""A study's resources as the NDJSON files of a Bulk Data export hold them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from trialect.converters.server.compartment import OF_A_PATIENT, local, patients_of
from trialect.converters.server.page import Line, line_of
from trialect.problems import Problems, Unusable, rule

NO_FILES = rule(
    "PULL-NO-FILES",
    "error",
    "There is no export",
    "{file} holds no NDJSON files.",
    "Name the folder that the files of a Bulk Data export lie in.",
)
BAD_LINE = rule(
    "PULL-LINE",
    "error",
    "A line is no resource",
    "the line is no resource with a type.",
    "Export again; the line was left out.",
)

_ENDINGS = (".ndjson", ".ndjson.gz")


class FolderSource:
    """The files of an export as a source of a study; what goes wrong is in `problems`."""

    method = "export"

    def __init__(self, folder: Path, spool: Path, base: str = "") -> None:
        """Sorts the lines of all files by type into `spool`. Raises `Unusable` without files."""
        self.base = base
        self.problems = Problems()
        self._spool = spool
        spool.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise Unusable(NO_FILES.problem(file=str(folder)))
        files = sorted(path for path in folder.iterdir() if path.name.endswith(_ENDINGS))
        if not files:
            raise Unusable(NO_FILES.problem(file=str(folder)))
        opened: dict[str, BinaryIO] = {}
        try:
            for file in files:
                for line in self._lines(file):
                    if line.type not in opened:
                        opened[line.type] = (spool / f"{line.type}.ndjson").open("wb")
                    opened[line.type].write(line.text + b"\n")
        finally:
            for one in opened.values():
                one.close()
        self.all_types = sorted(opened)

    @property
    def types(self) -> list[str]:
        """The types of a patient's resources that there are."""
        return [one for one in OF_A_PATIENT if one in self.all_types]

    def every(self, type_: str) -> Iterator[Line]:
        """All resources of a type."""
        if type_ in self.all_types:
            with (self._spool / f"{type_}.ndjson").open("rb") as lines:
                yield from map(line_of, lines)

    def studies(self, name: str) -> Iterator[Line]:
        """The ResearchStudy with an identifier (`value` or `system|value`), else with an id."""
        found = [one for one in self.every("ResearchStudy") if name in _identifiers(one)]
        yield from found or (one for one in self.every("ResearchStudy") if one.id == name)

    def subjects(self, study: str) -> Iterator[Line]:
        """The ResearchSubjects of a study (`ResearchStudy/ID`)."""
        for line in self.every("ResearchSubject"):
            value = line.resource.get("study")
            reference = value.get("reference") if isinstance(value, dict) else None
            if isinstance(reference, str) and local(reference, self.base) == study:
                yield line

    def of_patients(self, type_: str, patients: Sequence[str]) -> Iterator[Line]:
        """Resources of a type that are about one of the patients (`Patient/ID`)."""
        wanted = set(patients)
        for line in self.every(type_):
            if patients_of(line.resource, self.base) & wanted:
                yield line

    def with_ids(self, type_: str, ids: Iterable[str]) -> Iterator[Line]:
        """Resources of a type by their ids."""
        wanted = set(ids)
        yield from (one for one in self.every(type_) if one.id in wanted)

    def with_urls(self, type_: str, urls: Iterable[str]) -> Iterator[Line]:
        """Definitions of a type by their canonical URLs."""
        wanted = set(urls)
        yield from (one for one in self.every(type_) if one.resource.get("url") in wanted)

    def _lines(self, file: Path) -> Iterator[Line]:
        """The resources of a file; lines that are none are problems."""
        packed = file.name.endswith(".gz")
        row = 0
        with gzip.open(file) if packed else file.open("rb") as lines:
            try:
                for row, text in enumerate(lines, start=1):
                    if not text.strip():
                        continue
                    try:
                        line = line_of(text)
                        usable = line.type.isalnum() and line.type.isascii()
                    except (ValueError, RecursionError):
                        usable = False
                    if usable:
                        yield line
                    else:
                        self.problems.add(BAD_LINE.problem(file=file.name, row=row))
            except (EOFError, zlib.error, gzip.BadGzipFile):
                self.problems.add(BAD_LINE.problem(file=file.name, row=row + 1))


def _identifiers(line: Line) -> set[str]:
    found = line.resource.get("identifier")
    some = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return {str(one.get("value")) for one in some} | {
        f"{one.get('system', '')}|{one.get('value')}" for one in some
    }

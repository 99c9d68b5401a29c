"""Resources of FHIR on disk, by subject, for the partitions that map them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from trialect.converters.stage import SUBJECT
from trialect.trial import FORM, ROW


@dataclass(frozen=True, slots=True)
class Held:
    """A resource in the spool."""

    form: str
    row: int
    text: bytes
    wrapped: bool


@dataclass(frozen=True, slots=True)
class FhirSpool:
    """Where the resources lie, for the partitions; it goes to the processes that map.

    `types` counts the resources by type, `elements` those of a type that have a first-level
    element.
    """

    folder: Path
    types: Mapping[str, int]
    elements: Mapping[str, Mapping[str, int]]

    @property
    def index_file(self) -> Path:
        """The places of the subjects' resources (Arrow IPC), subjects in order."""
        return self.folder / "index.arrow"

    @property
    def texts_file(self) -> Path:
        """The texts of all resources, one after the other."""
        return self.folder / "resources.bin"

    @property
    def shared_file(self) -> Path:
        """The names of resources of no subject, with their places."""
        return self.folder / "shared.pickle"

    def subjects(self, first: int, count: int) -> Iterator[tuple[str, list[Held]]]:
        """The subjects from a place on, each with its resources in the order of the files."""
        wanted = pl.col("@ordinal").is_between(first, first + count - 1)
        index = pl.scan_ipc(self.index_file).filter(wanted).collect()
        columns = (SUBJECT, FORM, ROW, "@offset", "@bytes", "@wrapped")
        with self.texts_file.open("rb") as file:
            subject, found = "", list[Held]()
            for key, form, row, offset, size, wrapped in index.select(columns).iter_rows():
                if key != subject:
                    if found:
                        yield subject, found
                    subject, found = key, []
                file.seek(offset)
                found.append(Held(form, row, file.read(size), wrapped))
            if found:
                yield subject, found

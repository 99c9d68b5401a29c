r"""Reads XPT version 5 (SAS TS-140), whoever wrote it: all datasets, whole or a batch at a time.

Text is read as ASCII, else as UTF-8, and what is neither keeps its bytes as `\xNN`; each of these
is a problem, never a crash. Blank text and missing numbers are null. Blanks behind a text are
padding and go; blanks before it stay. Numbers of 2 to 7 bytes are those of 8 without their end.

The format does not count its records: a file cut where a record ends cannot be told from a whole
one, and the blanks that fill the last 80 bytes cannot be told from records without any value.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path

import numpy as np
import polars as pl

from trialect.converters.readers.xpt_columns import ColumnDecoder, SpecialMissing, ValueNotes
from trialect.converters.readers.xpt_headers import (
    SEVERAL_MEMBERS,
    TRUNCATED,
    UNREADABLE,
    XptMember,
    read_headers,
)
from trialect.converters.xpt_format import XptOrigin, XptVariable
from trialect.problems import Problem, Unusable, rule

__all__ = ["SpecialMissing", "XptDataset", "XptMember", "XptReader", "open_members"]
__all__ += ["read_members", "read_xpt"]

ENCODING = rule(
    "XPT-ENCODING",
    "error",
    "An encoding that cannot be used",
    "There is no text encoding {value!r}.",
    "Name one that Python knows: cp1252, latin-1, utf-8, ...",
)

BATCH_ROWS = 32_768
_WORKERS = 2
_WORTH_THREADS = 1 << 20  # bytes


@dataclass(frozen=True)
class XptDataset:
    """A dataset with all its records: String columns for Char, Float64 for Num, null for missing.

    A stamp that is not a date is None. `special_missing` says which nulls were .A to .Z or ._ in
    the file. `problems` are warnings and notes, and errors that name unreadable text.
    """

    name: str
    label: str
    variables: tuple[XptVariable, ...]
    created: datetime | None
    modified: datetime | None
    origin: XptOrigin
    frame: pl.DataFrame
    special_missing: tuple[SpecialMissing, ...] = ()
    problems: tuple[Problem, ...] = ()

    def iter_batches(self, rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
        """The records in frames of up to `rows`; one empty frame when there are none."""
        if not self.frame.height:
            yield self.frame
        yield from self.frame.iter_slices(rows)


class XptReader:
    """One dataset of a file: its description at once, its records when they are asked for.

    `XptReader(path)` takes the only dataset in the file; `open_members` gives one reader for each.
    Raises `Unusable` for a file that is no XPT version 5, is damaged, or holds several datasets.
    """

    def __init__(
        self, path: Path | str, member: XptMember | None = None, *, encoding: str | None = None
    ) -> None:
        self.path = Path(path)
        self.member = member or _only_member(self.path)
        self.encoding = _known_encoding(encoding, self.path)
        self._notes = ValueNotes()

    @property
    def name(self) -> str:
        """The dataset name in the file."""
        return self.member.name

    @property
    def label(self) -> str:
        """The dataset label."""
        return self.member.label

    @property
    def variables(self) -> tuple[XptVariable, ...]:
        """The variables in the file's order, with the lengths that they have in it."""
        return self.member.variables

    @property
    def created(self) -> datetime | None:
        """The creation stamp; None when the field holds no date."""
        return self.member.created

    @property
    def modified(self) -> datetime | None:
        """The modification stamp; None when the field holds no date."""
        return self.member.modified

    @property
    def rows(self) -> int:
        """The number of records, which follows from the size of the file."""
        return self.member.rows

    @property
    def problems(self) -> list[Problem]:
        """What is noteworthy in the headers and in the records that were last iterated over."""
        return [*self.member.problems, *self._notes.problems(self.member)]

    def iter_batches(self, rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
        """The records in frames of up to `rows`; one empty frame when there are none."""
        yield from self._batches(rows, None)

    def read(self) -> XptDataset:
        """All records."""
        special: list[SpecialMissing] = []
        member = self.member
        frame = pl.concat(list(self._batches(BATCH_ROWS, special)))
        order = {variable.name: number for number, variable in enumerate(member.variables)}
        special.sort(key=lambda one: (order[one.variable], one.record))
        return XptDataset(
            name=member.name,
            label=member.label,
            variables=member.variables,
            created=member.created,
            modified=member.modified,
            origin=member.origin,
            frame=frame,
            special_missing=tuple(special),
            problems=tuple(self.problems),
        )

    def _batches(self, rows: int, special: list[SpecialMissing] | None) -> Iterator[pl.DataFrame]:
        self._notes = ValueNotes()
        member = self.member
        decoder = ColumnDecoder(member, self.encoding)
        if not member.rows:
            yield decoder.decode(np.empty(0, decoder.dtype), 1, self._notes)
            return
        with ExitStack() as stack:
            try:
                file = stack.enter_context(self.path.open("rb", buffering=0))
            except OSError as error:
                problem = UNREADABLE.problem(file=self.path.name, reason=error.strerror)
                raise Unusable(problem) from error
            file.seek(member.start)
            pool: ThreadPoolExecutor | None = None
            if min(rows, member.rows) * member.record_size >= _WORTH_THREADS:
                pool = stack.enter_context(ThreadPoolExecutor(_WORKERS))
            buffer = np.empty(min(rows, member.rows), decoder.dtype)
            for first in range(0, member.rows, rows):
                records = buffer[: member.rows - first]
                if not _fill(file, records.view(np.uint8).data):
                    problem = TRUNCATED.problem(
                        file=self.path.name,
                        byte=file.tell(),
                        expected="the data (it was changed while it was read)",
                    )
                    raise Unusable(problem)
                yield decoder.decode(records, first + 1, self._notes, special, pool)


def open_members(path: Path | str, *, encoding: str | None = None) -> list[XptReader]:
    """A reader for each dataset in the file, in its order; no record is decoded yet."""
    path = Path(path)
    return [XptReader(path, member, encoding=encoding) for member in read_headers(path)]


def read_members(path: Path | str, *, encoding: str | None = None) -> list[XptDataset]:
    """All datasets of a file with their records."""
    return [reader.read() for reader in open_members(path, encoding=encoding)]


def read_xpt(path: Path | str, *, encoding: str | None = None) -> XptDataset:
    """The dataset of a file that holds one, as regulators want it, with its records.

    `encoding` says how text that is not ASCII was written; without it UTF-8 is tried. Raises
    `Unusable` for a file that is no XPT version 5, is damaged, or holds several datasets.
    """
    return XptReader(path, encoding=encoding).read()


def _only_member(path: Path) -> XptMember:
    members = read_headers(path)
    if len(members) > 1:
        names = ", ".join(member.name for member in members)
        problem = SEVERAL_MEMBERS.problem(file=path.name, count=len(members), value=names)
        raise Unusable(problem)
    return members[0]


def _known_encoding(encoding: str | None, path: Path) -> str | None:
    if encoding is not None:
        try:
            b"\xff".decode(encoding, "backslashreplace")
        except (LookupError, UnicodeError) as error:
            raise Unusable(ENCODING.problem(file=path.name, value=encoding)) from error
    return encoding


def _fill(file: FileIO, view: memoryview) -> bool:
    """Read until the view is full; False if the file ends before."""
    while view:
        count = file.readinto(view)
        if not count:
            return False
        view = view[count:]
    return True

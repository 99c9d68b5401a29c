"""Writes SDTM datasets as XPT version 5 (SAS TS-140): strict, streaming, the same bytes each time.

A dataset that the format cannot hold as it is is not written: `write_xpt` raises `Unusable` with
every problem it found. Missing is null; the empty text is missing too, since XPT has only blanks
for both. The sign of a zero is not kept.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trialect.converters.xpt_format import (
    FIRST_STAMP_YEAR,
    NAME_PATTERN,
    RECORD_SIZE,
    TS_140,
    XptOrigin,
    XptVariable,
    header_record,
    library_header,
    member_header,
    namestr_records,
    padding,
)
from trialect.converters.xpt_plan import check_xpt_plan
from trialect.converters.xpt_records import BLOCK_ROWS, BatchEncoder, Block
from trialect.converters.xpt_values import ValueChecks, check_batch, check_columns
from trialect.problems import Problem, Severity, Unusable, rule

__all__ = [
    "XptFile",
    "XptOrigin",
    "XptVariable",
    "XptWritten",
    "check_batch",
    "check_xpt_plan",
    "write_xpt",
]

FILE_NAME = rule(
    "XPT-FILE-NAME",
    "error",
    "The file is not named after its dataset",
    "The dataset {domain} cannot be written to {value}: the file is named after the dataset.",
    "Name the file {expected}.",
    "FDA Study Data Technical Conformance Guide 3.3",
)
PART_NAME = rule(
    "XPT-PART-NAME",
    "error",
    "No allowed name for a part of a split dataset",
    "Part {count} would be called {value!r}, which is not 1 to 8 of A-Z, 0-9 and _, or is taken.",
    "Say how the parts are called, or raise the size limit.",
    "FDA Study Data Technical Conformance Guide 3.3",
)
SIZE_LIMIT = rule(
    "XPT-SIZE-LIMIT",
    "error",
    "The size limit has no room for one record",
    "A file of {value} bytes cannot hold the headers and one record; {count} bytes are needed.",
    "Raise the size limit.",
)
STAMP_YEAR = rule(
    "XPT-STAMP",
    "error",
    "A creation stamp that XPT cannot say",
    "The creation stamp {value} is outside 1960 to 2059; XPT has two digits for the year.",
    "Correct the stamp of the study.",
    TS_140,
)
BLANK_LAST_RECORD = rule(
    "XPT-BLANK-LAST-RECORD",
    "error",
    "A last record without any value, which readers take for padding",
    "Record {row} is the last of its file and has no value at all.",
    "Remove the record, or give it a value.",
    TS_140,
)

_BLOCK_BYTES = 8 << 20
_WORKERS = min(2, os.cpu_count() or 1)
_WORTH_A_THREAD = 1 << 20  # bytes; below it a thread costs more than it saves
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class XptFile:
    """One file as written: `name` is the dataset name in it, `sha256` the digest of its bytes."""

    path: Path
    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class XptWritten:
    """What `write_xpt` wrote: usually one file; the problems are warnings and notes only."""

    name: str
    rows: int
    bytes: int
    files: tuple[XptFile, ...]
    problems: tuple[Problem, ...] = ()


def write_xpt(
    path: Path,
    name: str,
    label: str,
    variables: Sequence[XptVariable],
    batches: Iterable[pl.DataFrame],
    *,
    stamp: datetime,
    size_limit: int | None = None,
    parts: Callable[[int], str] | None = None,
    origin: XptOrigin | None = None,
) -> XptWritten:
    """Write one dataset to `path` (named after it, `qs.xpt` for QS), or to several files.

    `batches` are frames of any height with a column for each variable (text for Char; floating
    point or whole numbers for Num); other columns are not written. Memory depends on the batch,
    not on the dataset. `stamp` (to the second) is the creation and the modification stamp.

    With `size_limit` (bytes of one file) a larger dataset is split into complete files beside
    `path`, called by `parts(1)`, `parts(2)`, ... or the name with a running number (qs1.xpt with
    dataset QS1).

    Files are written beside their place and moved into it at the end, so an error leaves what was
    there. Raises `Unusable` with every problem found, of the plan or of the values.
    """
    plan_problems = check_xpt_plan(name, label, variables)
    plan_problems += _place_problems(path, name, stamp)
    if _errors(plan_problems):
        raise Unusable(_errors(plan_problems))
    head = _Head(label, tuple(variables), stamp, origin or XptOrigin())
    checks = ValueChecks(name, variables)
    with _Files(path, name, head, size_limit, parts) as files:
        for block, frame in _blocks(name, variables, batches):
            for number in block.unproved:
                rows = frame[block.first : block.first + len(block.records)]
                checks.column(rows, variables[number], files.rows + 1)
            files.write(block.records, keep=not checks.has_errors)
        found = plan_problems + checks.problems() + files.finish(keep=not checks.has_errors)
        if _errors(found):
            raise Unusable(_errors(found))
        written = files.move_into_place()
    return XptWritten(
        name, sum(f.rows for f in written), sum(f.bytes for f in written), written, tuple(found)
    )


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _place_problems(path: Path, name: str, stamp: datetime) -> list[Problem]:
    found = []
    if path.stem.upper() != name.upper() or path.suffix.lower() != ".xpt":
        expected = f"{name.lower()}.xpt"
        found.append(FILE_NAME.problem(value=path.name, expected=expected, domain=name))
    if not FIRST_STAMP_YEAR <= stamp.year < FIRST_STAMP_YEAR + 100:
        found.append(STAMP_YEAR.problem(value=stamp.isoformat(), domain=name))
    return found


def _blocks(
    name: str, variables: Sequence[XptVariable], batches: Iterable[pl.DataFrame]
) -> Iterator[tuple[Block, pl.DataFrame]]:
    """Encoded blocks in the order of the records, with the batch each is of.

    Blocks of a large batch are encoded by threads, a few ahead of the one that is asked for.
    """
    record_size = sum(variable.length for variable in variables)
    block_rows = max(1, min(BLOCK_ROWS, _BLOCK_BYTES // record_size))
    with ExitStack() as stack:
        pool: ThreadPoolExecutor | None = None
        for frame in batches:
            problems = check_columns(name, variables, frame)
            if problems:
                raise Unusable(problems)
            encoder = BatchEncoder(variables, frame)
            spans = (
                (start, min(start + block_rows, frame.height))
                for start in range(0, frame.height, block_rows)
            )
            if frame.height <= block_rows or _WORKERS == 1:
                for start, stop in spans:
                    yield encoder.encode(start, stop), frame
                continue
            if pool is None:
                pool = stack.enter_context(ThreadPoolExecutor(_WORKERS))
            ahead: deque[Future[Block]] = deque()
            for start, stop in spans:
                ahead.append(pool.submit(encoder.encode, start, stop))
                if len(ahead) > 2 * _WORKERS:
                    yield ahead.popleft().result(), frame
            while ahead:
                yield ahead.popleft().result(), frame


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before the records, the same in each part but for the dataset's name."""

    label: str
    variables: tuple[XptVariable, ...]
    stamp: datetime
    origin: XptOrigin

    @property
    def record_size(self) -> int:
        return sum(variable.length for variable in self.variables)

    def bytes_for(self, name: str) -> bytes:
        return (
            library_header(self.stamp, self.stamp, self.origin)
            + member_header(name, self.label, self.stamp, self.stamp, self.origin)
            + namestr_records(self.variables)
            + header_record("OBS")
        )


class _Part:
    """One file while it is written, under a name beside its own."""

    def __init__(self, path: Path, name: str, head: _Head) -> None:
        self.path, self.name = path, name
        self.rows = self.bytes = 0
        self.last_is_blank = False
        self._head = head
        self.partial = path.with_name(path.name + _PARTIAL)
        self._file = self.partial.open("wb")
        self._digest = hashlib.sha256()
        self._put(head.bytes_for(name))

    def _put(self, data: bytes | memoryview) -> None:
        self._digest.update(data)
        self._file.write(data)
        self.bytes += len(data)

    def write(self, records: NDArray[Any], hashing: ThreadPoolExecutor) -> None:
        data = records.view(np.uint8).data
        if len(data) < _WORTH_A_THREAD:
            self._put(data)
        else:
            hashed = hashing.submit(self._digest.update, data)
            self._file.write(data)
            self.bytes += len(data)
            hashed.result()
        self.rows += len(records)
        self.last_is_blank = records[-1].tobytes().strip(b" ") == b""

    def finish(self) -> None:
        self._put(b" " * padding(self.bytes))
        self._file.close()

    def rename(self, path: Path, name: str) -> None:
        """Give a finished file another dataset name: its header changes, and so its digest."""
        with self.partial.open("r+b") as file:
            file.write(self._head.bytes_for(name))
            file.seek(0)
            self._digest = hashlib.file_digest(file, "sha256")
        self.path, self.name = path, name

    def discard(self) -> None:
        self._file.close()
        self.partial.unlink(missing_ok=True)

    def described(self) -> XptFile:
        return XptFile(self.path, self.name, self.rows, self.bytes, self._digest.hexdigest())


@dataclass
class _Files:
    """The file or files of one dataset; leaving the context without moving removes them."""

    path: Path
    name: str
    head: _Head
    size_limit: int | None
    part_name: Callable[[int], str] | None
    rows: int = 0
    _parts: list[_Part] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _problems: list[Problem] = field(default_factory=list)

    def __enter__(self) -> _Files:
        self._hashing = self._stack.enter_context(ThreadPoolExecutor(1))
        self._rows_per_part = self._room()
        self._parts = [_Part(self.path, self.name, self.head)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for part in self._parts:
            part.discard()

    def _room(self) -> int | None:
        """How many records a file may hold, padding included; None for any number."""
        if self.size_limit is None:
            return None
        head = len(self.head.bytes_for(self.name))
        records = (self.size_limit - head) // RECORD_SIZE * RECORD_SIZE
        rows = max(0, records) // self.head.record_size
        if rows < 1:
            needed = head + self.head.record_size
            needed += padding(needed)
            problem = SIZE_LIMIT.problem(value=self.size_limit, count=needed, domain=self.name)
            raise Unusable(problem)
        return rows

    def write(self, records: NDArray[Any], *, keep: bool) -> None:
        """Add records to the file that has room; with `keep` false they are only counted."""
        self.rows += len(records)
        while keep and len(records):
            part = self._parts[-1]
            room = len(records) if self._rows_per_part is None else self._rows_per_part - part.rows
            if not room:
                self._parts.append(self._next_part())
                continue
            part.write(records[:room], self._hashing)
            records = records[room:]

    def _next_part(self) -> _Part:
        done = self._parts[-1]
        done.finish()
        self._check_last(done)
        if len(self._parts) == 1:
            done.rename(*self._place(1))
        return _Part(*self._place(len(self._parts) + 1), self.head)

    def _place(self, number: int) -> tuple[Path, str]:
        name = f"{self.name}{number}" if self.part_name is None else self.part_name(number)
        taken = {part.name for part in self._parts[: number - 1]}
        if not NAME_PATTERN.fullmatch(name) or name in taken:
            raise Unusable(PART_NAME.problem(value=name, count=number, domain=self.name))
        return self.path.with_name(f"{name.lower()}{self.path.suffix}"), name

    def _check_last(self, part: _Part) -> None:
        # From 80 bytes on a record is longer than any padding, and readers can count.
        if part.last_is_blank and self.head.record_size < RECORD_SIZE:
            row = sum(other.rows for other in self._parts)
            self._problems.append(BLANK_LAST_RECORD.problem(row=row, domain=part.name))

    def finish(self, *, keep: bool) -> list[Problem]:
        """Pad and close the last file; the problems of records that end a file."""
        if keep:
            self._parts[-1].finish()
            self._check_last(self._parts[-1])
        return self._problems

    def move_into_place(self) -> tuple[XptFile, ...]:
        """Put each finished file where it belongs."""
        for part in self._parts:
            part.partial.replace(part.path)
        return tuple(part.described() for part in self._parts)

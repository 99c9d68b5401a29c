"""What the headers of an XPT file say: its datasets, their variables and where the records are.

A file that is damaged, cut, of another version or no XPT at all raises `Unusable` with the byte
where it ends being one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Literal

import numpy as np

from trialect.converters.xpt_format import (
    NAMESTR_SIZE,
    NAMESTR_SIZE_VAX,
    NUM_LENGTH,
    RECORD_SIZE,
    TS_140,
    Kind,
    Namestr,
    XptOrigin,
    XptVariable,
    header_record,
    padding,
    stamp_from,
)
from trialect.problems import Problem, Unusable, rule

UNREADABLE = rule(
    "XPT-UNREADABLE",
    "error",
    "The file cannot be read",
    "The file cannot be read: {reason}.",
    "Check the path and the permissions.",
)
NOT_XPT = rule(
    "XPT-NOT-XPT",
    "error",
    "Not an XPT file",
    "A SAS transport file starts with the library header; this one {what}.",
    "Export the dataset as SAS transport, version 5 (XPORT engine, not PROC CPORT).",
    TS_140,
)
VERSION_8 = rule(
    "XPT-VERSION-8",
    "error",
    "XPT version 8 instead of 5",
    "The file is a SAS transport file of version 8 or 9; regulators take version 5 only.",
    "Export it again as version 5.",
    "FDA Study Data Technical Conformance Guide 3.3",
)
HEADER = rule(
    "XPT-HEADER",
    "error",
    "A header record is not there or says nothing sensible",
    "At byte {byte} the {expected} was expected, found {value!r}.",
    "The file is damaged; export it again and transfer it as binary.",
    TS_140,
)
TRUNCATED = rule(
    "XPT-TRUNCATED",
    "error",
    "The file is cut",
    "The file ends at byte {byte}, inside {expected}.",
    "Transfer the file again, as binary.",
    TS_140,
)
NAMESTR = rule(
    "XPT-NAMESTR",
    "error",
    "The description of a variable says nothing sensible",
    "Variable {number} ({value!r}): {what}.",
    "The file is damaged or not made by the rules of TS-140; export it again.",
    TS_140,
)
SEVERAL_MEMBERS = rule(
    "XPT-SEVERAL-MEMBERS",
    "error",
    "More than one dataset in a file",
    "The file holds {count} datasets: {value}.",
    "Write one dataset to a file.",
    "FDA Study Data Technical Conformance Guide 3.3",
)
NOT_RECORDS = rule(
    "XPT-NOT-RECORDS",
    "warning",
    "The file does not end with a whole 80-byte record",
    "The file has {count} bytes, which is no multiple of 80; its end may be missing.",
    "Compare the number of records with the source, or export it again.",
    TS_140,
)
EXTRA_PADDING = rule(
    "XPT-EXTRA-PADDING",
    "note",
    "More padding than one record behind the data",
    "{count} blanks follow the last of {rows} records; they are taken for padding.",
    "",
    TS_140,
)
AMBIGUOUS_END = rule(
    "XPT-AMBIGUOUS-END",
    "note",
    "The number of records is not certain",
    "The blanks at the end are padding, or records without any value: {rows} records were read, "
    "it may be up to {count}.",
    "Compare the number of records with the source.",
    TS_140,
)
HEADER_TEXT = rule(
    "XPT-HEADER-TEXT",
    "warning",
    "A name or label that is not ASCII",
    "{what} has bytes that are not ASCII; it was read as {value!r}.",
    "Write names and labels in ASCII.",
    TS_140,
)

_MARK = 48  # bytes of a header record that say what it is
_SCAN = RECORD_SIZE * 4_096
_FOREIGN = (
    (b"**COMPRESSED**", "is a PROC CPORT file, which only SAS can read"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "is a SAS7BDAT file"),
    (b"PK\x03\x04", "is a ZIP archive"),
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"\xc8\xc5\xc1\xc4\xc5\xd9", "is in EBCDIC: it was transferred as text from a mainframe"),
)


@dataclass(frozen=True)
class XptMember:
    """A dataset in a file: its description, and the place and number of its records.

    `positions` are the byte offsets of the variables in a record of `record_size` bytes. A stamp
    that is not a date is None. `problems` are the warnings and notes about the headers.
    """

    path: Path
    name: str
    label: str
    dataset_type: str
    variables: tuple[XptVariable, ...]
    created: datetime | None
    modified: datetime | None
    origin: XptOrigin
    positions: tuple[int, ...]
    record_size: int
    start: int
    rows: int
    problems: tuple[Problem, ...]


def read_headers(path: Path) -> list[XptMember]:
    """The datasets in the file, in its order. Raises `Unusable` if it cannot be made out."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            return list(_Headers(path, file, size).members())
    except OSError as error:
        problem = UNREADABLE.problem(file=path.name, reason=error.strerror or str(error))
        raise Unusable(problem) from error


@dataclass
class _Headers:
    path: Path
    file: BufferedReader
    size: int

    def members(self) -> Iterator[XptMember]:
        self._check_library()
        start = 3 * RECORD_SIZE
        if self.size == start:
            raise self._cut("the header of the first dataset")
        while start < self.size:
            member, start = self._member(start)
            yield member

    def _check_library(self) -> None:
        first = self._bytes(0, RECORD_SIZE)
        if _is(first, b"LIBV8   "):
            raise Unusable(VERSION_8.problem(file=self.path.name))
        if not _is(first, b"LIBRARY "):
            raise Unusable(NOT_XPT.problem(file=self.path.name, what=_what(first)))
        after = self._bytes(RECORD_SIZE, RECORD_SIZE)
        if after[:1] in (b"\r", b"\n"):
            what = "has line breaks between its records: it was transferred as text"
            raise Unusable(NOT_XPT.problem(file=self.path.name, what=what))
        self._bytes_or_cut(RECORD_SIZE, 2 * RECORD_SIZE, "the library header")

    def _member(self, at: int) -> tuple[XptMember, int]:
        first = self._header(at, "MEMBER", "member header")
        namestr_size = self._number(at, first[74:78], "size of a NAMESTR (140)")
        if namestr_size not in (NAMESTR_SIZE, NAMESTR_SIZE_VAX):
            raise self._unexpected(at, "size of a NAMESTR (140)", first[74:78])
        self._header(at + 80, "DSCRPTR", "descriptor header")
        described = self._bytes_or_cut(at + 160, 160, "the description of the dataset")
        counted = self._header(at + 320, "NAMESTR", "NAMESTR header")
        count = self._number(at + 320, counted[54:58], "number of variables")
        at += 400
        records = self._bytes_or_cut(at, count * namestr_size, "the descriptions of the variables")
        at += len(records) + padding(len(records))
        self._header(at, "OBS", "observation header")
        at += RECORD_SIZE
        end = self._end_of_member(at)
        problems: list[Problem] = []
        name = self._text(described[8:16], "The dataset name", problems)
        stamps = (stamp_from(described[64:80]), stamp_from(described[80:96]))
        label = self._text(described[112:152], "The dataset label", problems)
        origin = XptOrigin(
            described[24:32].decode("latin-1").rstrip(" \0"),
            described[32:40].decode("latin-1").rstrip(" \0"),
        )
        variables, positions = self._variables(records, namestr_size, problems)
        record_size = sum(variable.length for variable in variables)
        rows = 0
        if variables:
            rows = self._count_records(at, end, record_size, variables, problems)
        elif end - at - self._trailing_blanks(at, end):
            raise self._unexpected(at, "next dataset (this one has no variables)", b"")
        if end == self.size and end % RECORD_SIZE:
            problems.append(NOT_RECORDS.problem(file=self.path.name, count=self.size))
        member = XptMember(
            path=self.path,
            name=name,
            label=label,
            dataset_type=described[152:160].decode("latin-1").rstrip(" \0"),
            variables=variables,
            created=stamps[0],
            modified=stamps[1],
            origin=origin,
            positions=positions,
            record_size=record_size,
            start=at,
            rows=rows,
            problems=tuple(problem.at(domain=name) for problem in problems),
        )
        return member, end

    def _variables(
        self, records: bytes, size: int, problems: list[Problem]
    ) -> tuple[tuple[XptVariable, ...], tuple[int, ...]]:
        variables: list[XptVariable] = []
        positions: list[int] = []
        for number in range(len(records) // size):
            found = Namestr.unpack(records[number * size : (number + 1) * size])
            name = self._text(found.name, f"The name of variable {number + 1}", problems)
            wrong = _wrong_namestr(found)
            if name in (variable.name for variable in variables):
                wrong = "an earlier variable has the same name"
            if wrong:
                raise self._bad_variable(number, name, wrong)
            kind: Literal["Char", "Num"] = "Num" if found.type_code == 1 else "Char"
            label = self._text(found.label, f"The label of {name}", problems)
            variables.append(
                XptVariable(name, label, kind, found.length, found.format, found.informat)
            )
            positions.append(found.position)
        end = 0
        for number in sorted(range(len(variables)), key=positions.__getitem__):
            if positions[number] != end:
                what = f"it is at position {positions[number]} of the record, not at {end}"
                raise self._bad_variable(number, variables[number].name, what)
            end += variables[number].length
        return tuple(variables), tuple(positions)

    def _bad_variable(self, number: int, name: str, what: str) -> Unusable:
        return Unusable(
            NAMESTR.problem(file=self.path.name, number=number + 1, value=name, what=what)
        )

    def _count_records(
        self,
        start: int,
        end: int,
        record_size: int,
        variables: tuple[XptVariable, ...],
        problems: list[Problem],
    ) -> int:
        """How many records there are between two bytes of the file.

        A number is never eight blanks, so in a dataset with a Num variable the last record ends
        with or after the last byte that is no blank. Without one, a record may be all blank; then
        as many blank records are read as the bytes prove (padding is shorter than 80), and a note
        says how many more there may have been.
        """
        size = end - start
        blanks = self._trailing_blanks(start, end)
        filled = -(-(size - blanks) // record_size)
        whole = size // record_size
        if filled > whole:
            raise self._cut(f"record {filled} of the data", end)
        if any(variable.type == "Num" for variable in variables):
            rows = filled
        else:
            proved = -(-max(0, size - (RECORD_SIZE - 1)) // record_size)
            rows = max(filled, min(proved, whole))
            if rows < whole:
                ambiguous = AMBIGUOUS_END.problem(file=self.path.name, rows=rows, count=whole)
                problems.append(ambiguous)
        extra = size - rows * record_size
        if extra >= RECORD_SIZE:
            problems.append(EXTRA_PADDING.problem(file=self.path.name, rows=rows, count=extra))
        return rows

    def _trailing_blanks(self, start: int, end: int) -> int:
        at = end
        while at > start:
            step = min(1 << 16, at - start)
            filled = len(self._bytes(at - step, step).rstrip(b" "))
            at -= step - filled
            if filled:
                break
        return end - at

    def _end_of_member(self, start: int) -> int:
        """Where the next member starts, or the file ends.

        A member header in the data is told from text that looks like one by the descriptor header
        behind it.
        """
        mark = header_record("MEMBER")[:_MARK]
        first_word = np.frombuffer(mark[:8], dtype=np.uint64)[0]
        chunk = bytearray(_SCAN)
        heads = np.ndarray(_SCAN // RECORD_SIZE, np.uint64, buffer=chunk, strides=(RECORD_SIZE,))
        for at in range(start, self.size, _SCAN):
            self.file.seek(at)
            count = self.file.readinto(chunk) // RECORD_SIZE
            for number in np.flatnonzero(heads[:count] == first_word).tolist():
                here = at + number * RECORD_SIZE
                if self._bytes(here, _MARK) == mark and _is(
                    self._bytes(here + RECORD_SIZE, _MARK), b"DSCRPTR "
                ):
                    return here
        return self.size

    def _bytes(self, at: int, count: int) -> bytes:
        self.file.seek(at)
        return self.file.read(count)

    def _bytes_or_cut(self, at: int, count: int, expected: str) -> bytes:
        data = self._bytes(at, count)
        if len(data) < count:
            raise self._cut(expected)
        return data

    def _header(self, at: int, kind: Kind, expected: str) -> bytes:
        record = self._bytes(at, RECORD_SIZE)
        mark = header_record(kind)[:_MARK]
        if mark.startswith(record[:_MARK]) and len(record) < RECORD_SIZE:
            raise self._cut(f"the {expected}")
        if not record.startswith(mark):
            raise self._unexpected(at, expected, record[:_MARK])
        if len(record) < RECORD_SIZE:
            raise self._cut(f"the {expected}")
        return record

    def _number(self, at: int, digits: bytes, expected: str) -> int:
        if re.fullmatch(rb"\d{4}", digits) is None:
            raise self._unexpected(at, expected, digits)
        return int(digits)

    def _unexpected(self, at: int, expected: str, found: bytes) -> Unusable:
        value = found.decode("ascii", "backslashreplace")
        return Unusable(
            HEADER.problem(file=self.path.name, byte=at, expected=expected, value=value)
        )

    def _cut(self, expected: str, byte: int | None = None) -> Unusable:
        end = self.size if byte is None else byte
        return Unusable(TRUNCATED.problem(file=self.path.name, byte=end, expected=expected))

    def _text(self, data: bytes, what: str, problems: list[Problem]) -> str:
        data = data.rstrip(b" \0")
        if data.isascii():
            return data.decode("ascii")
        text = text_of(data)
        problems.append(HEADER_TEXT.problem(file=self.path.name, what=what, value=text))
        return text


def text_of(data: bytes, encoding: str = "utf-8") -> str:
    r"""Bytes as text; what the encoding does not know keeps its bytes as `\xNN`."""
    return data.decode(encoding, "backslashreplace")


def _is(record: bytes, kind: bytes) -> bool:
    return record.startswith(b"HEADER RECORD*******" + kind + b"HEADER RECORD!!!!!!!")


def _what(first: bytes) -> str:
    if not first:
        return "is empty"
    for start, what in _FOREIGN:
        if first.startswith(start):
            return what
    return f"starts with {first[:20].decode('ascii', 'backslashreplace')!r}"


def _wrong_namestr(found: Namestr) -> str:
    """What is impossible about a variable's type, length or name, or nothing."""
    if found.type_code not in (1, 2):
        return f"its type is {found.type_code}, not 1 (Num) or 2 (Char)"
    if found.type_code == 1 and not 2 <= found.length <= NUM_LENGTH:
        return f"it is a number of {found.length} bytes, not 2 to 8"
    if not found.length:
        return "its length is 0"
    return "" if found.name else "it has no name"

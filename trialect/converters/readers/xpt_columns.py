"""Polars columns from packed XPT records, and what is noteworthy about their values."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trialect.converters.ibm_float import from_ibm
from trialect.converters.readers.xpt_headers import XptMember, text_of
from trialect.converters.xpt_format import NUM_LENGTH, TS_140, XptVariable
from trialect.problems import Problem, Rule, rule

UTF8_TEXT = rule(
    "XPT-READ-UTF8",
    "warning",
    "Text that is UTF-8 instead of ASCII",
    "{variable} has UTF-8 text in {count} records, the first is record {row}: {value!r}.",
    "XPT version 5 holds ASCII only; transliterate the text when it is written again.",
    TS_140,
)
DECODED_TEXT = rule(
    "XPT-READ-ENCODED",
    "warning",
    "Text in a declared encoding instead of ASCII",
    "{variable} has text in {encoding} in {count} records, the first is record {row}: {value!r}.",
    "XPT version 5 holds ASCII only; transliterate the text when it is written again.",
    TS_140,
)
UNKNOWN_BYTES = rule(
    "XPT-READ-BYTES",
    "error",
    "Text in an unknown encoding",
    "{variable} has bytes that are no {encoding} text in {count} records, the first is record "
    "{row}; they were kept as \\xNN: {value!r}.",
    "Say in which encoding the file was written (cp1252, for example).",
    TS_140,
)
NUL_PADDING = rule(
    "XPT-READ-NUL",
    "warning",
    "NUL characters in text",
    "{variable} has NUL characters in {count} records, the first is record {row}. Those behind a "
    "text were taken for padding, others were kept.",
    "Pad text with blanks.",
    TS_140,
)
SPECIAL_MISSING = rule(
    "XPT-SPECIAL-MISSING",
    "warning",
    "Special missing values",
    "{variable} is a special missing value ({value}) in {count} records, the first is record "
    "{row}; it was read as missing.",
    "If the letter says why the value is missing, map it to --REASND or a supplemental qualifier.",
    TS_140,
)
ROUNDED = rule(
    "XPT-READ-ROUNDED",
    "warning",
    "Numbers with more digits than a double holds",
    "{variable} has numbers of 54 to 56 bits in {count} records, the first is record {row}; they "
    "were rounded to the nearest double, {value}.",
    "",
    TS_140,
)

_BLANK = 0x20


@dataclass(frozen=True, slots=True)
class SpecialMissing:
    """A number that is missing with a reason: the record (from 1), the variable, the letter."""

    record: int
    variable: str
    code: str


@dataclass
class _Note:
    rule: Rule
    variable: str
    count: int
    row: int
    value: object
    encoding: str


@dataclass
class ValueNotes:
    """What was noteworthy in the values read so far: one note for a rule and variable."""

    _notes: dict[tuple[str, str, str], _Note] = field(default_factory=dict)

    def add(
        self,
        broken: Rule,
        variable: str,
        records: NDArray[np.intp],
        value: object,
        *,
        encoding: str = "",
        apart: str = "",
    ) -> None:
        """Count some records (numbers from 1, ascending) that break a rule.

        Notes of one rule and variable that differ in `apart` are not counted together.
        """
        note = self._notes.get((broken.id, variable, apart))
        if note is None:
            note = _Note(broken, variable, 0, int(records[0]), value, encoding)
            self._notes[broken.id, variable, apart] = note
        note.count += len(records)

    def problems(self, member: XptMember) -> list[Problem]:
        """The notes as problems, in the order of the variables."""
        order = {variable.name: number for number, variable in enumerate(member.variables)}
        keys = sorted(self._notes, key=lambda key: (order[key[1]], key))
        return [
            note.rule.problem(
                file=member.path.name,
                domain=member.name,
                row=note.row,
                variable=note.variable,
                value=note.value,
                count=note.count,
                encoding=note.encoding,
            )
            for note in map(self._notes.__getitem__, keys)
        ]


@dataclass
class _Column:
    """One variable's values of a block, with the notes that it makes."""

    series: pl.Series
    notes: list[tuple[Rule, NDArray[np.intp], object, str, str]] = field(default_factory=list)
    special: list[SpecialMissing] = field(default_factory=list)


class ColumnDecoder:
    """Decodes blocks of a member's records into frames of String and Float64 columns."""

    def __init__(self, member: XptMember, encoding: str | None = None) -> None:
        self._variables = member.variables
        self._encoding = encoding
        self.dtype = np.dtype(
            {
                "names": [f"f{number}" for number in range(len(member.variables))],
                "formats": [f"V{variable.length}" for variable in member.variables],
                "offsets": list(member.positions),
                "itemsize": member.record_size,
            }
        )

    def decode(
        self,
        records: NDArray[Any],
        first_record: int,
        notes: ValueNotes,
        special: list[SpecialMissing] | None = None,
        pool: ThreadPoolExecutor | None = None,
    ) -> pl.DataFrame:
        """The records as a frame; what is noteworthy goes to `notes` and `special`."""

        def column(number: int) -> _Column:
            return self._column(number, records, first_record)

        numbers = range(len(self._variables))
        columns: Sequence[_Column]
        columns = list(pool.map(column, numbers) if pool else map(column, numbers))
        for variable, found in zip(self._variables, columns, strict=True):
            for broken, rows, value, encoding, apart in found.notes:
                notes.add(broken, variable.name, rows, value, encoding=encoding, apart=apart)
            if special is not None:
                special += found.special
        return pl.DataFrame([found.series for found in columns])

    def _column(self, number: int, records: NDArray[Any], first_record: int) -> _Column:
        variable = self._variables[number]
        packed = records[f"f{number}"].copy()
        cells = packed.view(np.uint8).reshape(len(packed), variable.length)
        if variable.type == "Num":
            return _number_column(variable, cells, first_record)
        return _text_column(variable, cells, first_record, self._encoding)


def _number_column(variable: XptVariable, cells: NDArray[np.uint8], first: int) -> _Column:
    if variable.length < NUM_LENGTH:
        # A shorter number is the same number without its last bytes.
        whole = np.zeros((len(cells), NUM_LENGTH), dtype=np.uint8)
        whole[:, : variable.length] = cells
        cells = whole
    decoded = from_ibm(cells.view(np.uint64).reshape(len(cells)))
    has_missing = decoded.missing is not None
    found = _Column(pl.Series(variable.name, decoded.values, nan_to_null=has_missing))
    if decoded.rounded is not None:
        rows = np.flatnonzero(decoded.rounded)
        value = float(decoded.values[rows[0]])
        found.notes.append((ROUNDED, rows + first, value, "", ""))
    if decoded.special is not None:
        for code in np.flatnonzero(np.bincount(decoded.special, minlength=1)).tolist():
            if code in (0, ord(".")):
                continue
            rows = np.flatnonzero(decoded.special == code) + first
            name = f".{chr(code)}"
            found.notes.append((SPECIAL_MISSING, rows, name, "", name))
            found.special += [SpecialMissing(row, variable.name, name) for row in rows.tolist()]
    return found


def _text_column(
    variable: XptVariable, cells: NDArray[np.uint8], first: int, encoding: str | None
) -> _Column:
    if not len(cells):
        return _Column(pl.Series(variable.name, [], dtype=pl.String))
    low, high = int(cells.min()), int(cells.max())
    if low > 0 and high < 0x80 and _all_the_same(cells):
        # STUDYID, DOMAIN, a variable without values: one text, decoded once.
        one = _text_column(variable, cells[:1], first, encoding)
        return _Column(one.series.new_from_index(0, len(cells)))
    if high < 0x80:
        found = _Column(_as_text(variable.name, cells))
    else:
        found = _decode(variable, cells, first, encoding)
    text = found.series
    if low == 0:
        with_nul = text.str.contains("\0", literal=True).arg_true().to_numpy() + first
        found.notes.append((NUL_PADDING, with_nul, "", "", ""))
        text = text.str.strip_chars_end(" \0")
    elif (cells[:, -1] == _BLANK).any():
        text = text.str.strip_chars_end(" ")
    if low == 0 or (cells[:, 0] == _BLANK).any():
        text = text.set(text == "", None)
    found.series = text
    return found


def _all_the_same(cells: NDArray[np.uint8]) -> bool:
    """Whether there are several rows and all are the same bytes."""
    rows, width = cells.shape
    flat = cells.reshape(rows * width)
    first, last = cells[0].tobytes(), cells[-1].tobytes()
    return rows > 1 and first == last and np.array_equal(flat[width:], flat[:-width])


def _as_text(name: str, cells: NDArray[np.uint8]) -> pl.Series:
    """Cells of ASCII as text: Polars casts fixed-size lists of bytes without Python's help."""
    return pl.Series(name, cells).arr.to_list().cast(pl.Binary).cast(pl.String)


def _decode(
    variable: XptVariable, cells: NDArray[np.uint8], first: int, encoding: str | None
) -> _Column:
    """Text of which some is not ASCII, with a note for each way in which it was read."""
    odd = np.flatnonzero(cells.max(axis=1) >= 0x80)
    texts, rules = [], []
    for cell in cells[odd]:
        text, broken = _decoded(cell.tobytes(), encoding)
        texts.append(text)
        rules.append(broken)
    ascii_cells = cells.copy()
    ascii_cells[odd] = _BLANK
    found = _Column(_as_text(variable.name, ascii_cells).scatter(odd, texts))
    for broken in (UTF8_TEXT, DECODED_TEXT, UNKNOWN_BYTES):
        which = [number for number, one in enumerate(rules) if one is broken]
        if which:
            example = texts[which[0]].rstrip(" ")
            found.notes.append((broken, odd[which] + first, example, encoding or "utf-8", ""))
    return found


def _decoded(data: bytes, encoding: str | None) -> tuple[str, Rule]:
    """Bytes as text, and what is to be said about it."""
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeError:
        return text_of(data, encoding or "utf-8"), UNKNOWN_BYTES
    return text, UTF8_TEXT if encoding is None else DECODED_TEXT

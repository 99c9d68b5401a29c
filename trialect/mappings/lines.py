"""The lines of mapping tables as they stand in CSV files or in sheets of one workbook."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from trialect.converters.did_you_mean import meant
from trialect.problems import Problem, Unusable, rule

NO_TABLES = rule(
    "MAP-NO-TABLES",
    "error",
    "The study has no mapping tables",
    "{file} holds no sources.csv and no mapping.xlsx.",
    "Write mappings/sources.csv; docs/mapping.md says how.",
)
NO_TEXT = rule(
    "MAP-TABLE-ENCODING",
    "error",
    "A mapping table is not UTF-8",
    "byte {byte} is no UTF-8.",
    "Save the table as CSV UTF-8.",
)
NO_CSV = rule(
    "MAP-TABLE-CSV",
    "error",
    "A mapping table is no CSV",
    "{reason}.",
    "Save the table as CSV UTF-8 again.",
)
FORMULA = rule(
    "MAP-TABLE-FORMULA",
    "error",
    "A cell of the workbook is a formula",
    "cell {value} is a formula.",
    "Write its value; in items an expression starts with = as text.",
)
NO_WORKBOOK = rule(
    "MAP-WORKBOOK",
    "error",
    "The workbook of mapping tables cannot be read",
    "{reason}.",
    "Save it as .xlsx again.",
)
UNKNOWN_COLUMN = rule(
    "MAP-TABLE-COLUMN",
    "error",
    "A mapping table has a column that is not known",
    "there is no column {value!r}.{meant}",
    "Its columns are {known}.",
)
COLUMN_TWICE = rule(
    "MAP-TABLE-COLUMN-TWICE",
    "error",
    "A mapping table has a column twice",
    "the header names {value!r} twice.",
    "Keep one of the two.",
)
MISSING_COLUMN = rule(
    "MAP-TABLE-COLUMN-MISSING",
    "error",
    "A mapping table lacks a column",
    "the column {value!r} is missing.",
    "Add it to the header.",
)
LONG_LINE = rule(
    "MAP-TABLE-CELLS",
    "error",
    "A line of a mapping table has more cells than the header",
    "the line has {found} cells, the header {expected}.",
    "Quote a cell that holds the delimiter.",
)
TWICE = rule(
    "MAP-TABLE-TWICE",
    "error",
    "A mapping table is there twice",
    "the table {value} is there already.",
    "Keep one of the two.",
)

WORKBOOK = "mapping.xlsx"
_WORDS = re.compile(r'(?:"[^"]*"|[^;])+')


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line: the table it stands in, its number (the header is 1), its cells (never blank)."""

    table: str
    number: int
    cells: Mapping[str, str]
    raw: Mapping[str, str]
    """The cells as they stand, with their blanks."""

    def get(self, column: str) -> str | None:
        """The cell's text, None when it is empty."""
        return self.cells.get(column)

    def list(self, column: str) -> tuple[str, ...]:
        """The cell's words, separated by `;`; what stands between quotes is not divided."""
        words = _WORDS.findall(self.cells.get(column) or "")
        return tuple(word.strip() for word in words if word.strip())


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name (`qs`, `codelists/sex`), the file it stands in, header and lines."""

    name: str
    file: str
    header: tuple[str, ...]
    lines: tuple[TableLine, ...]


def read_all(folder: Path) -> tuple[dict[str, Table], list[Problem]]:
    """Every mapping table of a study folder by its name. Raises `Unusable` when there are none."""
    home = folder / "mappings"
    problems: list[Problem] = []
    tables: dict[str, Table] = {}
    for path in _files(home):
        name = path.relative_to(home).with_suffix("").as_posix()
        if name.lower() in tables:
            problems.append(TWICE.problem(file=path.relative_to(folder).as_posix(), value=name))
        table = _from_csv(name, path, path.relative_to(folder).as_posix(), problems)
        if table is not None:
            tables[name.lower()] = table
    workbook = home / WORKBOOK
    if workbook.is_file():
        for table in _from_workbook(workbook, f"mappings/{WORKBOOK}", problems):
            if table.name.lower() in tables:
                problems.append(TWICE.problem(file=table.file, value=table.name))
            tables[table.name.lower()] = table
    if "sources" not in tables and not problems:
        raise Unusable(NO_TABLES.problem(file=str(home)))
    return tables, problems


def _files(home: Path) -> list[Path]:
    """The CSV files of a folder, without what systems and programs hide there."""
    if not home.is_dir():
        return []
    return [
        path
        for path in sorted(home.rglob("*"))
        if path.suffix.lower() == ".csv"
        and path.is_file()
        and not path.name.startswith((".", "~$"))
    ]


def check_header(
    table: Table, known: tuple[str, ...], required: tuple[str, ...]
) -> Iterator[Problem]:
    """Problems of a header that has other columns than its table may have."""
    for column in table.header:
        if column not in known:
            yield UNKNOWN_COLUMN.problem(
                file=table.file,
                row=1,
                value=column,
                meant=meant(column, known),
                known=", ".join(known),
            )
    for column in dict.fromkeys(one for one in table.header if table.header.count(one) > 1):
        if column in known:
            yield COLUMN_TWICE.problem(file=table.file, row=1, value=column)
    for column in required:
        if column not in table.header:
            yield MISSING_COLUMN.problem(file=table.file, row=1, value=column)


def _from_csv(name: str, path: Path, file: str, problems: list[Problem]) -> Table | None:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(NO_TEXT.problem(file=file, byte=error.start + 1))
        return None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        problems.append(NO_CSV.problem(file=file, row=row, reason="it holds a NUL byte"))
        return None
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records += reader
    except csv.Error as error:
        found = (why for words, why in _CSV_REASONS.items() if words in str(error))
        reason = next(found, str(error))
        problems.append(NO_CSV.problem(file=file, row=len(records) + 1, reason=reason))
        return None
    return _table(name, file, records, problems)


_CSV_REASONS = {
    "unexpected end of data": "a quote is opened and never closed",
    "expected after": "text follows a closing quote",
    "field limit": f"a cell has more than {csv.field_size_limit():,} characters",
}
"""What Python's reader complains of, in words for those who write tables."""


def _from_workbook(path: Path, file: str, problems: list[Problem]) -> Iterator[Table]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook

    try:
        workbook = load_workbook(path, read_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        problems.append(NO_WORKBOOK.problem(file=file, reason=error))
        return
    for sheet in workbook.worksheets:
        name = sheet.title.replace("codelist.", "codelists/").replace("codelist_", "codelists/")
        place = f"{file}[{sheet.title}]"
        records = []
        for row in sheet.iter_rows():
            records.append(["" if cell.value is None else _shown(cell.value) for cell in row])
            problems += [
                FORMULA.problem(file=place, row=len(records), value=cell.coordinate)
                for cell in row
                if cell.data_type == "f" and name != "items"
            ]
        yield from filter(None, [_table(name, place, records, problems)])


def _shown(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return format(Decimal(repr(cell)), "f").removesuffix(".0")
    return str(cell)


def _table(name: str, file: str, records: list[list[str]], problems: list[Problem]) -> Table | None:
    if not records:
        return Table(name, file, (), ())
    header = tuple(cell.strip() for cell in records[0])
    while header and not header[-1]:
        header = header[:-1]
    lines = []
    for number, record in enumerate(records[1:], start=2):
        cells = [cell.strip() for cell in record]
        if any(cells[len(header) :]):
            problems.append(
                LONG_LINE.problem(file=file, row=number, found=len(cells), expected=len(header))
            )
        filled = {n: c for n, c in zip(header, cells, strict=False) if c}
        if filled:
            raw = {n: c for n, c in zip(header, record, strict=False) if c}
            lines.append(TableLine(file, number, filled, raw))
    return Table(name, file, header, tuple(lines))

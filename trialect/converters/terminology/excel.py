"""`SDTM Terminology.xls` and the same as .xlsx: the sheet `SDTM Terminology <date>` of a workbook.

A cell is text. A number, as a spreadsheet makes of `2.0` where somebody saved the file anew, is
read as it shows and told; a date, an error or TRUE cannot be what was published.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from trialect.converters.damage import told_as
from trialect.converters.terminology.distribution import Said, said_by
from trialect.converters.terminology.gather import Gathered
from trialect.converters.terminology.rows import WIDTH, Row, gather
from trialect.problems import Problem, Unusable, rule

FORMAT_XLSX = "xlsx"
FORMAT_XLS = "xls"

UNPACKED_LIMIT = 400_000_000
"""Bytes that the parts of an .xlsx may unpack to; those of 2025-03-28 have about 40 million."""

DAMAGED = rule(
    "CT-EXCEL",
    "error",
    "A workbook of terminology cannot be read",
    "the workbook cannot be read: {reason}.",
    "Download it again, or take the text (.txt) of the same release.",
)
SHEETS = rule(
    "CT-SHEET",
    "error",
    "A workbook has no sheet of terminology, or several",
    "one sheet named `SDTM Terminology <date>` is expected; the workbook has {found}.",
    "Take the workbook as NCI EVS publishes it.",
)
BAD_CELL = rule(
    "CT-CELL",
    "error",
    "A cell of a terminology is no text",
    "cell {cell} is {what}, where NCI EVS publishes text.",
    "Take the workbook as it was downloaded; a spreadsheet program may have changed it.",
)
NUMBERS = rule(
    "CT-NUMBER",
    "warning",
    "Cells of a terminology are numbers",
    "{count} cells are numbers and not text, the first of them {cell}, read as {value!r}.",
    "Check these terms: a spreadsheet makes 2 of 2.0. The text (.txt) holds them as published.",
)

_PART_HEAD = 4096


def read_xlsx(path: Path, _: str | None) -> tuple[Gathered, list[Said]]:
    """What an .xlsx holds. Raises `Unusable` when it is none or has errors."""
    import openpyxl

    _check_archive(path)
    with told_as(DAMAGED, path.name), path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book[_sheet([one.title for one in book.worksheets], path.name)]
        # The dimension that a sheet states is often wrong, and openpyxl would cut by it.
        sheet.reset_dimensions()
        rows = (
            [(cell.value, cell.data_type == "e") for cell in row]
            for row in sheet.iter_rows(max_col=WIDTH)
        )
        return _gathered(path.name, sheet.title, enumerate(rows, start=1), _value_of_xlsx)


def read_xls(path: Path, _: str | None) -> tuple[Gathered, list[Said]]:
    """What an .xls holds. Raises `Unusable` when it is none or has errors."""
    import xlrd

    with told_as(DAMAGED, path.name), Path(os.devnull).open("w") as silence:
        book = xlrd.open_workbook(
            file_contents=path.read_bytes(),
            on_demand=True,
            ragged_rows=True,
            logfile=silence,
        )
        sheet = book.sheet_by_name(_sheet(book.sheet_names(), path.name))
        rows = ((n + 1, sheet.row(n)[:WIDTH]) for n in range(sheet.nrows))
        return _gathered(path.name, sheet.name, rows, _value_of_xls)


Value = tuple[str, str]
"""A cell's text, and what it is where it is no text: `number`, or words for what cannot be."""


def _value_of_xlsx(cell: tuple[Any, bool]) -> Value:
    value, wrong = cell
    if value is None or isinstance(value, str):
        return value or "", f"the error {value}" if wrong else ""
    if isinstance(value, bool):
        return str(value).upper(), str(value).upper()
    if isinstance(value, int | float):
        return _number(value), "number"
    return str(value), f"the date or time {value}"


def _value_of_xls(cell: Any) -> Value:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_TEXT:
        return cell.value, ""
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return "", ""
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        return _number(cell.value), "number"
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return str(bool(cell.value)).upper(), str(bool(cell.value)).upper()
    kind = "a date or time" if cell.ctype == xlrd.XL_CELL_DATE else "an error"
    return str(cell.value), kind


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _gathered(
    file: str,
    sheet: str,
    cells: Iterator[tuple[int, Sequence[Any]]],
    value_of: Callable[[Any], Value],
) -> tuple[Gathered, list[Said]]:
    numbers: list[tuple[str, str, int]] = []
    problems: list[Problem] = []

    def texts() -> Iterator[Row]:
        width = 0
        for row, found in cells:
            values = [value_of(cell) for cell in found]
            while values and not values[-1][0]:
                values.pop()
            for column, (text, what) in enumerate(values):
                name = f"{_letters(column)}{row}"
                if what == "number":
                    numbers.append((name, text, row))
                elif what:
                    problems.append(BAD_CELL.problem(file=file, row=row, cell=name, what=what))
            # Empty cells at the end of a row are not in the file.
            width = width or len(values)
            fields = [text for text, _ in values]
            yield row, fields + [""] * (width - len(fields)) if fields else []

    gathered, said = gather(texts(), file)
    gathered.problems.extend(problems)
    if numbers:
        cell, text, row = numbers[0]
        gathered.tell(NUMBERS, {"row": row}, count=len(numbers), cell=cell, value=text)
    return gathered, [said_by(f"the sheet's name ({sheet})", sheet), *said]


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _sheet(names: Sequence[str], file: str) -> str:
    found = [name for name in names if "terminology" in name.casefold()]
    if not found and len(names) == 1:
        found = list(names)
    if len(found) != 1:
        raise Unusable(SHEETS.problem(file=file, found=", ".join(map(repr, names)) or "none"))
    return found[0]


def _check_archive(path: Path) -> None:
    """Refuse what would grow without measure: bombs of zip, and of XML entities."""
    with told_as(DAMAGED, path.name), zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts)
        if size > UNPACKED_LIMIT:
            reason = f"unpacked it has {size:,} bytes, where {UNPACKED_LIMIT:,} at most are read"
            raise Unusable(DAMAGED.problem(file=path.name, reason=reason))
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    head = file.read(_PART_HEAD)
                # Whatever the encoding: UTF-16 puts a NUL between the letters.
                if b"<!DOCTYPE" in head.replace(b"\0", b"").upper():
                    reason = f"{part.filename} declares a document type"
                    raise Unusable(DAMAGED.problem(file=path.name, reason=reason))

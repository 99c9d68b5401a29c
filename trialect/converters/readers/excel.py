"""A sheet of an Excel workbook (.xlsx, .xlsm), read as a stream by openpyxl.

Cells become text as they show, as far as nothing is lost by it: a number with all its digits
(0.254 is not 25%), leading zeros where the format asks for them, dates and times as ISO 8601,
TRUE and FALSE, the last result of a formula. An error such as #N/A is a problem.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
from lxml import etree

from trialect.converters.damage import told_as
from trialect.converters.did_you_mean import meant
from trialect.converters.readers.form import (
    BATCH_ROWS,
    EMPTY_FILE,
    ERROR_CELL,
    NO_RECORDS,
    OpenForm,
    check_header,
    frame_of,
    misfit_of,
)
from trialect.converters.readers.sas_text import number_text
from trialect.problems import Problems, Unusable, rule
from trialect.study_options import FormFile

UNPACKED_LIMIT = 2 * 2**30
"""Bytes at most that the parts of a workbook may grow to when they are unpacked."""

DAMAGED = rule(
    "READ-EXCEL",
    "error",
    "A workbook cannot be read",
    "the workbook cannot be read: {reason}.",
    "Open it in Excel and save it again as .xlsx.",
)
TOO_LARGE = rule(
    "READ-EXCEL-SIZE",
    "error",
    "A workbook is too large",
    "unpacked, the workbook has {size} bytes; {limit} at most are read.",
    "Export the form as CSV.",
)
NO_SHEET = rule(
    "READ-EXCEL-NO-SHEET",
    "error",
    "A sheet is missing",
    "the workbook has no sheet {value!r}; it has {found}.{meant}",
    "Correct the form's `sheet` in study.yaml.",
)
WHICH_SHEET = rule(
    "READ-EXCEL-WHICH-SHEET",
    "error",
    "A workbook has several sheets",
    "the workbook has the sheets {found}.",
    "Declare the form's `sheet` under records.forms in study.yaml.",
)
NO_RESULT = rule(
    "READ-EXCEL-NO-RESULT",
    "error",
    "A formula has no stored result",
    "{count} formulas have no stored result, the first of them in {cell}; the cells read as empty.",
    "Open the workbook in Excel and save it, so that it holds the results.",
)

_ZEROS = re.compile(r"0+")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_TIME_SIGNS = re.compile(r"[hs]|AM/PM", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ROW = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"
_PART_HEAD = 4096
_HINT = "give each column that holds values a name in the header"


def open_form(
    path: Path, form: FormFile, *, name: str | None = None, batch_rows: int = BATCH_ROWS
) -> OpenForm:
    """A sheet as a form: the declared one, or the only one. Raises `Unusable` when it cannot be.

    Rows are numbered as in the sheet; the first that holds anything is the header.
    """
    shown = name or path.name
    _check_archive(path, shown)
    problems = Problems()
    with told_as(DAMAGED, shown):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = _sheet(book, form, shown)
    rows = _rows(sheet, shown)
    number, cells = next(rows, (0, ()))
    while number and not any(cell is not None for cell, _ in cells):
        number, cells = next(rows, (0, ()))
    if not number:
        raise Unusable(EMPTY_FILE.problem(file=shown))
    names = [text or "" for text, _ in cells]
    while names and not names[-1]:
        names.pop()
    header = check_header(names, shown, problems)
    opened = OpenForm(header, iter(()), problems)
    opened.batches = _batches(rows, opened, shown, batch_rows)
    _check_formulas(path, sheet, shown, problems)
    return opened


def _batches(
    rows: Iterator[tuple[int, Sequence[tuple[str | None, bool]]]],
    opened: OpenForm,
    name: str,
    batch_rows: int,
) -> Iterator[pl.DataFrame]:
    width, count = len(opened.header), 0
    records: list[tuple[str | None, ...]] = []
    numbers: list[int] = []
    for number, cells in rows:
        texts = [text for text, _ in cells]
        if not any(text is not None for text in texts):
            continue
        for place, (text, wrong) in enumerate(cells[:width]):
            if wrong:
                opened.problems.add(
                    ERROR_CELL.problem(
                        file=name, row=number, field=opened.header[place], value=text
                    )
                )
        while len(texts) > width and texts[-1] is None:
            texts.pop()
        if len(texts) > width:
            fields = tuple(text or "" for text in texts)
            problem, misfit = misfit_of(name, number, fields, width, hint=_HINT)
            opened.problems.add(problem)
            opened.misfits.append(misfit)
            count += 1
            continue
        records.append((*texts, *[None] * (width - len(texts))))
        numbers.append(number)
        if len(records) >= batch_rows:
            count += len(records)
            yield frame_of(opened.header, records, numbers)
            records, numbers = [], []
    if records:
        count += len(records)
        yield frame_of(opened.header, records, numbers)
    if not count:
        opened.problems.add(NO_RECORDS.problem(file=name))


def _rows(sheet: Any, name: str) -> Iterator[tuple[int, list[tuple[str | None, bool]]]]:
    """The rows of a sheet with their numbers; of each cell its text and whether it is an error."""
    # The dimension that a sheet states is often wrong, and openpyxl would cut by it.
    sheet.reset_dimensions()
    rows = enumerate(sheet.iter_rows(), start=1)
    while True:
        with told_as(DAMAGED, name):
            number, row = next(rows, (0, ()))
            cells = [(_text(cell), cell.data_type == "e") for cell in row]
        if not number:
            return
        yield number, cells


def _text(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value) or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        text = str(value) if isinstance(value, int) else number_text(np.array([value]))[0]
        shown = cell.number_format or ""
        if text is not None and text.isdigit() and _ZEROS.fullmatch(shown):
            return text.zfill(len(shown))
        return text
    if isinstance(value, datetime):
        with_time = bool(_TIME_SIGNS.search(_QUOTED.sub("", cell.number_format or "")))
        if with_time or value.time() != time():
            return f"{value:%Y-%m-%d}T{_clock(value.time())}"
        return f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value)


def _clock(value: time) -> str:
    return value.isoformat("minutes" if not value.second and not value.microsecond else "auto")


def _duration(value: timedelta) -> str:
    """Hours, minutes and seconds as a format [h]:mm:ss shows them, also beyond a day."""
    sign = "-" if value < timedelta() else ""
    seconds = abs(value)
    hours, rest = divmod(seconds, timedelta(hours=1))
    minutes, rest = divmod(rest, timedelta(minutes=1))
    fraction = f".{rest.microseconds:06d}".rstrip("0") if rest.microseconds else ""
    return f"{sign}{hours:02d}:{minutes:02d}:{rest.seconds:02d}{fraction}"


def _sheet(book: Any, form: FormFile, name: str) -> Any:
    found = {sheet.title: sheet for sheet in book.worksheets}
    listed = ", ".join(map(repr, found))
    if form.sheet is not None:
        if form.sheet not in found:
            raise Unusable(
                NO_SHEET.problem(
                    file=name, value=form.sheet, found=listed, meant=meant(form.sheet, found)
                )
            )
        return found[form.sheet]
    if len(found) != 1:
        raise Unusable(WHICH_SHEET.problem(file=name, found=listed))
    return next(iter(found.values()))


def _check_archive(path: Path, name: str) -> None:
    """Refuse what would grow without measure: bombs of zip, and of XML entities."""
    with told_as(DAMAGED, name), zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > UNPACKED_LIMIT:
            raise Unusable(TOO_LARGE.problem(file=name, size=size, limit=UNPACKED_LIMIT))
        for part in archive.infolist():
            if not part.filename.endswith((".xml", ".rels")):
                continue
            with archive.open(part) as file:
                if b"<!DOCTYPE" in file.read(_PART_HEAD).upper():
                    reason = f"{part.filename} declares a document type"
                    raise Unusable(DAMAGED.problem(file=name, reason=reason))


def _check_formulas(path: Path, sheet: Any, name: str, problems: Problems) -> None:
    """Find formulas without a result: programs write them so, and they would read as empty."""
    part = sheet._worksheet_path  # the only place where openpyxl keeps it
    cells = []
    with told_as(DAMAGED, name), zipfile.ZipFile(path) as archive:
        with archive.open(part) as file:
            if not _has_formulas(file):
                return
        with archive.open(part) as file:
            rows = etree.iterparse(file, tag=_ROW, resolve_entities=False, no_network=True)
            for _, row in rows:
                for cell in row:
                    kinds = {etree.QName(child).localname for child in cell}
                    if "f" in kinds and not kinds & {"v", "is"}:
                        cells.append(cell.get("r", "?"))
                row.clear()
                while row.getprevious() is not None:
                    del row.getparent()[0]
    if cells:
        problems.add(NO_RESULT.problem(file=name, count=len(cells), cell=cells[0]))


def _has_formulas(file: Any) -> bool:
    before = b""
    while chunk := file.read(2**20):
        if re.search(rb"<(\w+:)?f[\s/>]", before + chunk):
            return True
        before = chunk[-16:]
    return False

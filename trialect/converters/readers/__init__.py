"""Readers of a sponsor's exports, by the kind of file. A new format is one file and one line.

A reader's module has `open_form(path, form, *, name, batch_rows) -> OpenForm` (see `form`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.recognise import Kind, is_text, recognise
from trialect.problems import Unusable, rule
from trialect.study_options import FormFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from trialect.converters.readers.form import OpenForm

READERS: dict[Kind, str] = {
    Kind.CSV: "csv",
    Kind.EXCEL: "excel",
    Kind.SAS7BDAT: "sas7bdat",
    Kind.XPT5: "xpt_form",
    Kind.DATASET_JSON: "dataset_json",
    Kind.DATASET_NDJSON: "dataset_json",
    Kind.DSJC: "dataset_json",
}
"""The module that reads each kind of file as a form."""

SUFFIXES = (
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
    ".xlsm",
    ".sas7bdat",
    ".xpt",
    ".json",
    ".ndjson",
    ".dsjc",
)
"""File endings under which a form is looked for; what the file is, its content says."""

NO_READER = rule(
    "READ-UNKNOWN-FORMAT",
    "error",
    "A form's file is in no format that can be read",
    "it is no delimited text, Excel workbook (.xlsx), SAS dataset or Dataset-JSON{hint}.",
    "Export the form in one of these formats.",
)
UNREADABLE_FILE = rule(
    "READ-FILE",
    "error",
    "A file cannot be read",
    "the file cannot be read: {reason}.",
    "Check that it is there and may be read.",
)

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_form(
    path: Path, form: FormFile, *, name: str | None = None, batch_rows: int | None = None
) -> OpenForm:
    """A form of any known format; what the file is, its content says.

    `name` is what problems call the file. Raises `Unusable` when it cannot be read as a form.
    """
    from trialect.converters.readers.form import BATCH_ROWS

    shown = name or path.name
    try:
        kind = recognise(path)
        if kind is Kind.UNKNOWN and _plain(path):
            kind = Kind.CSV
        if kind not in READERS:
            raise Unusable(NO_READER.problem(file=shown, hint=_hint(path, kind)))
        reader = import_module(f"{__name__}.{READERS[kind]}")
        opened: OpenForm = reader.open_form(
            path, form, name=shown, batch_rows=batch_rows or BATCH_ROWS
        )
    except OSError as error:
        raise _unreadable(shown, error) from None
    opened.batches = _batches(opened.batches, shown)
    return opened


def _batches(batches: Iterator[pl.DataFrame], name: str) -> Iterator[pl.DataFrame]:
    try:
        yield from batches
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> Unusable:
    reason = error.strerror or str(error)
    return Unusable(UNREADABLE_FILE.problem(file=name, reason=reason))


def iter_form(path: Path, form: FormFile, batch_rows: int | None = None) -> Iterator[pl.DataFrame]:
    """The batches of a form: String columns as in the file, then `@row` (Int64).

    Raises `Unusable` when the file cannot be read, or when a row of it does not fit.
    """
    opened = open_form(path, form, batch_rows=batch_rows)
    yield from opened.batches
    opened.problems.stop_on_errors()


def _plain(path: Path) -> bool:
    """A text of one column, or one in which NULs stand, is a form that was named as such."""
    with path.open("rb") as file:
        start = file.read(8)
    return (
        (is_text(path) and not start.lstrip().startswith((b"{", b"<"))) or _suffix_says_text(path)
    ) and not start.startswith((_OLD_EXCEL, b"PK\x03\x04"))


def _suffix_says_text(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".txt")


def _hint(path: Path, kind: Kind) -> str:
    if kind is Kind.XPT8:
        return "; it is SAS transport version 8: export it as version 5 or as .sas7bdat"
    with path.open("rb") as file:
        start = file.read(8)
    if start == _OLD_EXCEL:
        return "; it is a workbook of Excel 97-2003 or one with a password: save it as .xlsx"
    if start.startswith(b"PK"):
        return "; it is a zip archive that is damaged or no workbook"
    return ""

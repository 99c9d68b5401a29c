"""SAS datasets (.sas7bdat), by pyreadstat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat

from trialect.converters.readers.form import (
    BATCH_ROWS,
    NO_RECORDS,
    OWN_COLUMNS,
    OpenForm,
    check_header,
)
from trialect.converters.readers.sas_text import character_text, text_of
from trialect.problems import Problems, Unusable, rule
from trialect.study_options import FormFile
from trialect.trial import ROW

UNREADABLE = rule(
    "READ-SAS",
    "error",
    "A SAS dataset cannot be read",
    "the SAS dataset cannot be read: {reason}.",
    "Export it again; where its texts are in another encoding than it says, declare `encoding`.",
)


def open_form(
    path: Path, form: FormFile, *, name: str | None = None, batch_rows: int = BATCH_ROWS
) -> OpenForm:
    """A SAS dataset as a form; record n is row n + 1. Raises `Unusable` for a broken file."""
    shown = name or path.name
    _, about = _read(path, shown, form, metadataonly=True)
    problems = Problems()
    header = check_header(about.column_names, shown, problems)
    return OpenForm(header, _batches(path, shown, form, header, problems, batch_rows), problems)


def _batches(
    path: Path,
    name: str,
    form: FormFile,
    header: tuple[str, ...],
    problems: Problems,
    batch_rows: int,
) -> Iterator[pl.DataFrame]:
    read = 0
    while True:
        values, about = _read(path, name, form, row_offset=read, row_limit=batch_rows)
        arrays = list(values.values())
        count = len(arrays[0]) if arrays else 0
        if not count:
            break
        columns = [
            character_text(array).alias(column)
            if about.readstat_variable_types[own] == "string"
            else text_of(array, about.original_variable_types[own]).alias(column)
            for column, own, array in zip(header, about.column_names, arrays, strict=True)
            if not column.startswith(OWN_COLUMNS)
        ]
        rows = pl.int_range(read + 2, read + count + 2, dtype=pl.Int64, eager=True).alias(ROW)
        yield pl.DataFrame([*columns, rows])
        read += count
        if count < batch_rows:
            break
    if not read:
        problems.add(NO_RECORDS.problem(file=name))


def _read(path: Path, name: str, form: FormFile, **how: Any) -> tuple[dict[str, Any], Any]:
    try:
        values, about = pyreadstat.read_sas7bdat(
            str(path),
            output_format="dict",
            user_missing=True,
            disable_datetime_conversion=True,
            encoding=form.encoding,
            **how,
        )
    except OSError:
        raise
    except Exception as error:  # pyreadstat raises several kinds, none of them public
        reason = " ".join(str(error).split()).rstrip(".")
        raise Unusable(UNREADABLE.problem(file=name, reason=reason)) from None
    return values, about

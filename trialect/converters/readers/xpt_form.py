"""An XPT file as a form, by our own reader; it holds one dataset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from trialect.converters.readers.form import (
    BATCH_ROWS,
    NO_RECORDS,
    OWN_COLUMNS,
    OpenForm,
    check_header,
)
from trialect.converters.readers.sas_text import text_of
from trialect.converters.readers.xpt import XptReader
from trialect.converters.readers.xpt_columns import SPECIAL_MISSING, SpecialMissing
from trialect.problems import Problems, Unusable
from trialect.study_options import FormFile
from trialect.trial import ROW


def open_form(
    path: Path, form: FormFile, *, name: str | None = None, batch_rows: int = BATCH_ROWS
) -> OpenForm:
    """An XPT file as a form; record n is row n + 1. Raises `Unusable` for a broken file."""
    shown = name or path.name
    try:
        reader = XptReader(path, encoding=form.encoding)
    except Unusable as unusable:
        raise Unusable(problem.at(file=shown) for problem in unusable.problems) from None
    problems = Problems()
    header = check_header((one.name for one in reader.variables), shown, problems)
    return OpenForm(header, _batches(reader, shown, header, problems, batch_rows), problems)


def _batches(
    reader: XptReader, name: str, header: tuple[str, ...], problems: Problems, batch_rows: int
) -> Iterator[pl.DataFrame]:
    read = 0
    special: list[SpecialMissing] = []
    # Only this way the special missing values (.A to .Z) come with their batch.
    for frame in reader._batches(batch_rows, special):
        columns = [
            _text(frame[variable.name], variable.format, special, read).alias(column)
            for column, variable in zip(header, reader.variables, strict=True)
            if not column.startswith(OWN_COLUMNS)
        ]
        special.clear()
        rows = pl.int_range(read + 2, read + frame.height + 2, dtype=pl.Int64, eager=True)
        yield pl.DataFrame([*columns, rows.alias(ROW)])
        read += frame.height
    problems.extend(
        problem.at(file=name)
        for problem in reader.problems
        # A form keeps these values, as text.
        if problem.rule != SPECIAL_MISSING.id
    )
    if not read:
        problems.add(NO_RECORDS.problem(file=name))


def _text(values: pl.Series, format: str, special: list[SpecialMissing], read: int) -> pl.Series:
    if values.dtype == pl.String:
        return values
    text = text_of(values.fill_null(float("nan")).to_numpy(), format)
    reasons = {one.record - read - 1: one.code for one in special if one.variable == values.name}
    return text.scatter(list(reasons), list(reasons.values())) if reasons else text

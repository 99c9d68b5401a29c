"""Supplemental qualifiers beside the records they belong to: each QNAM a column."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from trialect.schemas.core.joins.keys import as_words, words
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.table import Column, Later, Table

_SUBJECT_KEYS = ("STUDYID", "USUBJID", "APID", "POOLID", "SPDEVID")
_NEEDED = ("IDVAR", "IDVARVAL", "QNAM", "QVAL")


def with_qualifiers(table: Table, supplemental: Table) -> Table:
    """The records with their supplemental qualifiers as columns named by QNAM.

    A QNAM that is a variable of the records, too, is `QNAM_supp`. Raises `NotAsked` when two
    qualifiers of the same name belong to one record.
    """
    keys = [name for name in _SUBJECT_KEYS if table.has(name) and supplemental.has(name)]
    frame = supplemental.frame([*keys, *_NEEDED])
    columns: dict[str, pl.Series] = {}
    for (idvar,), rows in frame.group_by(["IDVAR"], maintain_order=True):
        for qnam, values in _turned(table, rows, None if idvar is None else str(idvar), keys):
            known = columns.get(qnam)
            columns[qnam] = values if known is None else known.zip_with(known.is_not_null(), values)
    added: dict[str, Column | Later] = {
        (f"{name}_supp" if table.has(name) else name): values for name, values in columns.items()
    }
    return table.joined(added)


def _turned(
    table: Table, rows: pl.DataFrame, idvar: str | None, keys: list[str]
) -> Iterable[tuple[str, pl.Series]]:
    """For each QNAM of one IDVAR the value of each record."""
    by = [*keys]
    left = table.frame(keys)
    if idvar and idvar.strip():
        if not table.has(idvar):
            raise MissingColumn(idvar)
        left = left.with_columns(as_words(table.column(idvar), table).alias("@idvarval"))
        values = rows["IDVARVAL"].cast(pl.String)
        if table.series(idvar).dtype.is_numeric():
            values = words(values)
        rows = rows.with_columns(values.alias("@idvarval"))
        by.append("@idvarval")
    double = rows.filter(pl.len().over([*by, "QNAM"]) > 1)
    if double.height and by:
        raise NotAsked(f"{double['QNAM'][0]} stands twice in SUPP-- for one record")
    for qnam in rows["QNAM"].drop_nulls().unique(maintain_order=True):
        chosen = rows.filter(pl.col("QNAM") == qnam).select(*by, "QVAL")
        joined = left.join(chosen, on=by, how="left", nulls_equal=True, maintain_order="left")
        yield str(qnam), joined["QVAL"]

"""Texts over 200 characters, put together again from a variable and its pieces in SUPP--.

FHIR has no such limit. The pieces are those that mappings/sdtm/supplemental.py made: their label
is that of the variable with the piece's number behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from trialect.mappings.sdtm.long_text import LIMIT, join_pieces, spelling_in, written_length
from trialect.mappings.sdtm.numbers import number_text
from trialect.schemas.sdtm.model import dataset
from trialect.trial import Study

_ROW, _NUMBER = "@row", "@number"


def with_whole_texts(
    frame: pl.DataFrame,
    supp: pl.DataFrame | None,
    domain: str,
    columns: Sequence[str],
    study: Study,
) -> pl.DataFrame:
    """The records of a domain, the texts of `columns` whole where SUPP-- holds their rest."""
    model = dataset(domain)
    if supp is None or model is None or not {"QNAM", "QLABEL", "QVAL"} <= set(supp.columns):
        return frame
    pieces = supp.with_columns(
        pl.col("QNAM").str.extract(r"(\d+)$").alias(_NUMBER),
    ).filter(pl.col(_NUMBER).is_not_null())
    if not pieces.height:
        return frame
    for column in columns:
        variable = model.variable(column)
        if variable is None:
            continue
        number = pl.col(_NUMBER)
        cut = pl.lit(variable.label).str.slice(0, 39 - number.str.len_chars())
        mine = pieces.filter(pl.col("QLABEL") == cut + " " + number)
        if mine.height:
            frame = _joined(frame, mine, column, study)
    return frame


def _joined(frame: pl.DataFrame, pieces: pl.DataFrame, column: str, study: Study) -> pl.DataFrame:
    spell = spelling_in(study)
    keyed = pieces.select("USUBJID", "IDVAR", "IDVARVAL", "QVAL", pl.col(_NUMBER).cast(pl.Int32))
    texts = frame[column].to_list()
    numbered = frame.with_row_index(_ROW)
    for part in keyed.partition_by("IDVAR", maintain_order=True):
        variable = part["IDVAR"][0]
        on = ["USUBJID"]
        records = numbered
        if variable is not None:
            records = numbered.with_columns(number_text(frame[variable]).alias("IDVARVAL"))
            on.append("IDVARVAL")
        found = records.select(_ROW, *on).join(part.drop("IDVAR"), on=on).sort(_ROW, _NUMBER)
        for row in found.partition_by(_ROW, maintain_order=True):
            place = row[_ROW][0]
            if texts[place] is None:
                continue
            joined = join_pieces([texts[place], *row["QVAL"]], spell)
            # "Race 1" is the label of a piece, and of the first of several races.
            if written_length(joined, spell) > LIMIT:
                texts[place] = joined
    return frame.with_columns(pl.Series(column, texts, dtype=pl.String))

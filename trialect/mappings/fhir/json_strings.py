"""Columns of texts as they stand in JSON."""

from __future__ import annotations

import orjson
import polars as pl

_SPECIAL = r'[\x00-\x1f"\\]'


def escaped(texts: pl.Series) -> pl.Series:
    """Texts (String) as they stand between the quotes of a JSON string; nulls stay."""
    special = texts.str.contains(_SPECIAL).fill_null(False)
    if not special.any():
        return texts
    rows = special.arg_true()
    some = [orjson.dumps(text).decode()[1:-1] for text in texts.gather(rows)]
    return texts.clone().scatter(rows, pl.Series(some, dtype=pl.String))

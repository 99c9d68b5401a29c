"""Values of any type as SDTM text: numbers as their shortest decimals, never with an exponent."""

from __future__ import annotations

from decimal import Decimal

import polars as pl


def to_texts(values: pl.Series) -> pl.Series:
    """Values of an expression as SDTM text: numbers in their shortest decimals, truth as Y or N."""
    column = pl.col("value")
    frame = values.alias("value").to_frame()
    if values.dtype == pl.Boolean:
        return frame.select(
            pl.when(column).then(pl.lit("Y")).when(~column).then(pl.lit("N")).alias("text")
        )["text"]
    if values.dtype.is_decimal():
        text = column.cast(pl.String)
        whole = text.str.strip_chars_end("0").str.strip_chars_end(".")
        shown = pl.when(text.str.contains(".", literal=True)).then(whole).otherwise(text)
        return frame.select(shown.alias("text"))["text"]
    if not values.dtype.is_float():
        return values.cast(pl.String)
    exact = (column == column.floor()) & (column.abs() < 1e15)
    texts = frame.select(
        pl.when(exact)
        .then(column.cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(column.cast(pl.String))
        .alias("text")
    )["text"]
    long = texts.str.contains("[eE]|\\.0$").fill_null(value=False)
    if long.any():
        plain = [
            format(Decimal(repr(value)), "f").removesuffix(".0") if is_long else text
            for value, text, is_long in zip(values, texts, long, strict=True)
        ]
        return pl.Series("text", plain, dtype=pl.String)
    return texts

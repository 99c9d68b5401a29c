"""Numbers as text and text as numbers, exactly or not at all."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

CANONICAL = r"^-?(0|[1-9]\d*)(\.\d+)?$"
"""A number as --STRESC may hold one when --STRESN holds it too (FB3101, FB3103)."""

EXACT_DIGITS = 15
"""Decimal digits that a double holds whatever they are (IEEE 754)."""


def number_text(numbers: pl.Series) -> pl.Series:
    """Numbers as the shortest decimal texts that give them back, without an exponent."""
    texts = numbers.cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")
    odd = texts.filter(texts.str.contains("[^0-9.-]")).unique()
    if odd.len():
        texts = texts.replace({text: format(Decimal(text), "f") for text in odd})
    return texts.alias(numbers.name)


def exact_number(texts: pl.Series) -> pl.Series:
    """The numbers that texts spell (Float64); null for other text and where a double differs."""
    frame = texts.alias("text").to_frame()
    spelled = pl.col("text").str.contains(CANONICAL)
    numbers = frame.select(
        pl.when(spelled).then("text").cast(pl.Float64, strict=False).alias(texts.name)
    ).to_series()
    long = frame.select(
        spelled & (pl.col("text").str.count_matches(r"\d") > EXACT_DIGITS)
    ).to_series()
    if not long.any():
        return numbers
    inexact = [
        text for text in texts.filter(long).unique() if Decimal(repr(float(text))) != Decimal(text)
    ]
    return numbers.set(texts.is_in(inexact), None)

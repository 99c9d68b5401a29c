"""Texts as numbers, exactly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import polars as pl

from trialect.mappings.values import Call, RowProblem
from trialect.problems import rule

NOT_A_NUMBER = rule(
    "MAP-NOT-A-NUMBER",
    "error",
    "A text that is to be a number is none",
    "{value!r} is no number, and {variable} is a Num variable.",
    "Correct the value at its source, or map it to a Char variable.",
)
NOT_EXACT = rule(
    "MAP-NUMBER-NOT-EXACT",
    "error",
    "A number has more digits than a Num variable holds",
    "{value!r} does not fit {variable} to its last digit.",
    "Keep it as text, or round it at its source.",
)

_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"


def to_numbers(call: Call, texts: pl.Series) -> tuple[pl.Series, list[RowProblem]]:
    """Float64 values of decimal texts; a text that is no number, or not held exactly, is null and
    a problem.
    """
    values = texts.set(~texts.str.contains(_PLAIN).fill_null(value=True), None).cast(
        pl.Float64, strict=False
    )
    problems = [
        RowProblem(place, NOT_A_NUMBER, {"value": texts[place], "variable": call.line.target})
        for place in (texts.is_not_null() & values.is_null()).arg_true()
    ]
    # A double gives back every decimal of 15 digits; longer texts are looked at one by one.
    for place in (texts.str.len_bytes() > 15).fill_null(value=False).arg_true():
        value = values[place]
        if value is not None and Decimal(repr(value)) != Decimal(texts[place]):
            given = {"value": texts[place], "variable": call.line.target}
            problems.append(RowProblem(place, NOT_EXACT, given))
            values = values.set(pl.int_range(values.len(), eager=True) == place, None)
    return values, problems


def to_texts(values: pl.Series) -> pl.Series:
    """Values of an expression as SDTM text: numbers in their shortest decimals, truth as Y or N."""
    if values.dtype == pl.Boolean:
        return values.replace_strict({True: "Y", False: "N"}, return_dtype=pl.String)
    if values.dtype.is_float():
        return distinct(values, _decimal, pl.String)
    return values.cast(pl.String)


def _decimal(value: float) -> str | None:
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return format(Decimal(repr(value)).normalize(), "f") if value else "0"


def distinct(
    values: pl.Series, change: Callable[..., object], dtype: pl.DataType | type[pl.DataType]
) -> pl.Series:
    """Each distinct value changed once; null stays null."""
    known = values.drop_nulls().unique()
    if not known.len():
        return pl.Series(values.name, [None] * values.len(), dtype)
    changed = pl.Series([change(value) for value in known], dtype=dtype)
    return values.replace_strict(known, changed, default=None, return_dtype=dtype)

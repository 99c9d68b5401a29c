"""Texts as numbers, exactly or not at all, and numbers as their shortest texts."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from trialect.mappings.decimals import PLAIN, exact
from trialect.mappings.values import Call, RowProblem
from trialect.problems import rule

NOT_A_NUMBER = rule(
    "MAP-NOT-A-NUMBER",
    "error",
    "A text that is to be a number is none",
    "{value!r} is no number, and {variable} needs one; it stays empty.",
    "Correct the value at its source, or map it to a Char variable.",
)
NOT_EXACT = rule(
    "MAP-NUMBER-NOT-EXACT",
    "error",
    "A number has more digits than a Num variable holds",
    "{value!r} does not fit {variable} to its last digit; it stays empty.",
    "Keep it as text, or round it at its source.",
    "IEEE 754 binary64, 15 to 17 digits",
)
NOT_FINITE = rule(
    "MAP-NOT-FINITE",
    "error",
    "A computed number is none",
    "{expression!r} divides by zero or overflows here; {variable} stays empty.",
    "Leave the row out by `when`, or write NULLIF(..., 0) for what is divided by.",
)

_SURE_BYTES = 15
"""A double gives back every decimal of 15 digits; longer texts and those with an exponent are
looked at one by one."""


def to_numbers(
    call: Call, texts: pl.Series, value: pl.Series | None = None
) -> tuple[pl.Series, list[RowProblem]]:
    """Float64 values of decimal texts; a text that is no number, or not held exactly, is null and
    a problem, which shows `value` where the text was made of another.
    """
    plain = texts.str.contains(PLAIN).fill_null(value=False)
    frame = pl.DataFrame({"text": texts, "plain": plain})
    values = frame.select(
        pl.when("plain").then(pl.col("text")).cast(pl.Float64, strict=False).alias("number")
    )["number"]
    wrong = dict.fromkeys((texts.is_not_null() & ~plain).arg_true(), NOT_A_NUMBER)
    unsure = (texts.str.len_bytes() > _SURE_BYTES) | texts.str.contains("[eE]")
    for place in (plain & unsure.fill_null(value=False)).arg_true():
        number = exact(texts[place])
        if number is None or Decimal(repr(values[place])) != number:
            wrong[place] = NOT_EXACT
    if not wrong:
        return values, []
    keep = pl.Series([place not in wrong for place in range(values.len())])
    shown = texts if value is None else value
    problems = [
        RowProblem(place, declared, {"value": shown[place], "variable": call.line.target})
        for place, declared in sorted(wrong.items())
    ]
    return _where(keep, values), problems


def only_finite(call: Call, values: pl.Series, text: str) -> tuple[pl.Series, list[RowProblem]]:
    """Numbers of an expression without what is none (a division by zero), each a problem."""
    if not values.dtype.is_float():
        return values, []
    finite = values.is_finite().fill_null(value=True)
    if finite.all():
        return values, []
    given = {"expression": text, "variable": call.line.target}
    problems = [RowProblem(place, NOT_FINITE, given) for place in (~finite).arg_true()]
    return _where(finite, values), problems


def _where(keep: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(keep).then(values).alias("number"))["number"]

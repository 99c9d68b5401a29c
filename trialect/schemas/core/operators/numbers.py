"""Less and greater: numbers, and texts that are numbers. What is none compares to nothing."""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any

import polars as pl

from trialect.schemas.core.operators.ask import Asked, operator
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.table import Column, Mask, Same, Table, certain


def _declare(name: str, compare: Callable[[Any, Any], Any], said: str) -> None:
    def answer(table: Table, asked: Asked) -> Mask:
        left = numeric(table.column(asked.target))
        right = asked.comparator(table)
        if isinstance(right, Same):
            value = right.value
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise NotAsked(f"{name} needs a number, and {value!r} is none or no variable here")
        else:
            right = numeric(right)
        if isinstance(left, Same):
            if left.value is None:
                return False
            if isinstance(right, Same):
                return bool(compare(left.value, right.value))
            found: pl.Series = compare(pl.lit(left.value), pl.lit(right))
            return certain(pl.select(found).to_series())
        found = compare(left, right.value if isinstance(right, Same) else right)
        return certain(found)

    answer.__doc__ = f"The number is {said} the value."
    operator(name, "value")(answer)


def numeric(column: Column) -> Column:
    """A column as numbers; null where a text is no number."""
    if isinstance(column, Same):
        try:
            return Same(None if column.value is None else float(column.value))
        except (TypeError, ValueError):
            return Same(None)
    if column.dtype.is_numeric():
        return column
    if column.dtype == pl.String:
        found = column.str.strip_chars().cast(pl.Float64, strict=False)
        return found.fill_nan(None)
    return column.cast(pl.Float64, strict=False)


_declare("less_than", op.lt, "less than")
_declare("less_than_or_equal_to", op.le, "at most")
_declare("greater_than", op.gt, "more than")
_declare("greater_than_or_equal_to", op.ge, "at least")

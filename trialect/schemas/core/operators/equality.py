"""Equal and not equal, as clinical data means it: what is missing equals nothing.

Both sides missing is neither equal nor unequal; one side missing is unequal. A text and a number
are unequal, unless the condition is `type_insensitive` ("1.0" is 1 then). `round_values` compares
whole numbers.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.schemas.core.operators.ask import Asked, is_lists, operator
from trialect.schemas.core.table import Column, Mask, Same, Table, both, certain, is_null, opposite


@operator("equal_to")
def equal_to(table: Table, asked: Asked) -> Mask:
    """Both have a value, and it is the same."""
    left, right = _sides(table, asked)
    return same(left, right)


@operator("not_equal_to")
def not_equal_to(table: Table, asked: Asked) -> Mask:
    """The values differ, or only one of them is there."""
    left, right = _sides(table, asked)
    return _differ(left, right)


@operator("equal_to_case_insensitive")
def equal_to_case_insensitive(table: Table, asked: Asked) -> Mask:
    """Both are texts, the same but for upper and lower case."""
    left, right = _folded(*_sides(table, asked))
    return same(left, right)


@operator("not_equal_to_case_insensitive")
def not_equal_to_case_insensitive(table: Table, asked: Asked) -> Mask:
    """The texts differ in more than upper and lower case, or only one of them is there."""
    left, right = _folded(*_sides(table, asked))
    return _differ(left, right)


def _sides(table: Table, asked: Asked) -> tuple[Column, Column]:
    left = table.column(asked.target)
    if asked.options.get("value_is_reference"):
        anyhow = bool(asked.options.get("type_insensitive"))
        right: Column = _referenced(table, str(asked.value), None if anyhow else left)
    else:
        right = asked.comparator(table)
    if asked.options.get("round_values"):
        left, right = _rounded(left), _rounded(right)
    if asked.options.get("type_insensitive"):
        left, right = canonical(left), canonical(right)
    return left, right


def _referenced(table: Table, name: str, like: Column | None) -> pl.Series:
    """For each row the value of the column that the column `name` names there.

    Null where no column has that name, or where it is numeric and `like` is text, or the other
    way round. All values as text when `like` is None.
    """
    as_text = like is None or isinstance(like, Same) or like.dtype == pl.String
    dtype = pl.String if as_text else pl.Float64

    def make() -> pl.Series:
        names = table.series(name).cast(pl.String)
        found = pl.repeat(None, table.height, dtype=dtype, eager=True)
        for one in names.drop_nulls().unique(maintain_order=True):
            if (column := table.get(one)) is None:
                continue
            values = table.spread(column)
            fits = values.dtype == pl.String if as_text else values.dtype.is_numeric()
            if not fits and (like is not None or isinstance(values.dtype, pl.List)):
                continue
            here = certain(names == one)
            found = values.cast(dtype).zip_with(here, found)
        return found

    return table.kept(("referenced", name, like is None, as_text), table.names, make)


def same(left: Column, right: Column) -> Mask:
    """Where both columns have the same value."""
    if isinstance(left, Same) and isinstance(right, Same):
        there = not is_null(left.value) and not is_null(right.value)
        return there and bool(left.value == right.value)
    if isinstance(left, Same):
        left, right = right, left
    assert isinstance(left, pl.Series)
    if isinstance(right, Same):
        if is_null(right.value) or not _comparable(left, right.value):
            return False
        if isinstance(left.dtype, pl.List):
            return pl.Series([one == right.value for one in left.to_list()], dtype=pl.Boolean)
        found: pl.Series = left == right.value
        return certain(found)
    if left.dtype != right.dtype and not (left.dtype.is_numeric() and right.dtype.is_numeric()):
        return False
    mask = certain(left == right)
    if left.dtype == pl.String:
        mask &= certain(left != "")
    return mask


def _differ(left: Column, right: Column) -> Mask:
    neither = both(_missing(left), _missing(right))
    return both(opposite(same(left, right)), opposite(neither))


def _missing(column: Column) -> Mask:
    if isinstance(column, Same):
        return is_null(column.value)
    mask = column.is_null()
    if column.dtype == pl.String:
        mask |= certain(column == "", unknown=True)
    elif isinstance(column.dtype, pl.List):
        mask |= certain(column.list.len() == 0, unknown=True)
    return mask


def _comparable(series: pl.Series, value: Any) -> bool:
    if isinstance(value, bool):
        return series.dtype == pl.Boolean or series.dtype.is_numeric()
    if isinstance(value, int | float):
        return series.dtype.is_numeric() or series.dtype == pl.Boolean
    if isinstance(value, str):
        return series.dtype == pl.String
    return isinstance(value, list) and isinstance(series.dtype, pl.List)


def _folded(left: Column, right: Column) -> tuple[Column, Column]:
    """Both sides with their texts in lower case."""
    return _lower(left), _lower(right)


def _lower(column: Column) -> Column:
    if isinstance(column, Same):
        return Same(column.value.lower()) if isinstance(column.value, str) else column
    return column.str.to_lowercase() if column.dtype == pl.String else column


def _rounded(column: Column) -> Column:
    """Whole numbers, of texts too where they are numbers."""
    if isinstance(column, Same):
        try:
            return Same(None if column.value is None else round(float(column.value)))
        except (TypeError, ValueError):
            return column
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).round(0, mode="half_to_even")
    if column.dtype != pl.String:
        return column
    numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
    if numbers.null_count() > column.null_count():
        return column
    return numbers.round(0, mode="half_to_even")


def canonical(column: Column) -> Column:
    """Values as texts that are the same for the same number: 1, 1.0 and "1.00" are "1"."""
    if is_lists(column):
        return column
    if isinstance(column, Same):
        return Same(_canonical_value(column.value))
    if column.dtype == pl.Boolean:
        return column
    texts = column.str.strip_chars() if column.dtype == pl.String else column.cast(pl.String)
    numbers = texts.cast(pl.Float64, strict=False)
    known = numbers.unique().drop_nulls()
    shown = pl.Series([_shown(number) for number in known.to_list()], dtype=pl.String)
    return (
        numbers.replace_strict(known, shown, default=None, return_dtype=pl.String).zip_with(
            numbers.is_not_null(), texts
        )
        if len(known)
        else texts
    )


def _canonical_value(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _shown(float(value))
    try:
        return _shown(float(value))
    except ValueError:
        return value.strip()


def _shown(number: float) -> str:
    """A number as text, to the 15 digits that a double keeps: the 5.3999999999999995 of an XPT
    file is the "5.4" that stands beside it.
    """
    number = float(f"{number:.15g}")
    return str(int(number)) if number.is_integer() else str(number)


__all__ = ["canonical", "same"]

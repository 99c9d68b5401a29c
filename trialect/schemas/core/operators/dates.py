"""Dates and durations: whether they are, whether they are complete, and which comes first."""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any

import polars as pl

from trialect.schemas.core.dates import PARTS, UNITS, is_complete, is_duration, moments
from trialect.schemas.core.operators.ask import Asked, negation, operator
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.table import Mask, Same, Table, certain


def _of_texts(table: Table, name: str, what: str, test: Callable[[str], bool]) -> Mask:
    """Where a text passes a test; no number and nothing missing does."""

    def make() -> Mask:
        column = table.column(name)
        if isinstance(column, Same):
            return isinstance(column.value, str) and test(column.value)
        if column.dtype != pl.String:
            return False
        good = [text for text in column.drop_nulls().unique().to_list() if test(text)]
        if not good:
            return False
        return certain(column.is_in(pl.Series(good, dtype=pl.String).implode()))

    return table.kept((what, name), (name,), make)


@operator("is_complete_date")
def is_complete_date(table: Table, asked: Asked) -> Mask:
    """The value is a date known to the day, with or without a time."""
    return _of_texts(table, asked.target, "complete date", is_complete)


negation("is_incomplete_date", of="is_complete_date")


@operator("invalid_date")
def invalid_date(table: Table, asked: Asked) -> Mask:
    """The value is no date, complete or not; what is missing is none."""
    column = table.column(asked.target)
    if isinstance(column, pl.Series) and column.dtype != pl.String:
        return True
    valid = certain(_moments(table, asked.target)["valid"])
    return ~valid


@operator("invalid_duration")
def invalid_duration(table: Table, asked: Asked) -> Mask:
    """The value is no duration; `negative: false` refuses those with a minus, too."""
    negative = asked.options.get("negative") is not False
    what = "duration" if negative else "duration forwards"
    found = _of_texts(table, asked.target, what, lambda text: is_duration(text, negative=negative))
    return ~found if isinstance(found, pl.Series) else not found


def _moments(table: Table, name: str) -> pl.DataFrame:
    """The dates of a column; numbers are none."""

    def make() -> pl.DataFrame:
        series = table.series(name)
        if series.dtype != pl.String:
            series = pl.repeat(None, table.height, dtype=pl.String, eager=True)
        return moments(series)

    return table.kept(("moments", name), (name,), make)


def _declare(
    name: str, compare: Callable[[Any, Any], pl.Expr], unequal: bool | None, said: str
) -> None:
    """`unequal` is the answer where one date is known further than the other (None: compare)."""

    def answer(table: Table, asked: Asked) -> Mask:
        left = _moments(table, asked.target)
        value = asked.value
        literal = asked.options.get("value_is_literal")
        if isinstance(value, str) and table.has(value) and not literal:
            right = _moments(table, value)
        else:
            text = value if isinstance(value, str) else None
            one = moments(pl.Series([text], dtype=pl.String))
            right = one.select(pl.all().repeat_by(table.height).explode()) if table.height else one
        frame = left.hstack(right.rename(lambda column: f"{column}_2"))
        component = asked.options.get("date_component")
        if component is None or component == "auto":
            found = _as_far_as_known(compare, None if component == "auto" else unequal)
        else:
            found = _component(str(component), compare)
        comparable = pl.col("valid") & pl.col("valid_2")
        return frame.select((comparable & found).fill_null(False)).to_series()

    known = "" if unequal is not None else ", as far as both are known"
    answer.__doc__ = f"The date {said}{known}; `date_component` compares a part of both."
    operator(name, "value", cost=3)(answer)


def _as_far_as_known(compare: Callable[[Any, Any], pl.Expr], unequal: bool | None) -> pl.Expr:
    first, second = pl.col("precision"), pl.col("precision_2")
    common = pl.min_horizontal(first, second)
    unit = pl.lit(None, dtype=pl.Int64)
    for level, size in enumerate(UNITS):
        unit = pl.when(common == level).then(pl.lit(size, dtype=pl.Int64)).otherwise(unit)
    found = compare(pl.col("key") // unit, pl.col("key_2") // unit)
    both = first.is_not_null() & second.is_not_null()
    if unequal is not None:
        found = pl.when(first == second).then(found).otherwise(pl.lit(unequal))
    return both & found


def _component(name: str, compare: Callable[[Any, Any], pl.Expr]) -> pl.Expr:
    """One part of the dates; parts that are not known are the first of their kind."""
    if name not in PARTS:
        raise NotAsked(f"date_component {name!r} is none of {', '.join(PARTS)}")
    level = PARTS.index(name)
    sides = []
    for column in ("key", "key_2"):
        part = pl.col(column) // UNITS[level]
        if level:
            part = part % (UNITS[level - 1] // UNITS[level])
        sides.append(part)
    return compare(sides[0], sides[1])


_declare("date_equal_to", op.eq, False, "is the same, and known as far")
_declare("date_not_equal_to", op.ne, True, "is another one, or known less or further")
_declare("date_less_than", op.lt, None, "is earlier")
_declare("date_less_than_or_equal_to", op.le, None, "is earlier or the same")
_declare("date_greater_than", op.gt, None, "is later")
_declare("date_greater_than_or_equal_to", op.ge, None, "is later or the same")

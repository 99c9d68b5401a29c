"""One value among many: in a list, in a column, in the list that an operation gave each row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from trialect.schemas.core.operators.ask import Asked, is_lists, negation, operator
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.table import Column, Mask, Once, Same, Table, certain, is_null


@operator("is_contained_by", "value")
def is_contained_by(table: Table, asked: Asked) -> Mask:
    """The value is one of a list, of the row's own list, or of another column's values."""
    return contained(table, table.column(asked.target), asked.comparator(table), asked)


negation("is_not_contained_by", of="is_contained_by")


@operator("is_contained_by_case_insensitive", "value")
def is_contained_by_case_insensitive(table: Table, asked: Asked) -> Mask:
    """The same, whatever the case of the letters."""
    target, values = _lower(table.column(asked.target)), _lower(asked.comparator(table))
    return contained(table, target, values, asked)


negation("is_not_contained_by_case_insensitive", of="is_contained_by_case_insensitive")


def contained(table: Table, target: Column, values: Column, asked: Asked) -> Mask:
    """Where the value of `target` is among `values`; what is missing is among nothing."""
    if isinstance(values, Same):
        if values.value is None and table.has(str(asked.value)):
            return False
        if not is_lists(values):
            if asked.value == values.value and str(values.value).startswith("$"):
                raise MissingColumn(str(values.value))
            raise NotAsked(f"{asked.operator} needs a list, and {values.value!r} is none")
        return among(target, values.value)
    if isinstance(values.dtype, pl.List):
        return _among_rows(table, target, values)
    return among(target, values.drop_nulls().unique())


def among(target: Column, values: Iterable[Any]) -> Mask:
    """Where a value is one of `values`; of a list, where one of its members is."""
    if isinstance(target, Same):
        members = target.value if is_lists(target) else [target.value]
        known = list(values)
        return any(not is_null(member) and member in known for member in members)
    if isinstance(target.dtype, pl.List):
        wanted = pl.Series(list(values), strict=False)
        hits = [any(one in wanted for one in row or []) for row in target.to_list()]
        return pl.Series(hits, dtype=pl.Boolean)
    if isinstance(values, pl.Series):
        fits = values.dtype == target.dtype or (
            values.dtype.is_numeric() and target.dtype.is_numeric()
        )
        return certain(target.is_in(values.implode())) if fits else False
    fitting = _fitting(target, values)
    if not len(fitting):
        return False
    if len(fitting) == 1:
        return certain(target == fitting[0])
    return certain(target.is_in(fitting.implode()))


def _fitting(target: pl.Series, values: Iterable[Any]) -> pl.Series:
    """Those of the values that a column of this type can hold."""
    if target.dtype == pl.String:
        return pl.Series([one for one in values if isinstance(one, str) and one], dtype=pl.String)
    if target.dtype.is_numeric():
        numbers = [float(one) for one in values if isinstance(one, int | float)]
        return pl.Series(numbers, dtype=pl.Float64).cast(target.dtype, strict=False).drop_nulls()
    return pl.Series([one for one in values if isinstance(one, bool)], dtype=pl.Boolean)


def _among_rows(table: Table, target: Column, values: pl.Series) -> Mask:
    """Where a value is in the list of its own row."""
    series = table.spread(target)
    if isinstance(series.dtype, pl.List):
        rows = zip(series.to_list(), values.to_list(), strict=True)
        hits = [any(one in (known or []) for one in row or []) for row, known in rows]
        return pl.Series(hits, dtype=pl.Boolean)
    inner = values.dtype.inner if isinstance(values.dtype, pl.List) else None
    if inner == pl.Null:
        return False
    numbers = series.dtype.is_numeric() and inner is not None and inner.is_numeric()
    if series.dtype != inner and not numbers:
        return False
    if numbers and inner is not None:
        series = series.cast(inner)
    frame = pl.DataFrame({"value": series, "known": values})
    found = frame.select(pl.col("known").list.contains(pl.col("value"))).to_series()
    # A missing value is in no list, even in one that lists what is missing.
    return certain(found) & series.is_not_null()


@operator("contains", "value")
def contains(table: Table, asked: Asked) -> Mask:
    """A text holds another one, a list holds a value; of a column, it is among the target's."""
    target, value = table.column(asked.target), asked.comparator(table)
    if is_lists(target):
        return _list_holds(table, target, value)
    if isinstance(value, Same):
        if isinstance(value.value, str):
            return _holds(target, value.value, asked)
        from trialect.schemas.core.operators.equality import same

        return same(target, value)
    return among(value, table.spread(target).drop_nulls().unique())


negation("does_not_contain", of="contains")


@operator("contains_case_insensitive", "value")
def contains_case_insensitive(table: Table, asked: Asked) -> Mask:
    """A text holds another one in whatever case; of a column, row by row."""
    target, value = _lower(table.column(asked.target)), _lower(asked.comparator(table))
    if is_lists(target):
        return _list_holds(table, target, value)
    if isinstance(target, pl.Series):
        target = target.cast(pl.String)
    if isinstance(value, Same):
        return _holds(target, str(value.value), asked)
    frame = pl.DataFrame({"text": table.spread(target), "part": value.cast(pl.String)})
    held = pl.col("text").str.contains(pl.col("part"), literal=True)
    return certain(frame.select(held).to_series())


negation("does_not_contain_case_insensitive", of="contains_case_insensitive")


def _holds(target: Column, part: str, asked: Asked) -> Mask:
    if isinstance(target, Same):
        return isinstance(target.value, str) and part in target.value
    if target.dtype == pl.Null:
        return False
    if target.dtype != pl.String:
        raise NotAsked(f"{asked.operator} needs text, and {asked.target} is numeric")
    return certain(target.str.contains(part, literal=True))


def _list_holds(table: Table, target: Column, value: Column) -> Mask:
    if isinstance(target, Same):
        return among(value, [*target.value])
    return _among_rows(table, table.spread(value), target)


@operator("contains_all", "value", across=True)
def contains_all(table: Table, asked: Asked) -> Mask:
    """Every one of the values occurs in the column: one answer, which the first row carries."""
    return _contains_all(table, asked)


negation("not_contains_all", of="contains_all")


def _contains_all(table: Table, asked: Asked) -> Mask:
    target, value = table.column(asked.target), asked.comparator(table)
    if is_lists(target) and is_lists(value):
        held = [
            all(one in (known or []) for one in row or [])
            for known, row in zip(
                table.spread(target).to_list(), table.spread(value).to_list(), strict=True
            )
        ]
        return pl.Series(held, dtype=pl.Boolean)
    if isinstance(asked.value, list):
        needed = set(expanded(table, asked.value))
    elif isinstance(value, Same):
        raise MissingColumn(str(asked.value))
    else:
        needed = set(value.to_list())
    return Once(needed <= set(table.spread(target).to_list()))


def expanded(table: Table, names: Iterable[Any]) -> list[Any]:
    """Names, with the members of those that stand for a list (`$timing_variables`)."""
    found: list[Any] = []
    for name in names:
        if isinstance(name, list):
            found.extend(expanded(table, name))
            continue
        column = table.get(name) if isinstance(name, str) else None
        if isinstance(column, Same) and isinstance(column.value, list):
            found.extend(column.value)
        elif isinstance(column, pl.Series) and isinstance(column.dtype, pl.List) and len(column):
            found.extend(column[0].to_list() if column[0] is not None else [name])
        else:
            found.append(name)
    return found


def _shared(table: Table, asked: Asked) -> list[int]:
    """How many different values both columns have, row by row."""
    value = asked.comparator(table)
    if isinstance(value, Same) and value.value == asked.value and not is_lists(value):
        raise MissingColumn(str(asked.value))
    left, right = table.column(asked.target), value
    if isinstance(left, Same) and isinstance(right, Same):
        return [len(_members(left.value) & _members(right.value))] * table.height
    return [
        len(_members(one) & _members(other))
        for one, other in zip(
            table.spread(left).to_list(), table.spread(right).to_list(), strict=True
        )
    ]


def _members(value: Any) -> set[Any]:
    return set(value) if isinstance(value, list | set | tuple) else {value}


@operator("shares_at_least_one_element_with", "value")
def shares_at_least_one_element_with(table: Table, asked: Asked) -> Mask:
    """Two lists of a row have a value in common."""
    return pl.Series([count > 0 for count in _shared(table, asked)], dtype=pl.Boolean)


@operator("shares_exactly_one_element_with", "value")
def shares_exactly_one_element_with(table: Table, asked: Asked) -> Mask:
    """Two lists of a row have one value in common."""
    return pl.Series([count == 1 for count in _shared(table, asked)], dtype=pl.Boolean)


@operator("shares_no_elements_with", "value")
def shares_no_elements_with(table: Table, asked: Asked) -> Mask:
    """Two lists of a row have no value in common."""
    return pl.Series([count == 0 for count in _shared(table, asked)], dtype=pl.Boolean)


def _lower(column: Column) -> Column:
    if isinstance(column, Same):
        value = column.value
        if isinstance(value, str):
            return Same(value.lower())
        if isinstance(value, list | set | tuple):
            return Same([one.lower() if isinstance(one, str) else one for one in value])
        return column
    if column.dtype == pl.String:
        return column.str.to_lowercase()
    if isinstance(column.dtype, pl.List) and column.dtype.inner == pl.String:
        return column.list.eval(pl.element().str.to_lowercase())
    return column

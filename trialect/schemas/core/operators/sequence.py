"""Rows in their order: what follows what, what is sorted, what only the last row may lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from trialect.schemas.core.dates import moment
from trialect.schemas.core.operators.ask import Asked, is_lists, negation, operator
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.patterns import pattern
from trialect.schemas.core.table import Mask, Same, Table

_ROW = "@row"


def _frame(table: Table, columns: Mapping[str, str]) -> pl.DataFrame:
    """Columns of a table under the names given, with the number of each row."""
    return table.frame(columns).with_row_index(_ROW)


def _at(rows: pl.Series, height: int, default: bool = False) -> Mask:
    """A mask that differs from `default` at these rows."""
    if not len(rows):
        return default
    mask = pl.repeat(default, height, dtype=pl.Boolean, eager=True)
    return mask.scatter(rows, not default)


def _not_last(table: Table, asked: Asked) -> pl.DataFrame:
    """The rows with whether the target is empty, but for the last one of each group."""
    if not isinstance(asked.value, str):
        raise NotAsked(f"{asked.operator} needs the name of a variable")
    columns = {"target": asked.target, "group": asked.value}
    order = ["group"]
    if asked.options.get("ordering"):
        columns["order"] = asked.names("ordering")[0]
        order.append("order")
    frame = _frame(table, columns).filter(pl.col("group").is_not_null())
    frame = frame.sort(order, maintain_order=True, nulls_last=True)
    last = pl.int_range(pl.len()).over("group") == pl.len().over("group") - 1
    empty = pl.col("target").is_null()
    if frame.schema["target"] == pl.String:
        empty |= pl.col("target") == ""
    return frame.select(_ROW, last.alias("last"), empty.alias("empty")).filter(~pl.col("last"))


@operator("empty_within_except_last_row", "value", across=True, cost=4)
def empty_within_except_last_row(table: Table, asked: Asked) -> Mask:
    """The target is missing on a row that is not the last of its group, ordered by `ordering`."""
    rows = _not_last(table, asked)
    return _at(rows.filter(pl.col("empty"))[_ROW], table.height)


@operator("non_empty_within_except_last_row", "value", across=True, cost=4)
def non_empty_within_except_last_row(table: Table, asked: Asked) -> Mask:
    """The target has a value on a row that is not the last of its group."""
    rows = _not_last(table, asked)
    return _at(rows.filter(~pl.col("empty"))[_ROW], table.height)


@operator("has_next_corresponding_record", "value", "within", "ordering", across=True, cost=4)
def has_next_corresponding_record(table: Table, asked: Asked) -> Mask:
    """The target is the `value` column of the next row of its group; the last row always holds."""
    if not isinstance(asked.value, str) or not table.has(asked.value):
        raise MissingColumn(str(asked.value))
    columns = {
        "target": asked.target,
        "next": asked.value,
        "group": asked.names("within")[0],
        "order": asked.names("ordering")[0],
    }
    frame = _frame(table, columns).filter(pl.col("group").is_not_null())
    frame = frame.sort("order", maintain_order=True, nulls_last=True)
    if frame.schema["target"] != frame.schema["next"]:
        differs = pl.lit(True)
    else:
        follows = pl.col("next").shift(-1).over("group")
        differs = ~(pl.col("target") == follows).fill_null(False)
    last = pl.int_range(pl.len()).over("group") == pl.len().over("group") - 1
    return _at(frame.filter(differs & ~last)[_ROW], table.height, default=True)


negation("does_not_have_next_corresponding_record", of="has_next_corresponding_record")


@operator("is_ordered_set", "value", across=True, cost=4)
def is_ordered_set(table: Table, asked: Asked) -> Mask:
    """The values stand in ascending order within the rows of a group, row by row."""
    groups = asked.value if isinstance(asked.value, list) else [asked.value]
    if not all(isinstance(name, str) for name in groups):
        raise NotAsked(f"{asked.operator} needs names of variables")
    keys = {f"group{number}": name for number, name in enumerate(groups)}
    frame = _frame(table, {"target": asked.target, **keys})
    ordered = pl.col("target").sort(nulls_last=True).over(list(keys))
    return frame.select(pl.col("target").eq_missing(ordered)).to_series()


negation("is_not_ordered_set", of="is_ordered_set")


@operator("is_ordered_by", across=True, cost=4)
def is_ordered_by(table: Table, asked: Asked) -> Mask:
    """The values stand in the order named (`asc`, `dsc`): rows whose place is their own."""
    order = asked.options.get("order", "asc")
    if order not in ("asc", "dsc"):
        raise NotAsked(f"order {order!r} is not asc or dsc")
    values = table.series(asked.target)
    ordered = values.sort(descending=order == "dsc", nulls_last=True)
    return values.eq_missing(ordered)


negation("is_not_ordered_by", of="is_ordered_by")


@operator("is_ordered_subset_of", "value")
def is_ordered_subset_of(table: Table, asked: Asked) -> Mask:
    """The members of the target's list are in the value's list, in the same order."""
    left, right = table.column(asked.target), asked.comparator(table)
    if not is_lists(left) or not is_lists(right):
        raise MissingColumn(str(asked.value if is_lists(left) else asked.target))
    if isinstance(left, Same) and isinstance(right, Same):
        return _in_order(left.value, right.value)
    rows = zip(table.spread(left).to_list(), table.spread(right).to_list(), strict=True)
    return pl.Series([_in_order(one or [], other or []) for one, other in rows], dtype=pl.Boolean)


negation("is_not_ordered_subset_of", of="is_ordered_subset_of")


def _in_order(part: list[Any], whole: list[Any]) -> bool:
    place = {one: number for number, one in enumerate(whole)}
    places = [place.get(one, -1) for one in part]
    return -1 not in places and places == sorted(places)


@operator("target_is_sorted_by", "value", "within", across=True, cost=4)
def target_is_sorted_by(table: Table, asked: Asked) -> Mask:
    """Within a group, the target's ascending order is the order of the columns of `value`.

    Each is `{name, sort_order: asc | desc, null_position: last | first}`. Rows out of order fail;
    so do missing values that stand in the wrong place, and dates of which one is known further
    than another that it may be. `regex` sorts by the first group it finds in the target.
    """
    specs = asked.value if isinstance(asked.value, list) else [asked.value]
    within = asked.names("within")
    failing: set[int] = set()
    for spec in specs:
        if not isinstance(spec, Mapping) or "name" not in spec:
            raise NotAsked(f"{asked.operator} needs name and sort_order for each variable")
        name = str(spec["name"])
        name = table.prefix + name[2:] if name.startswith("--") else name
        ascending = str(spec.get("sort_order", "asc")).lower() != "desc"
        nulls_last = str(spec.get("null_position", "last")) == "last"
        keys = {f"group{number}": one for number, one in enumerate(within)}
        frame = _frame(table, {"target": asked.target, "by": name, **keys})
        regex = asked.options.get("regex")
        if regex:
            frame = frame.with_columns(_found_number(frame["target"], str(regex)))
        frame = frame.filter(pl.all_horizontal(pl.col(key).is_not_null() for key in keys))
        if frame.schema["by"] == pl.String:
            blank = pl.col("by").str.strip_chars() == ""
            frame = frame.with_columns(pl.when(~blank).then("by").alias("by"))
        frame = frame.sort([*keys, "target"], maintain_order=True, nulls_last=True)
        for group in _suspect(frame, list(keys), ascending, nulls_last):
            failing.update(_out_of_order(group, ascending, nulls_last))
    return _at(pl.Series(sorted(failing), dtype=pl.UInt32), table.height, default=True)


negation("target_is_not_sorted_by", of="target_is_sorted_by")


def _found_number(target: pl.Series, regex: str) -> pl.Series:
    rust = pattern(regex)
    texts = target.cast(pl.String).str.extract(rust.found, min(rust.groups, 1))
    numbers = texts.cast(pl.Float64, strict=False)
    plain = numbers.null_count() == texts.null_count()
    return (numbers if plain else texts).alias("target")


def _suspect(
    frame: pl.DataFrame, keys: list[str], ascending: bool, nulls_last: bool
) -> list[pl.DataFrame]:
    """The groups that may be out of order: all but those that are plainly in it."""
    by = pl.col("by")
    before = by.shift(1).over(keys)
    falls = (by < before) if ascending else (by > before)
    null, null_before = by.is_null(), by.is_null().shift(1).over(keys)
    misplaced = (null_before & ~null) if nulls_last else (null & ~null_before.fill_null(True))
    if frame.schema["by"] == pl.String:
        lengths = by.str.len_chars()
        uneven = lengths.min().over(keys) != lengths.max().over(keys)
    else:
        uneven = pl.lit(False)
    doubtful = (falls | misplaced | uneven).fill_null(False)
    groups = frame.filter(doubtful.any().over(keys))
    return groups.partition_by(keys, maintain_order=True) if groups.height else []


def _out_of_order(group: pl.DataFrame, ascending: bool, nulls_last: bool) -> set[int]:
    """The rows of one group, sorted by the target, that fail."""
    rows = group[_ROW].to_list()
    values = group["by"].to_list()
    targets = group["target"].to_list()
    wrong: set[int] = set()
    there = [at for at, value in enumerate(values) if value is not None]
    absent = [at for at, value in enumerate(values) if value is None]
    if there and absent and (absent[0] < there[-1] if nulls_last else absent[-1] > there[0]):
        wrong.update(absent)
    doubtful = _overlapping(values, there)
    wrong.update(doubtful)
    firm = [at for at in there if at not in doubtful]
    ordered = sorted(firm, key=lambda at: values[at], reverse=not ascending)
    wrong.update(at for at, own in zip(firm, ordered, strict=True) if targets[at] != targets[own])
    for place, at in enumerate(there):
        value = values[at]
        if at in wrong or (isinstance(value, str) and moment(value) is None):
            continue
        before = values[there[place - 1]] if place else None
        after = values[there[place + 1]] if place + 1 < len(there) else None
        if not ascending:
            before, after = after, before
        if (before is not None and value < before) or (after is not None and value > after):
            wrong.add(at)
    return {rows[at] for at in wrong}


def _overlapping(values: list[Any], there: list[int]) -> set[int]:
    """Dates that are known less far than others that may be the same, and those others."""
    found: set[int] = set()
    dates = [at for at in there if isinstance(values[at], str) and moment(values[at]) is not None]
    by_length = {len(values[at]) for at in dates}
    if len(by_length) < 2:
        return found
    for one in dates:
        for other in dates:
            longer = len(values[one]) < len(values[other])
            if longer and values[other].startswith(_plain(values[one])):
                found.update((one, other))
    return found


def _plain(date: str) -> str:
    """A date up to its first gap."""
    return date.split("--", 1)[0]

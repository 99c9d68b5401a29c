"""Rows held against each other: unique sets, one-to-one relations, consistency, repetition."""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl

from trialect.schemas.core.operators.ask import Asked, negation, operator
from trialect.schemas.core.operators.membership import among, expanded
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.patterns import pattern
from trialect.schemas.core.table import Mask, Same, Table, both, certain, either, opposite


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


@operator("is_unique_set", "value", across=True, presence=True, cost=4)
def is_unique_set(table: Table, asked: Asked) -> Mask:
    """No other row has the same values of the target and the columns named; missing is a value.

    Columns that are not in the dataset are left out. `regex` compares, of the columns whose first
    value matches it, only what it finds.
    """
    regex = asked.options.get("regex")
    wanted = expanded(table, [asked.target, *_as_list(asked.value)])
    names = sorted({str(name) for name in wanted if table.has(str(name))})
    if not names:
        raise MissingColumn(asked.target)

    def make() -> Mask:
        frame = table.frame(names)
        if regex:
            frame = shortened(frame, str(regex))
        counts = frame.select(pl.len().over(names) <= 1).to_series()
        return bool(counts.all()) or counts

    return table.kept(("unique", tuple(names), regex), names, make)


negation("is_not_unique_set", of="is_unique_set")


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def shortened(frame: pl.DataFrame, regex: str) -> pl.DataFrame:
    """Texts as what the expression finds in them, in columns whose first value begins with it."""
    rust = pattern(regex)
    found = {}
    for series in frame.get_columns():
        if series.dtype != pl.String:
            continue
        first = series.drop_nulls().head(1)
        if len(first) and first.str.contains(rust.at_start)[0]:
            group = min(rust.groups, 1)
            found[series.name] = series.str.extract(rust.found, group)
    return frame.with_columns(**found)


@operator("is_not_unique_relationship", "value", across=True, cost=4)
def is_not_unique_relationship(table: Table, asked: Asked) -> Mask:
    """The target or the value (a column, or several together) stands with more than one of the
    other; standing with one and with nothing is more than one. What is missing relates to nothing.
    """
    others = _listed(asked.value)
    names = [asked.target, *others]
    for name in names:
        table.column(name)

    def make() -> Mask:
        frame = table.frame(names)
        frame = frame.with_columns(pl.col(pl.String).replace("", None))
        one = pl.col(asked.target)
        other = pl.struct(others) if len(others) > 1 else pl.col(others[0])
        there = pl.all_horizontal(pl.col(name).is_not_null() for name in others)
        frame = frame.select(
            one.alias("one"),
            pl.when(there).then(other.rank("dense") if len(others) == 1 else other).alias("other"),
        )
        if isinstance(frame.schema["other"], pl.Struct):
            frame = frame.with_columns(
                pl.when(pl.col("other").is_not_null()).then(pl.col("other").hash()).alias("other")
            )
        pairs = frame.unique()
        broken = [
            pairs.filter(pl.col(key).is_not_null())
            .group_by(key)
            .agg(
                pl.col(value).drop_nulls().n_unique().alias("known"),
                pl.col(value).is_null().any().alias("none"),
            )
            .filter((pl.col("known") > 1) | ((pl.col("known") == 1) & pl.col("none")))
            .get_column(key)
            for key, value in (("one", "other"), ("other", "one"))
        ]
        if not any(len(keys) for keys in broken):
            return False
        mask = certain(frame["one"].is_in(broken[0].implode()))
        return mask | certain(frame["other"].is_in(broken[1].implode()))

    return table.kept(("relationship", tuple(names)), names, make)


negation("is_unique_relationship", of="is_not_unique_relationship")


@operator("is_inconsistent_across_dataset", "value", across=True, cost=4)
def is_inconsistent_across_dataset(table: Table, asked: Asked) -> Mask:
    """Among rows with the same values of the columns named, the target has several values.

    Then the rows whose value is not the most frequent one; all of them when none is. What is
    missing is a value. Columns that are not in the dataset are left out.
    """
    groups = [name for name in dict.fromkeys(_listed(asked.value)) if table.has(name)]
    target = table.series(asked.target)
    if not groups:
        raise MissingColumn(", ".join(_listed(asked.value)))
    regex = asked.options.get("regex")
    if isinstance(regex, list):
        regex = regex[0] if regex else None

    def make() -> Mask:
        value = target
        if regex:
            rust = pattern(str(regex))
            texts = target.cast(pl.String)
            found = texts.str.extract(rust.found, min(rust.groups, 1))
            value = found.zip_with(found.is_not_null(), texts)
        frame = table.frame(groups).with_columns(value.alias("@value"))
        counts = frame.group_by([*groups, "@value"]).len("@count")
        best = counts.group_by(groups).agg(
            pl.len().alias("@values"),
            pl.col("@count").max().alias("@most"),
            (pl.col("@count") == pl.col("@count").max()).sum().alias("@ties"),
        )
        if best["@values"].max() == 1:
            return False
        keys = [*groups, "@value"]
        joined = frame.join(
            counts, on=keys, how="left", nulls_equal=True, maintain_order="left"
        ).join(best, on=groups, how="left", nulls_equal=True, maintain_order="left")
        several, rare = pl.col("@values") > 1, pl.col("@count") < pl.col("@most")
        return joined.select(several & ((pl.col("@ties") > 1) | rare)).to_series()

    names = [asked.target, *groups]
    return table.kept(("inconsistent", tuple(names), str(regex)), names, make)


@operator("present_on_multiple_rows_within", "within", across=True, cost=4)
def present_on_multiple_rows_within(table: Table, asked: Asked) -> Mask:
    """The value occurs on more rows than `value` (1) of those that are the same in `within`."""
    least = asked.value or 1
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise NotAsked(f"value of {asked.operator} is {least!r}, no number")
    names = [*asked.names("within"), asked.target]
    frame = table.frame(names)
    return frame.select(pl.len().over(list(dict.fromkeys(names))) > least).to_series()


negation("not_present_on_multiple_rows_within", of="present_on_multiple_rows_within")


@operator("has_different_values", across=True)
def has_different_values(table: Table, asked: Asked) -> Mask:
    """The column has more than one value; missing is one. The same answer for every row."""
    column = table.column(asked.target)
    return False if isinstance(column, Same) else column.n_unique() > 1


negation("has_same_values", of="has_different_values")


@operator("value_has_multiple_references", "value")
def value_has_multiple_references(table: Table, asked: Asked) -> Mask:
    """The value occurs more than once by the counts in the column `value`."""
    counts = asked.comparator(table)
    if not isinstance(counts, Same) or not isinstance(counts.value, dict):
        raise NotAsked(f"{asked.operator} needs counts, and {asked.value!r} are none")
    often = [key for key, count in counts.value.items() if count > 1]
    return among(table.column(asked.target), often)


negation("value_does_not_have_multiple_references", of="value_has_multiple_references")


@operator("additional_columns_empty", presence=True)
@operator("inconsistent_enumerated_columns", presence=True)
def inconsistent_enumerated_columns(table: Table, asked: Asked) -> Mask:
    """Of TSVAL, TSVAL1, TSVAL2, ... one has a value and the one before it has none."""
    numbered = re.compile(rf"{re.escape(asked.target)}([0-9]*)\Z")
    names = sorted(
        (name for name in table.names if numbered.match(name)), key=lambda one: (len(one), one)
    )
    found: Mask = False
    for before, after in pairwise(names):
        gap = both(table.empties(before), opposite(table.empties(after)))
        found = either(found, gap)
    return found


negation("additional_columns_not_empty", of="additional_columns_empty")

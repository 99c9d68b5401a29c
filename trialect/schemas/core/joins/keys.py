"""Two datasets joined on keys. Missing keys go together, as equal ones do."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from trialect.schemas.core.operators.equality import canonical
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.rule import MatchDataset
from trialect.schemas.core.table import Column, Later, Pick, Table


def on_keys(table: Table, other: Table, match: MatchDataset, prefix: str, name: str) -> Table:
    """Each record with each record of the other dataset (`name`) that has the same keys.

    `--` in a key is `prefix` on the left and `name` on the right. A variable of both sides is
    `NAME.DOMAIN` on the right. A left join keeps the records without a partner and says so in
    `_merge_NAME`.
    """
    left_keys = [left.replace("--", prefix) for left, _ in match.keys]
    right_keys = [right.replace("--", name) for _, right in match.keys]
    if not left_keys:
        raise NotAsked(f"{name} of Match Datasets has no keys")
    for key in left_keys:
        if not table.has(key):
            raise MissingColumn(key)
    for key in right_keys:
        if not other.has(key):
            raise MissingColumn(f"{name}.{key}")
    on = [f"@{at}" for at in range(len(left_keys))]
    left, right = alike(
        table.frame(dict(zip(on, left_keys, strict=True))),
        other.frame(dict(zip(on, right_keys, strict=True))),
        on,
    )
    rows = left.with_row_index("@left").join(
        right.with_row_index("@right"),
        on=on,
        how=match.join,
        nulls_equal=True,
        maintain_order="left_right",
    )
    there = rows["@right"]
    shared = {right for left, right in zip(left_keys, right_keys, strict=True) if left == right}
    added: dict[str, Column | Later] = {
        (f"{column}.{name}" if table.has(column) else column): Pick(other, column, there)
        for column in other.names
        if column not in shared
    }
    if match.join == "left":
        absent = pl.when(there.is_null()).then(pl.lit("left_only")).otherwise(pl.lit("both"))
        added[f"_merge_{name}"] = pl.select(absent).to_series()
    return table.gather(rows["@left"]).joined(added)


def alike(
    left: pl.DataFrame, right: pl.DataFrame, keys: Iterable[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keys of one type on both sides. Raises `NotAsked` for texts against numbers."""
    for key in keys:
        one, other = left.schema[key], right.schema[key]
        if one == other:
            continue
        if one.is_numeric() and other.is_numeric():
            left = left.with_columns(pl.col(key).cast(pl.Float64))
            right = right.with_columns(pl.col(key).cast(pl.Float64))
        elif one == pl.Null:
            left = left.with_columns(pl.col(key).cast(other))
        elif other == pl.Null:
            right = right.with_columns(pl.col(key).cast(one))
        else:
            raise NotAsked(
                "a key of Match Datasets is text in one dataset and numeric in the other"
            )
    return left, right


def as_words(column: Column, table: Table) -> pl.Series:
    """Values as IDVARVAL writes them: 1 for the number 1.0, texts as they are."""
    series = table.spread(column)
    return series if series.dtype == pl.String else words(series)


def words(values: pl.Series) -> pl.Series:
    """Values as texts that are the same for the same number."""
    found = canonical(values)
    assert isinstance(found, pl.Series)
    return found

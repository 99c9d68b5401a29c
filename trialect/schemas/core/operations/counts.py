"""How many: records, variables, values."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from trialect.schemas.core.operations.doing import Doing, grouped_frame, operation
from trialect.schemas.core.operators.relations import shortened
from trialect.schemas.core.outcome import MissingColumn
from trialect.schemas.core.table import Column, Same


@operation("record_count")
def record_count(doing: Doing) -> Column:
    """The number of records, of those that the filter leaves, or of those of each group.

    A group of which the filter leaves nothing counts 0. `regex` groups texts by what it finds in
    them at their beginning.
    """
    source = doing.source()
    groups = doing.grouping()
    if not groups:
        return Same(doing.filtered(source).height)
    regex = doing.option.get("regex")
    every = grouped_frame(source, groups)
    if doing.option.get("filter"):
        left = grouped_frame(doing.filtered(source), groups)
        counts = left.group_by(groups).len("@")
        found = every.unique().join(counts, on=groups, how="left", nulls_equal=True)
        found = found.with_columns(pl.col("@").fill_null(0))
    elif regex:
        short = shortened(every, rf"\A(?:{regex})")
        count = short.select(pl.len().over(groups).alias("@"))
        found = every.hstack(count).unique(subset=groups, keep="first", maintain_order=True)
    else:
        found = every.group_by(groups).len("@")
    return doing.per_group(found.with_columns(pl.col("@").cast(pl.Int64)), "@")


@operation("variable_count")
def variable_count(doing: Doing) -> Column:
    """In how many datasets of the package the variable is, by each dataset's own prefix."""
    name = doing.operation.name or ""
    found = 0
    for parts in doing.datasets.wholes.values():
        last = parts[-1]
        found += name.replace("--", last.prefix) in last.frame.columns
    return Same(found)


@operation("variable_value_count")
def variable_value_count(doing: Doing) -> Column:
    """For each value of the variable, in how many datasets it occurs."""
    name = doing.operation.name or ""
    counts: Counter[Any] = Counter()
    for whole, parts in doing.datasets.wholes.items():
        table = doing.study.whole(whole)
        spelt = name.replace("--", parts[-1].prefix)
        if table.has(spelt):
            counts.update(table.series(spelt).unique().to_list())
    return Same(dict(counts))


@operation("variable_exists")
def variable_exists(doing: Doing) -> Column:
    """Whether the dataset has the variable."""
    return Same(doing.source().has(doing.target))


@operation("variable_is_null")
def variable_is_null(doing: Doing) -> Column:
    """Whether the variable is absent or has no value in any record.

    `source: submission` looks at the dataset as submitted, else at the rows under check.
    """
    submitted = doing.option.get("source") == "submission"
    table = doing.source() if submitted else doing.table
    try:
        series = table.series(doing.target)
    except MissingColumn:
        return Same(True)
    if series.dtype == pl.String:
        series = series.replace("", None)
    return Same(series.null_count() == len(series))

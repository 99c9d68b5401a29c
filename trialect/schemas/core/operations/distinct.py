"""The different values of a variable, sorted, without what is missing."""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.schemas.core.operations.doing import Doing, grouped_frame, operation
from trialect.schemas.core.table import Column, Same, Table


@operation("distinct")
def distinct(doing: Doing) -> Column:
    """A list for the dataset, or one for each group of rows.

    With `value_is_reference` only those values that are variables of the dataset which the row's
    RDOMAIN names.
    """
    source = doing.source()
    target = doing.target
    groups = doing.grouping()
    referenced = bool(doing.option.get("value_is_reference"))
    wanted = doing.option.get("filter")
    if not groups:
        what = ("distinct", target, referenced, repr(wanted))

        def make() -> list[Any]:
            table = doing.filtered(source)
            if referenced:
                return sorted(set(_known(doing, table, target)) - {None})
            return sorted_values(table.series(target))

        names = [target, "RDOMAIN", *(wanted or {})]
        return Same(source.kept(what, [doing.spelt(str(name)) for name in names], make))
    table = doing.filtered(source)
    frame = grouped_frame(table, groups, target)
    if referenced:
        frame = frame.with_columns(pl.Series(target, _known(doing, table, target), dtype=pl.String))
    frame = frame.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in groups))
    lists = frame.group_by(groups).agg(pl.col(target).drop_nulls().unique().sort().alias("@"))
    return doing.per_group(lists, "@")


def sorted_values(series: pl.Series) -> list[Any]:
    """The different values of a column, sorted."""
    return series.drop_nulls().unique().sort().to_list()


def _known(doing: Doing, table: Table, target: str) -> list[str | None]:
    """Each row's value, None where the dataset of the row's RDOMAIN has no such variable."""
    names = table.series(target).cast(pl.String).to_list()
    domains = (
        table.series("RDOMAIN").cast(pl.String).to_list()
        if table.has("RDOMAIN")
        else [None] * table.height
    )
    columns: dict[str | None, frozenset[str]] = {}
    for domain in set(domains):
        parts = doing.datasets.named(domain) if domain else ()
        columns[domain] = frozenset(name for part in parts for name in part.frame.columns)
    return [
        name if name in columns[domain] else None
        for name, domain in zip(names, domains, strict=True)
    ]

"""Whether a variable is there, and whether it has a value."""

from __future__ import annotations

import polars as pl

from trialect.schemas.core.operators.ask import Asked, negation, operator
from trialect.schemas.core.table import Mask, Same, Table, is_null


@operator("exists")
def exists(table: Table, asked: Asked) -> Mask:
    """The variable is a column, or a name in a list that an operation gave."""
    if table.has(asked.target):
        return True
    for column in table.columns.values():
        if isinstance(column, Same):
            if isinstance(column.value, list) and asked.target in column.value:
                return True
        elif column.dtype == pl.List(pl.String) and column.list.contains(asked.target).any():
            return True
    return False


negation("not_exists", of="exists")


@operator("empty")
def empty(table: Table, asked: Asked) -> Mask:
    """The value is missing: null, an empty text or an empty list. Blanks are a value."""
    return empty_mask(table, asked.target)


negation("non_empty", of="empty")


def empty_mask(table: Table, name: str) -> Mask:
    """Where a column has no value."""

    def make() -> Mask:
        column = table.column(name)
        if isinstance(column, Same):
            return is_null(column.value)
        mask = column.is_null()
        if column.dtype == pl.String:
            mask |= (column == "").fill_null(True)
        elif isinstance(column.dtype, pl.List):
            mask |= (column.list.len() == 0).fill_null(True)
        return mask if mask.any() else False

    return table.kept(("empty", name), (name,), make)

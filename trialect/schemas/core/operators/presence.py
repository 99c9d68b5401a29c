"""Whether a variable is there, and whether it has a value."""

from __future__ import annotations

import polars as pl

from trialect.schemas.core.operators.ask import Asked, negation, operator
from trialect.schemas.core.table import Mask, Same, Table


@operator("exists", presence=True, cost=0)
def exists(table: Table, asked: Asked) -> Mask:
    """The variable is a column, or a name in a list that an operation gave."""
    if table.has(asked.target):
        return True
    for name in table.lists:
        column = table.column(name)
        if isinstance(column, Same):
            if asked.target in column.value:
                return True
        elif column.dtype == pl.List(pl.String) and column.list.contains(asked.target).any():
            return True
    return False


negation("not_exists", of="exists")


@operator("empty", cost=1)
def empty(table: Table, asked: Asked) -> Mask:
    """The value is missing: null, an empty text or an empty list. Blanks are a value."""
    return table.empties(asked.target)


negation("non_empty", of="empty")

"""What an operator is, and what it is asked: a target column, a value, options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.rule import Condition
from trialect.schemas.core.table import Column, Mask, Same, Table


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition put to one table: `--` in names and texts stands for the domain already."""

    operator: str
    target: str
    value: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def comparator(self, table: Table) -> Column:
        """What the target is compared to: a column when the value names one, else the value."""
        value = self.value
        if isinstance(value, str) and not self.options.get("value_is_literal"):
            column = table.get(value)
            return Same(value) if column is None else column
        return Same(value)

    def number(self, option: str) -> int:
        """An option that is a number of characters."""
        value = self.options.get(option)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise NotAsked(f"{option} of {self.operator} is {value!r}, no number of characters")
        return value

    def names(self, option: str) -> list[str]:
        """An option that is one name or a list of names."""
        value = self.options.get(option)
        found = value if isinstance(value, list) else [value]
        if not found or not all(isinstance(name, str) and name for name in found):
            raise NotAsked(f"{option} of {self.operator} is {value!r}, no name of a variable")
        return list(dict.fromkeys(found))


def put(condition: Condition, target: str, prefix: str) -> Asked:
    """A condition put to a table about one target; `--` stands for the prefix."""
    return Asked(
        condition.operator,
        spelt(target, prefix),
        spelt(condition.value, prefix),
        {name: spelt(value, prefix) for name, value in condition.options.items()},
    )


def spelt(value: Any, prefix: str) -> Any:
    """A text that begins with `--` with the prefix instead; so each text of a list."""
    if isinstance(value, str):
        return prefix + value[2:] if value.startswith("--") else value
    if isinstance(value, list):
        return [spelt(one, prefix) for one in value]
    return value


Answer = Callable[[Table, Asked], Mask]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of the language: the rows of a table for which it holds.

    `needs` are the keys that a condition must have (`value`, or an option). `across` says that
    rows are held against each other, so that a part of the rows may answer otherwise; `presence`
    that the target need not be a column. Of conditions that stand together those of least `cost`
    are asked first.
    """

    name: str
    answer: Answer
    needs: tuple[str, ...] = ()
    across: bool = False
    presence: bool = False
    value_is_pattern: bool = False
    cost: int = 2


REGISTRY: dict[str, Operator] = {}
"""Filled as the modules of this package are imported; `operators.OPERATORS` is the whole."""


def operator(name: str, *needs: str, **facts: Any) -> Callable[[Answer], Answer]:
    """Declare the function that answers an operator; `facts` are those of `Operator`."""

    def declare(answer: Answer) -> Answer:
        if name in REGISTRY:
            raise ValueError(f"operator {name} is declared twice")
        REGISTRY[name] = Operator(name, answer, needs, **facts)
        return answer

    return declare


def negation(name: str, of: str, *needs: str) -> None:
    """Declare an operator as the opposite of another one: it holds where that does not."""
    from trialect.schemas.core.table import opposite

    original = REGISTRY[of]

    def answer(table: Table, asked: Asked) -> Mask:
        return opposite(original.answer(table, asked))

    answer.__doc__ = f"The opposite of `{of}`."
    REGISTRY[name] = replace(original, name=name, answer=answer, needs=needs or original.needs)


def text_column(table: Table, name: str, operator: str) -> pl.Series:
    """A column that must be text. Raises `NotAsked` for numbers, as there is no text in them."""
    series = table.series(name)
    if series.dtype == pl.Null:
        return series.cast(pl.String)
    if series.dtype != pl.String:
        raise NotAsked(f"{operator} needs text, and {name} is numeric")
    return series


def is_text(series: pl.Series) -> bool:
    """Whether a column holds texts."""
    return series.dtype == pl.String


def is_lists(column: Column) -> bool:
    """Whether a column holds a list for each row."""
    if isinstance(column, Same):
        return isinstance(column.value, list | set | tuple)
    return isinstance(column.dtype, pl.List)

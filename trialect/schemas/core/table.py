"""The rows that a check is asked of, and the masks that answer it.

A column is a Polars series, or one value that every row has (`Same`): a name, a count, a list of
variables. A mask is a Boolean series without nulls, one Boolean for all rows, or an answer about
the table (`Once`). Masks are kept, so that rules which ask the same of a dataset share the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from trialect.schemas.core.outcome import MissingColumn


@dataclass(frozen=True, slots=True)
class Same:
    """A value that every row of a table has: a text, a number, a list, None, ..."""

    value: Any


@dataclass(frozen=True, slots=True)
class Once:
    """An answer about a table as a whole; where it holds, the first row carries it."""

    holds: bool


Column = pl.Series | Same
Mask = pl.Series | bool | Once

Value = TypeVar("Value")


def is_null(value: Any) -> bool:
    """Whether a value counts as missing: none, an empty text, an empty collection."""
    if value is None or value == "":
        return True
    if isinstance(value, list | set | tuple | dict):
        return not value or list(value) == [None]
    return isinstance(value, float) and value != value


def _is_list(column: Column) -> bool:
    if isinstance(column, Same):
        return isinstance(column.value, list)
    return isinstance(column.dtype, pl.List)


class Table:
    """Columns by name, all of one height.

    `dataset` names the file's dataset of each row and `record` its number there (from 1); a
    record of None is the row's own number.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        height: int,
        dataset: Column,
        record: pl.Series | None = None,
        prefix: str = "",
        under: Table | None = None,
    ) -> None:
        self.columns = dict(columns)
        self.height = height
        self.dataset = dataset
        self.record = record
        self.prefix = prefix
        self._under = under
        new = columns if under is None else columns.keys() - under.columns.keys()
        listed = {name for name in new if _is_list(columns[name])}
        self.lists: frozenset[str] = frozenset(listed if under is None else under.lists | listed)
        self._kept: dict[Hashable, Any] = {}
        self._own = (
            frozenset(self.columns)
            if under is None
            else frozenset(
                name for name, column in columns.items() if under.columns.get(name) is not column
            )
        )

    def has(self, name: str) -> bool:
        """Whether there is a column of this name."""
        return name in self.columns

    def column(self, name: str) -> Column:
        """The column of this name. Raises `MissingColumn`."""
        found = self.columns.get(name)
        if found is None:
            raise MissingColumn(name)
        return found

    def series(self, name: str) -> pl.Series:
        """The column of this name with a value for every row. Raises `MissingColumn`."""
        return self.spread(self.column(name))

    def spread(self, column: Column) -> pl.Series:
        """A column as a series, whatever it is."""
        if isinstance(column, pl.Series):
            return column
        value = column.value
        if isinstance(value, set | tuple):
            value = list(value)
        if isinstance(value, dict):
            value = None
        return pl.Series([value]).new_from_index(0, self.height) if self.height else pl.Series([])

    def with_columns(self, added: Mapping[str, Column]) -> Table:
        """The same rows with more columns; answers about the old ones stay shared."""
        return Table(
            {**self.columns, **added},
            self.height,
            self.dataset,
            self.record,
            self.prefix,
            under=self,
        )

    def gather(self, rows: pl.Series) -> Table:
        """The rows of these numbers (from 0), in that order."""
        return Table(
            {
                name: column.gather(rows) if isinstance(column, pl.Series) else column
                for name, column in self.columns.items()
            },
            len(rows),
            self.dataset.gather(rows) if isinstance(self.dataset, pl.Series) else self.dataset,
            self.numbers().gather(rows),
            self.prefix,
        )

    def numbers(self) -> pl.Series:
        """The number of each row's record in its dataset, from 1."""
        if self.record is not None:
            return self.record
        return pl.int_range(1, self.height + 1, dtype=pl.Int64, eager=True)

    def kept(self, what: Hashable, names: Iterable[str], make: Callable[[], Value]) -> Value:
        """What was made once of these columns; made now, and kept, when it is new."""
        table: Table = self
        while table._under is not None and table._own.isdisjoint(names):
            table = table._under
        if what not in table._kept:
            table._kept[what] = make()
        found: Value = table._kept[what]
        return found

    def empties(self, name: str) -> Mask:
        """Where a column has no value: null, an empty text, an empty list.

        Those of all columns that a file gave are made together. Raises `MissingColumn`.
        """
        column = self.column(name)
        if isinstance(column, Same):
            return is_null(column.value)
        table = self
        while table._under is not None and name not in table._own:
            table = table._under
        kept: dict[str, Mask] = table.kept(("empties",), (), dict)
        if name not in kept:
            wanted = [
                (other, values)
                for other, values in table.columns.items()
                if isinstance(values, pl.Series) and (other == name or other in table._own)
            ]
            kept.update(_empties(wanted))
        return kept[name]

    def broadcast(self, mask: Mask) -> pl.Series:
        """A mask with a Boolean for every row."""
        if isinstance(mask, pl.Series):
            return mask
        if isinstance(mask, Once):
            return _first(self.height) if mask.holds else self.broadcast(False)
        return pl.repeat(mask, self.height, dtype=pl.Boolean, eager=True)


def _empties(columns: list[tuple[str, pl.Series]]) -> dict[str, Mask]:
    """The masks of missing values of columns."""
    found: dict[str, Mask] = {}
    tests: list[pl.Expr] = []
    frame: list[pl.Series] = []
    for name, column in columns:
        if column.dtype == pl.String:
            test = (pl.col(name) == "").fill_null(True)
        elif isinstance(column.dtype, pl.List):
            test = (pl.col(name).list.len() == 0).fill_null(True)
        elif column.null_count():
            test = pl.col(name).is_null()
        else:
            found[name] = False
            continue
        tests.append(test)
        frame.append(column.alias(name))
    if tests:
        for mask in pl.DataFrame(frame).select_seq(tests).get_columns():
            found[mask.name] = mask if mask.any() else False
    return found


def _first(height: int) -> pl.Series:
    """The first row alone."""
    return pl.int_range(height, eager=True) == 0


def opposite(mask: Mask) -> Mask:
    """The rows that a mask leaves out."""
    if isinstance(mask, Once):
        return Once(not mask.holds)
    return ~mask if isinstance(mask, pl.Series) else not mask


def both(one: Mask, other: Mask) -> Mask:
    """The rows of both masks; with an answer about the table the first of them at most."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    if isinstance(one, Once) and isinstance(other, Once):
        return Once(one.holds and other.holds)
    if isinstance(one, Once):
        one, other = other, one
    assert isinstance(one, pl.Series)
    if isinstance(other, Once):
        return one & _first(len(one)) if other.holds else False
    return one & other


def either(one: Mask, other: Mask) -> Mask:
    """The rows of either mask."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    if isinstance(one, Once) and isinstance(other, Once):
        return Once(one.holds or other.holds)
    if isinstance(one, Once):
        one, other = other, one
    assert isinstance(one, pl.Series)
    if isinstance(other, Once):
        return one | _first(len(one)) if other.holds else one
    return one | other

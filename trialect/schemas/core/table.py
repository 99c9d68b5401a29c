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


class Later:
    """A column that is made when it is asked for, and kept."""

    _made: Column | None = None

    def column(self) -> Column:
        """The column."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Column:
        raise NotImplementedError

    def empties(self) -> Mask | None:
        """Where it has no value, if that is known without making it."""
        return None

    @property
    def is_list(self) -> bool:
        """Whether it holds lists."""
        return False


class Shown(Later):
    """A column of another table of the same rows, under whatever name."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name

    def _make(self) -> Column:
        return self._table.column(self._name)

    def empties(self) -> Mask | None:
        """Where it has no value."""
        return self._table.empties(self._name)

    @property
    def is_list(self) -> bool:
        """Whether it holds lists."""
        return self._name in self._table.lists


class Pick(Later):
    """A column of rows of another table; a row that is null has no value."""

    def __init__(self, table: Table, name: str, rows: pl.Series) -> None:
        self._table = table
        self._name = name
        self._rows = rows

    def _make(self) -> Column:
        column = self._table.column(self._name)
        if isinstance(column, Same) and not self._rows.null_count():
            return column
        return self._table.spread(column).gather(self._rows)

    def empties(self) -> Mask | None:
        """Where it has no value."""
        mask = self._table.empties(self._name)
        if not isinstance(mask, pl.Series):
            if not self._rows.null_count():
                return mask
            mask = self._table.broadcast(mask)
        return certain(mask.gather(self._rows), unknown=True)

    @property
    def is_list(self) -> bool:
        """Whether it holds lists."""
        return self._name in self._table.lists


class Table:
    """Columns by name, all of one height.

    `dataset` names the file's dataset of each row and `record` its number there (from 1); a
    record of None is the row's own number. `prefix` is what `--` stands for.
    """

    def __init__(
        self,
        columns: Mapping[str, Column | Later],
        height: int,
        dataset: Column,
        record: pl.Series | None = None,
        prefix: str = "",
        under: Table | None = None,
    ) -> None:
        self._columns = dict(columns)
        self.height = height
        self.dataset = dataset
        self.record = record
        self.prefix = prefix
        self._under = under
        self._kept: dict[Hashable, Any] = {}
        old = {} if under is None else under._columns
        self._own = frozenset(
            name for name, column in self._columns.items() if old.get(name) is not column
        )
        listed = {name for name in self._own if _is_list(self._columns[name])}
        self.lists: frozenset[str] = frozenset(listed if under is None else under.lists | listed)
        """The columns that hold lists."""
        self.sample: Table | None = None
        """The same of different rows only, where an answer for one is that for all like it."""

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return list(self._columns)

    def has(self, name: str) -> bool:
        """Whether there is a column of this name."""
        return name in self._columns

    def get(self, name: str) -> Column | None:
        """The column of this name; None when there is none."""
        found = self._columns.get(name)
        return found.column() if isinstance(found, Later) else found

    def column(self, name: str) -> Column:
        """The column of this name. Raises `MissingColumn`."""
        found = self.get(name)
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

    def frame(self, names: Mapping[str, str] | Iterable[str]) -> pl.DataFrame:
        """Columns as a frame, under other names where they are given. Raises `MissingColumn`."""
        pairs = names if isinstance(names, Mapping) else {name: name for name in names}
        return pl.DataFrame([self.series(name).alias(alias) for alias, name in pairs.items()])

    def with_columns(self, added: Mapping[str, Column | Later]) -> Table:
        """The same rows with more columns; answers about the old ones stay shared."""
        columns = {**self._columns, **added}
        return Table(columns, self.height, self.dataset, self.record, self.prefix, under=self)

    def joined(self, added: Mapping[str, Column | Later]) -> Table:
        """The same rows with other columns beside or instead, as a table of its own."""
        columns = {**self._columns, **added}
        return Table(columns, self.height, self.dataset, self.record, self.prefix)

    def renamed(self, names: Mapping[str, str]) -> Table:
        """The same rows with some columns under other names."""
        columns = {names.get(name, name): column for name, column in self._columns.items()}
        return Table(columns, self.height, self.dataset, self.record, self.prefix)

    def gather(self, rows: pl.Series) -> Table:
        """The rows of these numbers (from 0), in that order."""
        return Table(
            {name: Pick(self, name, rows) for name in self._columns},
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

    def distinct(self, name: str) -> pl.Series:
        """The different values of a column, with null where one is missing."""
        return self.kept(("different", name), (name,), lambda: self.series(name).unique())

    def kept(self, what: Hashable, names: Iterable[str], make: Callable[[], Value]) -> Value:
        """What was made once of these columns; made now, and kept, when it is new."""
        table: Table = self
        names = frozenset(names)
        while names and table._under is not None and table._own.isdisjoint(names):
            table = table._under
        if what not in table._kept:
            table._kept[what] = make()
        found: Value = table._kept[what]
        return found

    def empties(self, name: str) -> Mask:
        """Where a column has no value: null, an empty text, an empty list.

        Those of all columns that a file gave are made together. Raises `MissingColumn`.
        """
        table = self
        while table._under is not None and name not in table._own:
            table = table._under
        raw = table._columns.get(name)
        if raw is None:
            raise MissingColumn(name)
        if isinstance(raw, Same):
            return is_null(raw.value)
        kept: dict[str, Mask] = table.kept(("empties",), (), dict)
        if name not in kept:
            known = raw.empties() if isinstance(raw, Later) else None
            if known is not None:
                kept[name] = known
            elif isinstance(raw, Later):
                kept.update(_empties([(name, table.series(name))]))
            else:
                own = ((one, table._columns[one]) for one in sorted(table._own))
                kept.update(_empties([(k, c) for k, c in own if isinstance(c, pl.Series)]))
        return kept[name]

    def broadcast(self, mask: Mask) -> pl.Series:
        """A mask with a Boolean for every row."""
        if isinstance(mask, pl.Series):
            return mask
        if isinstance(mask, Once):
            return _first(self.height) if mask.holds else self.broadcast(False)
        return pl.Series([mask]).new_from_index(0, self.height)


def _is_list(column: Column | Later) -> bool:
    if isinstance(column, Later):
        return column.is_list
    if isinstance(column, Same):
        return isinstance(column.value, list)
    return isinstance(column.dtype, pl.List)


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


def certain(mask: pl.Series, *, unknown: bool = False) -> pl.Series:
    """A mask whose nulls count as `unknown`."""
    if not mask.null_count():
        return mask
    return mask | mask.is_null() if unknown else mask & mask.is_not_null()


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

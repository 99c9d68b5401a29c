"""What an operation is, and what it is done with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.rule import Operation
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Column, Same, Table, certain

_RELATIONSHIPS = ("RELREC", "RELSUB", "CO")


@dataclass(frozen=True, slots=True)
class Doing:
    """An operation on its way: the table under check, the dataset it is of, and all the others.

    `table` has the columns that operations before this one added.
    """

    operation: Operation
    table: Table
    dataset: Dataset
    study: Study

    @property
    def datasets(self) -> Datasets:
        """All datasets of the package."""
        return self.study.datasets

    @property
    def domain(self) -> str:
        """The dataset that the operation is about: the one it names, else the one under check."""
        named = self.operation.domain
        if named is None:
            return self.dataset.whole
        if named.startswith(("SUPP", "SQ")) and named.endswith("--") and self.dataset.rdomain:
            return named.replace("--", self.dataset.rdomain)
        return named

    @property
    def target(self) -> str:
        """The variable that the operation is about, `--` spelt out. Raises `NotAsked`."""
        name = self.operation.name
        if name is None:
            raise NotAsked(f"operation {self.operation.operator} needs a name")
        return self.spelt(name)

    def spelt(self, name: str) -> str:
        """A generic variable name (`--SEQ`) as the dataset of the operation spells it."""
        if not name.startswith("--"):
            return name
        prefix = self.operation.domain or self.dataset.prefix
        return prefix + name[2:]

    @property
    def option(self) -> Mapping[str, Any]:
        """The other keys of the operation."""
        return self.operation.options

    def text(self, option: str) -> str:
        """An option that is text. Raises `NotAsked` when it is missing."""
        value = self.option.get(option)
        if not isinstance(value, str) or not value:
            raise NotAsked(f"operation {self.operation.operator} needs {option}")
        return value

    def source(self) -> Table:
        """The records that the operation reads. Raises `MissingDataset`.

        They are those under check, joined as they are, when they are the domain's own.
        """
        if self._is_current():
            return self.table
        return self.study.whole(self.domain)

    def source_dataset(self) -> Dataset:
        """The dataset that the operation is about (its first part)."""
        if self.domain == self.dataset.whole or self._is_current():
            return self.dataset
        parts = self.datasets.named(self.domain)
        if not parts:
            self.study.whole(self.domain)
        return parts[0]

    def _is_current(self) -> bool:
        name = self.domain
        if name in _RELATIONSHIPS or name.startswith(("SUPP", "SQ")):
            return False
        column = self.table.get("DOMAIN")
        if column is None or not self.table.height:
            return False
        return bool((column.value if isinstance(column, Same) else column[0]) == name)

    def grouping(self) -> list[str]:
        """The variables to group by, `--` and `$lists` spelt out."""
        found: list[str] = []
        for name in self.operation.group:
            column = self.table.get(name)
            if isinstance(column, Same) and isinstance(column.value, list):
                found.extend(column.value)
                continue
            spelt = name.replace("--", self.domain)
            if not self.table.has(spelt) and "--" in name:
                spelt = name.replace("--", self.dataset.prefix)
            found.append(spelt)
        return list(dict.fromkeys(found))

    def group_columns(self) -> list[tuple[str, str]]:
        """The grouping variables of what is read, each with that of the table under check."""
        aliases = self.option.get("group_aliases") or []
        names = self.grouping()
        return [(name, aliases[at] if at < len(aliases) else name) for at, name in enumerate(names)]

    def filtered(self, table: Table) -> Table:
        """The rows that the operation's `filter` leaves; `A&` is what begins with A."""
        wanted = self.option.get("filter")
        if not wanted:
            return table
        if not isinstance(wanted, dict):
            raise NotAsked(f"filter of {self.operation.operator} is no mapping")
        mask: pl.Series | None = None
        for name, value in wanted.items():
            column = table.series(self.spelt(str(name)))
            if isinstance(value, str) and value.endswith("&"):
                if column.dtype != pl.String:
                    raise NotAsked(f"filter of {self.operation.operator}: {name} is numeric")
                found = column.str.starts_with(value.rstrip("&"))
            elif isinstance(value, str) == (column.dtype == pl.String):
                found = column == value
            else:
                found = table.broadcast(False)
            found = certain(found)
            mask = found if mask is None else mask & found
        assert mask is not None
        return table.gather(mask.arg_true())

    def per_group(self, groups: pl.DataFrame, value: str) -> pl.Series:
        """The value of each row's group, by the grouping variables; null for a group without one.

        `groups` has the columns that are read; null groups with null.
        """
        pairs = self.group_columns()
        left = self.table.frame({f"@{at}": there for at, (_, there) in enumerate(pairs)})
        keys = [f"@{at}" for at in range(len(pairs))]
        right = groups.select(
            *(pl.col(here).alias(f"@{at}") for at, (here, _) in enumerate(pairs)),
            pl.col(value).alias("@value"),
        )
        for key in keys:
            if left.schema[key] != right.schema[key]:
                if pl.Null in (left.schema[key], right.schema[key]):
                    left = left.with_columns(pl.col(key).cast(right.schema[key]))
                    right = right.with_columns(pl.col(key).cast(left.schema[key]))
                    continue
                if not (left.schema[key].is_numeric() and right.schema[key].is_numeric()):
                    raise NotAsked(f"{self.operation.id}: groups are text here and numeric there")
                left = left.with_columns(pl.col(key).cast(pl.Float64))
                right = right.with_columns(pl.col(key).cast(pl.Float64))
        joined = left.join(right, on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined["@value"]


def grouped_frame(source: Table, names: list[str], *more: str) -> pl.DataFrame:
    """The grouping variables and others of a table. Raises `MissingColumn`."""
    return source.frame([*names, *more])


Does = Callable[[Doing], Column | Mapping[str, Column]]

REGISTRY: dict[str, Does] = {}
"""Filled as the modules of this package are imported; `operations.OPERATIONS` is the whole."""


def operation(name: str) -> Callable[[Does], Does]:
    """Declare the function that does an operation: the column it gives, or columns by name."""

    def declare(does: Does) -> Does:
        if name in REGISTRY:
            raise ValueError(f"operation {name} is declared twice")
        REGISTRY[name] = does
        return does

    return declare

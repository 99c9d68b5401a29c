"""The datasets of a package as tables, made once and shared by all rules that ask of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import polars as pl

from trialect.schemas.core.outcome import MissingDataset, NotAsked
from trialect.schemas.core.package import Dataset, Datasets, Stored
from trialect.schemas.core.table import Column, Later, Same, Table

Value = TypeVar("Value")


class Study:
    """Tables of datasets by name, and whatever else rules share, for one run of many rules.

    `partial` says that the datasets are parts of those of a study; what is found in them is then
    told so that it can be put together with what is found in the other parts.
    """

    def __init__(self, datasets: Datasets, *, partial: bool = False) -> None:
        self.datasets = datasets
        self.partial = partial
        self._kept: dict[Hashable, Any] = {}

    def kept(self, what: Hashable, make: Callable[[], Value]) -> Value:
        """What was made once under a name; made now when it is new."""
        if what not in self._kept:
            self._kept[what] = make()
        found: Value = self._kept[what]
        return found

    def release(self) -> None:
        """Forget the columns of datasets that are stored elsewhere, which are large."""
        if any(one.stored for one in self.datasets):
            self._kept.clear()

    def part(self, dataset: Dataset) -> Table:
        """The records of one file. Raises `NotAsked` when they are broken."""
        return self.kept(("part", dataset.name), lambda: _table(dataset))

    def whole(self, name: str) -> Table:
        """All records of a domain, part after part. Raises `MissingDataset`."""
        parts = self.datasets.named(name)
        if not parts:
            raise MissingDataset(name)
        if len(parts) == 1:
            return self.part(parts[0])
        names = tuple(part.name for part in parts)
        return self.kept(("whole", names), lambda: _joined([self.part(one) for one in parts]))

    def contents(self, dataset: Dataset, split: bool | None) -> Table:
        """The records that a rule is asked of: of the file, or of all parts of what it is part of.

        `split` is the scope's: True takes each part by itself.
        """
        parts = self.datasets.wholes[dataset.whole]
        return self.part(dataset) if split or len(parts) == 1 else self.whole(dataset.whole)


def _table(dataset: Dataset) -> Table:
    if dataset.broken:
        raise NotAsked(dataset.broken)
    columns: dict[str, Column | Later] = {one.name: one for one in dataset.frame.get_columns()}
    height = dataset.frame.height
    if (stored := dataset.stored) is not None:
        columns = {name: Read(stored, name) for name in columns}
        height = stored.height
    return Table(columns, height, Same(dataset.name), dataset.numbers, dataset.prefix)


class Read(Later):
    """A column of records that are stored elsewhere."""

    def __init__(self, stored: Stored, name: str) -> None:
        self._stored = stored
        self._name = name

    def _make(self) -> Column:
        return self._stored.column(self._name)


def _joined(parts: list[Table]) -> Table:
    """Tables under each other; a column that a part has not is missing there."""
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    frames = [
        part.frame(part.names) if part.names else pl.DataFrame({"@": [None] * part.height})
        for part in parts
    ]
    frame = pl.concat(frames, how="diagonal_relaxed")
    found: dict[str, Column] = {name: frame[name] for name in names}
    return Table(
        found,
        frame.height,
        pl.concat([part.spread(part.dataset).cast(pl.String) for part in parts if part.height])
        if frame.height
        else Same(""),
        pl.concat([part.numbers() for part in parts]),
        parts[0].prefix,
    )

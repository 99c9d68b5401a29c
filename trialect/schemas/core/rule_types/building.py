"""What a rule type is: the rows that the check is asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from trialect.schemas.core.package import Dataset
from trialect.schemas.core.rule import CoreRule, conditions
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Column, Same, Table

STUDY = "STUDY"
"""What findings about the package as a whole name as their dataset."""


@dataclass(frozen=True, slots=True)
class Building:
    """A rule about to be asked of a dataset."""

    rule: CoreRule
    dataset: Dataset
    study: Study

    def parts(self) -> tuple[Dataset, ...]:
        """The files that are looked at together: all parts of a split dataset, or the one."""
        if self.rule.scope.split:
            return (self.dataset,)
        return self.study.datasets.wholes[self.dataset.whole]

    def contents(self) -> Table:
        """The records."""
        return self.study.contents(self.dataset, self.rule.scope.split)

    def mentions(self, name: str) -> bool:
        """Whether the rule asks of a column; some are costly to make."""
        asked = {condition.name for condition in conditions(self.rule.check)}
        asked.update(str(condition.value) for condition in conditions(self.rule.check))
        asked.update(one.name for one in self.rule.operations)
        return name in asked or name in self.rule.output_variables


Builds = Callable[[Building], Iterable[Table]]
"""The tables of a rule type; a finding is a row of one of them."""


def rows_table(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    dataset: Column,
    record: pl.Series | None,
    prefix: str,
) -> Table:
    """A table of rows that are mappings; a value that all rows share is kept once."""
    columns: dict[str, Column] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        first = values[0] if values else None
        if all(value == first and type(value) is type(first) for value in values):
            columns[name] = Same(first)
        else:
            columns[name] = pl.Series(name, values, strict=False)
    return Table(columns, len(rows), dataset, record, prefix)

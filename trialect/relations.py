"""Which values of two variables stand together, how often and where first: facts that merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialect.trial import FORM, ROW

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Seen:
    """How often two values stand together, and the first source row (by form, then row) where."""

    records: int
    form: str | None = None
    row: int | None = None

    def merged(self, other: Seen) -> Seen:
        """Both together."""
        first = min(self, other, key=lambda one: (one.form or "", one.row or 0))
        return Seen(self.records + other.records, first.form, first.row)


Relation = dict[str, dict[str | None, Seen]]
"""Each value of one variable with the values of another that stand beside it; None is missing."""

Relations = dict[tuple[str, str], Relation]
"""The relations of a dataset by the names of the two variables."""


def relation(name: pl.Series, other: pl.Series, frame: pl.DataFrame) -> Relation:
    """What stands beside each value of `name`, both as texts, with the places of `frame`."""
    import polars as pl

    with_places = FORM in frame.columns and ROW in frame.columns
    places = [frame[FORM], frame[ROW]] if with_places else []
    counted = (
        pl.DataFrame([name, other, *places])
        .drop_nulls(name.name)
        .group_by(name.name, other.name, *([FORM] if with_places else []))
        .agg(pl.len().alias("@records"), *([pl.col(ROW).min()] if with_places else []))
        .sort(pl.all(), nulls_last=True)
    )
    found: Relation = {}
    for pair in counted.iter_rows(named=True):
        seen = Seen(pair["@records"], pair.get(FORM), pair.get(ROW))
        _add(found.setdefault(pair[name.name], {}), pair[other.name], seen)
    return found


def _add(beside: dict[str | None, Seen], value: str | None, seen: Seen) -> None:
    beside[value] = beside[value].merged(seen) if value in beside else seen


def merge_relations(mine: Relations, other: Mapping[tuple[str, str], Relation]) -> None:
    """Add what another partition saw."""
    for pair, theirs in other.items():
        here = mine.setdefault(pair, {})
        for value, beside in theirs.items():
            for one, seen in beside.items():
                _add(here.setdefault(value, {}), one, seen)


def as_lists(relations: Relations) -> list[list[Any]]:
    """Plain JSON values."""
    return [
        [*pair, value, other, seen.records, seen.form, seen.row]
        for pair, one in relations.items()
        for value, beside in one.items()
        for other, seen in beside.items()
    ]


def from_lists(facts: list[list[Any]]) -> Relations:
    """The relations that `as_lists` gave."""
    relations: Relations = {}
    for name, label, value, other, *seen in facts:
        relations.setdefault((name, label), {}).setdefault(value, {})[other] = Seen(*seen)
    return relations

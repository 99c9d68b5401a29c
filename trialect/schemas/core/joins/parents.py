"""A child's records (SUPP--, CO, RELREC), each with the parent record that it names."""

from __future__ import annotations

import polars as pl

from trialect.schemas.core.joins.keys import alike, as_words, words
from trialect.schemas.core.rule import MatchDataset
from trialect.schemas.core.table import Column, Later, Pick, Table, certain

_ROW, _PARENT = "@row", "@parent"
REFERENCE = ("IDVAR", "IDVARVAL")
"""The variables that name a parent record: one of its variables, and its value."""


def with_parent(table: Table, parent: Table, name: str, match: MatchDataset, prefix: str) -> Table:
    """The variables of the parent record that IDVAR and IDVARVAL name, among those of the keys.

    Only records whose RDOMAIN is `name` have one, where there is an RDOMAIN. Without IDVAR or
    IDVARVAL it is the first record of the keys. The parent's values stand over the child's own of
    the same name.
    """
    rows = pl.int_range(table.height, dtype=pl.UInt32, eager=True).alias(_ROW)
    mine = rows
    if table.has("RDOMAIN"):
        mine = rows.filter(certain(table.series("RDOMAIN") == name))
    if not len(mine):
        return table
    keys = [
        (left.replace("--", prefix), right.replace("--", name))
        for left, right in match.keys
        if left not in REFERENCE
    ]
    keys = [(left, right) for left, right in keys if table.has(left) and parent.has(right)]
    none = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    child = rows.to_frame().with_columns(
        *(table.series(left).alias(f"@{at}") for at, (left, _) in enumerate(keys)),
        *(
            (table.series(one) if table.has(one) else none).cast(pl.String).alias(one)
            for one in REFERENCE
        ),
    )
    found = _parents_of(child.filter(pl.col(_ROW).is_in(mine.implode())), parent, keys)
    places = rows.to_frame().join(found, on=_ROW, how="left", maintain_order="left")[_PARENT]
    columns: dict[str, Column | Later] = {
        column: _Over(table, parent, column, places)
        if table.has(column)
        else Pick(parent, column, places)
        for column in parent.names
    }
    return table.joined(columns)


class _Over(Later):
    """A column of which another table's values take the place where they are."""

    def __init__(self, table: Table, parent: Table, name: str, places: pl.Series) -> None:
        self._table = table
        self._parent = parent
        self._name = name
        self._places = places

    def _make(self) -> Column:
        own = self._table.series(self._name)
        theirs = self._parent.series(self._name).gather(self._places)
        if own.dtype != theirs.dtype and own.null_count() == len(own):
            own = own.cast(theirs.dtype)
        elif own.dtype != theirs.dtype:
            own, theirs = own.cast(pl.String), theirs.cast(pl.String)
        return theirs.zip_with(self._places.is_not_null(), own)


def _parents_of(child: pl.DataFrame, parent: Table, keys: list[tuple[str, str]]) -> pl.DataFrame:
    """For each child record (`@row`) the first parent record (`@parent`) that it names.

    A key that the child has not is not asked of the parent.
    """
    names = [f"@{at}" for at in range(len(keys))]
    every = parent.frame(dict(zip(names, (right for _, right in keys), strict=True)))
    numbers = pl.int_range(parent.height, dtype=pl.UInt32, eager=True).alias(_PARENT)
    every = every.with_columns(numbers) if names else numbers.to_frame()
    found = [pl.DataFrame(schema={_ROW: pl.UInt32, _PARENT: pl.UInt32})]
    gaps = [pl.col(name).is_null().cast(pl.Int8).cast(pl.String) for name in names]
    named = pl.col("IDVAR").is_not_null() & pl.col("IDVARVAL").is_not_null()
    kinds = child.with_columns(
        (pl.concat_str(gaps) if gaps else pl.lit("")).alias("@gaps"),
        pl.when(named).then("IDVAR").alias("@idvar"),
    )
    for (pattern, idvar), rows in kinds.group_by(["@gaps", "@idvar"], maintain_order=True):
        known = [name for name, gap in zip(names, str(pattern), strict=True) if gap == "0"]
        parents = every
        if idvar is not None:
            if not parent.has(str(idvar)):
                continue
            values = as_words(parent.column(str(idvar)), parent)
            parents = every.with_columns(values.alias("@value"))
            wanted = rows["IDVARVAL"].str.strip_chars()
            if parent.series(str(idvar)).dtype.is_numeric():
                wanted = words(wanted)
            rows = rows.with_columns(wanted.alias("@value"))
            known = [*known, "@value"]
        if not known:
            if parent.height:
                found.append(rows.select(_ROW, pl.lit(0, dtype=pl.UInt32).alias(_PARENT)))
            continue
        rows, parents = alike(rows, parents, known)
        first = parents.unique(subset=known, keep="first", maintain_order=True)
        hits = rows.join(first.select(*known, _PARENT), on=known, how="inner")
        found.append(hits.select(_ROW, _PARENT))
    return pl.concat(found)

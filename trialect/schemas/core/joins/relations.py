"""Records with those that RELREC relates them to (SDTMIG 3.4, 8.2 and 8.3)."""

from __future__ import annotations

import polars as pl

from trialect.schemas.core import library
from trialect.schemas.core.joins.keys import as_words, words
from trialect.schemas.core.outcome import MissingColumn
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Column, Later, Pick, Same, Table

_KINDS = ["RDOMAIN_2", "IDVAR", "IDVAR_2", "by_value", "of_subject"]


def related(table: Table, domain: str, wildcard: str, study: Study) -> Table:
    """Each record of a domain with each record that RELREC relates it to.

    The other record's variables are `RELREC.` and their name, in which `wildcard` stands for the
    domain (`RELREC.**TERM`). Records without a relation are left out.
    """
    generic = library.wildcard_variables()
    parts: list[Table] = []
    pairs = _pairs(study.whole("RELREC"), domain)
    for (name, left_var, right_var, by_value, of_subject), rows in pairs.group_by(
        _KINDS, maintain_order=True
    ):
        others = study.datasets.named(str(name)) if name else ()
        if not others or left_var is None or right_var is None:
            continue
        other = study.whole(str(name))
        link = _Link(table, other, str(left_var), str(right_var))
        lefts, rights = link.rows(rows, by_value=bool(by_value), of_subject=bool(of_subject))
        prefix = others[0].domain or str(name)
        added: dict[str, Column | Later] = {}
        for column in other.names:
            own = column.startswith(prefix) and f"--{column[len(prefix) :]}" in generic
            shown = wildcard + column[len(prefix) :] if own else column
            added[f"RELREC.{shown}"] = Pick(other, column, rights)
        parts.append(table.gather(lefts).joined(added))
    return _stacked(parts, table)


def _pairs(relations: Table, domain: str) -> pl.DataFrame:
    """Pairs of lines of RELREC with the same RELID, of which the first is about the domain."""
    names = ["STUDYID", "USUBJID", "RELID", "RDOMAIN", "IDVAR", "IDVARVAL"]
    lines = relations.frame(names).cast(pl.String)
    about = (pl.col("RDOMAIN") == domain).fill_null(False)
    pairs = lines.filter(about).join(
        lines.filter(~about),
        on=["STUDYID", "USUBJID", "RELID"],
        how="inner",
        suffix="_2",
        nulls_equal=True,
        maintain_order="left_right",
    )
    return pairs.with_columns(
        (pl.col("IDVARVAL").is_not_null() & pl.col("IDVARVAL_2").is_not_null()).alias("by_value"),
        pl.col("USUBJID").is_not_null().alias("of_subject"),
    )


class _Link:
    """Two datasets and the variable of each by which RELREC relates them."""

    def __init__(self, table: Table, other: Table, left_var: str, right_var: str) -> None:
        self._left = self._side(table, left_var, "@left")
        self._right = self._side(other, right_var, "@right")
        self._numeric = [
            side.series(name).dtype.is_numeric()
            for side, name in ((table, left_var), (other, right_var))
        ]

    @staticmethod
    def _side(side: Table, variable: str, number: str) -> pl.DataFrame:
        """Study, subject and value of each row; the value as IDVARVAL writes it."""
        for name in ("STUDYID", "USUBJID", variable):
            if not side.has(name):
                raise MissingColumn(name)
        frame = side.frame({"study": "STUDYID", "subject": "USUBJID"})
        values = as_words(side.column(variable), side)
        return frame.with_columns(values.alias("value")).with_row_index(number)

    def rows(
        self, pairs: pl.DataFrame, *, by_value: bool, of_subject: bool
    ) -> tuple[pl.Series, pl.Series]:
        """The rows on both sides that pairs of RELREC relate, of the same study and subject.

        `by_value` says that the pairs name values; otherwise equal values are related.
        """
        left = self._left
        value = "value"
        if by_value:
            keys = pairs.select(
                pl.col("USUBJID").alias("subject"),
                self._value(pairs["IDVARVAL"], 0).alias("value"),
                self._value(pairs["IDVARVAL_2"], 1).alias("value_2"),
            )
            on = ["subject", "value"] if of_subject else ["value"]
            keys = keys if of_subject else keys.drop("subject")
            left = keys.join(left, on=on, how="inner", maintain_order="left_right")
            value = "value_2"
        elif of_subject:
            subjects = pairs.select(pl.col("USUBJID").alias("subject")).unique()
            left = left.join(subjects, on="subject", how="semi", maintain_order="left")
        linked = left.join(
            self._right,
            left_on=["study", "subject", value],
            right_on=["study", "subject", "value"],
            how="inner",
            nulls_equal=True,
            maintain_order="left_right",
        )
        return linked["@left"], linked["@right"]

    def _value(self, values: pl.Series, side: int) -> pl.Series:
        return words(values) if self._numeric[side] else values


def _stacked(parts: list[Table], like: Table) -> Table:
    """Tables under each other; no rows when there are none."""
    parts = [part for part in parts if part.height]
    if not parts:
        return like.gather(pl.Series([], dtype=pl.UInt32))
    if len(parts) == 1:
        return parts[0]
    frame = pl.concat([part.frame(part.names) for part in parts], how="diagonal_relaxed")
    dataset: Column = like.dataset
    if not isinstance(dataset, Same):
        dataset = pl.concat([part.spread(part.dataset) for part in parts])
    columns: dict[str, Column] = {name: frame[name] for name in frame.columns}
    numbers = pl.concat([part.numbers() for part in parts])
    return Table(columns, frame.height, dataset, numbers, like.prefix)

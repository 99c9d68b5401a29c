"""One block at work: its rows chosen, turned into records, and filled line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from trialect.mappings.expressions import names_in
from trialect.mappings.items import as_records, fixed, results
from trialect.mappings.tables import Block, Item, Line, MappingTables
from trialect.mappings.units import wanted
from trialect.mappings.values import (
    SUBJECT,
    Call,
    Context,
    RowProblem,
    condition,
    failure,
    seen_as_numerals,
    visit_column,
)
from trialect.mappings.verbs import FILL
from trialect.mappings.verbs.visit import UNKNOWN_VISIT
from trialect.mappings.verbs.visit import targets as visit_targets
from trialect.problems import Problem, rule
from trialect.schemas.sdtm import Dataset, dataset
from trialect.trial import BLOCK, FORM, LOOKUP_ROW, ROW, Study

NOT_FIRST = rule(
    "MAP-NOT-FIRST",
    "warning",
    "A subject's record is made of an earlier row",
    "block {block} takes one row a subject, and row {first} came first.",
    "Narrow the block's `where`, or let another block take the row.",
)


@dataclass(slots=True)
class Filling:
    """The records of a block (targets, `@subject`, lineage), problems, and the rows refused."""

    records: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)
    refused: list[tuple[int, Problem]] = field(default_factory=list)


@dataclass(slots=True)
class _Targets:
    """The targets as they are filled, and the rows of other forms that values came from."""

    model: Dataset | None
    height: int
    values: dict[str, pl.Series] = field(default_factory=dict)
    rows: dict[str, pl.Series] = field(default_factory=dict)

    def put(
        self,
        places: pl.Series | None,
        new: Mapping[str, pl.Series],
        rows: Mapping[str, pl.Series],
    ) -> None:
        """Set new values at some places (None: at all of them), keeping the others."""
        for name, values in new.items():
            self._set(self.values, name, values.cast(self._dtype(name)), places)
            source = rows.get(name)
            if source is not None:
                self._set(self.rows, name, source.cast(pl.Int64), places)
            elif name in self.rows:
                nowhere = pl.Series([None], dtype=pl.Int64).new_from_index(0, values.len())
                self._set(self.rows, name, nowhere, places)

    def declare(self, name: str) -> None:
        """Let later lines see a target, whether or not a record of these rows is filled."""
        if name not in self.values:
            nothing = pl.Series(name, [None], dtype=self._dtype(name))
            self.values[name] = nothing.new_from_index(0, self.height)

    def _set(
        self, store: dict[str, pl.Series], name: str, values: pl.Series, places: pl.Series | None
    ) -> None:
        if places is None:
            store[name] = values.alias(name)
            return
        held = store.get(name)
        if held is None:
            held = pl.Series(name, [None], dtype=values.dtype).new_from_index(0, self.height)
        store[name] = held.clone().scatter(places, values).alias(name)

    def _dtype(self, name: str) -> pl.DataType:
        variable = self.model.allowed(name) if self.model else None
        is_number = variable is not None and variable.type == "Num"
        return pl.Float64() if is_number else pl.String()


def fill_block(context: Context, block: Block) -> Filling:
    """The records that a block makes of its form's rows."""
    tables = context.tables
    declared = context.study.records.forms.get(block.form)
    rows = context.forms[block.form]
    wanted_columns = columns_of(tables, context.study, block)
    if wanted_columns is not None:
        rows = rows.select(name for name in rows.columns if name in wanted_columns)
    if "STUDYID" not in rows.columns:
        rows = rows.with_columns(pl.lit(context.study.studyid).alias("STUDYID"))
    filling = Filling(rows)
    visible = seen_as_numerals(rows, declared)
    if block.where:
        taken, failed = condition(visible, block.where)
        filling.refused += [
            (
                rows[ROW][at],
                failure(block.form, rows[ROW][at], block.where, reason, domain=block.domain),
            )
            for at, reason in failed
        ]
        rows, visible = rows.filter(taken), visible.filter(taken)
    if block.records == "subject" and SUBJECT in rows.columns:
        rows, visible = _firsts(block, rows, visible, filling)
    targets = _Targets(dataset(block.domain), rows.height)
    if block.records == "item":
        items = tables.items_of(block)
        long = as_records(context, block, rows, visible)
        filling.problems += long.problems
        filling.refused += long.refused
        rows, visible = long.rows, seen_as_numerals(long.rows, declared)
        targets.height = rows.height
        targets.put(None, fixed(block, items, long.items), {})
        unit = targets.values.get(f"{block.domain[:2]}ORRESU")
        targets.put(None, results(block, items, rows, unit), {})
    keep: pl.Series | None = None
    for line in tables.lines_of(block):
        if line.verb != "not_submitted":
            refused = _fill(context, block, line, rows, visible, targets, filling)
            if refused:
                there = pl.Series([place not in refused for place in range(rows.height)])
                keep = there if keep is None else keep & there
    filling.records = _records(block, rows, targets)
    if keep is not None:
        filling.records = filling.records.filter(keep)
    return filling


def _firsts(
    block: Block, rows: pl.DataFrame, visible: pl.DataFrame, filling: Filling
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first row of each subject; the others are told where they went."""
    first = rows.select(pl.col(ROW).first().over(SUBJECT))[ROW]
    is_first = rows[ROW] == first
    for row, before in zip(rows[ROW].filter(~is_first), first.filter(~is_first), strict=True):
        given = {"file": block.form, "row": row, "first": before, "domain": block.domain}
        filling.refused.append((row, NOT_FIRST.problem(block=block.name, **given)))
    return rows.filter(is_first), visible.filter(is_first)


def _fill(
    context: Context,
    block: Block,
    line: Line,
    rows: pl.DataFrame,
    visible: pl.DataFrame,
    targets: _Targets,
    filling: Filling,
) -> set[int]:
    """Let a line fill its target; gives the places of records that there cannot be."""
    reads = _reads(line)
    made = [
        values
        for name, values in targets.values.items()
        if name not in rows.columns and (reads is None or name in reads)
    ]
    seen = visible if line.verb == "compute" else rows
    seen = seen.with_columns(made) if made else seen
    places: pl.Series | None = None
    if line.when:
        asked, failed = condition(visible.with_columns(made) if made else visible, line.when)
        filling.problems += [
            failure(
                block.form,
                rows[ROW][at],
                line.when,
                reason,
                domain=block.domain,
                variable=line.target,
            )
            for at, reason in failed
        ]
        if not asked.any():
            _declare(targets, block, line)
            return set()
        places = asked.arg_true()
        seen = seen.filter(asked)
    variable = targets.model.allowed(line.target) if targets.model else None
    filled = FILL[line.verb](Call(context, block, line, seen, variable))
    targets.put(places, filled.values, filled.rows)
    _declare(targets, block, line)
    told = dict.fromkeys(_told(block, line, seen, one) for one in filled.problems)
    refusing = {one.place for one in filled.problems if one.rule is UNKNOWN_VISIT}
    for problem in told:
        if problem.rule == UNKNOWN_VISIT.id:
            filling.refused.append((problem.row or 0, problem))
        else:
            filling.problems.append(problem)
    if places is None:
        return refusing
    return {places[place] for place in refusing}


def _declare(targets: _Targets, block: Block, line: Line) -> None:
    for name in visit_targets(block.domain) if line.verb == "visit" else (line.target,):
        targets.declare(name)


def _told(block: Block, line: Line, seen: pl.DataFrame, one: RowProblem) -> Problem:
    place = {
        "file": block.form,
        "field": "; ".join(map(str, line.source)) or line.target,
        "variable": line.target,
        "domain": block.domain,
    }
    if "row" not in one.given:
        place["row"] = seen[ROW][one.place]
    return one.rule.problem(**{**place, **one.given})


def _records(block: Block, rows: pl.DataFrame, targets: _Targets) -> pl.DataFrame:
    """The targets with their lineage."""
    named = {n: v for n, v in targets.values.items() if not n.startswith("_")}
    lineage = [c for c in (SUBJECT, ROW, "@item") if c in rows.columns]
    looked = {
        LOOKUP_ROW + n: v for n, v in targets.rows.items() if n in named and v.null_count() < len(v)
    }
    return rows.select(lineage).with_columns(
        *(values.alias(name) for name, values in named.items()),
        *(values.alias(name) for name, values in looked.items()),
        pl.lit(block.form).alias(FORM),
        pl.lit(block.name).alias(BLOCK),
    )


@lru_cache(maxsize=4096)
def _reads(line: Line) -> frozenset[str] | None:
    """The columns of its own form, and the earlier targets, that a line may read; None: any."""
    if line.verb == "derive":
        return None
    found = {column.name for column in line.source if column.form is None}
    found.update(word.partition("=")[0].strip() for word in line.by)
    if line.verb == "convert_unit":
        found.add(wanted(line.value or "").start.removeprefix("@"))
    for text in (line.when, line.value if line.verb == "compute" else None):
        if text is not None:
            found |= names_in(text)
    return frozenset(found)


@lru_cache(maxsize=256)
def _columns(block: Block, lines: tuple[Line, ...], items: tuple[Item, ...]) -> frozenset[str]:
    found: set[str] = {ROW, SUBJECT}
    texts: list[str | None] = [block.where]
    for item in items:
        texts += [item.when, item.expression]
        found.update((item.column, item.not_done or "", item.reason or ""))
    for text in texts:
        if text is not None:
            found |= names_in(text)
    for line in lines:
        found |= _reads(line) or frozenset()
    return frozenset(found)


def columns_of(tables: MappingTables, study: Study, block: Block) -> Iterable[str] | None:
    """The columns that a block's lines read; None when one of them may read any."""
    lines = tuple(tables.lines_of(block))
    if any(line.verb == "derive" for line in lines):
        return None
    found = _columns(block, lines, tuple(tables.items_of(block)))
    visit = visit_column(study, block.form)
    return found | {visit} if visit else found

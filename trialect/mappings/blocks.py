"""One block at work: its rows chosen, turned into records, and filled line by line."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from trialect.mappings.items import as_records, results
from trialect.mappings.tables import Block, Line
from trialect.mappings.values import SUBJECT, Call, Context, condition
from trialect.mappings.verbs import FILL
from trialect.mappings.verbs.visit import NO_VISIT
from trialect.problems import Problem
from trialect.schemas.sdtm import Dataset, dataset
from trialect.trial import BLOCK, FORM, LOOKUP_ROW, ROW


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

    def put(self, places: pl.Series | None, new: dict[str, pl.Series], into: str) -> None:
        """Set new values at some places (None: at all of them), keeping the others."""
        store = self.values if into == "values" else self.rows
        for name, values in new.items():
            dtype = self._dtype(name, values) if into == "values" else pl.Int64()
            values = values.cast(dtype)
            if places is None:
                store[name] = values.alias(name)
                continue
            held = store.get(name)
            if held is None:
                held = pl.Series(name, [None] * self.height, dtype)
            store[name] = held.clone().scatter(places, values).alias(name)

    def _dtype(self, name: str, values: pl.Series) -> pl.DataType:
        variable = self.model.variable(name) if self.model else None
        if variable is not None:
            return pl.Float64() if variable.type == "Num" else pl.String()
        return values.dtype if name.startswith(("_", "@")) else pl.String()


def fill_block(context: Context, block: Block) -> Filling:
    """The records that a block makes of its form's rows."""
    rows = context.forms[block.form]
    if block.where:
        rows = rows.filter(condition(_with_study(rows, context), block.where))
    if block.records == "subject" and SUBJECT in rows.columns:
        rows = rows.unique(SUBJECT, keep="first", maintain_order=True)
    filling = Filling(rows)
    fixed: dict[str, pl.Series] = {}
    if block.records == "item":
        rows, fixed, refused = as_records(context, block, _with_study(rows, context))
        filling.refused += refused
    else:
        rows = _with_study(rows, context)
    model = dataset(block.domain)
    targets = _Targets(model, rows.height)
    targets.put(None, fixed, "values")
    if block.records == "item" and rows.height:
        targets.put(None, results(block, rows, targets.values), "values")
    for line in context.tables.lines_of(block):
        if line.verb != "not_submitted":
            _fill(context, block, line, rows, targets, filling)
    filling.records = _records(block, rows, targets)
    return filling


def _with_study(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    if "STUDYID" in rows.columns:
        return rows
    return rows.with_columns(pl.lit(context.study.studyid).alias("STUDYID"))


def _fill(
    context: Context,
    block: Block,
    line: Line,
    rows: pl.DataFrame,
    targets: _Targets,
    filling: Filling,
) -> None:
    seen = rows.with_columns(v for n, v in targets.values.items() if n not in rows.columns)
    places: pl.Series | None = None
    if line.when:
        # Where no record is meant the target still comes to be: no later line, and no other
        # partition, may see that none was.
        wanted = condition(seen, line.when)
        places = wanted.arg_true()
        seen = seen.filter(wanted)
    variable = targets.model.variable(line.target) if targets.model else None
    filled = FILL[line.verb](Call(context, block, line, seen, variable))
    targets.put(places, filled.values, "values")
    targets.put(places, filled.rows, "rows")
    for one in filled.problems:
        given = {"variable": line.target, **one.given}
        problem = one.rule.problem(
            file=block.form,
            row=seen[ROW][one.place],
            field="; ".join(map(str, line.source)) or line.target,
            domain=block.domain,
            **given,
        )
        if line.verb == "visit":
            filling.refused.append((seen[ROW][one.place], problem))
        else:
            filling.problems.append(problem)


def _records(block: Block, rows: pl.DataFrame, targets: _Targets) -> pl.DataFrame:
    """The targets with their lineage; rows whose visit is unknown are left out."""
    unknown = targets.values.pop(NO_VISIT, None)
    named = {n: v for n, v in targets.values.items() if not n.startswith("_")}
    lineage = [c for c in (SUBJECT, ROW, "@item") if c in rows.columns]
    looked = {
        LOOKUP_ROW + n: v for n, v in targets.rows.items() if n in named and v.null_count() < len(v)
    }
    frame = rows.select(lineage).with_columns(
        *(values.alias(name) for name, values in named.items()),
        *(values.alias(name) for name, values in looked.items()),
        pl.lit(block.form).alias(FORM),
        pl.lit(block.name).alias(BLOCK),
    )
    return frame if unknown is None else frame.filter(~unknown.fill_null(value=False))

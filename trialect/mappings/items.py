"""Wide columns as records: one for each item that holds a value or was marked as not done."""

from __future__ import annotations

import polars as pl

from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.numbers import to_texts
from trialect.mappings.tables import TICKED, Block, Item
from trialect.mappings.values import EXPRESSION, Context, clean, condition
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.sdtm import dataset
from trialect.trial import ROW

NO_ITEM = rule(
    "MAP-NO-ITEM",
    "warning",
    "No item of a row holds a value",
    "no item of block {block} holds a value or is marked as not done.",
    "Fill the form, mark it as not done, or narrow the block's `where`.",
)

NOT_DONE = TICKED | {"NOT DONE", "ND"}


def as_records(
    context: Context, block: Block, rows: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, pl.Series], list[tuple[int, Problem]]]:
    """The rows of a block as a row an item, with `@value`, `@column`, `@not_done`, `@reason`,
    `@item` and `testcd`; the targets that items fix; and the rows of which no item is a record.
    """
    items = context.tables.items_of(block)
    parts = [_records_of(context, block, item, place, rows) for place, item in enumerate(items)]
    if not parts:
        return rows.clear(), {}, _refused(block, rows, rows.clear())
    long = pl.concat(parts).sort("@order", "@place", maintain_order=True)
    fixed = _fixed(block, items, long["@place"])
    refused = _refused(block, rows, long)
    return long.drop("@order", "@place"), fixed, refused


def _refused(block: Block, rows: pl.DataFrame, long: pl.DataFrame) -> list[tuple[int, Problem]]:
    empty = rows.filter(~pl.col(ROW).is_in(long[ROW].unique().implode()))
    return [
        (row, NO_ITEM.problem(file=block.form, row=row, block=block.name, domain=block.domain))
        for row in empty[ROW]
    ]


def _records_of(
    context: Context, block: Block, item: Item, place: int, rows: pl.DataFrame
) -> pl.DataFrame:
    declared = context.study.records.forms.get(block.form)
    if item.expression is not None:
        try:
            computed, _ = evaluate(rows, item.expression)
        except ExpressionError as error:
            problem = EXPRESSION.problem(
                file=item.table, row=item.line, expression=item.expression, reason=error
            )
            raise Unusable(problem) from error
        value = clean(to_texts(computed), None)
    else:
        value = clean(rows[item.column], declared)
    mark = clean(rows[item.not_done], declared) if item.not_done else _nothing(rows)
    reason = clean(rows[item.reason], declared) if item.reason else _nothing(rows)
    not_done = mark.str.to_uppercase().is_in(list(NOT_DONE)).fill_null(value=False)
    made = rows.with_row_index("@order").with_columns(
        value.alias("@value"),
        pl.lit(item.column).alias("@column"),
        pl.lit(item.column).alias("@item"),
        mark.alias("@not_done"),
        reason.alias("@reason"),
        not_done.alias("@is_not_done"),
        pl.lit(item.testcd).alias("testcd"),
        pl.lit(place, pl.UInt32).alias("@place"),
    )
    keep = value.is_not_null() | not_done
    if item.when:
        keep &= condition(rows, item.when)
    return made.filter(keep)


def _nothing(rows: pl.DataFrame) -> pl.Series:
    return pl.Series([None] * rows.height, dtype=pl.String)


def _fixed(block: Block, items: list[Item], places: pl.Series) -> dict[str, pl.Series]:
    """--TESTCD, --TEST, units and other targets that the items say, by the records' items."""
    prefix = block.domain[:2]
    said: dict[str, list[str | None]] = {
        f"{prefix}TESTCD": [item.testcd for item in items],
        f"{prefix}TEST": [item.test for item in items],
    }
    if any(item.unit for item in items):
        said[f"{prefix}ORRESU"] = [item.unit for item in items]
    for name in dict.fromkeys(name for item in items for name, _ in item.fixed):
        said[name] = [dict(item.fixed).get(name) for item in items]
    model = dataset(block.domain)
    fixed = {}
    for name, values in said.items():
        variable = model.variable(name) if model else None
        series = pl.Series(name, values, dtype=pl.String)
        if variable is not None and variable.type == "Num":
            series = series.cast(pl.Float64)
        fixed[name] = series.gather(places)
    return fixed


def results(block: Block, rows: pl.DataFrame, fixed: dict[str, pl.Series]) -> dict[str, pl.Series]:
    """--ORRES, --STAT and --REASND as items have them, for lines to start from."""
    model = dataset(block.domain)
    prefix = block.domain[:2]
    not_done = rows["@is_not_done"]
    made = {
        f"{prefix}ORRES": rows["@value"],
        f"{prefix}STAT": not_done.replace_strict(
            {True: "NOT DONE"}, default=None, return_dtype=pl.String
        ),
        f"{prefix}REASND": rows["@reason"].set(~not_done, None),
    }
    unit = fixed.get(f"{prefix}ORRESU")
    if unit is not None:
        made[f"{prefix}ORRESU"] = unit.set(rows["@value"].is_null(), None)
    return {
        name: values
        for name, values in made.items()
        if model is not None
        and model.variable(name) is not None
        and (name.endswith("ORRES") or values.null_count() < len(values))
    }

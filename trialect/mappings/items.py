"""Wide columns as records: one for each item that holds a value or was marked as not done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from trialect.mappings.numbers import NOT_FINITE
from trialect.mappings.shortest import to_texts
from trialect.mappings.tables import Block, Item
from trialect.mappings.ticks import DONE, NOT_DONE, UNREADABLE_TICK, ticked
from trialect.mappings.values import Context, clean, condition, failure, numerals, values_of
from trialect.problems import Problem, rule
from trialect.schemas.sdtm import dataset
from trialect.trial import ROW

NO_ITEM = rule(
    "MAP-NO-ITEM",
    "warning",
    "No item of a row holds a value",
    "no item of block {block} holds a value or is marked as not done.",
    "Fill the form, mark it as not done, or narrow the block's `where`.",
)
DONE_OR_NOT = rule(
    "MAP-DONE-OR-NOT",
    "error",
    "An item is marked as not done and holds a value",
    "{field} is marked as not done and holds {value!r}; the value is kept and --STAT stays empty.",
    "Take the mark or the value away at the source.",
    "CG0348",
)


REASON_UNUSED = rule(
    "MAP-REASON-UNUSED",
    "warning",
    "A reason stands beside an item that was done",
    "{value!r} is a reason for not doing {item}, which is not marked as not done; it is not kept.",
    "Mark the item as not done at the source, or take the reason away there.",
    "SDTMIG 3.4, 4.5.1.2",
)


@dataclass(slots=True)
class Long:
    """Rows as a row an item, with `@value`, `@column`, `@not_done`, `@reason`, `@item`,
    `@is_not_done` and `testcd`; which item each is of; and what was found on the way.
    """

    rows: pl.DataFrame
    items: pl.Series
    problems: list[Problem] = field(default_factory=list)
    refused: list[tuple[int, Problem]] = field(default_factory=list)


def as_records(context: Context, block: Block, rows: pl.DataFrame, visible: pl.DataFrame) -> Long:
    """The rows of a block as a row an item; `visible` are the rows as expressions see them."""
    items = context.tables.items_of(block)
    problems: list[Problem] = []
    parts = [
        _records_of(context, block, item, number, rows, visible, problems)
        for number, item in enumerate(items)
    ]
    whole = pl.concat(parts).sort("@at", "@number", maintain_order=True)
    long = pl.concat(
        [rows[whole["@at"]], whole.drop("@at", "@number")], how="horizontal"
    ).with_columns(
        _by_item([item.testcd for item in items], whole["@number"]).alias("testcd"),
        _by_item([item.column for item in items], whole["@number"]).alias("@item"),
        _by_item([item.column for item in items], whole["@number"]).alias("@column"),
    )
    empty = rows[ROW].filter(~rows[ROW].is_in(long[ROW].unique().implode()))
    refused = [
        (row, NO_ITEM.problem(file=block.form, row=row, block=block.name, domain=block.domain))
        for row in empty
    ]
    return Long(long, whole["@number"], problems, refused)


def _by_item(values: list[str], items: pl.Series) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(items)


def _records_of(
    context: Context,
    block: Block,
    item: Item,
    number: int,
    rows: pl.DataFrame,
    visible: pl.DataFrame,
    problems: list[Problem],
) -> pl.DataFrame:
    """The item's records: the row each is of, the item, its value, its mark and the reason."""
    declared = context.study.records.forms.get(block.form)
    place = {"domain": block.domain, "field": item.column}
    if item.expression is not None:
        computed, failed = values_of(visible, item.expression)
        if computed.dtype.is_float():
            endless = (~computed.is_finite()).fill_null(value=False)
            problems += [
                NOT_FINITE.problem(
                    file=block.form,
                    row=row,
                    expression=item.expression,
                    variable=f"{block.domain[:2]}ORRES",
                    **place,
                )
                for row in rows[ROW].filter(endless)
            ]
            computed = pl.select(pl.when(~endless).then(computed).alias("value"))["value"]
        value = clean(to_texts(computed))
        problems += [
            failure(block.form, rows[ROW][at], item.expression, reason, **place)
            for at, reason in failed
        ]
    else:
        value = numerals(rows[item.column], declared)
    mark = rows[item.not_done] if item.not_done else _nothing(rows)
    reason = rows[item.reason] if item.reason else _nothing(rows)
    not_done, strange = ticked(mark, NOT_DONE, DONE)
    words = {"ticked": ", ".join(NOT_DONE), "empty": ", ".join(DONE), "domain": block.domain}
    problems += [
        UNREADABLE_TICK.problem(
            file=block.form, row=rows[ROW][at], field=item.not_done, value=mark[at], **words
        )
        for at in strange
    ]
    problems += [
        DONE_OR_NOT.problem(file=block.form, row=rows[ROW][at], value=value[at], **place)
        for at in (not_done & value.is_not_null()).arg_true()
    ]
    keep = value.is_not_null() | not_done
    idle = reason.is_not_null() & ~not_done
    if item.when:
        wanted, failed = condition(visible, item.when)
        keep &= wanted
        idle &= wanted
        problems += [
            failure(block.form, rows[ROW][at], item.when, reason_, **place)
            for at, reason_ in failed
        ]
    problems += [
        REASON_UNUSED.problem(
            file=block.form,
            row=rows[ROW][at],
            field=item.reason,
            value=reason[at],
            item=item.column,
            domain=block.domain,
        )
        for at in idle.arg_true()
    ]
    return pl.DataFrame(
        {
            "@at": pl.int_range(rows.height, dtype=pl.UInt32, eager=True),
            "@number": pl.Series([number], dtype=pl.UInt32).new_from_index(0, rows.height),
            "@value": value,
            "@not_done": mark,
            "@reason": reason,
            "@is_not_done": not_done & value.is_null(),
        }
    ).filter(keep)


def _nothing(rows: pl.DataFrame) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)


def fixed(block: Block, items: list[Item], of: pl.Series) -> dict[str, pl.Series]:
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
    made = {}
    for name, values in said.items():
        variable = model.allowed(name) if model else None
        series = pl.Series(name, values, dtype=pl.String)
        if variable is not None and variable.type == "Num":
            series = series.cast(pl.Float64)
        made[name] = series.gather(of)
    return made


def stems(items: Iterable[Item]) -> tuple[str, ...]:
    """The variables that items fill besides their test, whatever the rows hold."""
    listed = list(items)
    said = {
        "ORRESU": any(item.unit for item in listed),
        "STAT": any(item.not_done for item in listed),
        "REASND": any(item.reason for item in listed),
    }
    return ("ORRES", *(stem for stem, is_said in said.items() if is_said))


def results(
    block: Block, items: list[Item], rows: pl.DataFrame, units: pl.Series | None
) -> dict[str, pl.Series]:
    """--ORRES, --ORRESU, --STAT and --REASND as items have them, for lines to start from."""
    model = dataset(block.domain)
    prefix = block.domain[:2]
    frame = rows.select("@value", "@reason", "@is_not_done").with_columns(
        units.alias("unit") if units is not None else pl.lit(None, pl.String).alias("unit")
    )
    not_done = pl.col("@is_not_done")
    made = frame.select(
        pl.col("@value").alias(f"{prefix}ORRES"),
        pl.when(pl.col("@value").is_not_null()).then(pl.col("unit")).alias(f"{prefix}ORRESU"),
        pl.when(not_done).then(pl.lit("NOT DONE")).alias(f"{prefix}STAT"),
        pl.when(not_done).then(pl.col("@reason")).alias(f"{prefix}REASND"),
    )
    filled = {prefix + stem for stem in stems(items)}
    return {
        one.name: one
        for one in made
        if one.name in filled and model is not None and model.variable(one.name) is not None
    }

"""Values that stand in other forms' rows: which row is meant, or what is reckoned over them."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.moments import formats, iso
from trialect.mappings.numbers import NOT_A_NUMBER, to_numbers
from trialect.mappings.values import (
    EXPRESSION,
    PLACE,
    Call,
    Filled,
    RowProblem,
    matches,
    spread,
)
from trialect.problems import Unusable, rule
from trialect.trial import ROW

UNDECIDED = rule(
    "MAP-DATE-UNDECIDED",
    "warning",
    "Partial dates do not tell which is {which}",
    "{value} may each be the {which}; {variable} stays empty.",
    "Complete the dates at their source, or choose a row with first or last.",
    "SDTMIG 3.4, 4.4.2",
)


def ordered(call: Call, *, last: bool) -> Filled:
    """The value of the first or last row, in the form's order or by the line's expression."""
    column = call.line.source[0]
    found = matches(call, column)
    if call.line.value:
        other = call.context.forms[column.form or call.block.form]
        try:
            keys, _ = evaluate(other, call.line.value)
        except ExpressionError as error:
            problem = EXPRESSION.problem(
                file=call.line.table,
                row=call.line.line,
                expression=call.line.value,
                reason=error,
            )
            raise Unusable(problem) from error
        by = other.select(ROW, keys.alias("@key"))
        found = found.join(by, on=ROW, how="left", maintain_order="left").sort(
            PLACE, "@key", ROW, nulls_last=not last
        )
    chosen = found.group_by(PLACE, maintain_order=True).agg(
        pl.col("value", ROW).last() if last else pl.col("value", ROW).first()
    )
    values, rows = spread(call, chosen, "value")
    problems: list[RowProblem] = []
    if call.is_number:
        values, problems = to_numbers(call, values)
    return Filled({call.line.target: values}, problems, {call.line.target: rows})


def dated(call: Call, *, latest: bool) -> Filled:
    """The earliest or latest date; partial dates are compared as far as they are certain."""
    column = call.line.source[0]
    found = matches(call, column)
    moments, wrong = iso(found.select("value"), formats(call), call)
    places = found[PLACE]
    problems = [RowProblem(places[one.place], one.rule, one.given) for one in wrong]
    dates = found.with_columns(moments.alias("iso")).drop_nulls("iso")
    which = "latest" if latest else "earliest"
    best: dict[int, tuple[str, int]] = {}
    undecided: dict[int, set[str]] = {}
    for place, date, row in dates.select(PLACE, "iso", ROW).iter_rows():
        if place not in best:
            best[place] = (date, row)
            continue
        held = best[place][0]
        order = compare(date, held)
        if order is None:
            undecided.setdefault(place, set()).update((date, held))
        elif (order > 0) is latest and order != 0:
            best[place] = (date, row)
            undecided.pop(place, None)
    for place, dates_there in undecided.items():
        best.pop(place, None)
        given = {
            "which": which,
            "value": ", ".join(sorted(dates_there)),
            "variable": call.line.target,
        }
        problems.append(RowProblem(place, UNDECIDED, given))
    chosen = pl.DataFrame(
        [(place, date, row) for place, (date, row) in best.items()],
        schema={PLACE: pl.UInt32, "value": pl.String, ROW: pl.Int64},
        orient="row",
    )
    values, rows = spread(call, chosen, "value")
    return Filled({call.line.target: values}, problems, {call.line.target: rows})


def compare(one: str, other: str) -> int | None:
    """The order of two ISO 8601 texts, None when one is partial where they begin to differ."""
    if one == other:
        return 0
    known = min(len(one), len(other))
    if one[:known] == other[:known] or "--" in one + other:
        return None
    return 1 if one > other else -1


def reckoned(call: Call, how: str) -> Filled:
    """The minimum, maximum or sum of the numbers that fit, exactly."""
    found = matches(call, call.line.source[0])
    numbers: dict[int, list[Decimal]] = {}
    problems = []
    for place, text in found.select(PLACE, "value").iter_rows():
        try:
            numbers.setdefault(place, []).append(Decimal(text))
        except ArithmeticError:
            given = {"value": text, "variable": call.line.target}
            problems.append(RowProblem(place, NOT_A_NUMBER, given))
    reckon = {"minimum": min, "maximum": max, "sum": sum}[how]
    chosen = pl.DataFrame(
        [(place, format(reckon(values), "f")) for place, values in numbers.items()],
        schema={PLACE: pl.UInt32, "value": pl.String},
        orient="row",
    )
    return _filled(call, chosen, problems)


def counted(call: Call) -> Filled:
    """The number of rows that fit and hold a value."""
    found = matches(call, call.line.source[0])
    counts = found.group_by(PLACE, maintain_order=True).agg(pl.len().cast(pl.String).alias("value"))
    values, _ = spread(call, counts, "value")
    return _typed(call, values.fill_null("0"), [])


def _filled(call: Call, chosen: pl.DataFrame, problems: list[RowProblem]) -> Filled:
    values, _ = spread(call, chosen, "value")
    return _typed(call, values, problems)


def _typed(call: Call, values: pl.Series, problems: list[RowProblem]) -> Filled:
    if call.is_number:
        values, more = to_numbers(call, values)
        problems = problems + more
    return Filled({call.line.target: values}, problems)

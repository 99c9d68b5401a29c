"""Values that stand in other forms' rows: which row is meant, or what is reckoned over them."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Literal

import polars as pl

from trialect.mappings.decimals import LARGEST, exact
from trialect.mappings.moments import formats, iso
from trialect.mappings.numbers import NOT_A_NUMBER, to_numbers
from trialect.mappings.sdtm.iso8601 import bounds
from trialect.mappings.values import (
    PLACE,
    Call,
    Filled,
    RowProblem,
    elsewhere,
    matches,
    seen_as_numerals,
    spread,
    values_of,
)
from trialect.problems import rule
from trialect.trial import ROW

UNDECIDED = rule(
    "MAP-DATE-UNDECIDED",
    "warning",
    "Partial dates do not tell which is the {which}",
    "{value} may each be the {which}; {variable} stays empty.",
    "Complete the dates at their source, or choose a row with first or last.",
    "SDTMIG 3.4, 4.4.2",
)

How = Literal["minimum", "maximum", "sum"]

_EXACT = Context(prec=4 * LARGEST)
"""Digits enough for the sum of any such numbers."""


def ordered(call: Call, *, last: bool) -> Filled:
    """The value of the first or last row that has one, in the form's order or by the expression in
    `value`; a row whose place in that order is not known comes behind the others.
    """
    column = call.line.source[0]
    found, problems = matches(call, column)
    if call.line.value:
        form = column.form or call.block.form
        other = call.context.forms[form]
        declared = call.context.study.records.forms.get(form)
        key, failed = values_of(seen_as_numerals(other, declared), call.line.value)
        problems += elsewhere(form, other, call.line.value, failed)
        by = other.select(ROW, key.alias("@key"))
        found = found.join(by, on=ROW, how="left", maintain_order="left").sort(
            PLACE, "@key", ROW, nulls_last=not last
        )
    chosen = found.group_by(PLACE, maintain_order=True).agg(
        pl.col("value", ROW).last() if last else pl.col("value", ROW).first()
    )
    return _filled(call, chosen, problems)


def dated(call: Call, *, latest: bool) -> Filled:
    """The earliest or latest date; partial dates are compared as far as they are certain."""
    column = call.line.source[0]
    found, problems = matches(call, column)
    moments, wrong = iso(found.select("value"), formats(call), call)
    for one in wrong:
        place = {"file": column.form or call.block.form, "row": found[ROW][one.place]}
        problems.append(RowProblem(found[PLACE][one.place], one.rule, {**one.given, **place}))
    near, far = ("upper", "lower") if latest else ("lower", "upper")
    sign = -1 if latest else 1
    # The date that is certainly first ends before every other begins.
    dates = pl.concat(
        [found.with_columns(moments.alias("value")), bounds(moments)], how="horizontal"
    ).drop_nulls("value")
    best = (
        dates.with_columns(
            begins=(pl.col(near) * sign).fill_null(_EVER_BEFORE),
            ends=(pl.col(far) * sign).fill_null(_EVER_AFTER),
        )
        .sort(PLACE, "ends", "begins", "value", ROW)
        .group_by(PLACE, maintain_order=True)
        .agg(
            pl.col("value").first(),
            pl.col(ROW).first(),
            open=(
                (pl.col("begins") <= pl.col("ends").first())
                & (pl.col("value") != pl.col("value").first())
            ).any(),
            all=pl.col("value").unique(maintain_order=True),
        )
    )
    which = "latest" if latest else "earliest"
    for place, texts in best.filter("open").select(PLACE, "all").iter_rows():
        given = {"which": which, "value": ", ".join(sorted(texts))}
        problems.append(RowProblem(place, UNDECIDED, given))
    values, rows = spread(call, best.filter(~pl.col("open")), "value")
    return Filled({call.line.target: values}, problems, {call.line.target: rows})


_EVER_BEFORE, _EVER_AFTER = -(2**62), 2**62
"""Seconds of a date whose year is not known."""


def reckoned(call: Call, how: How) -> Filled:
    """The minimum, maximum or sum of the numbers that fit, exactly as their decimals say.

    A text that is no number is a problem of its own row, and what needs it stays empty.
    """
    column = call.line.source[0]
    found, problems = matches(call, column, numeral=True)
    numbers = {
        text: number
        for text in found["value"].unique(maintain_order=True)
        if (number := exact(text)) is not None
    }
    odd = ~found["value"].is_in(list(numbers))
    form = column.form or call.block.form
    for place, text, row in found.filter(odd).select(PLACE, "value", ROW).iter_rows():
        given = {"value": text, "file": form, "row": row, "field": column.name}
        problems.append(RowProblem(place, NOT_A_NUMBER, given))
    lost = found.filter(odd)[PLACE].unique()
    sure = found.filter(~pl.col(PLACE).is_in(lost.implode()))
    if how == "sum":
        sums: dict[int, Decimal] = {}
        for place, text in sure.select(PLACE, "value").iter_rows():
            sums[place] = _EXACT.add(sums.get(place, Decimal(0)), numbers[text])
        chosen = pl.DataFrame(
            {PLACE: list(sums), "value": [_shortest(number) for number in sums.values()]},
            schema={PLACE: pl.UInt32, "value": pl.String},
        )
        return _filled(call, chosen, problems)
    order = {number: place for place, number in enumerate(sorted(set(numbers.values())))}
    rank = {text: order[number] for text, number in numbers.items()}
    ranks = pl.col("value").replace_strict(rank, default=None, return_dtype=pl.Int64)
    chosen = (
        sure.with_columns(ranks.alias("@rank") * (-1 if how == "maximum" else 1))
        .sort(PLACE, "@rank", ROW)
        .group_by(PLACE, maintain_order=True)
        .agg(pl.col("value", ROW).first())
    )
    return _filled(call, chosen, problems)


def _shortest(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(call: Call) -> Filled:
    """The number of rows that fit and hold a value; 0 where none does."""
    found, problems = matches(call, call.line.source[0])
    counts = found.group_by(PLACE, maintain_order=True).agg(pl.len().cast(pl.String).alias("value"))
    every = pl.DataFrame({PLACE: pl.int_range(call.rows.height, dtype=pl.UInt32, eager=True)})
    every = every.join(counts, on=PLACE, how="left", maintain_order="left")
    return _filled(call, every.with_columns(pl.col("value").fill_null("0")), problems)


def _filled(call: Call, chosen: pl.DataFrame, problems: list[RowProblem]) -> Filled:
    """The chosen texts for the target's type, with the rows that they stand in."""
    values, rows = spread(call, chosen, "value")
    if call.is_number:
        values, more = to_numbers(call, values)
        problems = problems + more
    target = call.line.target
    return Filled({target: values}, problems, {target: rows} if ROW in chosen.columns else {})

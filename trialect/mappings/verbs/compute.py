"""compute: the value of an SQL expression."""

from __future__ import annotations

import polars as pl

from trialect.mappings.numbers import only_finite, to_numbers
from trialect.mappings.shortest import to_texts
from trialect.mappings.values import EXPRESSION_ROW, Call, Filled, RowProblem, clean, values_of
from trialect.mappings.verbs.verb import DERIVED, Verb

VERB = Verb("compute", (0, 0), DERIVED, value="required", method="Computed as {value}")


def fill(call: Call) -> Filled:
    """The expression's value; a row on which it fails has none, and is a problem."""
    text = call.line.value or ""
    values, failed = values_of(call.rows, text)
    problems = [
        RowProblem(place, EXPRESSION_ROW, {"expression": text, "reason": reason})
        for place, reason in failed
    ]
    values, more = only_finite(call, values, text)
    problems += more
    if call.is_number and values.dtype.is_numeric() and not values.dtype.is_decimal():
        return Filled({call.line.target: values.cast(pl.Float64)}, problems)
    shown = clean(to_texts(values))
    if not call.is_number:
        return Filled({call.line.target: shown}, problems)
    numbers, more = to_numbers(call, shown)
    return Filled({call.line.target: numbers}, problems + more)

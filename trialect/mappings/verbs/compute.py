"""compute: the value of an SQL expression."""

from __future__ import annotations

import polars as pl

from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.numbers import to_numbers, to_texts
from trialect.mappings.values import EXPRESSION, EXPRESSION_ROW, Call, Filled, RowProblem
from trialect.mappings.verbs.verb import DERIVED, Verb
from trialect.problems import Unusable

VERB = Verb("compute", (0, 0), DERIVED, value="required", method="Computed as {value}")


def fill(call: Call) -> Filled:
    """The expression's value; a row on which it fails has none, and is a problem."""
    text = call.line.value or ""
    try:
        values, failed = evaluate(call.rows, text)
    except ExpressionError as error:
        raise Unusable(
            EXPRESSION.problem(
                file=call.line.table, row=call.line.line, expression=text, reason=error
            )
        ) from error
    problems = [
        RowProblem(place, EXPRESSION_ROW, {"expression": text, "reason": reason})
        for place, reason in failed
    ]
    if not call.is_number:
        shown = to_texts(values)
        return Filled({call.line.target: shown.set(shown == "", None)}, problems)
    if values.dtype.is_numeric():
        return Filled({call.line.target: values.cast(pl.Float64)}, problems)
    numbers, more = to_numbers(call, to_texts(values))
    return Filled({call.line.target: numbers}, problems + more)

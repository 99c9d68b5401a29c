"""assign: a column's text as it is."""

from __future__ import annotations

from trialect.mappings.numbers import to_numbers
from trialect.mappings.values import Call, Filled, texts
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("assign", (1, 1), COLLECTED)


def fill(call: Call) -> Filled:
    """The column's text, trimmed; for a Num variable the number it spells, exactly."""
    values, rows, problems = texts(call, call.line.source[0])
    if call.is_number:
        values, more = to_numbers(call, values)
        problems += more
    target = call.line.target
    return Filled({target: values}, problems, {} if rows is None else {target: rows})

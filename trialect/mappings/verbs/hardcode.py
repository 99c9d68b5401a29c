"""hardcode: one value for every record."""

from __future__ import annotations

import polars as pl

from trialect.mappings.numbers import to_numbers
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import ASSIGNED, Verb

VERB = Verb("hardcode", (0, 0), ASSIGNED, value="required")


def fill(call: Call) -> Filled:
    """The value; for a Num variable the number it spells."""
    values = pl.Series([call.line.value] * call.rows.height, dtype=pl.String)
    if not call.is_number:
        return Filled({call.line.target: values})
    numbers, problems = to_numbers(call, values)
    return Filled({call.line.target: numbers}, problems)

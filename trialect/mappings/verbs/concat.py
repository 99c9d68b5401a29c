"""concat: the texts of several columns, joined."""

from __future__ import annotations

import polars as pl

from trialect.mappings.values import Call, Filled, texts
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("concat", (1, None), COLLECTED, value="optional")


def fill(call: Call) -> Filled:
    """The texts that are there, with the separator between them; null when none is."""
    parts, problems = [], []
    for number, column in enumerate(call.line.source):
        values, _, more = texts(call, column)
        parts.append(values.alias(str(number)))
        problems += more
    joined = pl.DataFrame(parts).select(
        pl.concat_str(pl.all(), separator=call.line.value or "", ignore_nulls=True).alias("text")
    )["text"]
    return Filled({call.line.target: joined.set(joined == "", None)}, problems)

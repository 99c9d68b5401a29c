"""derive: a derivation written in Python, by its name.

A package offers one as an entry point of the group `trialect.derivations`: a function of the rows
(a Polars frame: the form's columns, earlier targets, @row, @subject) that gives a series of the
same length.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points

import polars as pl

from trialect.mappings.numbers import to_numbers
from trialect.mappings.shortest import to_texts
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import DERIVED, Verb

VERB = Verb("derive", (0, None), DERIVED, value="required", method="Derivation {value}")
GROUP = "trialect.derivations"

Named = Callable[[pl.DataFrame], pl.Series]


@cache
def named() -> dict[str, Named]:
    """The derivations that are installed, by name."""
    return {point.name: point.load() for point in entry_points(group=GROUP)}


def fill(call: Call) -> Filled:
    """What the named function makes of the rows."""
    values = named()[call.line.value or ""](call.rows)
    if not call.is_number:
        return Filled({call.line.target: to_texts(values)})
    if values.dtype.is_numeric():
        return Filled({call.line.target: values.cast(pl.Float64)})
    numbers, problems = to_numbers(call, to_texts(values))
    return Filled({call.line.target: numbers}, problems)

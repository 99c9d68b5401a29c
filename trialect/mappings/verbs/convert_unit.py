"""convert_unit: a value in another unit, exactly."""

from __future__ import annotations

from decimal import InvalidOperation

import polars as pl

from trialect.mappings import units
from trialect.mappings.numbers import NOT_A_NUMBER, to_numbers
from trialect.mappings.values import Call, Filled, RowProblem, own_texts, texts
from trialect.mappings.verbs.verb import DERIVED, Verb
from trialect.problems import rule

VERB = Verb(
    "convert_unit", (1, 1), DERIVED, value="required", method="Converted {value} from {source}"
)

UNKNOWN_UNITS = rule(
    "MAP-UNITS",
    "error",
    "The units cannot be converted",
    "there is no exact factor from {start!r} to {end!r}.",
    "docs/mapping.md lists the units; compute converts others by an expression.",
)
NOT_EVEN = rule(
    "MAP-UNIT-NOT-EXACT",
    "error",
    "A converted value has no last digit",
    "{value} {start} has no finite decimal in {end}.",
    "Nothing is rounded unasked: use compute with ROUND(..., digits).",
)


def pair(value: str) -> tuple[str, str]:
    """`kg -> g` as its two units."""
    start, _, end = value.partition("->")
    return start.strip(), end.strip()


def fill(call: Call) -> Filled:
    """The value in the unit after the arrow."""
    start, end = pair(call.line.value or "")
    values, _, problems = texts(call, call.line.source[0])
    if start.startswith("@"):
        starts = own_texts(call, start[1:]).to_list()
    else:
        starts = [start] * values.len()
    converted: list[str | None] = []
    for place, (value, unit) in enumerate(zip(values, starts, strict=True)):
        converted.append(None)
        if value is None:
            continue
        given = {"value": value, "start": unit, "end": end, "variable": call.line.target}
        try:
            converted[-1] = units.convert(value, unit or "", end)
        except units.UnknownUnitsError:
            problems.append(RowProblem(place, UNKNOWN_UNITS, given))
        except units.NotExactError:
            problems.append(RowProblem(place, NOT_EVEN, given))
        except (InvalidOperation, ValueError):
            problems.append(RowProblem(place, NOT_A_NUMBER, given))
    series = pl.Series(converted, dtype=pl.String)
    if call.is_number:
        series, more = to_numbers(call, series)
        problems += more
    return Filled({call.line.target: series}, problems)

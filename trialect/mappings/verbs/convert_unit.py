"""convert_unit: a value in another unit, exactly."""

from __future__ import annotations

import polars as pl

from trialect.mappings.numbers import NOT_A_NUMBER, to_numbers
from trialect.mappings.units import Converter, NotExactError, UnknownUnitsError, wanted
from trialect.mappings.values import Call, Filled, RowProblem, own_texts, texts
from trialect.mappings.verbs.verb import DERIVED, Verb
from trialect.problems import Rule, rule

VERB = Verb("convert_unit", (1, 1), DERIVED, value="required", method="{source} converted: {value}")

UNKNOWN_UNITS = rule(
    "MAP-UNITS",
    "error",
    "The units cannot be converted",
    "there is no exact factor from {start!r} to {end!r}; {variable} stays empty.",
    "docs/mapping.md lists the units; mappings/units.csv adds the study's own pairs.",
)
NO_UNIT = rule(
    "MAP-UNIT-MISSING",
    "error",
    "A value has no unit to convert it from",
    "{value!r} has no unit; {variable} stays empty.",
    "Fill the unit at its source.",
)
NOT_EVEN = rule(
    "MAP-UNIT-NOT-EXACT",
    "error",
    "A converted value has no last digit",
    "{value} {start} has no finite decimal in {end}; {variable} stays empty.",
    "Nothing is rounded unasked: write `{start} -> {end} round 2` to keep two digits.",
)


def fill(call: Call) -> Filled:
    """The value in the unit after the arrow, each distinct value and unit reckoned once."""
    want = wanted(call.line.value or "")
    values, rows, problems = texts(call, call.line.source[0], numeral=True)
    if want.start.startswith("@"):
        units = own_texts(call, want.start[1:], numeral=False)
    else:
        units = pl.Series([want.start]).new_from_index(0, values.len())
    converter = Converter(call.context.terminology, call.context.tables.units)
    pairs = pl.DataFrame({"value": values, "unit": units})
    distinct = pairs.drop_nulls("value").unique(maintain_order=True)
    done: list[str | None] = []
    wrong: dict[tuple[str, str | None], Rule] = {}
    for value, unit in distinct.iter_rows():
        done.append(None)
        try:
            if unit is None:
                wrong[value, unit] = NO_UNIT
            else:
                done[-1] = converter.convert(value, unit, want.end, want.digits)
        except UnknownUnitsError:
            wrong[value, unit] = UNKNOWN_UNITS
        except NotExactError:
            wrong[value, unit] = NOT_EVEN
        except ValueError:
            wrong[value, unit] = NOT_A_NUMBER
    made = pairs.join(
        distinct.with_columns(pl.Series("made", done, dtype=pl.String)),
        on=["value", "unit"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["made"]
    if wrong:
        for place, (value, unit) in enumerate(pairs.iter_rows()):
            if (value, unit) in wrong:
                given = {"value": value, "start": unit, "end": want.end}
                problems.append(RowProblem(place, wrong[value, unit], given))
    if call.is_number:
        made, more = to_numbers(call, made, values)
        problems += more
    target = call.line.target
    return Filled({target: made}, problems, {} if rows is None else {target: rows})

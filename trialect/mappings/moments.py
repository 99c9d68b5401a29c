"""Columns of dates and times as ISO 8601, each distinct value worked out once."""

from __future__ import annotations

import polars as pl

from trialect.mappings.dates import ISO, ImpossibleError, MisfitError, parse_parts
from trialect.mappings.values import PLACE, Call, Filled, RowProblem, texts
from trialect.problems import rule
from trialect.trial import ROW

IMPOSSIBLE = rule(
    "MAP-DATE-IMPOSSIBLE",
    "error",
    "A date or time does not exist",
    "{value!r}: {reason}; {variable} stays empty.",
    "Correct the date at its source.",
    "SDTMIG 3.4, 4.4.1",
)
MISFIT = rule(
    "MAP-DATE-FORMAT",
    "error",
    "A date is not in the declared format",
    "{value!r} is not written as {format}; {variable} stays empty.",
    "Correct the date, or declare its format too (several are separated by |).",
    "SDTMIG 3.4, 4.4.1",
)


def to_iso(call: Call) -> Filled:
    """The date that the line's columns tell together."""
    columns, problems = [], []
    rows: pl.Series | None = None
    for number, column in enumerate(call.line.source):
        values, found, more = texts(call, column)
        columns.append(values.alias(str(number)))
        problems += more
        rows = found if rows is None else rows
    moments, more = iso(pl.DataFrame(columns), formats(call), call)
    target = call.line.target
    return Filled({target: moments}, problems + more, {} if rows is None else {target: rows})


def formats(call: Call) -> tuple[str, ...]:
    """How the source writes dates: the line's format, the study's, or ISO 8601."""
    declared = call.context.study.records.date_format
    return call.line.format or ((declared,) if declared else (ISO,))


def iso(
    columns: pl.DataFrame, written: tuple[str, ...], call: Call
) -> tuple[pl.Series, list[RowProblem]]:
    """ISO 8601 texts of rows of date parts, and a problem for each row that tells no date."""
    names = columns.columns
    known = columns.filter(~pl.all_horizontal(pl.all().is_null())).unique(maintain_order=True)
    told: list[str | None] = []
    wrong: dict[tuple[str | None, ...], tuple[object, str]] = {}
    for parts in known.iter_rows():
        told.append(None)
        try:
            told[-1] = parse_parts(parts, written).iso
        except ImpossibleError as error:
            wrong[parts] = (IMPOSSIBLE, str(error))
        except MisfitError:
            wrong[parts] = (MISFIT, "")
    moments = columns.join(
        known.with_columns(pl.Series("@iso", told, dtype=pl.String)),
        on=names,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["@iso"]
    problems = []
    if wrong:
        for place, parts in enumerate(columns.iter_rows()):
            if parts in wrong:
                declared, reason = wrong[parts]
                given = {
                    "value": " ".join(part for part in parts if part),
                    "reason": reason,
                    "format": "; ".join(written),
                    "variable": call.line.target,
                }
                problems.append(RowProblem(place, declared, given))  # type: ignore[arg-type] # one of the two rules
    return moments, problems


__all__ = ["IMPOSSIBLE", "MISFIT", "PLACE", "ROW", "formats", "iso", "to_iso"]

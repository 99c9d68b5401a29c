"""Columns of dates and times as ISO 8601, each distinct value worked out once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from trialect.mappings.dates import (
    ISO,
    ISO_DATE,
    ISO_TIME,
    DateFormat,
    ImpossibleError,
    MisfitError,
    date_format,
    parse_parts,
)
from trialect.mappings.values import Call, Filled, RowProblem, texts
from trialect.problems import Rule, rule

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

_FEW = 32
"""Distinct values that are read one by one; more of them are worth a vectorised first pass."""


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


def formats(call: Call) -> tuple[DateFormat, ...]:
    """How each column of the line is written: as the line says, else the study, else ISO 8601.

    Of a date and its time in two columns without a format, the second is hh:mi:ss.
    """
    months = tuple(
        pair
        for name in call.line.codelist
        if (words := call.context.tables.codelists.get(name)) is not None
        for pair in words.terms.items()
    )
    declared = call.context.study.records.date_format
    written = call.line.format
    if not written and len(call.line.source) == 1:
        written = (declared or ISO,)
    elif not written:
        written = (declared or ISO_DATE, ISO_TIME)
    return tuple(date_format(one, months) for one in written)


def iso(
    columns: pl.DataFrame, written: Sequence[DateFormat], call: Call
) -> tuple[pl.Series, list[RowProblem]]:
    """ISO 8601 texts of rows of date parts, and a problem for each row that tells no date."""
    names = columns.columns
    known = columns.filter(~pl.all_horizontal(pl.all().is_null())).unique(maintain_order=True)
    if known.height > _FEW:
        known = known.with_columns(_complete(known, written))
    else:
        known = known.with_columns(pl.lit(None, pl.String).alias("@iso"))
    told: list[str | None] = []
    wrong: dict[tuple[str | None, ...], tuple[Rule, str]] = {}
    rest = known.filter(pl.col("@iso").is_null()).drop("@iso")
    for parts in rest.iter_rows():
        told.append(None)
        try:
            told[-1] = parse_parts(parts, written).iso
        except ImpossibleError as error:
            wrong[parts] = (IMPOSSIBLE, str(error))
        except MisfitError:
            wrong[parts] = (MISFIT, "")
    told_one_by_one = rest.with_columns(pl.Series("@iso", told, dtype=pl.String))
    every = pl.concat([known.drop_nulls("@iso"), told_one_by_one])
    moments = columns.join(every, on=names, how="left", nulls_equal=True, maintain_order="left")[
        "@iso"
    ]
    problems = []
    if wrong:
        for place, parts in enumerate(columns.iter_rows()):
            if parts in wrong:
                declared, reason = wrong[parts]
                given = {
                    "value": " ".join(part for part in parts if part),
                    "reason": reason,
                    "format": "; ".join(one.text for one in written),
                    "variable": call.line.target,
                }
                problems.append(RowProblem(place, declared, given))
    return moments, problems


_DATE = frozenset({"yyyy", "mm", "dd"})
_CLOCKS = (frozenset({"hh", "mi"}), frozenset({"hh", "mi", "ss"}))


def _complete(columns: pl.DataFrame, written: Sequence[DateFormat]) -> pl.Expr:
    """ISO 8601 of the rows in which every part is known and real, null for all others."""
    found = [
        _complete_in(pl.col(name), one) for name, one in zip(columns.columns, written, strict=True)
    ]
    whole = pl.lit(None, pl.String)
    if len(found) == 1:
        both, day, _ = found[0]
        whole = pl.coalesce(both, day)
    elif len(found) == 2:
        (_, day, _), (_, _, clock) = found
        whole = pl.concat_str(day, clock, separator="T")
    return whole.alias("@iso")


def _complete_in(text: pl.Expr, written: DateFormat) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """A column's date and time, its date alone, and its time alone, where they are complete."""
    nothing = pl.lit(None, pl.String)
    both, days, clocks = [nothing], [nothing], [nothing]
    for pattern, words in written.whole:
        if "am" in words or len(set(words)) != len(words):
            continue
        groups = text.str.extract_groups(pattern)
        parts = {word: groups.struct.field(str(at + 1)) for at, word in enumerate(words)}
        if "mon" in parts:
            month = parts.pop("mon").str.to_uppercase()
            parts["mm"] = month.replace_strict(
                dict(written.months), default=None, return_dtype=pl.String
            )
        has_day, held = parts.keys() >= _DATE, parts.keys() - _DATE
        if has_day and not held:
            days.append(_day(parts))
        elif has_day and held in _CLOCKS:
            both.append(pl.concat_str(_day(parts), _clock(parts), separator="T"))
        elif parts.keys() == held and held in _CLOCKS:
            clocks.append(_clock(parts))
    return pl.coalesce(both), pl.coalesce(days), pl.coalesce(clocks)


def _day(parts: dict[str, pl.Expr]) -> pl.Expr:
    day = pl.concat_str(parts["yyyy"], parts["mm"], parts["dd"], separator="-")
    real = day.str.to_date("%Y-%m-%d", strict=False).is_not_null() & (parts["yyyy"] != "0000")
    return pl.when(real).then(day)


def _clock(parts: dict[str, pl.Expr]) -> pl.Expr:
    clock = pl.concat_str(
        *(parts[word] for word in ("hh", "mi", "ss") if word in parts), separator=":"
    )
    real = (parts["hh"] < "24") & (parts["mi"] < "60")
    if "ss" in parts:
        real &= parts["ss"] < "60"
    return pl.when(real).then(clock)

"""visit: VISITNUM, VISIT, VISITDY and EPOCH by the source's visit code."""

from __future__ import annotations

import polars as pl

from trialect.mappings.values import Call, Filled, RowProblem, texts
from trialect.mappings.verbs.verb import ASSIGNED, Verb
from trialect.problems import rule

VERB = Verb("visit", (1, 1), ASSIGNED)

UNKNOWN_VISIT = rule(
    "MAP-VISIT-UNKNOWN",
    "error",
    "A visit code is not in visits.csv",
    "{value!r} is no visit of mappings/visits.csv.",
    "Add a line for it; an unscheduled visit gets its own VISITNUM.",
)
NO_VISIT = "@no visit"
"""The target that marks rows whose visit is unknown: they are quarantined."""


def fill(call: Call) -> Filled:
    """The visit's variables; a code that is not in the table quarantines its row."""
    codes, _, problems = texts(call, call.line.source[0])
    known = {
        visit.code: visit
        for visit in call.context.tables.visits
        if visit.form in (None, call.block.form)
    }
    found = [known.get(code) if code is not None else None for code in codes]
    unknown = [code is not None and visit is None for code, visit in zip(codes, found, strict=True)]
    problems += [
        RowProblem(place, UNKNOWN_VISIT, {"value": codes[place], "variable": "VISIT"})
        for place, strange in enumerate(unknown)
        if strange
    ]
    values = {
        "VISITNUM": pl.Series([v.num if v else None for v in found], dtype=pl.Float64),
        "VISIT": pl.Series([v.name if v else None for v in found], dtype=pl.String),
        "VISITDY": pl.Series([v.day if v else None for v in found], dtype=pl.Float64),
        NO_VISIT: pl.Series(unknown, dtype=pl.Boolean),
    }
    epochs = pl.Series([v.epoch if v else None for v in found], dtype=pl.String)
    if epochs.null_count() < epochs.len():
        values["EPOCH"] = epochs
    return Filled(values, problems)

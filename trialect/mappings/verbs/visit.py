"""visit: VISITNUM, VISIT, VISITDY and EPOCH by the source's visit code."""

from __future__ import annotations

import polars as pl

from trialect.mappings.values import Call, Filled, RowProblem, texts
from trialect.mappings.verbs.verb import ASSIGNED, Verb
from trialect.problems import rule
from trialect.schemas.sdtm import dataset

VERB = Verb("visit", (1, 1), ASSIGNED)
TARGETS = ("VISITNUM", "VISIT", "VISITDY", "EPOCH")

UNKNOWN_VISIT = rule(
    "MAP-VISIT-UNKNOWN",
    "error",
    "A visit code is not in visits.csv",
    "{value!r} is no visit of mappings/visits.csv.",
    "Add a line for it; an unscheduled visit gets its own VISITNUM.",
)
NO_VISIT = rule(
    "MAP-VISIT-EMPTY",
    "warning",
    "A row names no visit",
    "the row names no visit; VISITNUM and VISIT stay empty.",
    "Fill the visit at its source, or take such rows in a block without the line.",
)


def targets(domain: str) -> tuple[str, ...]:
    """The variables that the verb fills in a domain: those of its model."""
    model = dataset(domain)
    return tuple(name for name in TARGETS if model is None or model.allowed(name))


def fill(call: Call) -> Filled:
    """The visit's variables; a row whose code is not in the table has no record."""
    codes, rows, problems = texts(call, call.line.source[0])
    known = call.context.tables.visits_of(call.block.form)
    frame = codes.alias("code").to_frame()
    strange = codes.is_not_null() & ~codes.is_in(list(known))
    problems += [
        RowProblem(place, UNKNOWN_VISIT, {"value": codes[place]}) for place in strange.arg_true()
    ]
    if rows is None:
        problems += [RowProblem(place, NO_VISIT, {}) for place in codes.is_null().arg_true()]
    facts: dict[str, dict[str, str | float | None]] = {
        "VISITNUM": {code: visit.num for code, visit in known.items()},
        "VISIT": {code: visit.name for code, visit in known.items()},
        "VISITDY": {code: visit.day for code, visit in known.items()},
        "EPOCH": {code: visit.epoch for code, visit in known.items()},
    }
    values = {}
    for name in targets(call.block.domain):
        dtype = pl.Float64() if name in ("VISITNUM", "VISITDY") else pl.String()
        values[name] = frame.select(
            pl.col("code").replace_strict(
                pl.Series(list(facts[name]), dtype=pl.String),
                pl.Series(list(facts[name].values()), dtype=dtype),
                default=None,
                return_dtype=dtype,
            )
        )["code"]
    if not any(visit.epoch for visit in call.context.tables.visits):
        # EPOCH that visits.csv does not tell is derived from the subject's elements.
        values.pop("EPOCH", None)
    return Filled(values, problems, {} if rows is None else dict.fromkeys(values, rows))

"""--STRESC, --STRESN and --STRESU of findings whose result is standard as it was collected."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import Derivation, Draft, Output
from trialect.mappings.sdtm.numbers import CANONICAL, exact_number, number_text
from trialect.problems import rule
from trialect.schemas.sdtm import Dataset

NOT_CONVERTED = rule(
    "DERIVE-RESULT-UNIT",
    "error",
    "A result has a standard unit but no standard value",
    "{variable} is {value!r}, another unit than the collected {unit!r}, and no standard result "
    "was mapped.",
    "Map the standard result with convert_unit, or leave the standard unit unmapped.",
    "SDTMIG 3.4, 4.5.1",
)
INEXACT = rule(
    "DERIVE-RESULT-INEXACT",
    "warning",
    "A number has more digits than a numeric variable holds",
    "{value!r} cannot be held exactly by a number, so {variable} is left empty.",
    "Map the result with the digits that were measured.",
    "SDTMIG 3.4, 4.5.1; SAS TS-140",
)


def _apply(draft: Draft) -> None:
    for name, model in draft.subject_datasets():
        if model.is_findings and model.variable(model.expand("--STRESC")) is not None:
            _standardise(draft, name, model)


def _standardise(draft: Draft, name: str, model: Dataset) -> None:
    orres, stresc, stresn, orresu, stresu, stat = (
        model.expand(one)
        for one in ("--ORRES", "--STRESC", "--STRESN", "--ORRESU", "--STRESU", "--STAT")
    )
    if draft.has(name, stresn):
        draft.fill(RESULTS, name, stresc, number_text(draft.frames[name][stresn]))
    if draft.has(name, orres):
        frame = draft.frames[name]
        absent = [pl.lit(None, pl.String).alias(c) for c in (stresc, orresu, stresu, stat)]
        facts = frame.with_columns(one for one in absent if one.meta.output_name() not in frame)
        wanting = pl.col(stresc).is_null() & pl.col(stat).ne_missing("NOT DONE")
        same_unit = pl.col(stresu).is_null() | pl.col(stresu).eq_missing(pl.col(orresu))
        values = facts.select(pl.when(wanting & same_unit).then(orres).alias(stresc)).to_series()
        draft.report(
            NOT_CONVERTED,
            name,
            facts.filter(wanting & ~same_unit & pl.col(orres).is_not_null()),
            stresu,
            {"value": stresu, "unit": orresu},
        )
        draft.fill(RESULTS, name, stresc, values)
    if not draft.has(name, stresc):
        return
    if model.variable(stresn) is not None:
        draft.fill(RESULTS, name, stresn, exact_number(draft.frames[name][stresc]))
        inexact = pl.col(stresn).is_null() & pl.col(stresc).str.contains(CANONICAL)
        draft.report(INEXACT, name, draft.frames[name].filter(inexact), stresn, {"value": stresc})
    if model.variable(stresu) is not None and draft.has(name, orres, orresu):
        unchanged = pl.col(stresc) == pl.col(orres)
        draft.fill(RESULTS, name, stresu, pl.when(unchanged).then(pl.col(orresu)))


RESULTS = Derivation(
    name="standard_result",
    outputs=(
        Output(
            "--STRESC",
            ("--ORRES", "--STRESN", "--STRESU", "--ORRESU", "--STAT"),
            "Where a standard numeric result was mapped, that number as text. Else the result as "
            "collected, provided that no other standard unit was mapped.",
        ),
        Output(
            "--STRESN",
            ("--STRESC",),
            "The number that the standard character result spells; missing when it is no number "
            "or when a number cannot hold it exactly.",
        ),
        Output(
            "--STRESU",
            ("--ORRESU", "--ORRES", "--STRESC"),
            "The unit as collected where the standard result equals the result as collected.",
        ),
    ),
    apply=_apply,
)

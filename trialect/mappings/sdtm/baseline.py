"""--LOBXFL: the last result of a test before the first exposure to study treatment.

Whether a result of the day of the first exposure came before it is told by the times; where a
time is missing by the plan: the elapsed time from the reference point, the planned day of the
visit, and its epoch. Where all of that leaves it open, no result of that test is flagged, since a
wrong one might be.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm import iso8601
from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.mappings.sdtm.sequence import NATURAL_KEYS
from trialect.mappings.sdtm.visits import planned_visits
from trialect.problems import rule
from trialect.schemas.sdtm import Dataset
from trialect.trial import FORM, ROW, Study

UNCERTAIN = rule(
    "DERIVE-LOBXFL",
    "warning",
    "It is not known whether a result came before the first exposure",
    "The result of {test} on {value} may be from before or after the first exposure at {exposure}, "
    "so no result of this test is flagged as the last one before exposure.",
    "Map times of day, or --ELTM with --RFTDTC, or give the visit an epoch in study.yaml.",
    "SDTMIG 3.4, 4.5.9; CG0541",
)

TEST_KEYS = (
    "--TESTCD",
    "--CAT",
    "--SCAT",
    "--OBJ",
    "--SPEC",
    "--METHOD",
    "--LOC",
    "--LAT",
    "--DIR",
    "--PORTOT",
    "--POS",
    "--EVAL",
    "--EVALID",
    "FOCID",
    "TRLNKID",
    "TULNKID",
)
"""What makes two results the same test: a flag is set once for each combination of these."""


def _apply(draft: Draft) -> None:
    exposure = iso8601.with_bounds(draft.subjects("RFXSTDTC"), "RFXSTDTC", "x_").drop_nulls()
    if not exposure.height:
        return
    for name, model in draft.subject_datasets():
        flag, result = model.expand("--LOBXFL"), model.expand("--STRESC")
        date = model.expand("--DTC")
        if model.variable(flag) is not None and draft.has(name, result, date):
            draft.fill(BASELINE, name, flag, _flags(draft, name, model, exposure))


def _flags(draft: Draft, name: str, model: Dataset, exposure: pl.DataFrame) -> pl.Series:
    """Y for the last result before exposure of each subject and test, a row a record."""
    flag, date = model.expand("--LOBXFL"), model.expand("--DTC")
    frame = draft.frames[name]
    by = [SUBJECT, *(c for c in map(model.expand, TEST_KEYS) if c in frame.columns)]
    natural = [c for c in map(model.expand, NATURAL_KEYS) if c in frame.columns]
    lineage = [c for c in (FORM, ROW) if c in frame.columns]
    facts = frame.with_columns(pl.int_range(pl.len()).alias("@place"))
    results = facts.filter(pl.col(model.expand("--STRESC")).is_not_null())
    if flag in frame.columns:
        marked = results.filter(pl.col(flag).is_not_null()).select(by).unique()
        results = results.join(marked, on=by, how="anti", nulls_equal=True)
    results = results.join(exposure, on=SUBJECT, how="inner")
    results = iso8601.with_bounds(results, date)
    before = _before(results, model, draft.study)
    results = results.with_columns(before.alias("@before"))
    open_ = results.filter(pl.col("@before").is_null() & pl.col("lower").is_not_null())
    early = results.filter("@before")
    unknown = open_.select(by).unique()
    draft.report(
        UNCERTAIN,
        name,
        open_.unique(by, keep="first", maintain_order=True),
        flag,
        {"test": model.expand("--TESTCD"), "value": date, "exposure": "RFXSTDTC"},
    )
    last = (
        early.join(unknown, on=by, how="anti", nulls_equal=True)
        .with_columns(
            pl.from_epoch("lower", "s").dt.date().alias("@day"),
            pl.when(iso8601.has_time(pl.col("lower"), pl.col("upper")))
            .then("lower")
            .alias("@time"),
        )
        .sort("@day", "@time", *_plan_order(model, frame), *natural, *lineage, "@place")
        .unique(by, keep="last")
    )
    return pl.select(
        pl.when(pl.int_range(frame.height).is_in(last["@place"].implode())).then(pl.lit("Y"))
    ).to_series()


def _plan_order(model: Dataset, frame: pl.DataFrame) -> list[str]:
    return [c for c in ("VISITNUM", model.expand("--TPTNUM")) if c in frame.columns]


def _before(results: pl.DataFrame, model: Dataset, study: Study) -> pl.Series:
    """True for a result on or before exposure, false after it, null where nobody can tell."""
    exposure = (pl.col("x_lower"), pl.col("x_upper"))
    by_time = iso8601.order((pl.col("lower"), pl.col("upper")), exposure)
    exact = iso8601.has_time(*exposure)
    by_clock = pl.when((by_time != 0) | exact).then(by_time <= 0)
    clock = results.select(by_clock.alias("@before")).to_series()
    if not (clock.is_null() & results["lower"].is_not_null()).any():
        return clock
    planned = _planned_before(results, model, study)
    one_day = results.select(
        iso8601.day(pl.col(model.expand("--DTC"))) == iso8601.day(pl.col("RFXSTDTC"))
    ).to_series()
    return clock.zip_with(clock.is_not_null() | ~one_day.fill_null(value=False), planned)


def _planned_before(results: pl.DataFrame, model: Dataset, study: Study) -> pl.Series:
    """What the plan says of results of the day of exposure: elapsed time, planned day, epoch."""
    said = pl.lit(None, pl.Boolean)
    elapsed, reference = model.expand("--ELTM"), model.expand("--RFTDTC")
    if elapsed in results.columns and reference in results.columns:
        results = iso8601.with_bounds(results, reference, "r_")
        to_exposure = iso8601.order(
            (pl.col("r_lower"), pl.col("r_upper")), (pl.col("x_lower"), pl.col("x_upper"))
        )
        is_negative = pl.col(elapsed).str.starts_with("-")
        tells = (is_negative & (to_exposure <= 0)) | (~is_negative & (to_exposure >= 0))
        said = pl.when(tells).then(is_negative)
    if "VISITNUM" in results.columns:
        visits = planned_visits(study).unique("VISITNUM", keep="none")
        places = {epoch: place for place, epoch in enumerate(study.epochs)}
        exposed = [places[epoch] for epoch in treatment_epochs(study)]
        first = pl.lit(min(exposed) if exposed else None, pl.Int64)
        visits = visits.select(
            "VISITNUM",
            day="VISITDY",
            place=pl.col("EPOCH").replace_strict(places, default=None, return_dtype=pl.Int64),
        )
        results = results.join(visits, on="VISITNUM", how="left", maintain_order="left")
        by_day = pl.when(pl.col("day") != 1).then(pl.col("day") < 1)
        by_epoch = pl.when(pl.col("place") != first).then(pl.col("place") < first)
        said = pl.coalesce(said, by_day, by_epoch)
    return results.select(said.alias("@planned")).to_series()


def treatment_epochs(study: Study) -> list[str]:
    """The epochs of the elements that an exposure record starts, in their order."""
    treated = {one.code for one in study.elements if one.start and one.start.domain == "EX"}
    return list(
        dict.fromkeys(e.epoch for arm in study.arms for e in arm.elements if e.element in treated)
    )


BASELINE = Derivation(
    name="last_before_exposure",
    outputs=(
        Output(
            "--LOBXFL",
            ("--DTC", "--STRESC", "--TESTCD", "VISITNUM", "--ELTM", "--RFTDTC", "DM.RFXSTDTC"),
            "Y for the last result that is not missing on or before the first exposure "
            "(RFXSTDTC), for each subject and test (--TESTCD, category, method, specimen and "
            "position). On the day of exposure, where times do not tell, the planned elapsed "
            "time, the planned day of the visit and its epoch do; where they do not either, no "
            "result of the test is flagged.",
        ),
    ),
    apply=_apply,
)

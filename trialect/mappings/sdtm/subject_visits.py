"""SV: visits that other domains name and SV does not have (CG0034), and whether one was planned.

SVPRESP is settled by TV alone (CG0655, CG0656), so it is filled for mapped visits too.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.mappings.sdtm.iso8601 import Pick, pick
from trialect.mappings.sdtm.visits import planned_visits
from trialect.metadata import Origin

_VISIT = [SUBJECT, "VISITNUM"]


def _apply(draft: Draft) -> None:
    _add_visits(draft)
    if not draft.has("SV", *_VISIT):
        return
    is_planned = pl.col("VISITNUM").is_in(planned_visits(draft.study)["VISITNUM"].implode())
    draft.fill(SUBJECT_VISITS, "SV", "SVPRESP", pl.when(is_planned).then(pl.lit("Y")))
    if draft.has("SV", "SVSTDTC"):
        was_held = (pl.col("SVPRESP") == "Y") & pl.col("SVSTDTC").is_not_null()
        draft.fill(SUBJECT_VISITS, "SV", "SVOCCUR", pl.when(was_held).then(pl.lit("Y")))


def _add_visits(draft: Draft) -> None:
    """Records of the visits that other domains name and SV does not have."""
    named, dated = _records(draft)
    if draft.has("SV", *_VISIT):
        there = draft.frames["SV"].select(_VISIT)
        named = named.join(there, on=_VISIT, how="anti", maintain_order="left")
        dated = dated.join(there, on=_VISIT, how="anti", maintain_order="left")
    if not named.height:
        return
    ends: tuple[tuple[str, Pick], ...] = (("SVSTDTC", "earliest"), ("SVENDTC", "latest"))
    for variable, which in ends:
        dates = _picked(dated, variable, which)
        named = named.join(dates, on=_VISIT, how="left", maintain_order="left")
    identified = named.with_columns(STUDYID=pl.lit(draft.study.studyid), DOMAIN=pl.lit("SV"))
    draft.add(SUBJECT_VISITS, "SV", identified)


def _records(draft: Draft) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The subjects' visits (with VISIT, VISITDY), and the dates of what was done at them."""
    empty = {SUBJECT: pl.String, "VISITNUM": pl.Float64}
    visits = [pl.DataFrame(schema={**empty, "VISIT": pl.String, "VISITDY": pl.Float64})]
    dates = [pl.DataFrame(schema={**empty, "date": pl.String})]
    for name, model in draft.subject_datasets():
        if name == "SV" or not draft.has(name, "VISITNUM"):
            continue
        frame = draft.frames[name].drop_nulls("VISITNUM")
        known = [c for c in ("VISIT", "VISITDY") if c in frame.columns]
        visits.append(frame.select(*_VISIT, *known).unique(maintain_order=True))
        if draft.has(name, model.expand("--STAT")):
            frame = frame.filter(pl.col(model.expand("--STAT")).ne_missing("NOT DONE"))
        # An event may name the visit at which it was told; when it happened is no visit's date.
        is_of_visit = model.variable("VISITNUM") is not None
        told = ("--DTC", "--STDTC", "--ENDTC") if is_of_visit else ("--DTC",)
        for variable in map(model.expand, told):
            if variable in frame.columns and model.allowed(variable) is not None:
                date = pl.col(variable).alias("date")
                dates.append(frame.select(*_VISIT, date).drop_nulls().unique())
    named = (
        pl.concat(visits, how="diagonal")
        .group_by(_VISIT)
        .agg(pl.col("VISIT", "VISITDY").drop_nulls().sort().first())
        .sort(_VISIT)
    )
    return named, pl.concat(dates).unique()


def _picked(dated: pl.DataFrame, variable: str, which: Pick) -> pl.DataFrame:
    keyed = dated.with_columns(
        pl.concat_str(SUBJECT, pl.col("VISITNUM").cast(pl.String), separator="\n").alias("@key")
    )
    keys = keyed.select("@key", *_VISIT).unique()
    return (
        pick(keyed, "@key", "date", which)
        .join(keys, on="@key")
        .select(*_VISIT, pl.col("date").alias(variable))
    )


_ASSIGNED = Origin("Assigned", "Sponsor")

SUBJECT_VISITS = Derivation(
    name="subject_visits",
    outputs=(
        Output("SV.STUDYID", (), "The study's identifier.", _ASSIGNED),
        Output("SV.DOMAIN", (), "SV.", _ASSIGNED),
        Output(
            "SV.USUBJID",
            (SUBJECT, "VISITNUM"),
            "Each subject and visit that records of other domains name.",
        ),
        Output("SV.VISITNUM", ("VISITNUM",), "The visit that records of other domains name."),
        Output("SV.VISIT", ("VISIT",), "The visit that records of other domains name."),
        Output("SV.VISITDY", ("VISITDY",), "The visit that records of other domains name."),
        Output("SV.SVPRESP", ("VISITNUM", "TV.VISITNUM"), "Y where the visit is planned (TV)."),
        Output(
            "SV.SVOCCUR",
            ("SV.SVPRESP", "SV.SVSTDTC"),
            "Y where the visit is planned and has a start date.",
        ),
        Output(
            "SV.SVSTDTC",
            ("--DTC", "--STDTC", "--ENDTC"),
            "The earliest date of the records of the visit, without what was not done.",
        ),
        Output(
            "SV.SVENDTC",
            ("--DTC", "--STDTC", "--ENDTC"),
            "The latest date of the records of the visit, without what was not done.",
        ),
    ),
    apply=_apply,
)

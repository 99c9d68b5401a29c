"""Visits and epochs: what subjects went through, held against the plan (TA, TV) and SV."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check


@check(
    "SDTM-EPOCH-NOT-IN-TA",
    "error",
    "An epoch is not planned",
    "EPOCH is {value!r}, which TA does not hold.",
    "Use an epoch of the arms in study.yaml.",
    "CG0009; SDTMIG 3.4, 7.2.1",
)
def epoch_in_ta(scope: Scope) -> Iterator[Failure]:
    """EPOCH stands in TA."""
    ta = scope.frames.get("TA")
    if scope.name != "TA" and scope.has("EPOCH") and ta is not None and "EPOCH" in ta.columns:
        yield Failure(~pl.col("EPOCH").is_in(_values(ta, "EPOCH")), "EPOCH")


def _values(frame: pl.DataFrame, name: str) -> pl.Series:
    """The values of a variable as one list, to look others up in."""
    return frame[name].drop_nulls().unique().implode()


@check(
    "SDTM-VISITNUM-NOT-IN-SV",
    "error",
    "A visit of a subject is not in SV",
    "VISITNUM {value} of {usubjid} is not in SV.",
    "Map the visit's form to SV, or correct the visit.",
    "CG0034; SDTMIG 3.4, 5.5",
)
def visitnum_in_sv(scope: Scope) -> Iterator[Failure]:
    """The subject's VISITNUM stands in SV."""
    sv = scope.frames.get("SV")
    if scope.name in ("SV", "TV") or sv is None or not scope.has("VISITNUM", "USUBJID"):
        return
    if "VISITNUM" in sv.columns:
        found = _beside(scope, sv.select("USUBJID", "VISITNUM", pl.lit("Y").alias("SVPRESP")))
        yield Failure(found.is_null() & scope.frame["VISITNUM"].is_not_null(), "VISITNUM")


def _beside(scope: Scope, sv: pl.DataFrame) -> pl.Series:
    """SVPRESP of the subject's visit, for each record; null where SV does not hold the visit."""
    known = sv.select("USUBJID", "VISITNUM", "SVPRESP").unique(
        ["USUBJID", "VISITNUM"], maintain_order=True
    )
    joined = scope.frame.select("USUBJID", "VISITNUM").join(
        known, on=["USUBJID", "VISITNUM"], how="left", maintain_order="left"
    )
    return joined["SVPRESP"]


@check(
    "SDTM-PLANNED-VISIT-NOT-IN-TV",
    "error",
    "A visit counts as planned and is not in the plan",
    "{variable} is {value} and SVPRESP is Y, but TV does not hold it.",
    "Give the visit as TV has it, or leave SVPRESP empty for a visit that was not planned.",
    "CG0031; CG0033; CG0655; CG0657; SDTMIG 3.4, 5.5, 7.3.1",
)
def planned_in_tv(scope: Scope) -> Iterator[Failure]:
    """VISITNUM and VISIT of a planned visit (SVPRESP = Y) stand in TV."""
    tv, sv = scope.frames.get("TV"), scope.frames.get("SV")
    if scope.name == "TV" or tv is None or sv is None or not scope.has("USUBJID", "VISITNUM"):
        return
    if not {"USUBJID", "VISITNUM", "SVPRESP"} <= set(sv.columns):
        return
    prespecified = scope.frame["SVPRESP"] if scope.name == "SV" else _beside(scope, sv)
    for name in ("VISITNUM", "VISIT"):
        if scope.has(name) and name in tv.columns:
            outside = ~scope.frame[name].is_in(_values(tv, name))
            yield Failure(outside & (prespecified == "Y"), name)


@check(
    "SDTM-VISITDY",
    "error",
    "VISITDY is not the planned day of its visit",
    "VISITDY is {value}; TV has {expected} for VISITNUM {visit}.",
    "Give the planned day of TV; leave it empty for a visit that was not planned.",
    "CG0032; CG0225; SDTMIG 3.4, 4.4.5",
)
def visitdy(scope: Scope) -> Iterator[Failure]:
    """VISITDY is one that TV plans for the visit, and empty for a visit that TV has not."""
    tv = scope.frames.get("TV")
    if scope.name == "TV" or tv is None or not scope.has("VISITDY", "VISITNUM"):
        return
    if "VISITNUM" not in tv.columns:
        return
    given = pl.col("VISITDY").is_not_null()
    unplanned = ~pl.col("VISITNUM").is_in(_values(tv, "VISITNUM"))
    visit = {"visit": pl.col("VISITNUM")}
    yield Failure(given & unplanned, "VISITDY", {**visit, "expected": "no plan"})
    if "VISITDY" not in tv.columns:
        return
    # A visit may be planned for other days in other arms.
    days = tv.drop_nulls(["VISITNUM", "VISITDY"]).group_by("VISITNUM", maintain_order=True)
    for (number,), planned in days:
        known = planned["VISITDY"].unique().sort()
        other = (pl.col("VISITNUM") == number) & ~pl.col("VISITDY").is_in(known.implode())
        listed = " or ".join(f"{day:g}" for day in known)
        yield Failure(given & other, "VISITDY", {**visit, "expected": listed})


@check(
    "SDTM-SV-PRESP",
    "error",
    "SVPRESP does not fit the visit",
    "SVPRESP is {value} for VISITNUM {visit}: {why}.",
    "SVPRESP is Y for a visit of TV and empty for any other.",
    "CG0653; CG0654; CG0656; CG0658; SDTMIG 3.4, 5.5",
    datasets=("SV",),
)
def prespecified(scope: Scope) -> Iterator[Failure]:
    """SVPRESP is Y for planned visits, empty for others; SVOCCUR and VISITDY need it."""
    if not scope.has("SVPRESP", "VISITNUM"):
        return
    presp = pl.col("SVPRESP")
    given = {"visit": pl.col("VISITNUM")}
    yield Failure(presp != "Y", "SVPRESP", {**given, "why": "it is Y or empty"})
    tv = scope.frames.get("TV")
    if tv is not None and "VISITNUM" in tv.columns:
        planned = pl.col("VISITNUM").is_in(_values(tv, "VISITNUM"))
        yield Failure(presp.is_null() & planned, "SVPRESP", {**given, "why": "TV plans it"})
    for name in ("SVOCCUR", "VISITDY"):
        if scope.has(name):
            needs = pl.col(name).is_not_null() & presp.ne_missing("Y")
            yield Failure(needs, "SVPRESP", {**given, "why": f"{name} is filled"})


@check(
    "SDTM-SV-ONE-RECORD",
    "error",
    "A planned visit of a subject stands twice in SV",
    "VISITNUM {value} of {usubjid} stands more than once in SV.",
    "SV holds one record for a planned visit of a subject.",
    "CG0410; SDTMIG 3.4, 5.5",
    datasets=("SV",),
)
def one_record_a_visit(scope: Scope) -> Iterator[Failure]:
    """VISITNUM of a planned visit is unique within the subject."""
    tv = scope.frames.get("TV")
    if tv is not None and "VISITNUM" in tv.columns and scope.has("USUBJID", "VISITNUM"):
        twice = scope.frame.select("USUBJID", "VISITNUM").is_duplicated()
        planned = scope.frame["VISITNUM"].is_in(_values(tv, "VISITNUM"))
        yield Failure(twice & planned, "VISITNUM")

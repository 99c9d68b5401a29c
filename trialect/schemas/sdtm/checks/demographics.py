"""DM: one record a subject, its arms and reference dates."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check

ARM_VARIABLES = ("ARM", "ARMCD", "ACTARM", "ACTARMCD")

DM = ("DM",)


@check(
    "SDTM-DM-ONE-RECORD",
    "error",
    "A subject has more than one record in DM",
    "{usubjid} has more than one record in DM.",
    "DM holds one record a subject.",
    "SDTMIG 3.4, 5.2",
    datasets=DM,
)
def one_record(scope: Scope) -> Iterator[Failure]:
    """USUBJID is unique in DM."""
    if scope.has("USUBJID"):
        yield Failure(scope.frame["USUBJID"].is_duplicated(), "USUBJID")


@check(
    "SDTM-DM-ARM-NULL",
    "error",
    "An arm is empty and no reason says why",
    "{variable} is empty and so is ARMNRS.",
    "Give the arm, or say in ARMNRS why there is none (SCREEN FAILURE, NOT ASSIGNED, ...).",
    "CG0513; CG0515; CG0517; CG0519; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def arm_null(scope: Scope) -> Iterator[Failure]:
    """ARM, ARMCD, ACTARM, ACTARMCD are null only with ARMNRS."""
    reason = pl.col("ARMNRS") if scope.has("ARMNRS") else pl.lit(None, pl.String)
    for name in ARM_VARIABLES:
        if scope.has(name):
            yield Failure(pl.col(name).is_null() & reason.is_null(), name)


@check(
    "SDTM-DM-ARMNRS",
    "error",
    "A reason for no arm though both arms are given",
    "ARMNRS is {value!r} though ARMCD and ACTARMCD are given.",
    "Leave ARMNRS empty for a subject with planned and actual arm.",
    "CG0520; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def armnrs(scope: Scope) -> Iterator[Failure]:
    """ARMNRS is null when both arm codes are given."""
    if scope.has("ARMNRS", "ARMCD", "ACTARMCD"):
        given = pl.col("ARMCD").is_not_null() & pl.col("ACTARMCD").is_not_null()
        yield Failure(pl.col("ARMNRS").is_not_null() & given, "ARMNRS")


@check(
    "SDTM-DM-ARMCD-LENGTH",
    "error",
    "An arm code is too long",
    "{variable} is {value!r}, longer than 20 characters.",
    "Shorten the arm's code in study.yaml.",
    "CG0153; SDTMIG 3.4, 5.2",
    datasets=(*DM, "TA", "TV"),
)
def armcd_length(scope: Scope) -> Iterator[Failure]:
    """ARMCD and ACTARMCD hold at most 20 characters."""
    for name in ("ARMCD", "ACTARMCD"):
        if scope.has(name):
            yield Failure(pl.col(name).str.len_chars() > 20, name)


@check(
    "SDTM-ARMCD-NOT-IN-TA",
    "error",
    "An arm is not planned",
    "{variable} is {value!r}, which TA does not hold.",
    "Use the code of an arm in study.yaml.",
    "CG0293; SDTMIG 3.4, 5.2, 7.3.1",
    datasets=(*DM, "TV"),
)
def armcd_in_ta(scope: Scope) -> Iterator[Failure]:
    """Arm codes of DM and TV stand in TA."""
    ta = scope.frames.get("TA")
    if ta is None or "ARMCD" not in ta.columns:
        return
    planned = ta["ARMCD"].drop_nulls().unique()
    for name in ("ARMCD", "ACTARMCD"):
        if scope.has(name):
            yield Failure(~pl.col(name).is_in(planned.implode()), name)


@check(
    "SDTM-DM-RFXSTDTC",
    "error",
    "The first exposure is not that of EX",
    "RFXSTDTC is {value}; the first start in EX is {expected}.",
    "Leave RFXSTDTC to trialect.",
    "CG0148; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def rfxstdtc(scope: Scope) -> Iterator[Failure]:
    """RFXSTDTC is the first EXSTDTC."""
    yield from _earliest(scope, "RFXSTDTC", "EX", "EXSTDTC", None)


@check(
    "SDTM-DM-RFICDTC",
    "error",
    "The informed consent is not that of DS",
    "RFICDTC is {value}; the earliest consent in DS is {expected}.",
    "Leave RFICDTC to trialect, or correct the consent's date.",
    "CG0143; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def rficdtc(scope: Scope) -> Iterator[Failure]:
    """RFICDTC is the earliest informed consent of DS."""
    consent = pl.col("DSDECOD") == "INFORMED CONSENT OBTAINED"
    yield from _earliest(scope, "RFICDTC", "DS", "DSSTDTC", consent)


def _earliest(
    scope: Scope, name: str, domain: str, date: str, which: pl.Expr | None
) -> Iterator[Failure]:
    records = scope.frames.get(domain)
    if records is None or date not in records.columns or not scope.has(name, "USUBJID"):
        return
    if which is not None:
        if "DSDECOD" not in records.columns:
            return
        records = records.filter(which)
    first = records.group_by("USUBJID").agg(pl.col(date).min().alias("@first"))
    joined = scope.frame.select("USUBJID").join(
        first, on="USUBJID", how="left", maintain_order="left"
    )["@first"]
    expected = pl.lit(joined)
    differs = pl.col(name).is_not_null() & expected.is_not_null() & (pl.col(name) != expected)
    yield Failure(differs, name, {"expected": expected})


ORDERED = (
    ("RFICDTC", "RFSTDTC"),
    ("RFSTDTC", "RFENDTC"),
    ("RFICDTC", "RFXSTDTC"),
    ("RFXSTDTC", "RFXENDTC"),
    ("RFSTDTC", "RFPENDTC"),
)


@check(
    "SDTM-DM-REFERENCE-ORDER",
    "error",
    "Reference dates are out of order",
    "{variable} {value} is before {earlier} {before}.",
    "Correct the dates they come from.",
    "FB3404; FB3408; FB3411; FB3412; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def reference_order(scope: Scope) -> Iterator[Failure]:
    """RFICDTC <= RFSTDTC <= RFENDTC and RFICDTC <= RFXSTDTC <= RFXENDTC, as far as known."""
    for earlier, later in ORDERED:
        if scope.has(earlier, later):
            known = pl.min_horizontal(
                pl.col(earlier).str.len_chars(), pl.col(later).str.len_chars()
            )
            wrong = pl.col(later).str.head(known) < pl.col(earlier).str.head(known)
            yield Failure(wrong, later, {"earlier": earlier, "before": pl.col(earlier)})


@check(
    "SDTM-DM-DTHFL",
    "error",
    "The death flag is wrong",
    "DTHFL is {value} and DTHDTC is {date}.",
    "DTHFL is Y for a subject who died and empty else; with DTHDTC it is Y.",
    "CG0131; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def dthfl(scope: Scope) -> Iterator[Failure]:
    """DTHFL is Y or null, and Y if DTHDTC is there."""
    if scope.has("DTHFL"):
        date = pl.col("DTHDTC") if scope.has("DTHDTC") else pl.lit(None, pl.String)
        wrong = (pl.col("DTHFL") != "Y") | (date.is_not_null() & pl.col("DTHFL").is_null())
        yield Failure(wrong, "DTHFL", {"date": date})


@check(
    "SDTM-DM-AGE",
    "error",
    "An age is not possible",
    "AGE is {value}.",
    "Correct the birth date or the age at its source.",
    "SDTMIG 3.4, 5.2",
    datasets=DM,
)
def age(scope: Scope) -> Iterator[Failure]:
    """AGE is not negative and, in years, not above 130."""
    if scope.has("AGE"):
        years = pl.col("AGEU") == "YEARS" if scope.has("AGEU") else pl.lit(True)
        yield Failure((pl.col("AGE") < 0) | (years & (pl.col("AGE") > 130)), "AGE")


@check(
    "SDTM-DM-AGEU",
    "error",
    "An age without its unit",
    "AGE is {value} and AGEU is empty.",
    "Give AGEU, for example YEARS.",
    "SDTMIG 3.4, 5.2",
    datasets=DM,
)
def ageu(scope: Scope) -> Iterator[Failure]:
    """AGEU is there when AGE is."""
    if scope.has("AGE"):
        unit = pl.col("AGEU") if scope.has("AGEU") else pl.lit(None, pl.String)
        yield Failure(pl.col("AGE").is_not_null() & unit.is_null(), "AGE")

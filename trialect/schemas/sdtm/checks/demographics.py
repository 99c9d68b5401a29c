"""DM: one record a subject, its arms and reference dates."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.checks.timing import is_day, known_before

ARM_VARIABLES = ("ARM", "ARMCD", "ACTARM", "ACTARMCD")

DM = ("DM",)


@check(
    "SDTM-DM-ONE-RECORD",
    "error",
    "A subject has more than one record in DM",
    "{usubjid} has more than one record in DM.",
    "DM holds one record a subject.",
    "CG0151; SDTMIG 3.4, 5.2",
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
    "SDTM-DM-ARM-CODE",
    "error",
    "An arm has a name and no code",
    "{variable} is empty and {arm} is {name!r}.",
    "Give the code of the arm as well.",
    "CG0521; CG0522; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def arm_code(scope: Scope) -> Iterator[Failure]:
    """ARMCD is there with ARM, ACTARMCD with ACTARM."""
    for code, name in (("ARMCD", "ARM"), ("ACTARMCD", "ACTARM")):
        if scope.has(code, name):
            alone = pl.col(code).is_null() & pl.col(name).is_not_null()
            yield Failure(alone, code, {"arm": name, "name": pl.col(name)})


@check(
    "SDTM-DM-ARMCD-LENGTH",
    "error",
    "An arm code is too long",
    "{variable} is {value!r}, longer than 20 characters.",
    "Shorten the arm's code in study.yaml.",
    "CG0123; CG0153; CG0297; SDTMIG 3.4, 5.2",
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
    "Use the code and name of an arm in study.yaml.",
    "CG0293; CG0294; CG0512; CG0514; CG0516; CG0518; SDTMIG 3.4, 5.2, 7.3.1",
    datasets=(*DM, "TV"),
)
def armcd_in_ta(scope: Scope) -> Iterator[Failure]:
    """Arms of DM and TV stand in TA, by code and by name."""
    ta = scope.frames.get("TA")
    if ta is None:
        return
    for name in ("ARMCD", "ACTARMCD", "ARM", "ACTARM"):
        planned = name.removeprefix("ACT")
        if scope.has(name) and planned in ta.columns:
            known = ta[planned].drop_nulls().unique().implode()
            yield Failure(~pl.col(name).is_in(known), name)


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
    yield from _extreme(scope, "RFXSTDTC", _dates(scope, "EX", ("EXSTDTC",)))


@check(
    "SDTM-DM-RFXENDTC",
    "error",
    "The last exposure is not that of EX",
    "RFXENDTC is {value}; the last date in EX is {expected}.",
    "Leave RFXENDTC to trialect.",
    "CG0147; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def rfxendtc(scope: Scope) -> Iterator[Failure]:
    """RFXENDTC is the last EXENDTC, or EXSTDTC."""
    yield from _extreme(scope, "RFXENDTC", _dates(scope, "EX", ("EXSTDTC", "EXENDTC")), last=True)


@check(
    "SDTM-DM-RFICDTC",
    "error",
    "The informed consent is not that of DS",
    "RFICDTC is {value}; the earliest consent in DS is {expected}.",
    "Leave RFICDTC to trialect, or correct the consent's date.",
    "CG0068; CG0143; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def rficdtc(scope: Scope) -> Iterator[Failure]:
    """RFICDTC is the earliest informed consent of DS."""
    consent = pl.col("DSDECOD") == "INFORMED CONSENT OBTAINED"
    yield from _extreme(scope, "RFICDTC", _dates(scope, "DS", ("DSSTDTC",), consent))


def _dates(
    scope: Scope, domain: str, names: tuple[str, ...], which: pl.Expr | None = None
) -> pl.DataFrame | None:
    """The dates of a subject's records, one a row in `@date`; None when a variable is not there."""
    records = scope.frames.get(domain)
    needed = {"USUBJID", *names, *(which.meta.root_names() if which is not None else ())}
    if records is None or not needed <= set(records.columns):
        return None
    chosen = records if which is None else records.filter(which)
    parts = [chosen.select("USUBJID", pl.col(name).alias("@date")) for name in names]
    return pl.concat(parts).drop_nulls()


def _extreme(
    scope: Scope, name: str, dates: pl.DataFrame | None, *, last: bool = False
) -> Iterator[Failure]:
    """The variable is one of the dates, and none is known to be before (or after) it.

    Where a date is partial, what all of them share is as good, and so is nothing.
    """
    if dates is None or not scope.has(name, "USUBJID"):
        return
    own = scope.frame.select("USUBJID", pl.col(name).alias("@own")).with_row_index("@place")
    mine, date = pl.col("@own"), pl.col("@date")
    wrong = (known_before(mine, date) if last else known_before(date, mine)).any() | ~(
        (mine == date).any() | ((~is_day(date)).any() & date.str.starts_with(mine).any())
    ) & ~((~is_day(date)).any() & mine.is_null().any())
    extreme = date.max() if last else date.min()
    found = (
        own.join(dates, on="USUBJID", how="inner")
        .group_by("@place")
        .agg(extreme.alias("@expected"), wrong.alias("@wrong"))
    )
    joined = own.join(found, on="@place", how="left", maintain_order="left")
    expected = pl.lit(joined["@expected"])
    yield Failure(joined["@wrong"].fill_null(False), name, {"expected": expected})


ORDERED = (
    ("RFICDTC", "RFSTDTC"),
    ("RFSTDTC", "RFENDTC"),
    ("RFICDTC", "RFXSTDTC"),
    ("RFXSTDTC", "RFXENDTC"),
    ("RFCSTDTC", "RFCENDTC"),
)


@check(
    "SDTM-DM-REFERENCE-ORDER",
    "error",
    "Reference dates are out of order",
    "{variable} {value} is before {earlier} {before}.",
    "Correct the dates they come from.",
    "FB3404; FB3408; FB3411; FB3412; FB3413; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def reference_order(scope: Scope) -> Iterator[Failure]:
    """RFICDTC <= RFSTDTC <= RFENDTC and RFICDTC <= RFXSTDTC <= RFXENDTC, as far as known."""
    for earlier, later in ORDERED:
        if scope.has(earlier, later):
            wrong = known_before(pl.col(later), pl.col(earlier))
            yield Failure(wrong, later, {"earlier": earlier, "before": pl.col(earlier)})


@check(
    "SDTM-DM-RFPENDTC",
    "error",
    "Participation ends before something else of the subject",
    "RFPENDTC {value} is before {earlier} {before}.",
    "Leave RFPENDTC to trialect: it is the last date on which anything is known of the subject.",
    "SDTMIG 3.4, 5.2",
    datasets=DM,
)
def rfpendtc(scope: Scope) -> Iterator[Failure]:
    """RFPENDTC is not before consent, the reference period, treatment or challenge."""
    if scope.has("RFPENDTC"):
        for earlier in ("RFICDTC", "RFSTDTC", "RFENDTC", "RFXENDTC", "RFCENDTC"):
            if scope.has(earlier):
                wrong = known_before(pl.col("RFPENDTC"), pl.col(earlier))
                yield Failure(wrong, "RFPENDTC", {"earlier": earlier, "before": pl.col(earlier)})


@check(
    "SDTM-DM-DTHFL",
    "error",
    "The death flag is not Y",
    "DTHFL is {value!r}.",
    "DTHFL is Y for a subject who died and empty else.",
    "CG0131; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def dthfl(scope: Scope) -> Iterator[Failure]:
    """DTHFL is Y or null."""
    if scope.has("DTHFL"):
        yield Failure(pl.col("DTHFL") != "Y", "DTHFL")


@check(
    "SDTM-DM-DEATH",
    "error",
    "A death is not told in DM",
    "DTHFL is not Y, but {evidence} of {usubjid}.",
    "Set DTHFL to Y, or correct the record that tells of a death.",
    "CG0133; CG0134; CG0135; CG0136; CG0435; FB0602; FB0603; FB0604; FB0605; FB0606; "
    "SDTMIG 3.4, 5.2",
    datasets=DM,
)
def death(scope: Scope) -> Iterator[Failure]:
    """DTHFL is Y for a subject with a date of death or a record that tells of death."""
    flag = pl.col("DTHFL") if scope.has("DTHFL") else pl.lit(None, pl.String)
    if scope.has("DTHDTC"):
        told = {"evidence": "DTHDTC gives the date"}
        yield Failure(pl.col("DTHDTC").is_not_null() & flag.ne_missing("Y"), "DTHFL", told)
    for domain, variable, value in DEATHS:
        records = scope.frames.get(domain)
        if records is None or not {"USUBJID", variable} <= set(records.columns):
            continue
        meant = pl.col(variable).is_not_null() if value is None else pl.col(variable) == value
        dead = records.filter(meant)["USUBJID"].unique().implode()
        told = {"evidence": f"{domain} has a record with {variable} {value or 'filled'}"}
        yield Failure(pl.col("USUBJID").is_in(dead) & flag.ne_missing("Y"), "DTHFL", told)


DEATHS = (
    ("DD", "DDTESTCD", None),
    ("AE", "AEOUT", "FATAL"),
    ("AE", "AESDTH", "Y"),
    ("DS", "DSDECOD", "DEATH"),
)
"""Records that tell of a death: dataset, variable, value (None: any)."""


@check(
    "SDTM-DM-AGE",
    "error",
    "An age is not possible",
    "AGE is {value}.",
    "Correct the birth date or the age at its source.",
    "FB4001; SDTMIG 3.4, 5.2",
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
    "An age without its unit, or a unit without an age",
    "AGE is {value} and AGEU is {unit}.",
    "Give both, for example 44 and YEARS, or none.",
    "CG0665; CG0666; SDTMIG 3.4, 5.2",
    datasets=DM,
)
def ageu(scope: Scope) -> Iterator[Failure]:
    """AGEU is there when AGE is, and only then (AGETXT is an age as well)."""
    if scope.has("AGE"):
        unit = pl.col("AGEU") if scope.has("AGEU") else pl.lit(None, pl.String)
        text = pl.col("AGETXT") if scope.has("AGETXT") else pl.lit(None, pl.String)
        none = pl.col("AGE").is_null() & text.is_null()
        wrong = (pl.col("AGE").is_not_null() & unit.is_null()) | (none & unit.is_not_null())
        yield Failure(wrong, "AGE", {"unit": unit})

"""AE, DS, IE: what happened, and what it must say."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check


@check(
    "SDTM-DS-ONE-DISPOSITION",
    "error",
    "Two disposition events in one epoch",
    "{usubjid} has more than one DISPOSITION EVENT in epoch {epoch}.",
    "An epoch ends once; keep the one that is true, or tell them apart by DSSCAT.",
    "CG0535; CG0536; CG0537; CG0538; CG0539; SDTMIG 3.4, 6.2.4",
    datasets=("DS",),
)
def one_disposition(scope: Scope) -> Iterator[Failure]:
    """DS: one DISPOSITION EVENT per EPOCH, DSSCAT and subject."""
    if not scope.has("USUBJID", "DSCAT", "EPOCH"):
        return
    event = pl.col("DSCAT") == "DISPOSITION EVENT"
    keys = ["USUBJID", "EPOCH", "DSSCAT"] if scope.has("DSSCAT") else ["USUBJID", "EPOCH"]
    twice = event & (event.sum().over(keys) > 1) & pl.col("EPOCH").is_not_null()
    yield Failure(twice, "EPOCH", {"epoch": pl.col("EPOCH")})


DISPOSITIONS = {
    "DISPOSITION EVENT": "C66727",
    "PROTOCOL MILESTONE": "C114118",
    "OTHER EVENT": "C150811",
}
"""The codelist of DSDECOD for each DSCAT (SDTMIG 3.4, 6.2.4)."""


@check(
    "SDTM-DS-DECOD-CATEGORY",
    "error",
    "A disposition stands under the wrong category",
    "DSDECOD is {value!r} under DSCAT {category}; it is a term of {codelist}.",
    "Correct DSCAT, or the disposition.",
    "SDTMIG 3.4, 6.2.4; CDISC CT C66727, C114118, C150811",
    datasets=("DS",),
)
def disposition_category(scope: Scope) -> Iterator[Failure]:
    """DSDECOD is a term of the codelist of its DSCAT, not of another one's."""
    if not scope.has("DSDECOD", "DSCAT"):
        return
    terms = {}
    for category, code in DISPOSITIONS.items():
        codelist = scope.terminology.codelist(code)
        if codelist is not None:
            terms[category] = set(codelist.by_value)
    for category, own in terms.items():
        for other, others in terms.items():
            foreign = pl.Series(sorted(others - own), dtype=pl.String).implode()
            wrong = (pl.col("DSCAT") == category) & pl.col("DSDECOD").is_in(foreign)
            yield Failure(wrong, "DSDECOD", {"category": category, "codelist": other})


@check(
    "SDTM-DS-COMPLETED",
    "error",
    "A subject who completed is not decoded so",
    "DSTERM is COMPLETED and DSDECOD is {value!r}.",
    "DSDECOD is COMPLETED as well.",
    "CG0065; SDTMIG 3.4, 6.2.4",
    datasets=("DS",),
)
def completed(scope: Scope) -> Iterator[Failure]:
    """DSTERM = COMPLETED is decoded COMPLETED."""
    if scope.has("DSTERM", "DSDECOD"):
        wrong = (pl.col("DSTERM") == "COMPLETED") & pl.col("DSDECOD").ne_missing("COMPLETED")
        yield Failure(wrong, "DSDECOD")


@check(
    "SDTM-DS-DEATH-DATE",
    "error",
    "A death has two dates",
    "DSSTDTC of the death is {value}; DM.DTHDTC is {expected}.",
    "Correct the date that is wrong at its source.",
    "CG0069; SDTMIG 3.4, 5.2, 6.2.4",
    datasets=("DS",),
)
def death_date(scope: Scope) -> Iterator[Failure]:
    """DSSTDTC of DEATH is DM.DTHDTC."""
    dm = scope.frames.get("DM")
    if dm is None or not scope.has("USUBJID", "DSDECOD", "DSSTDTC"):
        return
    if not {"USUBJID", "DTHDTC"} <= set(dm.columns):
        return
    known = dm.select("USUBJID", "DTHDTC").unique("USUBJID", maintain_order=True)
    joined = scope.frame.select("USUBJID").join(
        known.with_columns(pl.lit(True).alias("@in")),
        on="USUBJID",
        how="left",
        maintain_order="left",
    )
    expected = pl.lit(joined["DTHDTC"])
    wrong = (pl.col("DSDECOD") == "DEATH") & pl.col("DSSTDTC").ne_missing(expected)
    yield Failure(wrong & pl.lit(joined["@in"]), "DSSTDTC", {"expected": expected})


CRITERIA = ("AESCAN", "AESCONG", "AESDISAB", "AESDTH", "AESHOSP", "AESLIFE", "AESOD", "AESMIE")
"""What makes an adverse event serious."""


def _any_criterion(scope: Scope) -> pl.Expr | None:
    collected = [name for name in CRITERIA if scope.has(name)]
    if not scope.has("AESER") or not collected:
        return None
    return pl.any_horizontal(pl.col(name).eq_missing("Y") for name in collected)


@check(
    "SDTM-AE-SERIOUS",
    "error",
    "A serious event without a criterion",
    "AESER is {value!r} and no seriousness criterion is Y.",
    "Say which criterion made it serious (AESDTH, AESHOSP, AESLIFE, AESDISAB, AESCONG, AESMIE); "
    "without one AESER is N.",
    "CG0042; SDTMIG 3.4, 6.2.1",
    datasets=("AE",),
)
def serious(scope: Scope) -> Iterator[Failure]:
    """AESER is N without a criterion, where criteria are collected."""
    criterion = _any_criterion(scope)
    if criterion is not None:
        yield Failure(pl.col("AESER").ne_missing("N") & ~criterion, "AESER")


@check(
    "SDTM-AE-NOT-SERIOUS",
    "error",
    "An event with a criterion is not serious",
    "AESER is {value!r} though a seriousness criterion is Y.",
    "Set AESER to Y, or correct the criterion.",
    "CG0041; SDTMIG 3.4, 6.2.1",
    datasets=("AE",),
)
def not_serious(scope: Scope) -> Iterator[Failure]:
    """AESER is Y with a criterion."""
    criterion = _any_criterion(scope)
    if criterion is not None:
        yield Failure(pl.col("AESER").ne_missing("Y") & criterion, "AESER")


@check(
    "SDTM-AE-FATAL",
    "error",
    "Death is told by one variable and not by the other",
    "AEOUT is {outcome} and AESDTH is {death}.",
    "An event with outcome FATAL has AESDTH = Y, and the reverse.",
    "SDTMIG 3.4, 6.2.1",
    datasets=("AE",),
)
def fatal(scope: Scope) -> Iterator[Failure]:
    """AEOUT = FATAL goes with AESDTH = Y."""
    if scope.has("AEOUT", "AESDTH"):
        outcome, death = pl.col("AEOUT"), pl.col("AESDTH")
        wrong = (outcome == "FATAL") != death.eq_missing("Y")
        yield Failure(wrong, "AESDTH", {"outcome": outcome, "death": death})


@check(
    "SDTM-IE-RESULT",
    "error",
    "A criterion that was met is in IE",
    "{variable} is {value!r} for a criterion of category {category}.",
    "IE holds inclusion criteria not met (N) and exclusion criteria met (Y) only.",
    "CG0175; CG0176; SDTMIG 3.4, 6.3.4",
    datasets=("IE",),
)
def criterion_result(scope: Scope) -> Iterator[Failure]:
    """IEORRES is N for inclusion, Y for exclusion criteria."""
    if scope.has("IECAT"):
        for name in ("IEORRES", "IESTRESC"):
            if scope.has(name):
                wrong = ((pl.col("IECAT") == "INCLUSION") & (pl.col(name) != "N")) | (
                    (pl.col("IECAT") == "EXCLUSION") & (pl.col(name) != "Y")
                )
                yield Failure(wrong, name, {"category": pl.col("IECAT")})


@check(
    "SDTM-IE-STRESC",
    "error",
    "The standard result of a criterion differs from the original",
    "IESTRESC is {value!r} and IEORRES is {original!r}.",
    "Leave IESTRESC to trialect.",
    "CG0177; SDTMIG 3.4, 6.3.4",
    datasets=("IE",),
)
def criterion_standard_result(scope: Scope) -> Iterator[Failure]:
    """IESTRESC is IEORRES."""
    if scope.has("IEORRES", "IESTRESC"):
        differs = pl.col("IESTRESC").ne_missing(pl.col("IEORRES"))
        yield Failure(differs, "IESTRESC", {"original": pl.col("IEORRES")})


@check(
    "SDTM-IE-NOT-IN-TI",
    "error",
    "A criterion is not in TI",
    "{variable} is {value!r}, which TI does not hold.",
    "List the criterion in study.yaml (criteria).",
    "CG0179; SDTMIG 3.4, 6.3.4",
    datasets=("IE",),
)
def criterion_in_ti(scope: Scope) -> Iterator[Failure]:
    """IETESTCD stands in TI."""
    ti = scope.frames.get("TI")
    if ti is not None and "IETESTCD" in ti.columns and scope.has("IETESTCD"):
        known = ti["IETESTCD"].drop_nulls().unique().implode()
        yield Failure(~pl.col("IETESTCD").is_in(known), "IETESTCD")

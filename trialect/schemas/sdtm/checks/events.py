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
    "An epoch ends once; keep the one that is true.",
    "CG0536; CG0537; CG0538; CG0539; SDTMIG 3.4, 6.2.4",
    datasets=("DS",),
)
def one_disposition(scope: Scope) -> Iterator[Failure]:
    """DS: one DISPOSITION EVENT per EPOCH and subject."""
    if not scope.has("USUBJID", "DSCAT", "EPOCH"):
        return
    event = pl.col("DSCAT") == "DISPOSITION EVENT"
    keys = ["USUBJID", "EPOCH", "DSSCAT"] if scope.has("DSSCAT") else ["USUBJID", "EPOCH"]
    twice = event & (event.sum().over(keys) > 1) & pl.col("EPOCH").is_not_null()
    yield Failure(twice, "EPOCH", {"epoch": pl.col("EPOCH")})


@check(
    "SDTM-AE-SERIOUS",
    "error",
    "A serious event without a criterion",
    "AESER is Y and no seriousness criterion is Y.",
    "Say which criterion made it serious (AESDTH, AESHOSP, AESLIFE, AESDISAB, AESCONG, AESMIE).",
    "CG0042; SDTMIG 3.4, 6.2.1",
    datasets=("AE",),
)
def serious(scope: Scope) -> Iterator[Failure]:
    """AESER = Y has a criterion, where criteria are collected."""
    criteria = ("AESCONG", "AESDISAB", "AESDTH", "AESHOSP", "AESLIFE", "AESMIE")
    collected = [name for name in criteria if scope.has(name)]
    if scope.has("AESER") and collected:
        none = ~pl.any_horizontal(pl.col(name).eq_missing("Y") for name in collected)
        yield Failure((pl.col("AESER") == "Y") & none, "AESER")


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
    "SDTM-IE-NOT-IN-TI",
    "error",
    "A criterion is not in TI",
    "{variable} is {value!r}, which TI does not hold.",
    "List the criterion in study.yaml (criteria).",
    "SDTMIG 3.4, 6.3.4",
    datasets=("IE",),
)
def criterion_in_ti(scope: Scope) -> Iterator[Failure]:
    """IETESTCD stands in TI."""
    ti = scope.frames.get("TI")
    if ti is not None and scope.has("IETESTCD"):
        known = ti["IETESTCD"].drop_nulls().unique()
        yield Failure(~pl.col("IETESTCD").is_in(known.implode()), "IETESTCD")

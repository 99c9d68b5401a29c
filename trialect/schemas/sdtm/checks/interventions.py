"""EX and its kin: doses and their units."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check

INTERVENTIONS = ("Interventions",)


@check(
    "SDTM-PLACEBO-DOSE",
    "error",
    "A placebo has a dose",
    "{treatment} is PLACEBO and {variable} is {value}.",
    "The dose of a placebo is 0.",
    "CG0102; SDTMIG 3.4, 6.1.3",
    datasets=("EX",),
)
def placebo_dose(scope: Scope) -> Iterator[Failure]:
    """PLACEBO has EXDOSE 0; EC tells what was given as it was collected."""
    if scope.has("--TRT", "--DOSE"):
        placebo = scope.col("--TRT").str.to_uppercase() == "PLACEBO"
        wrong = placebo & (scope.col("--DOSE").is_null() | (scope.col("--DOSE") != 0))
        yield Failure(wrong, scope.expand("--DOSE"), {"treatment": scope.expand("--TRT")})


@check(
    "SDTM-DOSE-TWICE",
    "error",
    "A dose is given as number and as text",
    "{variable} is {value} and {other} is filled as well.",
    "Give the number, or the text when there is no number.",
    "CG0110; CG0111; SDTMIG 3.4, 6.1.3",
    observation_classes=INTERVENTIONS,
)
def dose_twice(scope: Scope) -> Iterator[Failure]:
    """--DOSE and --DOSTXT are never both there."""
    if scope.has("--DOSE", "--DOSTXT"):
        both = scope.col("--DOSE").is_not_null() & scope.col("--DOSTXT").is_not_null()
        yield Failure(both, scope.expand("--DOSE"), {"other": scope.expand("--DOSTXT")})


@check(
    "SDTM-DOSE-UNIT",
    "error",
    "A dose without its unit",
    "{variable} is {value} and {unit} is empty.",
    "Give the unit of the dose.",
    "CG0114; SDTMIG 3.4, 6.1.3",
    observation_classes=INTERVENTIONS,
)
def dose_unit(scope: Scope) -> Iterator[Failure]:
    """--DOSU is there with --DOSE, --DOSTXT or --DOSTOT."""
    unit = scope.col("--DOSU") if scope.has("--DOSU") else pl.lit(None, pl.String)
    for name in ("--DOSE", "--DOSTXT", "--DOSTOT"):
        if scope.has(name):
            alone = scope.col(name).is_not_null() & unit.is_null()
            yield Failure(alone, scope.expand(name), {"unit": scope.expand("--DOSU")})


@check(
    "SDTM-UNIT-WITHOUT-DOSE",
    "warning",
    "A unit without a dose",
    "{variable} is {value} and no dose is given.",
    "Leave the unit empty where nothing was dosed.",
    "SDTMIG 3.4, 6.1.3",
    observation_classes=INTERVENTIONS,
)
def unit_without_dose(scope: Scope) -> Iterator[Failure]:
    """--DOSU is null when no dose is given."""
    doses = [n for n in ("--DOSE", "--DOSTXT", "--DOSTOT") if scope.has(n)]
    if scope.has("--DOSU") and doses:
        none = pl.all_horizontal(scope.col(name).is_null() for name in doses)
        yield Failure(scope.col("--DOSU").is_not_null() & none, scope.expand("--DOSU"))


@check(
    "SDTM-DOSE-NEGATIVE",
    "error",
    "A dose is negative",
    "{variable} is {value}.",
    "Correct the dose at its source.",
    "FB4002; FB4003; FB4004; SDTMIG 3.4, 6.1.3",
    observation_classes=INTERVENTIONS,
)
def dose_negative(scope: Scope) -> Iterator[Failure]:
    """--DOSE, --DOSTOT and --VAMT are not below 0."""
    for name in ("--DOSE", "--DOSTOT", "--VAMT"):
        if scope.has(name):
            amount = scope.col(name).cast(pl.Float64, strict=False)
            yield Failure(amount < 0, scope.expand(name))


@check(
    "SDTM-DOSE-TEXT-NUMBER",
    "error",
    "A dose in words is a number",
    "{variable} is {value!r}, a number.",
    "Map it to {dose}.",
    "CG0112; SDTMIG 3.4, 6.1.3",
    observation_classes=INTERVENTIONS,
)
def dose_text_number(scope: Scope) -> Iterator[Failure]:
    """--DOSTXT is no number; that is --DOSE."""
    if scope.has("--DOSTXT"):
        number = scope.col("--DOSTXT").str.contains(r"^\d+\.?\d*$|^\.\d+$")
        yield Failure(number, scope.expand("--DOSTXT"), {"dose": scope.expand("--DOSE")})


@check(
    "SDTM-EXPOSURE-DAY",
    "warning",
    "A study treatment before the reference start",
    "{variable} is {value}; treatment starts on day 1 or later.",
    "Correct the date, or say in study.yaml (sdtm.reference) what RFSTDTC is.",
    "FB3601; SDTMIG 3.4, 5.2",
    datasets=("EX", "EC"),
)
def exposure_day(scope: Scope) -> Iterator[Failure]:
    """--STDY and --ENDY of exposure are not negative."""
    for name in ("--STDY", "--ENDY"):
        if scope.has(name):
            yield Failure(scope.col(name) < 0, scope.expand(name))

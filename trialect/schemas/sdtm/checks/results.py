"""Findings: tests, results, not-done records and baseline flags."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.checks.timing import one_to_one
from trialect.schemas.sdtm.model import FINDINGS_CLASSES

FINDINGS = tuple(sorted(FINDINGS_CLASSES))


@check(
    "SDTM-TESTCD-NAME",
    "error",
    "A test's short name is no name",
    "{variable} is {value!r}.",
    "Use at most 8 letters, digits and underscores, not starting with a digit.",
    "SDTMIG 3.4, 4.2.1",
    observation_classes=FINDINGS,
)
def testcd_name(scope: Scope) -> Iterator[Failure]:
    """--TESTCD fits a variable's name."""
    if scope.has("--TESTCD"):
        bad = ~scope.col("--TESTCD").str.contains(r"^[A-Z_][A-Z0-9_]{0,7}$")
        yield Failure(bad, scope.expand("--TESTCD"))


@check(
    "SDTM-TEST-LENGTH",
    "error",
    "A test's name is too long",
    "{variable} is {value!r}, longer than 40 characters.",
    "Shorten the name; the full text belongs in Define-XML.",
    "CG0406; SDTMIG 3.4, 4.2.1",
    observation_classes=FINDINGS,
)
def test_length(scope: Scope) -> Iterator[Failure]:
    """--TEST holds at most 40 characters (IE and TI, whose texts are criteria, excepted)."""
    if scope.has("--TEST") and scope.name != "IE":
        yield Failure(scope.col("--TEST").str.len_chars() > 40, scope.expand("--TEST"))


@check(
    "SDTM-TEST-ONE-TO-ONE",
    "error",
    "A test has two names",
    "{variable} {value!r} goes with more than one {other} ({others}).",
    "One --TESTCD has one --TEST.",
    "FB0901; SDTMIG 3.4, 4.2.1",
    observation_classes=FINDINGS,
)
def test_one_to_one(scope: Scope) -> Iterator[Failure]:
    """--TESTCD and --TEST have a one-to-one relationship."""
    if scope.has("--TESTCD", "--TEST"):
        code, name = scope.expand("--TESTCD"), scope.expand("--TEST")
        yield from one_to_one(scope, code, name)
        yield from one_to_one(scope, name, code)


@check(
    "SDTM-CAT-SCAT",
    "error",
    "A subcategory repeats its category",
    "{variable} is {value!r}, the same as the category.",
    "Leave the subcategory empty.",
    "CG0027; SDTMIG 3.4, 4.2.7",
)
def cat_scat(scope: Scope) -> Iterator[Failure]:
    """--SCAT differs from --CAT."""
    if scope.has("--CAT", "--SCAT"):
        yield Failure(scope.col("--SCAT") == scope.col("--CAT"), scope.expand("--SCAT"))


@check(
    "SDTM-RESULT-MISSING",
    "error",
    "A result is missing and nothing says why",
    "{variable} is empty, and the record is neither NOT DONE nor derived.",
    "Map the result, or the mark that the test was not done.",
    "CG0348; SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def result_missing(scope: Scope) -> Iterator[Failure]:
    """--ORRES is there unless --STAT or --DRVFL."""
    if scope.has("--ORRES"):
        missing = scope.col("--ORRES").is_null()
        for excuse in ("--STAT", "--DRVFL"):
            if scope.has(excuse):
                missing &= scope.col(excuse).is_null()
        yield Failure(missing, scope.expand("--ORRES"))


@check(
    "SDTM-STANDARD-RESULT-MISSING",
    "error",
    "A standard result is missing",
    "{variable} is empty, and the record is not NOT DONE.",
    "Leave {variable} to trialect, or map it.",
    "CG0397; SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def standard_result_missing(scope: Scope) -> Iterator[Failure]:
    """--STRESC is null only if the test was not done."""
    if scope.has("--STRESC"):
        missing = scope.col("--STRESC").is_null()
        if scope.has("--STAT"):
            missing &= scope.col("--STAT").is_null()
        yield Failure(missing, scope.expand("--STRESC"))


@check(
    "SDTM-RESULT-NOT-DONE",
    "error",
    "A test that was not done has a result",
    "{variable} is {value!r} and {status} is NOT DONE.",
    "Keep the result or the mark, whichever is true.",
    "SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def result_not_done(scope: Scope) -> Iterator[Failure]:
    """A NOT DONE record has no result."""
    if scope.has("--STAT"):
        for name in ("--ORRES", "--STRESC", "--STRESN"):
            if scope.has(name):
                both = scope.col("--STAT").is_not_null() & scope.col(name).is_not_null()
                yield Failure(both, scope.expand(name), {"status": scope.expand("--STAT")})


@check(
    "SDTM-REASON-WITHOUT-STATUS",
    "error",
    "A reason without a status",
    "{variable} is {value!r} and {status} is empty.",
    "A reason goes with --STAT = NOT DONE.",
    "SDTMIG 3.4, 4.5.1",
)
def reason_without_status(scope: Scope) -> Iterator[Failure]:
    """--REASND goes with --STAT = NOT DONE."""
    if scope.has("--REASND"):
        status = scope.col("--STAT") if scope.has("--STAT") else pl.lit(None, pl.String)
        alone = scope.col("--REASND").is_not_null() & status.ne_missing("NOT DONE")
        yield Failure(alone, scope.expand("--REASND"), {"status": scope.expand("--STAT")})


@check(
    "SDTM-LOBXFL-VALUE",
    "error",
    "The last-observation flag is not Y",
    "{variable} is {value!r}.",
    "The flag is Y or empty.",
    "CG0541; SDTMIG 3.4, 4.5.9",
    observation_classes=FINDINGS,
)
def lobxfl_value(scope: Scope) -> Iterator[Failure]:
    """--LOBXFL is Y or null."""
    if scope.has("--LOBXFL"):
        yield Failure(scope.col("--LOBXFL") != "Y", scope.expand("--LOBXFL"))


@check(
    "SDTM-LOBXFL-RESULT",
    "error",
    "The last observation has no result",
    "{variable} is Y and {result} is empty.",
    "Flag the last record that has a result.",
    "CG0569; SDTMIG 3.4, 4.5.9",
    observation_classes=FINDINGS,
)
def lobxfl_result(scope: Scope) -> Iterator[Failure]:
    """--LOBXFL needs --STRESC."""
    if scope.has("--LOBXFL", "--STRESC"):
        empty = (scope.col("--LOBXFL") == "Y") & scope.col("--STRESC").is_null()
        yield Failure(empty, scope.expand("--LOBXFL"), {"result": scope.expand("--STRESC")})


@check(
    "SDTM-STRESN",
    "error",
    "The numeric result is not the character result",
    "{variable} is {value} and {text_variable} is {text}.",
    "--STRESN is --STRESC as a number.",
    "SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def stresn(scope: Scope) -> Iterator[Failure]:
    """--STRESN is the number that --STRESC spells."""
    if scope.has("--STRESN", "--STRESC"):
        number = scope.col("--STRESC").cast(pl.Float64, strict=False)
        differs = scope.col("--STRESN").is_not_null() & scope.col("--STRESN").ne_missing(number)
        yield Failure(
            differs,
            scope.expand("--STRESN"),
            {"text": scope.col("--STRESC"), "text_variable": scope.expand("--STRESC")},
        )


@check(
    "SDTM-TPT-REFERENCE",
    "error",
    "A time point without its number or reference",
    "{variable} is empty though {other} is {given_value}.",
    "A planned time point has --TPT and --TPTNUM; --ELTM needs --TPTREF.",
    "SDTMIG 3.4, 4.4.10",
)
def tpt_reference(scope: Scope) -> Iterator[Failure]:
    """--TPT with --TPTNUM both ways; --TPTREF with --ELTM."""
    pairs = (("--TPT", "--TPTNUM"), ("--TPTNUM", "--TPT"), ("--ELTM", "--TPTREF"))
    for name, needed in pairs:
        if scope.has(name):
            other = scope.col(needed) if scope.has(needed) else pl.lit(None, pl.String)
            yield Failure(
                scope.col(name).is_not_null() & other.is_null(),
                scope.expand(needed),
                {"other": scope.expand(name), "given_value": scope.col(name)},
            )

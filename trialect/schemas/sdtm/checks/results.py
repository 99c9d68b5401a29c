"""Findings: tests, results, not-done records and baseline flags."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.ct.paired import instrument_of_code, paired_term
from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.model import FINDINGS_CLASSES

FINDINGS = tuple(sorted(FINDINGS_CLASSES))

PLAIN_NUMBER = r"^-?(0|[1-9]\d*)(\.\d+)?$"
"""A text that is a number and nothing else."""

LAST_BITS = 1e-12
"""By what part of itself a number may differ from the text that spells it."""


@check(
    "SDTM-TESTCD-NAME",
    "error",
    "A test's short name is no name",
    "{variable} is {value!r}.",
    "Use at most 8 letters, digits and underscores, not starting with a digit.",
    "CG0372; SDTMIG 3.4, 4.2.1",
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
    """--TEST holds at most 40 characters (IE, whose texts are criteria, excepted)."""
    if scope.has("--TEST") and scope.name != "IE":
        yield Failure(scope.col("--TEST").str.len_chars() > 40, scope.expand("--TEST"))


@check(
    "SDTM-TEST-PAIR",
    "error",
    "A test's code and name are not of one term",
    "{variable} is {value!r}; CDISC names {code} {expected!r}.",
    "Use CDISC's name of the test, or a code of the sponsor's own.",
    "SDTMIG 3.4, 4.2.1; CDISC CT (paired codelists)",
    observation_classes=FINDINGS,
    once=True,
)
def test_pair(scope: Scope) -> Iterator[Failure]:
    """--TESTCD and --TEST are the same term of their paired codelists."""
    if not scope.has("--TESTCD", "--TEST") or scope.name == "IE":
        return
    code, name = scope.expand("--TESTCD"), scope.expand("--TEST")
    told = tuple(
        variable.codelists if variable is not None else ()
        for variable in (scope.model.variable(code), scope.model.variable(name))
    )
    pairs = scope.frame.select(code, name).drop_nulls().unique(maintain_order=True)
    for testcd, test in pairs.iter_rows():
        instrument = instrument_of_code(scope.terminology, testcd)
        codes, names = ((one,) for one in instrument) if instrument is not None else told
        expected = paired_term(scope.terminology, codes, names, testcd)
        if expected is not None and expected != test:
            here = (pl.col(code) == testcd) & (pl.col(name) == test)
            yield Failure(here, name, {"code": testcd, "expected": expected})


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
    "SDTM-CAT-REPEATS",
    "error",
    "A category says what the record says already",
    "{variable} is {value!r}, the same as {other}.",
    "A category groups records; leave it empty where there is nothing to group.",
    "CG0336; CG0337; CG0338; CG0339; CG0340; CG0350; SDTMIG 3.4, 4.2.6",
)
def category_repeats(scope: Scope) -> Iterator[Failure]:
    """--CAT and --SCAT are neither the dataset's label, nor --DECOD, nor --BODSYS."""
    for name in ("--CAT", "--SCAT"):
        if not scope.has(name):
            continue
        value = scope.col(name).str.to_uppercase()
        label = {"other": "the label of the dataset"}
        yield Failure(value == scope.model.label.upper(), scope.expand(name), label)
        for other in ("--DECOD", "--BODSYS"):
            if scope.has(other) and scope.model.observation_class == "Events":
                same = value == scope.col(other).str.to_uppercase()
                yield Failure(same, scope.expand(name), {"other": scope.expand(other)})


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
    """--ORRES is there unless --STAT is, or --DRVFL is Y."""
    if scope.has("--ORRES"):
        missing = scope.col("--ORRES").is_null()
        if scope.has("--STAT"):
            missing &= scope.col("--STAT").is_null()
        if scope.has("--DRVFL"):
            missing &= scope.col("--DRVFL").ne_missing("Y")
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
    "CG0422; FB4201; SDTMIG 3.4, 4.5.1",
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
    "CG0094; SDTMIG 3.4, 4.5.1",
)
def reason_without_status(scope: Scope) -> Iterator[Failure]:
    """--REASND goes with --STAT = NOT DONE."""
    if scope.has("--REASND"):
        status = scope.col("--STAT") if scope.has("--STAT") else pl.lit(None, pl.String)
        alone = scope.col("--REASND").is_not_null() & status.ne_missing("NOT DONE")
        yield Failure(alone, scope.expand("--REASND"), {"status": scope.expand("--STAT")})


@check(
    "SDTM-STATUS-WITHOUT-REASON",
    "warning",
    "A test was not done and nothing says why",
    "{status} is NOT DONE and {variable} is empty.",
    "Map the reason, where it was collected.",
    "FB4202; SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def status_without_reason(scope: Scope) -> Iterator[Failure]:
    """A NOT DONE record says why, in --REASND."""
    if scope.has("--STAT"):
        reason = scope.col("--REASND") if scope.has("--REASND") else pl.lit(None, pl.String)
        silent = (scope.col("--STAT") == "NOT DONE") & reason.is_null()
        yield Failure(silent, scope.expand("--REASND"), {"status": scope.expand("--STAT")})


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
    "{flag} is Y and {variable} is empty.",
    "Flag the last record that has a result.",
    "CG0553; CG0569; FB2602; SDTMIG 3.4, 4.5.9",
    observation_classes=FINDINGS,
)
def lobxfl_result(scope: Scope) -> Iterator[Failure]:
    """--LOBXFL needs --STRESC, and --ORRES unless the record is derived."""
    if not scope.has("--LOBXFL"):
        return
    flagged = scope.col("--LOBXFL") == "Y"
    given = {"flag": scope.expand("--LOBXFL")}
    if scope.has("--STRESC"):
        empty = flagged & scope.col("--STRESC").is_null()
        yield Failure(empty, scope.expand("--STRESC"), given)
    if scope.has("--ORRES"):
        derived = scope.col("--DRVFL").eq_missing("Y") if scope.has("--DRVFL") else pl.lit(False)
        empty = flagged & scope.col("--ORRES").is_null() & ~derived
        yield Failure(empty, scope.expand("--ORRES"), given)


@check(
    "SDTM-STRESN",
    "error",
    "The numeric result is not the character result",
    "{variable} is {value} and {text_variable} is {text}.",
    "--STRESN is --STRESC as a number, and empty where that is no number.",
    "FB3101; FB3102; FB3103; SDTMIG 3.4, 4.5.1",
    observation_classes=FINDINGS,
)
def stresn(scope: Scope) -> Iterator[Failure]:
    """--STRESN is the number that --STRESC spells, and is there when it spells one."""
    if scope.has("--STRESN", "--STRESC"):
        text, number = scope.col("--STRESC"), scope.col("--STRESN")
        spelled = text.cast(pl.Float64, strict=False)
        # XPT's numbers and ours differ in the last bit, where a decimal has no exact one.
        near = (number - spelled).abs() <= spelled.abs() * LAST_BITS
        plain = text.str.contains(PLAIN_NUMBER)
        wrong = (
            pl.when(number.is_null())
            .then(plain)
            .otherwise(text.is_not_null() & ~near.fill_null(False))
        )
        given = {"text": text, "text_variable": scope.expand("--STRESC")}
        yield Failure(wrong, scope.expand("--STRESN"), given)

"""Every dataset: its variables, their order and types, identifiers and keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check


@check(
    "SDTM-REQUIRED-MISSING",
    "error",
    "A Required variable is missing",
    "{dataset} has no {variable}, which is Required.",
    "Add a line for {variable} to the domain's mapping table.",
    "CG0014; SDTMIG 3.4, 4.1.5",
)
def required_missing(scope: Scope) -> Iterator[Failure]:
    """Core Req: the column is there."""
    for variable in scope.model.variables:
        if variable.core == "Req" and variable.name not in scope.frame.columns:
            yield Failure(None, variable.name)


@check(
    "SDTM-REQUIRED-NULL",
    "error",
    "A Required variable is empty",
    "{variable} is Required and empty in record {record}.",
    "Fill it at its source, or map it from another column.",
    "CG0014; SDTMIG 3.4, 4.1.5",
)
def required_null(scope: Scope) -> Iterator[Failure]:
    """Core Req: no value is missing."""
    for variable in scope.model.variables:
        if variable.core == "Req" and variable.name in scope.frame.columns:
            yield Failure(pl.col(variable.name).is_null(), variable.name)


@check(
    "SDTM-EXPECTED-MISSING",
    "warning",
    "An Expected variable is missing",
    "{dataset} has no {variable}, which is Expected.",
    "Add a line for {variable} to the domain's mapping table; it may be empty, but must be there.",
    "CG0016; SDTMIG 3.4, 4.1.5",
)
def expected_missing(scope: Scope) -> Iterator[Failure]:
    """Core Exp: the column is there."""
    for variable in scope.model.variables:
        if variable.core == "Exp" and variable.name not in scope.frame.columns:
            yield Failure(None, variable.name)


@check(
    "SDTM-VARIABLE-UNKNOWN",
    "error",
    "A variable is not in the model",
    "{variable} is no variable of {dataset} in SDTMIG 3.4.",
    "Submit it as a supplemental qualifier: any other name in the mapping table becomes one.",
    "CG0013; SDTMIG 3.4, 8.4",
)
def variable_unknown(scope: Scope) -> Iterator[Failure]:
    """Variables are the dataset's own, or belong to the SDTM model of its class."""
    for column in scope.columns:
        if scope.model.allowed(column) is None and not _continues_text(column):
            yield Failure(None, column)


def _continues_text(column: str) -> bool:
    """TSVAL1..n and COVAL1..n carry on a text over 200 characters (SDTMIG 3.4, 4.5.3)."""
    return column.startswith(("TSVAL", "COVAL")) and column[5:].isdigit()


@check(
    "SDTM-ORDER",
    "warning",
    "Variables are not in the order of the model",
    "{variable} of {dataset} stands after {after}; SDTMIG lists it before.",
    "Let trialect write the dataset, or reorder its variables.",
    "CG0664; SDTMIG 3.4, 4.1.4",
)
def order(scope: Scope) -> Iterator[Failure]:
    """Variables stand in the order in which SDTMIG lists them."""
    places = {variable.name: variable.order for variable in scope.model.variables}
    known = [column for column in scope.columns if column in places]
    for before, after in itertools.pairwise(known):
        if places[after] < places[before]:
            yield Failure(None, after, {"after": before})


@check(
    "SDTM-TYPE",
    "error",
    "A variable has the wrong type",
    "{variable} of {dataset} is {found}; SDTMIG says {expected}.",
    "Write the variable as {expected}.",
    "SDTMIG 3.4, dataset specifications (Type)",
)
def variable_type(scope: Scope) -> Iterator[Failure]:
    """Char variables hold text, Num variables numbers."""
    for column in scope.columns:
        if (variable := scope.model.allowed(column)) is not None:
            dtype = scope.types[variable.name]
            found = "Num" if dtype.is_numeric() else "Char"
            if found != variable.type and dtype != pl.Null:
                given = {"found": found, "expected": variable.type}
                yield Failure(None, variable.name, given)


@check(
    "SDTM-DOMAIN",
    "error",
    "DOMAIN does not name the dataset",
    "DOMAIN is {value} in a record of {dataset}.",
    "DOMAIN holds the two letters of the dataset's domain.",
    "CG0001; SDTMIG 3.4, 4.1.2",
)
def domain(scope: Scope) -> Iterator[Failure]:
    """DOMAIN is the dataset's own, also in each part of a split dataset."""
    if scope.has("DOMAIN"):
        yield Failure(pl.col("DOMAIN") != scope.name[:2], "DOMAIN")


@check(
    "SDTM-STUDYID",
    "error",
    "STUDYID is not the study's",
    "STUDYID is {value}; the study is {expected}.",
    "Every record carries the STUDYID of the study.",
    "SDTMIG 3.4, 4.1.2",
)
def studyid(scope: Scope) -> Iterator[Failure]:
    """One STUDYID, the study's."""
    if not scope.has("STUDYID") or not scope.frame.height:
        return
    expected = scope.study.studyid if scope.study else scope.frame["STUDYID"][0]
    yield Failure(pl.col("STUDYID") != expected, "STUDYID", {"expected": expected})


@check(
    "SDTM-SEQ-UNIQUE",
    "error",
    "--SEQ is not unique",
    "{variable} {value} occurs more than once for {usubjid}.",
    "--SEQ numbers the records of a subject within a domain.",
    "CG0028; SDTMIG 3.4, 4.1.2",
)
def seq_unique(scope: Scope) -> Iterator[Failure]:
    """--SEQ is unique per USUBJID in a domain."""
    if scope.has("--SEQ", "USUBJID"):
        keys = scope.frame.select("USUBJID", scope.expand("--SEQ"))
        twice = keys.is_duplicated() & keys[scope.expand("--SEQ")].is_not_null()
        yield Failure(twice, scope.expand("--SEQ"))


@check(
    "SDTM-SEQ-NUMBER",
    "error",
    "--SEQ is no positive whole number",
    "{variable} is {value}.",
    "--SEQ counts 1, 2, 3 ... within a subject.",
    "SDTMIG 3.4, 4.1.2",
)
def seq_number(scope: Scope) -> Iterator[Failure]:
    """--SEQ is a whole number from 1."""
    seq = scope.expand("--SEQ")
    if seq in scope.frame.columns and scope.frame.schema[seq].is_numeric():
        yield Failure((pl.col(seq) < 1) | (pl.col(seq) % 1 != 0), seq)


@check(
    "SDTM-USUBJID-NOT-IN-DM",
    "error",
    "A subject is not in DM",
    "{usubjid} has records in {dataset} and none in DM.",
    "Every subject has one record in DM.",
    "SDTMIG 3.4, 5.2",
)
def usubjid_in_dm(scope: Scope) -> Iterator[Failure]:
    """Every USUBJID stands in DM."""
    if scope.name != "DM" and scope.has("USUBJID") and "DM" in scope.frames:
        known = scope.frames["DM"]["USUBJID"].drop_nulls().unique()
        yield Failure(~pl.col("USUBJID").is_in(known.implode()), "USUBJID")


@check(
    "SDTM-TEXT-LENGTH",
    "error",
    "A text is longer than 200 characters",
    "{variable} holds {length} characters in record {record}.",
    "The rest belongs in supplemental qualifiers; trialect's conversion puts it there.",
    "SDTMIG 3.4, 4.5.3",
)
def text_length(scope: Scope) -> Iterator[Failure]:
    """Character values hold at most 200 characters."""
    for column in scope.columns:
        if scope.frame.schema[column] == pl.String:
            length = pl.col(column).str.len_bytes()
            yield Failure(length > 200, column, {"length": length})


@check(
    "SDTM-LEADING-BLANK",
    "warning",
    "A text starts with a blank",
    "{variable} starts with a blank in record {record}.",
    "Trim the text at its source.",
    "FB1501",
)
def leading_blank(scope: Scope) -> Iterator[Failure]:
    """Character values do not start with a blank."""
    for column in scope.columns:
        if scope.frame.schema[column] == pl.String:
            yield Failure(pl.col(column).str.starts_with(" "), column)

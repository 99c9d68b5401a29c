"""Every dataset: its variables, their order and types, identifiers and keys."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check


@check(
    "SDTM-REQUIRED-NULL",
    "error",
    "A Required variable is empty",
    "{variable} is Required and empty.",
    "Fill it at its source, or map it from another column.",
    "CG0014; SDTMIG 3.4, 4.1.5",
)
def required_null(scope: Scope) -> Iterator[Failure]:
    """Core Req: no value is missing."""
    for variable in scope.model.variables:
        if variable.core == "Req" and variable.name in scope.frame.columns:
            yield Failure(pl.col(variable.name).is_null(), variable.name)


@check(
    "SDTM-TYPE",
    "error",
    "A variable has the wrong type",
    "{variable} of {dataset} is {found}; SDTMIG says {expected}.",
    "Write the variable as {expected}.",
    "SDTMIG 3.4, dataset specifications (Type)",
    once=True,
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
    "CG0308; CG0413; SDTMIG 3.4, 4.1.2",
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
    "CG0409; SDTMIG 3.4, 4.1.2",
)
def studyid(scope: Scope) -> Iterator[Failure]:
    """One STUDYID: the study's, or that of DM where no study is at hand."""
    if not scope.has("STUDYID"):
        return
    if scope.study is not None:
        expected = scope.study.studyid
        yield Failure(pl.col("STUDYID") != expected, "STUDYID", {"expected": expected})
        return
    dm = scope.frames.get("DM")
    told = dm if dm is not None and "STUDYID" in dm.columns else scope.frame
    known = told["STUDYID"].drop_nulls().unique(maintain_order=True)
    if scope.name == "DM" or dm is None:
        known = known[:1]
    expected = " or ".join(known)
    yield Failure(~pl.col("STUDYID").is_in(known.implode()), "STUDYID", {"expected": expected})


@check(
    "SDTM-SEQ-UNIQUE",
    "error",
    "--SEQ is not unique",
    "{variable} {value} occurs more than once for {usubjid}.",
    "--SEQ numbers the records of a subject within a domain, also where it is split.",
    "CG0028; SDTMIG 3.4, 4.1.2, 4.1.7",
)
def seq_unique(scope: Scope) -> Iterator[Failure]:
    """--SEQ is unique per USUBJID in a domain, over all parts of a split dataset."""
    seq = scope.expand("--SEQ")
    if scope.has(seq, "USUBJID"):
        keys = scope.frame.select("USUBJID", seq)
        parts = [
            frame.select("USUBJID", pl.col(seq).cast(keys.schema[seq], strict=False))
            for name, frame in scope.frames.items()
            if name != scope.name
            and scope.same_domain(name)
            and {"USUBJID", seq} <= set(frame.columns)
        ]
        twice = pl.concat([keys, *parts]).is_duplicated()[: keys.height]
        yield Failure(twice & keys[seq].is_not_null(), seq)


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
    "CG0029; SDTMIG 3.4, 5.2",
)
def usubjid_in_dm(scope: Scope) -> Iterator[Failure]:
    """Every USUBJID stands in DM."""
    if scope.name != "DM" and scope.has("USUBJID") and "DM" in scope.frames:
        known = scope.frames["DM"]["USUBJID"].drop_nulls().unique()
        yield Failure(~pl.col("USUBJID").is_in(known.implode()), "USUBJID")


@check(
    "SDTM-TEXT-LENGTH",
    "error",
    "A text is longer than 200 bytes",
    "{variable} holds {length} bytes.",
    "The rest belongs in supplemental qualifiers; trialect's conversion puts it there.",
    "SDTMIG 3.4, 4.5.3",
)
def text_length(scope: Scope) -> Iterator[Failure]:
    """Character values hold at most 200 bytes."""
    types = scope.frame.schema
    for column in scope.columns:
        if types[column] == pl.String:
            length = pl.col(column).str.len_bytes()
            yield Failure(length > 200, column, {"length": length})


@check(
    "SDTM-LEADING-BLANK",
    "warning",
    "A text starts with a blank",
    "{variable} starts with a blank: {value!r}.",
    "Trim the text at its source.",
    "FB1501",
)
def leading_blank(scope: Scope) -> Iterator[Failure]:
    """Character values do not start with a blank, a tab or a line break."""
    types = scope.frame.schema
    for column in scope.columns:
        if types[column] == pl.String:
            yield Failure(pl.col(column).str.contains(r"^\s"), column)

"""TS, TA, TE, TV, TI and SE: the plan, and what subjects made of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.checks.timing import ISO_DATETIME, one_to_one

TS = ("TS",)


@check(
    "SDTM-TS-PARMCD-LENGTH",
    "error",
    "A trial summary parameter's code is too long",
    "TSPARMCD is {value!r}.",
    "A parameter's code has at most 8 characters.",
    "SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def parmcd_length(scope: Scope) -> Iterator[Failure]:
    """TSPARMCD holds at most 8 characters."""
    if scope.has("TSPARMCD"):
        yield Failure(pl.col("TSPARMCD").str.len_chars() > 8, "TSPARMCD")


@check(
    "SDTM-TS-PARM-ONE-TO-ONE",
    "error",
    "A parameter has two names",
    "{variable} {value!r} goes with more than one {other} ({others}).",
    "One TSPARMCD has one TSPARM.",
    "SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def parm_one_to_one(scope: Scope) -> Iterator[Failure]:
    """TSPARMCD and TSPARM have a one-to-one relationship."""
    if scope.has("TSPARMCD", "TSPARM"):
        yield from one_to_one(scope, "TSPARMCD", "TSPARM")
        yield from one_to_one(scope, "TSPARM", "TSPARMCD")


@check(
    "SDTM-TS-VALUE",
    "error",
    "A parameter has no value, or a value and a null flavour",
    "TSPARMCD {code}: TSVAL is {value} and TSVALNF is {null_flavor}.",
    "Give the value, or the null flavour that says why there is none (NI, NA, PINF, ...).",
    "CG0259; CG0260; SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def value_or_null_flavor(scope: Scope) -> Iterator[Failure]:
    """TSVAL or TSVALNF, never both, never none."""
    if scope.has("TSVAL"):
        flavor = pl.col("TSVALNF") if scope.has("TSVALNF") else pl.lit(None, pl.String)
        wrong = pl.col("TSVAL").is_null() == flavor.is_null()
        yield Failure(wrong, "TSVAL", {"code": pl.col("TSPARMCD"), "null_flavor": flavor})


@check(
    "SDTM-TS-SEQ",
    "error",
    "TSSEQ is not unique",
    "TSSEQ {value} occurs more than once for TSPARMCD {code}.",
    "TSSEQ numbers the values of a parameter.",
    "CG0268; SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def ts_seq(scope: Scope) -> Iterator[Failure]:
    """TSSEQ is unique within TSPARMCD."""
    if scope.has("TSPARMCD", "TSSEQ"):
        twice = scope.frame.select("TSPARMCD", "TSSEQ").is_duplicated()
        yield Failure(twice, "TSSEQ", {"code": pl.col("TSPARMCD")})


@check(
    "SDTM-TS-VAL-ORDER",
    "error",
    "A long parameter has a gap",
    "{variable} is filled and {before} is not.",
    "TSVAL, TSVAL1, TSVAL2 ... are filled in order.",
    "SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def tsval_order(scope: Scope) -> Iterator[Failure]:
    """TSVAL1..n are filled in order."""
    names = ["TSVAL", *sorted(c for c in scope.columns if c[:5] == "TSVAL" and c[5:].isdigit())]
    for before, name in itertools.pairwise(names):
        yield Failure(
            pl.col(name).is_not_null() & pl.col(before).is_null(), name, {"before": before}
        )


@check(
    "SDTM-TS-SSTDTC",
    "error",
    "The study start date is missing",
    "TS has no SSTDTC with an ISO 8601 date.",
    "Give `start` in study.yaml; a submission without it is rejected.",
    "FDA technical rejection criterion 1734; SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def study_start(scope: Scope) -> Iterator[Failure]:
    """TS holds SSTDTC, an ISO 8601 date."""
    if scope.has("TSPARMCD", "TSVAL"):
        start = scope.frame.filter(pl.col("TSPARMCD") == "SSTDTC")["TSVAL"]
        if not (start.len() and start.fill_null("").str.contains(ISO_DATETIME).all()):
            yield Failure(None, "TSVAL")


@check(
    "SDTM-TS-PARMCD-UNKNOWN",
    "warning",
    "A parameter is not in the codelist",
    "TSPARMCD {value!r} is no term of Trial Summary Parameter Test Code (C66738).",
    "Use CDISC's parameter where one means the same.",
    "SDTMIG 3.4, 7.4.2; CDISC CT C66738",
    datasets=TS,
)
def parmcd_known(scope: Scope) -> Iterator[Failure]:
    """TSPARMCD is CDISC's, with CDISC's TSPARM."""
    codelist = scope.terminology.codelist("C66738")
    if codelist is not None and scope.has("TSPARMCD"):
        known = pl.Series(list(codelist.by_value))
        yield Failure(~pl.col("TSPARMCD").is_in(known.implode()), "TSPARMCD")


@check(
    "SDTM-ETCD-LENGTH",
    "error",
    "An element's code is too long",
    "{variable} is {value!r}.",
    "An element's code has at most 8 characters.",
    "CG0246; SDTMIG 3.4, 7.2.2",
    datasets=("SE", "TA", "TE"),
)
def etcd_length(scope: Scope) -> Iterator[Failure]:
    """ETCD holds at most 8 characters."""
    if scope.has("ETCD"):
        yield Failure(pl.col("ETCD").str.len_chars() > 8, "ETCD")


@check(
    "SDTM-ETCD-NOT-IN-TE",
    "error",
    "An element is not planned",
    "ETCD is {value!r}, which TE does not hold.",
    "List the element in study.yaml (elements).",
    "SDTMIG 3.4, 5.3, 7.2.1",
    datasets=("SE", "TA"),
)
def etcd_in_te(scope: Scope) -> Iterator[Failure]:
    """ETCD stands in TE (UNPLAN, an element that was not planned, excepted)."""
    te = scope.frames.get("TE")
    if te is not None and scope.has("ETCD"):
        known = pl.concat([te["ETCD"].drop_nulls().unique(), pl.Series(["UNPLAN"])])
        yield Failure(~pl.col("ETCD").is_in(known.implode()), "ETCD")


@check(
    "SDTM-SE-START",
    "error",
    "An element has no start",
    "SESTDTC is empty for element {element}.",
    "Give the date that starts the element, or the event in study.yaml that tells it.",
    "CG0207; SDTMIG 3.4, 5.3",
    datasets=("SE",),
)
def se_start(scope: Scope) -> Iterator[Failure]:
    """SESTDTC is not null."""
    if scope.has("SESTDTC", "ETCD"):
        yield Failure(pl.col("SESTDTC").is_null(), "SESTDTC", {"element": pl.col("ETCD")})


@check(
    "SDTM-SE-END",
    "error",
    "An element does not end where the next starts",
    "SEENDTC is {value}; the next element starts at {next}.",
    "Leave SE to trialect, or correct the dates.",
    "CG0207; SDTMIG 3.4, 5.3",
    datasets=("SE",),
)
def se_end(scope: Scope) -> Iterator[Failure]:
    """SEENDTC is the next SESTDTC of the subject."""
    if scope.has("USUBJID", "SESEQ", "SESTDTC", "SEENDTC"):
        following = pl.col("SESTDTC").shift(-1).over("USUBJID", order_by="SESEQ")
        differs = following.is_not_null() & pl.col("SEENDTC").ne_missing(following)
        yield Failure(differs, "SEENDTC", {"next": following})


@check(
    "SDTM-TI-UNIQUE",
    "error",
    "A criterion stands twice in a version",
    "IETESTCD {value!r} occurs more than once in TIVERS {version}.",
    "Give each criterion of a protocol version its own code.",
    "CG0255; SDTMIG 3.4, 7.4.1",
    datasets=("TI",),
)
def ti_unique(scope: Scope) -> Iterator[Failure]:
    """IETESTCD is unique per TIVERS."""
    if scope.has("IETESTCD"):
        keys = ["IETESTCD", *(["TIVERS"] if scope.has("TIVERS") else [])]
        version = pl.col("TIVERS") if scope.has("TIVERS") else pl.lit(None, pl.String)
        yield Failure(scope.frame.select(keys).is_duplicated(), "IETESTCD", {"version": version})


@check(
    "SDTM-TA-ORDER",
    "error",
    "An arm's elements are not numbered once each",
    "TAETORD {value} occurs more than once in arm {arm}.",
    "TAETORD numbers the elements of an arm.",
    "CG0247; SDTMIG 3.4, 7.2.1",
    datasets=("TA",),
)
def ta_order(scope: Scope) -> Iterator[Failure]:
    """TAETORD is unique within ARMCD."""
    if scope.has("ARMCD", "TAETORD"):
        twice = scope.frame.select("ARMCD", "TAETORD").is_duplicated()
        yield Failure(twice, "TAETORD", {"arm": pl.col("ARMCD")})

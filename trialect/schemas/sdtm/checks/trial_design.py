"""TS, TA, TE, TV, TI and SE: the plan, and what subjects made of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import polars as pl

from trialect.schemas.ct.paired import paired_term
from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.checks.timing import ISO_DATETIME

TS = ("TS",)


@check(
    "SDTM-TS-PARM-LENGTH",
    "error",
    "A trial summary parameter's code or name is too long",
    "{variable} is {value!r}.",
    "A parameter's code has at most 8 characters, its name 40.",
    "CG0257; CG0258; SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def parm_length(scope: Scope) -> Iterator[Failure]:
    """TSPARMCD holds at most 8 characters, TSPARM 40."""
    for name, longest in (("TSPARMCD", 8), ("TSPARM", 40)):
        if scope.has(name):
            yield Failure(pl.col(name).str.len_chars() > longest, name)


@check(
    "SDTM-TS-PARM-PAIR",
    "error",
    "A parameter's code and name are not of one term",
    "TSPARM is {value!r}; CDISC names {code} {expected!r}.",
    "Use CDISC's name of the parameter, or a code of the sponsor's own.",
    "SDTMIG 3.4, 7.4.2; CDISC CT C66738, C67152",
    datasets=TS,
)
def parm_pair(scope: Scope) -> Iterator[Failure]:
    """TSPARMCD and TSPARM are the same term of their paired codelists."""
    if not scope.has("TSPARMCD", "TSPARM"):
        return
    pairs = scope.frame.select("TSPARMCD", "TSPARM").drop_nulls().unique(maintain_order=True)
    for code, name in pairs.iter_rows():
        expected = paired_term(scope.terminology, ("C66738",), ("C67152",), code)
        if expected is not None and expected != name:
            here = (pl.col("TSPARMCD") == code) & (pl.col("TSPARM") == name)
            yield Failure(here, "TSPARM", {"code": code, "expected": expected})


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
    "CG0261; SDTMIG 3.4, 7.4.2",
    datasets=TS,
)
def tsval_order(scope: Scope) -> Iterator[Failure]:
    """TSVAL1..n are filled in order."""
    more = [c for c in scope.columns if c[:5] == "TSVAL" and c[5:].isdigit()]
    names = ["TSVAL", *sorted(more, key=lambda name: int(name[5:]))] if scope.has("TSVAL") else []
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
    "CG0285; FDA technical rejection criterion 1734; SDTMIG 3.4, 7.4.2",
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
    """TSPARMCD is one of CDISC's."""
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
    "CG0414; SDTMIG 3.4, 5.3, 7.2.1",
    datasets=("SE", "TA"),
)
def etcd_in_te(scope: Scope) -> Iterator[Failure]:
    """ETCD stands in TE (UNPLAN, an element that was not planned, excepted)."""
    te = scope.frames.get("TE")
    if te is not None and "ETCD" in te.columns and scope.has("ETCD"):
        known = pl.concat([te["ETCD"].drop_nulls().unique(), pl.Series(["UNPLAN"])])
        yield Failure(~pl.col("ETCD").is_in(known.implode()), "ETCD")


@check(
    "SDTM-SE-START",
    "error",
    "An element has no start",
    "SESTDTC is empty for element {element}.",
    "Give the date that starts the element, or the event in study.yaml that tells it.",
    "SDTMIG 3.4, 5.3",
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
    "CG0207; CG0209; SDTMIG 3.4, 5.3",
    datasets=("SE",),
)
def se_end(scope: Scope) -> Iterator[Failure]:
    """SEENDTC is the next SESTDTC of the subject."""
    if scope.has("USUBJID", "SESEQ", "SESTDTC", "SEENDTC"):
        following = pl.col("SESTDTC").shift(-1).over("USUBJID", order_by="SESEQ")
        differs = following.is_not_null() & pl.col("SEENDTC").ne_missing(following)
        yield Failure(differs, "SEENDTC", {"next": following})


@check(
    "SDTM-SE-UNPLANNED",
    "error",
    "An unplanned element is not told as such",
    "{variable} is {value} for element {element}: {why}.",
    "UNPLAN says in SEUPDES what happened; it has no ELEMENT and no TAETORD.",
    "CG0152; CG0206; CG0210; CG0211; SDTMIG 3.4, 5.3",
    datasets=("SE",),
)
def se_unplanned(scope: Scope) -> Iterator[Failure]:
    """UNPLAN has a description, and neither a name nor a place in the plan; others have none."""
    if not scope.has("ETCD"):
        return
    unplanned = pl.col("ETCD") == "UNPLAN"
    given = {"element": pl.col("ETCD")}
    for name in ("ELEMENT", "TAETORD"):
        if scope.has(name):
            wrong = unplanned & pl.col(name).is_not_null()
            yield Failure(wrong, name, {**given, "why": "an unplanned element has none"})
    if scope.has("SEUPDES"):
        silent = unplanned & pl.col("SEUPDES").is_null()
        yield Failure(silent, "SEUPDES", {**given, "why": "what happened is not told"})
        planned = ~unplanned & pl.col("SEUPDES").is_not_null()
        yield Failure(planned, "SEUPDES", {**given, "why": "the element is planned"})


@check(
    "SDTM-TE-END",
    "error",
    "An element has neither an end nor a duration",
    "TEENRL and TEDUR are empty for element {element}.",
    "Give the element an end rule or a duration in study.yaml.",
    "CG0328; CG0329; SDTMIG 3.4, 7.2.2",
    datasets=("TE",),
)
def te_end(scope: Scope) -> Iterator[Failure]:
    """TEENRL or TEDUR is there for each element."""
    rules = [name for name in ("TEENRL", "TEDUR") if scope.has(name)]
    none = pl.all_horizontal(pl.lit(True), *(pl.col(name).is_null() for name in rules))
    if scope.has("ETCD"):
        yield Failure(none & pl.col("ETCD").is_not_null(), "TEENRL", {"element": pl.col("ETCD")})


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
    "TAETORD {value} is no whole number, or occurs more than once in arm {arm}.",
    "TAETORD numbers the elements of an arm.",
    "CG0247; CG0248; SDTMIG 3.4, 7.2.1",
    datasets=("TA",),
)
def ta_order(scope: Scope) -> Iterator[Failure]:
    """TAETORD is a whole number, unique within ARMCD."""
    if scope.has("ARMCD", "TAETORD"):
        twice = scope.frame.select("ARMCD", "TAETORD").is_duplicated()
        broken = pl.col("TAETORD").cast(pl.Float64, strict=False) % 1 != 0
        yield Failure(twice | broken, "TAETORD", {"arm": pl.col("ARMCD")})

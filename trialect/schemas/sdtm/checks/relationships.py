"""SUPPQUAL and RELREC: what hangs on other records."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check
from trialect.schemas.sdtm.model import dataset

SUPP = ("SUPP--", "SUPPQUAL")


@check(
    "SDTM-QNAM-NAME",
    "error",
    "A supplemental qualifier's name is no name",
    "QNAM is {value!r}.",
    "Use at most 8 upper-case letters and digits, not starting with a digit.",
    "CG0417; SDTMIG 3.4, 8.4.1",
    datasets=SUPP,
)
def qnam_name(scope: Scope) -> Iterator[Failure]:
    """QNAM has at most 8 upper-case letters and digits."""
    if scope.has("QNAM"):
        yield Failure(~pl.col("QNAM").str.contains(r"^[A-Z_][A-Z0-9_]{0,7}$"), "QNAM")


@check(
    "SDTM-QLABEL-LENGTH",
    "error",
    "A supplemental qualifier's label is too long",
    "QLABEL is {value!r}, longer than 40 characters.",
    "Shorten the label in the mapping table.",
    "CG0416; SDTMIG 3.4, 8.4.1",
    datasets=SUPP,
)
def qlabel_length(scope: Scope) -> Iterator[Failure]:
    """QLABEL has at most 40 characters."""
    if scope.has("QLABEL"):
        yield Failure(pl.col("QLABEL").str.len_chars() > 40, "QLABEL")


@check(
    "SDTM-SUPP-UNIQUE",
    "error",
    "A qualifier stands twice",
    "{variable} {value} stands more than once for the same record of {parent}.",
    "A record has one value for a QNAM.",
    "CG0411; SDTMIG 3.4, 8.4.1",
    datasets=SUPP,
)
def supp_unique(scope: Scope) -> Iterator[Failure]:
    """IDVAR, IDVARVAL and QNAM are unique per parent and subject."""
    keys = ["RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM"]
    if scope.has(*keys):
        twice = scope.frame.select(keys).is_duplicated()
        yield Failure(twice, "QNAM", {"parent": pl.col("RDOMAIN")})


@check(
    "SDTM-SUPP-PARENT",
    "error",
    "A qualifier has no parent",
    "{identifier} {value} is not in {parent}.",
    "Correct the record it belongs to.",
    "CG0371; SDTMIG 3.4, 8.4.1",
    datasets=(*SUPP, "RELREC", "CO"),
)
def parent_exists(scope: Scope) -> Iterator[Failure]:
    """IDVARVAL exists in the parent's IDVAR for the subject."""
    if not scope.has("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL"):
        return
    keys = scope.frame.select("RDOMAIN", "IDVAR").drop_nulls().unique(maintain_order=True)
    for parent, variable in keys.iter_rows():
        records = _records(scope, parent)
        here = (pl.col("RDOMAIN") == parent) & (pl.col("IDVAR") == variable)
        given = {"parent": parent, "identifier": variable}
        if records is None or not {"USUBJID", variable} <= set(records.columns):
            continue  # SDTM-RDOMAIN-ABSENT and SDTM-IDVAR-UNKNOWN tell of it
        known = (
            records.select("USUBJID", _as_text(records, variable).alias("IDVARVAL"))
            .unique()
            .with_columns(pl.lit(True).alias("@in"))
        )
        found = scope.frame.select("USUBJID", "IDVARVAL").join(
            known, on=["USUBJID", "IDVARVAL"], how="left", maintain_order="left"
        )["@in"]
        # RELREC between datasets leaves IDVARVAL empty (SDTMIG 3.4, 8.3.2).
        yield Failure(
            here & pl.lit(found.is_null()) & pl.col("IDVARVAL").is_not_null(), "IDVARVAL", given
        )


def _records(scope: Scope, parent: str) -> pl.DataFrame | None:
    """The parent's records, of all its parts where it is split."""
    parts = [
        frame
        for name, frame in scope.frames.items()
        if name == parent or (name[:2] == parent and len(name) in (3, 4))
    ]
    return pl.concat(parts, how="diagonal_relaxed") if parts else None


def _as_text(frame: pl.DataFrame, variable: str) -> pl.Expr:
    column = pl.col(variable)
    if frame.schema[variable].is_numeric():
        return column.cast(pl.String).str.replace(r"\.0$", "")
    return column


@check(
    "SDTM-QNAM-IS-VARIABLE",
    "error",
    "A qualifier is a variable of the model",
    "QNAM {value!r} is a variable of {parent}.",
    "Map it to the variable itself.",
    "CG0314; SDTMIG 3.4, 8.4",
    datasets=SUPP,
)
def qnam_is_variable(scope: Scope) -> Iterator[Failure]:
    """QNAM is no SDTM variable of the parent."""
    if not scope.has("RDOMAIN", "QNAM"):
        return
    for parent in scope.frame["RDOMAIN"].drop_nulls().unique(maintain_order=True):
        model = dataset(parent)
        if model is not None:
            here = scope.frame.filter(pl.col("RDOMAIN") == parent)["QNAM"].drop_nulls().unique()
            names = [name for name in here if model.allowed(name) is not None]
            wrong = (pl.col("RDOMAIN") == parent) & pl.col("QNAM").is_in(names)
            yield Failure(wrong, "QNAM", {"parent": parent})


@check(
    "SDTM-RELREC-ALONE",
    "error",
    "A relationship has one member",
    "RELID {value!r} of {usubjid} stands on one record only.",
    "A relationship joins two records or more.",
    "CG0200; SDTMIG 3.4, 8.2",
    datasets=("RELREC",),
)
def relrec_alone(scope: Scope) -> Iterator[Failure]:
    """RELID stands on two or more records."""
    if scope.has("USUBJID", "RELID"):
        alone = ~scope.frame.select("USUBJID", "RELID").is_duplicated()
        yield Failure(alone, "RELID")


@check(
    "SDTM-SUPP-DOMAIN",
    "error",
    "A qualifier stands in another domain's dataset",
    "RDOMAIN is {value!r} in a record of {dataset}.",
    "Supplemental qualifiers of a domain stand in SUPP and its name.",
    "CG0334; SDTMIG 3.4, 8.4",
    datasets=("SUPP--",),
)
def supp_domain(scope: Scope) -> Iterator[Failure]:
    """RDOMAIN is the domain that SUPP-- is named after."""
    if scope.has("RDOMAIN") and scope.name != "SUPPQUAL":
        yield Failure(pl.col("RDOMAIN") != scope.name[4:6], "RDOMAIN")


@check(
    "SDTM-IDVAR-PAIR",
    "error",
    "A related record is half told",
    "{variable} is empty, but {other} is {given_value!r}.",
    "IDVAR names the variable of the parent, IDVARVAL its value; those of DM have neither.",
    "CG0163; CG0164; CG0166; CG0203; CG0204; CG0465; SDTMIG 3.4, 5.1, 8.4.1",
    datasets=(*SUPP, "CO"),
)
def idvar_pair(scope: Scope) -> Iterator[Failure]:
    """IDVAR and IDVARVAL come together, with RDOMAIN, for every domain but DM."""
    if not scope.has("RDOMAIN", "IDVAR", "IDVARVAL"):
        return
    domain, idvar, value = pl.col("RDOMAIN"), pl.col("IDVAR"), pl.col("IDVARVAL")
    for missing, name, other in (
        (idvar.is_null() & (domain != "DM"), "IDVAR", "RDOMAIN"),
        (idvar.is_null() & value.is_not_null(), "IDVAR", "IDVARVAL"),
        (domain.is_null() & idvar.is_not_null(), "RDOMAIN", "IDVAR"),
        (domain.is_null() & value.is_not_null(), "RDOMAIN", "IDVARVAL"),
    ):
        yield Failure(missing, name, {"other": other, "given_value": pl.col(other)})
    if scope.name != "CO":
        # A comment may belong to all records that share a value, and then has none of its own.
        yield Failure(
            value.is_null() & idvar.is_not_null(),
            "IDVARVAL",
            {"other": "IDVAR", "given_value": idvar},
        )


@check(
    "SDTM-RELREC-DATASET",
    "error",
    "A relationship of datasets and one of records are mixed",
    "IDVAR is {identifier}: {variable} {why}.",
    "--SEQ tells of single records: it needs USUBJID and IDVARVAL, and no RELTYPE.",
    "CG0201; CG0419; SDTMIG 3.4, 8.2, 8.3",
    datasets=("RELREC",),
)
def relrec_dataset(scope: Scope) -> Iterator[Failure]:
    """IDVAR --SEQ names single records: a subject, a value, no RELTYPE."""
    if not scope.has("IDVAR"):
        return
    by_seq = pl.col("IDVAR").str.ends_with("SEQ")
    given = {"identifier": pl.col("IDVAR")}
    if scope.has("USUBJID", "IDVARVAL"):
        none = by_seq & pl.col("USUBJID").is_null() & pl.col("IDVARVAL").is_null()
        yield Failure(none, "IDVARVAL", {**given, "why": "is empty, and so is USUBJID"})
    if scope.has("RELTYPE"):
        typed = by_seq & pl.col("RELTYPE").is_not_null()
        yield Failure(typed, "RELTYPE", {**given, "why": "is filled"})

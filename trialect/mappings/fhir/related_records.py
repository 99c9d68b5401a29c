"""The rows of RELREC that FHIR may tell: of single records, and of whole datasets."""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir.blind import TREATMENT, WITHHELD
from trialect.mappings.fhir.partition import SUBJECT, Partition

RELREC = "RELREC"

HIDDEN = (*TREATMENT, *WITHHELD)
"""Domains of which, blinded, nothing says what belongs to them."""

_COLUMNS = ("RDOMAIN", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")


def of_records(part: Partition) -> pl.DataFrame:
    """RELREC of single records: USUBJID and the columns of RELREC (String), `subject`.

    Blinded, without the rows of treatments and what is left alone by that, and without a RELID
    that tells an arm.
    """
    found = part.domain(RELREC, _COLUMNS)
    found = found.filter(pl.col("RDOMAIN").is_not_null() & pl.col("RELID").is_not_null())
    if part.unblinded or not found.height:
        return found
    found = found.filter(~pl.col("RDOMAIN").is_in(HIDDEN))
    return found.filter(pl.len().over(SUBJECT, "RELID") > 1)


def of_datasets(part: Partition) -> pl.DataFrame:
    """RELREC of whole datasets: RDOMAIN, IDVAR and RELID (String)."""
    names = ("RDOMAIN", "IDVAR", "RELID")
    given = part.trial.get(RELREC)
    if given is None or not set(names) <= set(given.columns):
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    found = given.select(names).drop_nulls()
    return found if part.unblinded else found.filter(~pl.col("RDOMAIN").is_in(HIDDEN))

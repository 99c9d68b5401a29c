"""Periods whose ends R4 can compare.

R4's invariant per-1 (datatypes.html#Period) asks that start <= end, and FHIRPath knows no answer
for a moment and the day it lies in: HAPI FHIR refuses a period from 2026-01-20T10:41:00Z to
2026-01-20. The end that is more exact is cut to the other's precision then, and its exact text is
an extension of ours on the same element. R5 compares the bounds; there nothing is cut.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.slots import Template, Text

EXACT = "exact"
"""The extension's name; its value is a dateTime."""


def period(part: Partition) -> Template:
    """A Period, filled from the columns of `comparable`."""

    def exact(column: str) -> Template:
        url = part.identity.extension(EXACT)
        return {"extension": [{"url": url, "valueDateTime": Text(column)}]}

    return {
        "start": Text("comparable_start"),
        "_start": exact("exact_start"),
        "end": Text("comparable_end"),
        "_end": exact("exact_end"),
    }


def comparable(start: str, end: str) -> dict[str, pl.Expr]:
    """Columns for `period` from those of two dateTimes: `exact_*` are null where nothing is cut."""
    return {
        **_cut("start", pl.col(start), pl.col(end)),
        **_cut("end", pl.col(end), pl.col(start)),
    }


def _cut(name: str, this: pl.Expr, other: pl.Expr) -> dict[str, pl.Expr]:
    # dateTimes of one precision are as long as each other but for seconds' fractions and zones,
    # which begin after the day: only where the other has no time can it be how this one begins.
    within = (
        (this != other) & (other.str.len_bytes() <= 10) & this.str.starts_with(other)
    ).fill_null(False)
    return {
        f"comparable_{name}": pl.when(within).then(other).otherwise(this),
        f"exact_{name}": pl.when(within).then(this),
    }

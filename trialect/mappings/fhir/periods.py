"""Periods whose ends R4 can compare, and what is no period: a moment, an end before its start.

R4's invariant per-1 (datatypes.html#Period) asks that start <= end, and FHIRPath knows no answer
for a moment and the day it lies in: HAPI FHIR refuses a period from 2026-01-20T10:41:00Z to
2026-01-20. The end that is more exact is cut to the other's precision then, and its exact text is
an extension of ours on the same element. R5 compares the bounds; there nothing is cut.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.slots import Template, Text
from trialect.schemas.fhir.primitives import DATE

EXACT = "exact"
"""The extension's name; its value is a dateTime."""


Period = dict[str, Any]
"""A Period as plain JSON values."""

_DATE = re.compile(DATE, re.ASCII)

PERIOD = ("from", "until", "comparable_start", "exact_start", "comparable_end", "exact_end")
"""The columns of a period as R5 and as R4 has it (`period`)."""


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


def of_study(identity: Identity, start: str | None, end: str | None, *, cut: bool) -> Period:
    """The Period of two dates of the protocol; `cut` as R4 asks. An end before its start stands in
    the extension alone: an element without a value breaks no invariant. A text that is no date that
    FHIR knows stands there as text.
    """
    found: Period = {}
    known = {name: one for name, one in (("start", start), ("end", end)) if is_date(one)}
    for name, stated in (("start", start), ("end", end)):
        if not stated:
            continue
        other = known.get("end" if name == "start" else "start")
        if name not in known:
            told = {"url": identity.extension(EXACT), "valueString": stated}
            found[f"_{name}"] = {"extension": [told]}
            continue
        written: str | None = stated
        if other is not None:
            short = min(len(stated), len(other))
            if name == "end" and stated[:short] < other[:short]:
                written = None
            elif cut and short < len(stated) and stated.startswith(other):
                written = other
        if written is not None:
            found[name] = written
        if written != stated:
            extension = {"url": identity.extension(EXACT), "valueDateTime": stated}
            found[f"_{name}"] = {"extension": [extension]}
    return found


def is_date(text: str | None) -> bool:
    """Whether a text is a date of FHIR: one that exists, as exact as it is known."""
    return text is not None and _DATE.fullmatch(text) is not None


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


_SECONDS = len("2026-02-01T09:30:00")


def _length(column: str) -> pl.Expr:
    """How long a dateTime is up to its seconds; those of one length can be compared as texts."""
    return pl.col(column).str.len_chars().clip(upper_bound=_SECONDS)


ORDERED = (
    pl.col("start").is_null()
    | pl.col("end").is_null()
    | (
        pl.col("end").str.slice(0, pl.min_horizontal(_length("start"), _length("end")))
        >= pl.col("start").str.slice(0, pl.min_horizontal(_length("start"), _length("end")))
    )
)
"""Whether the end is not before the start, as far as both are said (FHIR invariant per-1)."""


_NONE = pl.lit(False)


def ended(frame: pl.DataFrame, lasting: pl.Expr = _NONE) -> pl.DataFrame:
    """With `moment`, or `from` and `until` and what `period` reads, of `start` and `end`; `said` is
    the end that stands.

    A start alone is a moment, but for what is `lasting`: there an end that is not said is not
    known, and a period without it says so.
    An end before its start is left out of the period, since FHIR has no such periods; the
    variable's extension says it (`variables.with_more`), and SDTM's checks are told.
    """
    ends = pl.col("end").is_not_null() & pl.col("start").ne_missing(pl.col("end"))
    lasts = ends | (lasting & pl.col("end").is_null())
    return frame.with_columns(
        moment=pl.when(~lasts).then("start"),
        **{
            "from": pl.when(lasts).then("start"),
            "until": pl.when(lasts & ORDERED).then("end"),
            "said": pl.when(ORDERED).then("end"),
        },
    ).with_columns(**comparable("from", "until"))

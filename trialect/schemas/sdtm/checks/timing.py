"""Dates and study days."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check

_YEAR, _MONTH, _DAY = r"\d{4}", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]|-)(:([0-5]\d|-)(:[0-5]\d(\.\d+)?)?)?"
_ZONE = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?"
_DATE = rf"({_YEAR}|-)(-({_MONTH}|-)(-({_DAY}|-)(T{_TIME}{_ZONE})?)?)?"
ISO_DATETIME = rf"^{_DATE}(/{_DATE})?$"
"""A date of SDTM: ISO 8601, truncated on the right, "-" for a missing part in the middle, or an
interval of two (SDTMIG 3.4, 4.4.2)."""

ISO_DURATION = (
    r"^-?P(\d+(\.\d+)?W|(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?D)?"
    r"(T(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?)$"
)

DATE_DOMAIN = "ISO 8601 datetime or interval"
DURATION_DOMAIN = "ISO 8601 duration"
COMPLETE = r"^\d{4}-\d{2}-\d{2}"


def complete_date(name: str) -> pl.Expr:
    """The date of a complete --DTC value; null when the value is partial or no date."""
    return pl.col(name).str.extract(rf"({COMPLETE})(?:T|$)").str.to_date("%Y-%m-%d", strict=False)


def is_day(date: pl.Expr) -> pl.Expr:
    """Whether a date is known to the day."""
    return date.str.contains(COMPLETE)


def known_before(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether `one` is before `other` as far as both are known: of 2026-01 and 2026-01-10 none is.

    Dates with a missing middle part, intervals and times with a zone are not compared.
    """
    plain = pl.all_horizontal(
        date.str.contains(r"^\d{4}") & ~date.str.contains(r"--|-T|T-|/|Z|T.*[+-]")
        for date in (one, other)
    )
    known = pl.min_horizontal(one.str.len_chars(), other.str.len_chars())
    return plain & (one.str.head(known) < other.str.head(known))


def _dates(scope: Scope) -> list[str]:
    return [
        variable.name
        for variable in map(scope.model.allowed, scope.columns)
        if variable is not None and variable.value_domain == DATE_DOMAIN
    ]


@check(
    "SDTM-DATE-FORMAT",
    "error",
    "A date is not ISO 8601",
    "{variable} is {value!r}.",
    "Write it as 2026-03-01T09:30, cut on the right where parts are unknown.",
    "SDTMIG 3.4, 4.4.1, 4.4.2",
)
def date_format(scope: Scope) -> Iterator[Failure]:
    """Dates and times follow ISO 8601 as SDTMIG uses it."""
    for name in _dates(scope):
        yield Failure(~pl.col(name).str.contains(ISO_DATETIME), name)


@check(
    "SDTM-DATE-IMPOSSIBLE",
    "error",
    "A date is not in the calendar",
    "{variable} is {value!r}, a day that does not exist.",
    "Correct the date at its source.",
    "SDTMIG 3.4, 4.4.1",
)
def date_impossible(scope: Scope) -> Iterator[Failure]:
    """A complete date exists."""
    for name in _dates(scope):
        looks_complete = pl.col(name).str.contains(COMPLETE)
        yield Failure(looks_complete & complete_date(name).is_null(), name)


@check(
    "SDTM-DURATION-FORMAT",
    "error",
    "A duration is not ISO 8601",
    "{variable} is {value!r}.",
    "Write it as P1D, PT1H, -PT15M and the like.",
    "SDTMIG 3.4, 4.4.3",
)
def duration_format(scope: Scope) -> Iterator[Failure]:
    """Durations follow ISO 8601."""
    for variable in filter(None, map(scope.model.allowed, scope.columns)):
        domain = variable.value_domain
        if domain.startswith(DURATION_DOMAIN) and "interval" not in domain:
            text = pl.col(variable.name).str
            bad = ~text.contains(ISO_DURATION) | text.contains("[PT]$")
            yield Failure(bad, variable.name)


@check(
    "SDTM-END-BEFORE-START",
    "error",
    "An end is before its start",
    "{variable} is {value}, before {start_variable} {start}.",
    "Correct one of the two dates at its source.",
    "FB3209; SDTMIG 3.4, 4.4.1",
)
def end_before_start(scope: Scope) -> Iterator[Failure]:
    """--STDTC is not after --ENDTC, as far as both are known."""
    start, end = scope.expand("--STDTC"), scope.expand("--ENDTC")
    if scope.has("--STDTC", "--ENDTC"):
        wrong = known_before(pl.col(end), pl.col(start))
        yield Failure(wrong, end, {"start": pl.col(start), "start_variable": start})


def _days(scope: Scope) -> Iterator[tuple[str, str]]:
    """(--DY, --DTC) variables of the dataset, each with its own date."""
    for stem in ("", "ST", "EN"):
        day, date = scope.expand(f"--{stem}DY"), scope.expand(f"--{stem}DTC")
        if day in scope.frame.columns and date in scope.frame.columns:
            yield day, date


def _reference(scope: Scope) -> pl.Series | None:
    """The date of RFSTDTC for each record; null where it is unknown or partial."""
    dm = scope.frames.get("DM")
    if dm is None or "RFSTDTC" not in dm.columns or not scope.has("USUBJID"):
        return None
    known = dm.select("USUBJID", complete_date("RFSTDTC").alias("@rfst")).unique("USUBJID")
    joined = scope.frame.select("USUBJID").join(
        known, on="USUBJID", how="left", maintain_order="left"
    )
    return joined["@rfst"]


@check(
    "SDTM-STUDY-DAY",
    "error",
    "A study day does not follow from its date",
    "{variable} is {value}; {date_variable} {date} makes it {expected}.",
    "Leave {variable} to trialect, or correct the date.",
    "CG0006; CG0220; CG0222; FB1603; SDTMIG 3.4, 4.4.4",
)
def study_day(scope: Scope) -> Iterator[Failure]:
    """--DY = (date - RFSTDTC) + 1 from RFSTDTC on, else the difference."""
    reference = _reference(scope)
    if reference is None:
        return
    for day, date in _days(scope):
        difference = (complete_date(date) - pl.lit(reference)).dt.total_days()
        expected = difference + (difference >= 0).cast(pl.Int64)
        yield Failure(
            pl.col(day) != expected,
            day,
            {"expected": expected, "date": pl.col(date), "date_variable": date},
        )


@check(
    "SDTM-STUDY-DAY-ZERO",
    "error",
    "There is no study day 0",
    "{variable} is 0.",
    "The day of RFSTDTC is day 1, the day before is day -1.",
    "SDTMIG 3.4, 4.4.4",
)
def study_day_zero(scope: Scope) -> Iterator[Failure]:
    """No --DY, --STDY, --ENDY or VISITDY is 0."""
    days = [scope.expand(f"--{stem}DY") for stem in ("", "ST", "EN")]
    for name in [*days, "VISITDY"]:
        if name in scope.frame.columns:
            yield Failure(pl.col(name) == 0, name)


@check(
    "SDTM-STUDY-DAY-UNFOUNDED",
    "error",
    "A study day without complete dates",
    "{variable} is {value}, but {date_variable} or DM.RFSTDTC is partial or missing.",
    "Leave {variable} empty until both dates are complete.",
    "CG0007; CG0221; CG0223; SDTMIG 3.4, 4.4.4",
)
def study_day_unfounded(scope: Scope) -> Iterator[Failure]:
    """--DY is null unless both dates are complete."""
    reference = _reference(scope)
    if reference is None:
        return
    for day, date in _days(scope):
        unknown = complete_date(date).is_null() | pl.lit(reference.is_null())
        yield Failure(pl.col(day).is_not_null() & unknown, day, {"date_variable": date})


@check(
    "SDTM-STUDY-DAY-MISSING",
    "warning",
    "A study day is missing",
    "{variable} is empty though {date_variable} {date} and DM.RFSTDTC are complete.",
    "Leave {variable} to trialect.",
    "CG0220; CG0222; FB1602; SDTMIG 3.4, 4.4.4",
)
def study_day_missing(scope: Scope) -> Iterator[Failure]:
    """--DY is there when both dates are complete."""
    reference = _reference(scope)
    if reference is None:
        return
    for day, date in _days(scope):
        founded = complete_date(date).is_not_null() & pl.lit(reference.is_not_null())
        yield Failure(
            pl.col(day).is_null() & founded,
            day,
            {"date": pl.col(date), "date_variable": date},
        )

"""Arithmetic of ISO 8601 dates as SDTM writes them: partial, right-truncated, with or without time.

A text stands for the span of seconds that it leaves open: `2025-03` for all of March. Two texts
are compared only as far as their spans allow; where they overlap the answer is "not known" (null).
Times are on the clock of the site, as SDTMIG 4.4 expects; an offset from UTC is not added.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime
from typing import Literal

import polars as pl

ORDINARY = r"^\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?)?)?$"
"""Right-truncated dates without offset, all but a few of what SDTM datasets hold."""

DAY = 86_400
"""Seconds of a day."""

_START = "0001-01-01T00:00:00"
_OPEN = {10: DAY - 1, 13: 3599, 16: 59, 19: 0}
"""Seconds left open by a text of so many characters, besides its first."""

_ZONE = re.compile(r"(?<=T)(.*?)(Z|[+-]\d{2}(:?\d{2})?)$")
_PARTS = re.compile(
    r"(\d{4}|-)(?:-(\d{2}|-))?(?:-(\d{2}|-))?"
    r"(?:T(\d{2}|-)(?::(\d{2}|-))?(?::(\d{2})(?:\.\d+)?)?)?"
)
_FIRST = (1, 1, 1, 0, 0, 0)
_LAST = (9999, 12, 31, 23, 59, 59)

Pick = Literal["earliest", "latest"]


def bounds(dates: pl.Series) -> pl.DataFrame:
    """The first and last second that each text may mean: columns `lower`, `upper` (Int64, seconds).

    Both are null for a text without a year, an impossible date (2026-02-30) and no date at all.
    An interval (`a/b`) lasts from the start of `a` to the end of `b`; a part that is unknown in
    the middle (`2025---15`) leaves open all that stands right of it.
    """
    text = dates.alias("text").to_frame()
    ordinary = text.select(
        pl.col("text").str.contains(ORDINARY) & ~pl.col("text").str.starts_with("0000")
    ).to_series()
    length = pl.col("text").str.len_bytes().clip(upper_bound=len(_START))
    seconds = pl.concat_str(pl.col("text").str.slice(0, 19), pl.lit(_START).str.slice(length))
    start = seconds.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
    first = pl.col("start").dt.epoch("s")
    last_of_year = pl.datetime(pl.col("start").dt.year(), 12, 31)
    found = text.select("text", start=pl.when(ordinary).then(start), length=length).select(
        "text",
        lower=first,
        upper=pl.when(pl.col("length") == 4)
        .then(last_of_year.dt.epoch("s") + DAY - 1)
        .when(pl.col("length") == 7)
        .then(pl.col("start").dt.month_end().dt.epoch("s") + DAY - 1)
        .otherwise(first + pl.col("length").replace_strict(_OPEN, default=None)),
    )
    odd = text.filter(~ordinary & pl.col("text").is_not_null()).to_series().unique().to_list()
    if odd:
        spans = {one: _span(one) for one in odd}
        table = pl.DataFrame(
            {
                "text": odd,
                "lower": [spans[one][0] for one in odd],
                "upper": [spans[one][1] for one in odd],
            },
            schema={"text": pl.String, "lower": pl.Int64, "upper": pl.Int64},
        )
        found = found.join(table, on="text", how="left", maintain_order="left").select(
            lower=pl.coalesce("lower", "lower_right"), upper=pl.coalesce("upper", "upper_right")
        )
    return found.select("lower", "upper")


def _span(text: str) -> tuple[int | None, int | None]:
    """The span of a text that is not in the ordinary form."""
    if "/" in text:
        start, _, end = text.partition("/")
        opens = bounds(pl.Series([start])).row(0)[0]
        closes = bounds(pl.Series([end])).row(0)[1]
        return (None, None) if opens is None or closes is None else (opens, closes)
    match = _PARTS.fullmatch(_ZONE.sub(r"\1", text))
    if match is None:
        return None, None
    known: list[int] = []
    for part in match.groups():
        if part in (None, "-"):
            break
        known.append(int(part))
    first = [*known, *_FIRST[len(known) :]]
    last = [*known, *_LAST[len(known) :]]
    try:
        if len(known) == 2:
            last[2] = monthrange(*known)[1]
        lower, upper = (datetime(*one[:6], tzinfo=UTC).timestamp() for one in (first, last))  # type: ignore[misc, arg-type] # six numbers
    except ValueError:
        return None, None
    return (int(lower), int(upper)) if known else (None, None)


def with_bounds(frame: pl.DataFrame, column: str, prefix: str = "") -> pl.DataFrame:
    """The frame with columns PREFIXlower and PREFIXupper of the dates in `column`."""
    found = bounds(frame[column])
    return frame.with_columns(
        found["lower"].alias(f"{prefix}lower"), found["upper"].alias(f"{prefix}upper")
    )


def day(date: pl.Expr) -> pl.Expr:
    """The day a text names (Date), null unless its date part is complete and real."""
    whole = date.str.contains(r"^\d{4}-\d{2}-\d{2}(T[^/]*)?$")
    return pl.when(whole).then(date.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False)


def study_day(date: pl.Expr, reference: pl.Expr) -> pl.Expr:
    """The study day (Float64): 1 on the day of `reference`, -1 on the day before, never 0.

    Null unless both dates are complete (SDTMIG 4.4.4; CG0006, CG0007). Takes Date expressions.
    """
    difference = (date - reference).dt.total_days()
    return (difference + (difference >= 0).cast(pl.Int64)).cast(pl.Float64)


def order(left: tuple[pl.Expr, pl.Expr], right: tuple[pl.Expr, pl.Expr]) -> pl.Expr:
    """-1, 0 or 1 (Int8) as the left span lies before, is equal to, or lies after the right one.

    Null where they overlap without being equal: which comes first is not known. Equal spans of
    less than a minute are the same time; of equal days only the day is known to be the same.
    """
    return (
        pl.when(left[1] < right[0])
        .then(-1)
        .when(left[0] > right[1])
        .then(1)
        .when((left[0] == right[0]) & (left[1] == right[1]))
        .then(0)
        .cast(pl.Int8)
    )


def has_time(lower: pl.Expr, upper: pl.Expr) -> pl.Expr:
    """Whether a span is known to the minute."""
    return upper - lower < 60


def shared_text(lower: pl.Expr, upper: pl.Expr) -> pl.Expr:
    """The most exact text that is true of every second of a span; null when not even the year."""
    start, end = (pl.from_epoch(one, "s") for one in (lower, upper))
    text: pl.Expr = pl.when(start.dt.year() == end.dt.year()).then(start.dt.strftime("%Y"))
    for unit, form in (
        ("1mo", "%Y-%m"),
        ("1d", "%Y-%m-%d"),
        ("1h", "%Y-%m-%dT%H"),
        ("1m", "%Y-%m-%dT%H:%M"),
        ("1s", "%Y-%m-%dT%H:%M:%S"),
    ):
        same = start.dt.truncate(unit) == end.dt.truncate(unit)
        text = pl.when(same).then(start.dt.strftime(form)).otherwise(text)
    return text


def pick(frame: pl.DataFrame, by: str, date: str, which: Pick) -> pl.DataFrame:
    """The earliest or latest date of each group, as far as it is certain: columns `by`, `date`.

    The text of the record where one record is certainly first (last); else what all possible
    answers share (of 2025-03 and 2025-03-10 the earliest is in 2025-03). Groups come in the order
    of `by`. A date without bounds may be any day, so a group that has one has no answer.
    """
    dated = with_bounds(frame.select(by, pl.col(date).alias("date")).drop_nulls(), "date")
    near, far = ("lower", "upper") if which == "earliest" else ("upper", "lower")
    ordered = dated.sort(by, near, far, "date", descending=[False, *[which == "latest"] * 2, False])
    best = pl.col(near).min() if which == "earliest" else pl.col(near).max()
    reach = pl.col(far).min() if which == "earliest" else pl.col(far).max()
    found = ordered.group_by(by, maintain_order=True).agg(
        best.alias(near),
        reach.alias(far),
        first=pl.col("date").first(),
        first_far=pl.col(far).first(),
        open=pl.col("lower").null_count() > 0,
    )
    return found.select(
        by,
        pl.when(~pl.col("open"))
        .then(
            pl.when(pl.col("first_far") == pl.col(far))
            .then("first")
            .otherwise(shared_text(pl.col("lower"), pl.col("upper")))
        )
        .alias("date"),
    ).drop_nulls()


def age(
    birth: tuple[pl.Expr, pl.Expr], reference: tuple[pl.Expr, pl.Expr]
) -> tuple[pl.Expr, pl.Expr]:
    """The least and the most completed years (Int64) from a span of birth to a span of reference.

    Somebody born on 29 February completes a year on 1 March where there is no such day.
    """

    def years(start: pl.Expr, end: pl.Expr) -> pl.Expr:
        born, then = (pl.from_epoch(one, "s") for one in (start, end))
        passed = (then.dt.month().cast(pl.Int64) * 100 + then.dt.day()) >= (
            born.dt.month().cast(pl.Int64) * 100 + born.dt.day()
        )
        return then.dt.year().cast(pl.Int64) - born.dt.year() - (~passed).cast(pl.Int64)

    return years(birth[1], reference[0]), years(birth[0], reference[1])


DURATION = r"^-?P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?)$"
"""ISO 8601 durations, with a sign as SDTMIG allows for time before a reference point."""

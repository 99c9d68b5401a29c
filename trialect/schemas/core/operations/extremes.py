"""The greatest, the least and the mean of a variable, of numbers, texts or dates."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from trialect.schemas.core.dates import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    YEAR,
    day_of,
    key_of,
    moment,
)
from trialect.schemas.core.operations.doing import Doing, grouped_frame, operation
from trialect.schemas.core.outcome import MissingDataset, NotAsked
from trialect.schemas.core.table import Column, Same


@operation("max")
def maximum(doing: Doing) -> Column:
    """The greatest value of the dataset or of each group."""
    return _extreme(doing, pl.col(doing.target).max())


@operation("min")
def minimum(doing: Doing) -> Column:
    """The least value of the dataset or of each group."""
    return _extreme(doing, pl.col(doing.target).min())


@operation("mean")
def mean(doing: Doing) -> Column:
    """The mean of the dataset or of each group; the target must be numeric."""
    if not doing.source().series(doing.target).dtype.is_numeric():
        raise NotAsked(f"operation mean needs numbers, and {doing.target} has none")
    return _extreme(doing, pl.col(doing.target).mean())


def _extreme(doing: Doing, of: pl.Expr) -> Column:
    groups = doing.grouping()
    frame = grouped_frame(doing.filtered(doing.source()), groups, doing.target)
    if not groups:
        return Same(frame.select(of).item())
    frame = frame.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in groups))
    return doing.per_group(frame.group_by(groups).agg(of.alias("@")), "@")


@operation("max_date")
def max_date(doing: Doing) -> Column:
    """The latest date of the dataset or of each group, known as far as it is written."""
    return _date(doing, latest=True)


@operation("min_date")
def min_date(doing: Doing) -> Column:
    """The earliest date of the dataset or of each group; a month counts from its first day."""
    return _date(doing, latest=False)


def _date(doing: Doing, *, latest: bool) -> Column:
    source, target = doing.source(), doing.target
    groups = doing.grouping()
    texts = source.series(target)
    if texts.dtype == pl.Null:
        texts = texts.cast(pl.String)
    if texts.dtype != pl.String:
        raise NotAsked(f"{doing.operation.operator} needs dates, and {target} is numeric")
    known = texts.drop_nulls().unique().to_list()
    keys = {text: _key(text) for text in known}
    for text, key in keys.items():
        if key is None:
            raise NotAsked(f"{target} holds {text!r}, which is no date of ISO 8601")
    frame = grouped_frame(source, groups, target).with_columns(
        texts.alias("@"),
        texts.replace_strict(keys, default=None, return_dtype=pl.Int64).alias("@key")
        if keys
        else pl.lit(None, dtype=pl.Int64).alias("@key"),
    )
    place = pl.col("@key").arg_max() if latest else pl.col("@key").arg_min()
    found = pl.col("@").get(place)
    if not groups:
        chosen = frame.select(found).item() if frame["@key"].count() else None
        return Same(None if chosen is None else _shown(chosen))
    frame = frame.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in groups))
    frame = frame.filter(pl.col("@key").is_not_null())
    chosen = frame.group_by(groups).agg(found)
    shown = {text: _shown(text) for text in chosen["@"].unique().to_list()}
    if shown:
        as_shown = pl.col("@").replace_strict(shown, default=None, return_dtype=pl.String)
        chosen = chosen.with_columns(as_shown)
    return doing.per_group(chosen, "@")


def _key(text: str) -> int | None:
    """What sorts a date whose end may be unknown; dates with gaps before their end have none."""
    found = moment(text)
    gaps = any(sign in text for sign in ("--", "/", "-:"))
    if found is not None and found.key is not None and not gaps:
        return found.key
    try:
        return key_of(datetime.fromisoformat(text))
    except ValueError:
        return None


def _shown(text: str) -> str | None:
    """A date as the operation gives it: to the second at most, at the time of Greenwich."""
    found = moment(text)
    if found is None or found.precision is None or found.key is None:
        return None
    precision = min(found.precision, SECOND)
    lengths = {YEAR: 4, MONTH: 7, DAY: 10, HOUR: 13, MINUTE: 16, SECOND: 19}
    key = found.key // 10**6
    day, second = divmod(key, 86_400)
    month, day = divmod(day, 31)
    year, month = divmod(month, 12)
    when = datetime(year, month + 1, day + 1, second // 3600, second // 60 % 60, second % 60)
    return when.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")[: lengths[precision]]


@operation("dy")
def study_day(doing: Doing) -> Column:
    """The study day of a date: days from RFSTDTC of DM, 1 on that day and no day 0.

    Missing where one of the two dates is not complete (SDTMIG 3.4, 4.4.4).
    """
    if not doing.datasets.named("DM"):
        raise MissingDataset("DM")
    demographics = doing.study.whole("DM")
    table, target = doing.table, doing.target

    def make() -> pl.Series:
        subjects = doing.study.kept(
            ("RFSTDTC",),
            lambda: (
                grouped_frame(demographics, ["USUBJID"], "RFSTDTC")
                .unique(subset=["USUBJID"], keep="first", maintain_order=True)
                .with_columns(pl.col("RFSTDTC").map_batches(_days, return_dtype=pl.Int64))
            ),
        )
        own = pl.DataFrame([table.series("USUBJID").alias("USUBJID")])
        joined = own.join(subjects, on="USUBJID", how="left", maintain_order="left")
        days = _days(table.series(target)) - joined["RFSTDTC"]
        return days + (days >= 0).cast(pl.Int64)

    return table.kept(("dy", target), (target, "USUBJID"), make)


def _days(dates: pl.Series) -> pl.Series:
    if dates.dtype != pl.String:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, len(dates))
    known = dates.drop_nulls().unique()
    numbers = {text: day_of(text) for text in known.to_list()}
    if not numbers:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, len(dates))
    return dates.replace_strict(numbers, default=None, return_dtype=pl.Int64)

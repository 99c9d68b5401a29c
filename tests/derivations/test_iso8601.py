from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.mappings.sdtm import iso8601

CASES = [
    ("2025", "2025-01-01T00:00:00", "2025-12-31T23:59:59"),
    ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
    ("2025-03-10", "2025-03-10T00:00:00", "2025-03-10T23:59:59"),
    ("2025-03-10T08", "2025-03-10T08:00:00", "2025-03-10T08:59:59"),
    ("2025-03-10T08:15", "2025-03-10T08:15:00", "2025-03-10T08:15:59"),
    ("2025-03-10T08:15:30", "2025-03-10T08:15:30", "2025-03-10T08:15:30"),
    ("2025-03-10T08:15:30.25", "2025-03-10T08:15:30", "2025-03-10T08:15:30"),
    ("2025---15", "2025-01-01T00:00:00", "2025-12-31T23:59:59"),
    ("2025-03--T08:15", "2025-03-01T00:00:00", "2025-03-31T23:59:59"),
    ("2025-03-10T-:30", "2025-03-10T00:00:00", "2025-03-10T23:59:59"),
    ("2025-03-10T08:15Z", "2025-03-10T08:15:00", "2025-03-10T08:15:59"),
    ("2025-03-10T08:15:30+03:00", "2025-03-10T08:15:30", "2025-03-10T08:15:30"),
    ("2025-01-02/2025-02", "2025-01-02T00:00:00", "2025-02-28T23:59:59"),
    ("1899-12-31", "1899-12-31T00:00:00", "1899-12-31T23:59:59"),
]
NONE = ["2026-02-30", "--03-15", "-----T07:15", "junk", "", "2025-13", "0000", "10/03/2025", None]


@pytest.mark.parametrize(("text", "lower", "upper"), CASES)
def test_a_text_stands_for_the_span_it_leaves_open(text: str, lower: str, upper: str) -> None:
    found = iso8601.bounds(pl.Series([text])).select(pl.from_epoch(pl.all(), "s")).row(0)
    assert found == (datetime.fromisoformat(lower), datetime.fromisoformat(upper))


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_date_has_no_bounds(text: str | None) -> None:
    assert iso8601.bounds(pl.Series([text], dtype=pl.String)).row(0) == (None, None)


def test_bounds_of_many_are_those_of_each() -> None:
    texts = [text for text, _, _ in CASES] + NONE
    whole = iso8601.bounds(pl.Series(texts)).rows()
    assert whole == [iso8601.bounds(pl.Series([t], dtype=pl.String)).row(0) for t in texts]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2025-03-01", "2025-03-02", -1),
        ("2025-03-02", "2025-03-01", 1),
        ("2025-03-02", "2025-03-02", 0),
        ("2025-03", "2025-03-02", None),
        ("2025-02", "2025-03-02", -1),
        ("2025-03-02T10:00", "2025-03-02", None),
        ("2025-03-02T10:00", "2025-03-02T10:00", 0),
        ("2025-03-02T10:00", "2025-03-02T10:00:30", None),
        ("2025-03-02T10", "2025-03-02T11:00", -1),
        (None, "2025-03-02", None),
    ],
)
def test_order_is_told_as_far_as_it_is_certain(
    left: str | None, right: str, expected: int | None
) -> None:
    frame = iso8601.with_bounds(pl.DataFrame({"a": [left]}, schema={"a": pl.String}), "a", "a_")
    frame = iso8601.with_bounds(frame.with_columns(b=pl.lit(right)), "b", "b_")
    told = frame.select(
        iso8601.order(
            (pl.col("a_lower"), pl.col("a_upper")), (pl.col("b_lower"), pl.col("b_upper"))
        )
    )
    assert told.item() == expected


@pytest.mark.parametrize(
    ("dates", "earliest", "latest"),
    [
        (["2025-03-10", "2025-03-12"], "2025-03-10", "2025-03-12"),
        (["2025-03", "2025-03-10"], "2025-03", "2025-03"),
        (["2025-03", "2025-04-01"], "2025-03", "2025-04-01"),
        (["2025", "2025-01-01"], "2025-01-01", "2025"),
        (["2025-03-10", "2025-03-10T08:00"], "2025-03-10", "2025-03-10"),
        (["2025-03-10T08:00", "2025-03-10T09:30"], "2025-03-10T08:00", "2025-03-10T09:30"),
        (["2025-03-10T08:00", "2025-03-10T08:00:30"], "2025-03-10T08:00", "2025-03-10T08:00"),
        (["2024", "2025"], "2024", "2025"),
        (["2025-03-10T08:15:30.25", "2025-03-11"], "2025-03-10T08:15:30.25", "2025-03-11"),
        (["2025-03-10", None], "2025-03-10", "2025-03-10"),
        (["2025-03-10", "--03-15"], None, None),
        ([None], None, None),
    ],
)
def test_the_earliest_and_the_latest_are_what_is_certain_of_them(
    dates: list[str | None], earliest: str | None, latest: str | None
) -> None:
    frame = pl.DataFrame({"who": ["x"] * len(dates), "d": dates}, schema_overrides={"d": pl.String})
    for which, expected in (("earliest", earliest), ("latest", latest)):
        found = iso8601.pick(frame, "who", "d", which)  # type: ignore[arg-type] # one of the two
        assert found.rows() == ([("x", expected)] if expected else [])


DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@settings(deadline=None)
@given(DAYS, DAYS)
def test_a_study_day_is_never_0_and_counts_the_days(day: date, reference: date) -> None:
    frame = pl.DataFrame({"day": [day.isoformat()], "ref": [reference.isoformat()]})
    found = frame.select(
        iso8601.study_day(iso8601.day(pl.col("day")), iso8601.day(pl.col("ref")))
    ).item()
    assert found != 0
    assert found == (day - reference).days + (1 if day >= reference else 0)


@pytest.mark.parametrize(
    "text", ["2025-03", "2025", "2025---10", "2026-02-30", "2025-01-01/2025-02-01"]
)
def test_only_a_complete_date_names_a_day(text: str) -> None:
    assert pl.DataFrame({"d": [text]}).select(iso8601.day(pl.col("d"))).item() is None
    assert pl.DataFrame({"d": ["2025-03-10T23:59"]}).select(
        iso8601.day(pl.col("d"))
    ).item() == date(2025, 3, 10)


@settings(deadline=None)
@given(DAYS, DAYS)
def test_completed_years_are_those_of_the_calendar(birth: date, then: date) -> None:
    frame = pl.DataFrame({"b": [birth.isoformat()], "t": [then.isoformat()]})
    frame = iso8601.with_bounds(iso8601.with_bounds(frame, "b", "b_"), "t", "t_")
    least, most = iso8601.age(
        (pl.col("b_lower"), pl.col("b_upper")), (pl.col("t_lower"), pl.col("t_upper"))
    )
    expected = then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))
    assert frame.select(least.alias("l"), most.alias("m")).row(0) == (expected, expected)


@settings(deadline=None)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2099, 1, 1)), st.integers(0, 100_000_000))
def test_a_shared_text_covers_the_whole_span(start: datetime, seconds: int) -> None:
    start = start.replace(microsecond=0)
    lower = int((start - datetime(1970, 1, 1)) / timedelta(seconds=1))
    frame = pl.DataFrame({"l": [lower], "u": [lower + seconds]})
    text = frame.select(iso8601.shared_text(pl.col("l"), pl.col("u"))).item()
    if text is None:
        assert start.year != (start + timedelta(seconds=seconds)).year
    else:
        first, last = iso8601.bounds(pl.Series([text])).row(0)
        assert first <= lower
        assert lower + seconds <= last

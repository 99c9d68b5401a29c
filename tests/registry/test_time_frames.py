"""Time frames as the points in time that they name; what is not understood is said so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.reconcile.points import Moment, read_duration
from trialect.converters.reconcile.time_frames import read_time_frame


def told(text: str) -> list[str]:
    return [str(one) for one in read_time_frame(text).moments]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (
            "1 hour, 1 week, 1 month, 3 months after the intervention",
            ["1 hour", "1 week", "1 month", "3 months"],
        ),
        ("Day 1, Day 15", ["day 1", "day 15"]),
        ("up to 24 months", ["up to 24 months"]),
        ("Baseline, Week 12", ["baseline", "week 12"]),
        ("From enrollment to the end of treatment at 8 weeks", ["8 weeks"]),
        ("4, 8, and 12 week after administration", ["4 weeks", "8 weeks", "12 weeks"]),
        ("Baseline, Weeks 2, 4 and 58", ["baseline", "week 2", "week 4", "week 58"]),
        ("Base-line, four weeks, and eight weeks", ["baseline", "4 weeks", "8 weeks"]),
        ("From baseline (week 0) to end of study (week 75)", ["baseline", "week 75"]),
        ("from Day 1 to Day 28", ["day 1", "day 28"]),
        ("From Day -6 up to 1 year", ["day -6", "up to 1 year"]),
        ("Day +100", ["day 100"]),
        ("Up to 3 years 5 months", ["up to 41 months"]),
        ("5 years and 6 months", ["66 months"]),
        ("36 ± 3 days after the start of the therapy..", ["36 days"]),
        ("one year after transplantation", ["1 year"]),
        ("Predose", ["baseline"]),
        ("At 20 minutes post injection", ["20 minutes"]),
        ("baseline and 6 months later", ["baseline", "6 months"]),
        ("Year 0, Year 1", ["baseline", "year 1"]),
        ("BEFORE TREATMENT", ["baseline"]),
        ("Day 1 and Week 12", ["day 1", "week 12"]),
        ("baseline, 3, 6 and 12 months", ["baseline", "3 months", "6 months", "12 months"]),
        ("Screening, Baseline, EOT", ["screening", "baseline", "eot"]),
        ("6-9 months", ["6 to 9 months"]),
        ("Day 1+48 hours", ["day 3"]),
        ("Within 24 (\u00b1 4) hours post injection", ["up to 24 hours"]),
        ("after 52 weeks", ["52 weeks"]),
        ("Every 3 months for 1 year", ["3 months", "6 months", "9 months", "12 months"]),
        ("At the end of cycle 1 (each cycle is 21 days)", ["day 21"]),
        ("C1D1, C2D15 (each cycle is 21 days)", ["day 1", "day 36"]),
        ("Day 1 to Day 28 of Cycle 1", ["day 1", "day 28"]),
        ("Up to 6 cycles (each cycle is 28 days).", ["up to 168 days"]),
        ("Evaluated at day 100 post-transplant.", ["day 100"]),
        (
            "From screening to follow-up (max 126 weeks)",
            ["screening", "up to 126 weeks from screening"],
        ),
        ("Predose through up to 6 hours postdose", ["baseline", "up to 6 hours"]),
    ],
)
def test_what_is_understood(text: str, points: list[str]) -> None:
    assert told(text) == points


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("Approximately 1 year", ["about 1 year"]),
        ("Up to ~24 weeks", ["up to about 24 weeks"]),
        ("through study completion, an average of 1 year", ["up to about 1 year"]),
        ("At day 0 and at relapse, an average of 3 years", ["baseline", "up to about 3 years"]),
    ],
)
def test_a_time_that_is_left_open_is_told_as_such(text: str, points: list[str]) -> None:
    assert told(text) == points
    assert [one.about for one in read_time_frame(text).moments][-1]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("Up to 35 days after the last dose", ["up to 35 days from the last dose"]),
        ("6 months after discharge", ["6 months from discharge"]),
        ("2 years after enrollment", ["2 years from enrollment"]),
        ("28 days after CAR-T cell infusion", ["28 days from car-t cell infusion"]),
        ("42 days after the second dose", ["42 days from the second dose"]),
        (
            "At 28 days and 6 months after CAR-T cell infusion",
            ["28 days from car-t cell infusion", "6 months from car-t cell infusion"],
        ),
        (
            "Week 4; 2 years; 6 months after discharge",
            ["week 4", "2 years", "6 months from discharge"],
        ),
        (
            "From admission to discharge, up to 2 years",
            ["admission", "up to 2 years from admission"],
        ),
        (
            "time from start of ibrutinib until death by any cause; assessed up to 40 months.",
            ["up to 40 months from start of ibrutinib"],
        ),
        ("At hospital discharge", ["hospital discharge"]),
    ],
)
def test_what_counts_from_an_event_has_no_study_day(text: str, points: list[str]) -> None:
    assert told(text) == points
    assert not read_time_frame(text).moments[-1].has_day


@pytest.mark.parametrize(
    "text",
    [
        "From date of treatment start until date of death due to any cause, assessed up to 2 years",
        "Evaluated as time from randomisation to death from any cause, up to 2 years.",
    ],
)
def test_a_limit_that_follows_an_event_from_day_1(text: str) -> None:
    (moment,) = read_time_frame(text).moments
    assert moment.limit
    assert moment.has_day
    assert str(moment) == "up to 2 years"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12 weeks and 3 days", "weeks and days may be one time or two"),
        ("Week", "'week' has no number"),
        ("Week 4 or 8", "'or' is not understood"),
        ("At the end of cycle 1 and 2 (each cycle is 28 days)", "'end' is not understood"),
        ("Cycle 2 Day 1, 8 and 15 (each cycle is 21 days)", "'cycle' is not understood"),
        ("Cycle 2 Day 1", "'cycle' is not understood"),
        ("Days 1 and 8 of cycle 2 (each cycle is 21 days)", "'of' is not understood"),
        ("Day 1+5 hours", "'+' is not understood"),
        ("9-6 months", "9-6 is no range"),
        ("every 3 months", "'every' month has no end"),
        ("every 5 months up to 12 months", "every 5 months does not lead to 12 months"),
        ("from randomisation until death", "no point in time is named"),
        ("Point 1. Before the start of therapy", "'point' is not understood"),
        ("2 weeks before surgery", "'before' is not understood"),
        ("Day 8 of each cycle", "'of' is not understood"),
        ("30 days after 2 doses", "what it counts from ( 2) has a time"),
        ("from day 3 of fever until death, up to 2 years", "'of' is not understood"),
        ("4, 8 12 and 26 weeks", "'8' has no unit"),
        ("", "no point in time is named"),
        ("at", "no point in time is named"),
        ("x" * 1001, "it is longer than 1,000 characters"),
    ],
)
def test_what_is_not_understood_is_said(text: str, why: str) -> None:
    found = read_time_frame(text)
    assert not found.moments
    assert found.reason.startswith(why)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Day 15", 15, 15),
        ("Day 0", 1, 1),
        ("Day -6", -6, -6),
        ("Week 12", 84, 85),
        ("Week -1", -7, -7),
        ("2 weeks after the intervention", 14, 15),
        ("Month 1", 28, 32),
        ("3 months", 84, 94),
        ("1 year", 364, 367),
        ("1 hour", 1, 1),
        ("48 hours", 3, 3),
        ("15 ± 3 days", 12, 19),
        ("Day 15 (± 3 days)", 12, 18),
        ("Up to 7 (± 1) days", 6, 9),
        ("6-9 months", 168, 280),
        ("Day 30-60", 30, 60),
    ],
)
def test_the_study_days_that_a_point_may_mean(text: str, first: int, last: int) -> None:
    (moment,) = read_time_frame(text).moments
    assert moment.days == (first, last)


def test_a_duration_of_one_unit_is_a_point() -> None:
    hour = read_duration("PT1H")
    assert hour is not None
    assert hour.elapsed_hours == 1
    assert str(read_duration("P7D")) == "7 days"
    for text in (None, "", "P1DT1H", "1H", "P1H", "PT7D"):
        assert read_duration(text) is None


WORDS = st.sampled_from(
    [
        *("baseline", "day", "week", "weeks", "months", "1", "12", "-3", "up to", "from", "to"),
        *("after", "the", "end", "of", "treatment", "at", "(", ")", "±", "/", ",", "and", "month"),
        *("post-dose", "enrollment", "until", "hours", "0", "\x00", "é", "six", "average"),
        *("cycle", "each", "is", "of", "every", "-", "+", "an", "discharge", ";", "max"),
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join)))
def test_any_text_is_understood_or_refused(text: str) -> None:
    found = read_time_frame(text)
    assert found.understood == bool(found.moments)
    for moment in found.moments:
        assert isinstance(moment, Moment)
        first, last = moment.days
        assert first <= last
        assert str(moment)

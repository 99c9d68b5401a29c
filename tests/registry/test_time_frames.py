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
    ],
)
def test_what_is_understood(text: str, points: list[str]) -> None:
    assert told(text) == points


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Approximately 1 year", "'approximately' leaves the time open"),
        ("Up to ~24 weeks", "'~' leaves the time open"),
        ("through study completion, an average of 1 year", "'average' leaves the time open"),
        ("At the end of cycle 1 (each cycle is 21 days)", "'end' is not understood"),
        ("Day 1+48 hours", "'+' is not understood"),
        ("1-6 months after collecting last sample", "'1' has no unit"),
        ("Up to 35 days after the last dose", "it counts from the end of something (after last)"),
        ("6 months after discharge", "it counts from the end of something (after discharge)"),
        ("2 years after enrollment", "it counts from enrollment, and planned days count from the"),
        ("28 days after CAR-T cell infusion", "what it counts from (after car-t) has no study day"),
        ("From screening to end of treatment visit (max 110 weeks)", "no day is given for 'end of"),
        ("12 weeks and 3 days", "weeks and days may be one time or two"),
        ("Week", "'week' has no number"),
        ("Week 4 or 8", "'or' is not understood"),
        ("42 days after the second dose", "what it counts from (after second) has no study day"),
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

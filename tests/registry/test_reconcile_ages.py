"""Ages against limits, dates that are partly known, and names."""

from __future__ import annotations

from datetime import date

import pytest

from trialect.converters.reconcile import ages
from trialect.converters.reconcile.names import plain
from trialect.converters.reconcile.spans import Span, earliest, latest, of_date


@pytest.mark.parametrize(
    ("age", "unit", "minimum", "maximum", "verdict"),
    [
        (18, "YEARS", "18 Years", "65 Years", "within"),
        (17, "YEARS", "18 Years", None, "below"),
        (65, "YEARS", None, "65 Years", "within"),
        (66, "YEARS", None, "65 Years", "above"),
        (17.5, "YEARS", "18 Years", None, "below"),
        (18.0, "YEARS", "18 Years", None, "within"),
        (216, "MONTHS", "18 Years", None, "within"),
        (215, "MONTHS", "18 Years", None, "below"),
        (791, "MONTHS", None, "65 Years", "within"),
        (792, "MONTHS", None, "65 Years", "above"),
        (3, "YEARS", None, "35 Months", "above"),
        (28, "DAYS", "4 Weeks", None, "within"),
        (27, "DAYS", "4 Weeks", None, "below"),
        (29, "DAYS", None, "28 Days", "above"),
        (10, "DAYS", "1 Month", None, "below"),
        (30, "DAYS", "1 Month", None, "within"),
        (365, "DAYS", "1 Year", None, "within"),
        (364, "DAYS", "1 Year", None, "below"),
        (40, "YEARS", "N/A", "N/A", "within"),
        (None, "YEARS", "18 Years", None, "unknown"),
        (40, None, "18 Years", None, "unknown"),
        (40, "DECADES", "18 Years", None, "unknown"),
    ],
)
def test_where_an_age_lies(
    age: float | None, unit: str | None, minimum: str | None, maximum: str | None, verdict: str
) -> None:
    limits = ages.limit(minimum), ages.limit(maximum)
    assert ages.judge(ages.subject_age(age, unit), *limits) == verdict


def test_a_limit_that_is_no_age_is_refused() -> None:
    with pytest.raises(ValueError, match="adult"):
        ages.limit("adult")


def test_a_duration_is_an_age() -> None:
    assert ages.duration("P18Y") == ages.limit("18 Years")
    assert ages.duration("PT36H") == ages.limit("36 hours")
    assert ages.duration("P1Y6M") is None
    assert ages.duration(None) is None


def test_partial_dates_are_days_from_and_to() -> None:
    assert str(of_date("2026")) == "2026"
    assert str(of_date("2026-02")) == "2026-02"
    assert of_date("2026-02") == Span(date(2026, 2, 1), date(2026, 2, 28))
    assert of_date("2026-02-03T10:11") == of_date("2026-02-03")
    for text in (None, "", "2026-13", "2026-02-30", "soon", "0000", "2026-1"):
        assert of_date(text) is None


def test_the_earliest_of_partial_dates_is_a_span() -> None:
    spans = [one for text in ("2026-01", "2026-01-20", "2026-03") if (one := of_date(text))]
    assert earliest(spans) == Span(date(2026, 1, 1), date(2026, 1, 20))
    assert latest(spans) == Span(date(2026, 3, 1), date(2026, 3, 31))
    assert str(earliest(spans)) == "2026-01-01 to 2026-01-20"
    assert earliest([]) is None


def test_names_are_the_same_but_for_case_and_signs() -> None:
    assert plain("Drug-A (5 mg)") == plain("DRUG A 5 MG")
    assert plain("Drug A") != plain("Drug B")
    assert plain("10 %") != plain("10")
    assert plain("+") != plain("-")

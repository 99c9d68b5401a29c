"""Standard results, visits and the flag of the last result before exposure."""

from typing import Any

import pytest
from derivation_cases import VISITS, a_study, of, rules, run, subject, values

from trialect.protocol import Visit

EXPOSED = "2025-03-10T10:00"


def result(
    date: str | None, value: str | None = "5", test: str = "PAIN", **more: Any
) -> dict[str, Any]:
    return of(QSTESTCD=test, QSTEST=test, QSCAT="X", QSORRES=value, QSDTC=date, **more)


def flags(rows: list[dict[str, Any]], exposed: str | None = EXPOSED, visits: Any = VISITS) -> Any:
    domains: dict[str, Any] = {"DM": [subject()], "QS": rows}
    if exposed:
        domains["EX"] = [of(EXTRT="ALPHA", EXSTDTC=exposed, EXENDTC=exposed)]
    derived = run(domains, a_study(visits=visits))
    frame = derived.frames["QS"].sort("@row")
    return frame["QSLOBXFL"].to_list(), rules(derived)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5.0),
        ("-0.25", -0.25),
        ("0.1", 0.1),
        ("<5", None),
        ("5,5", None),
        ("007", None),  # FB3103: STRESN only beside a plain number
        ("1e3", None),
        ("Much better", None),
        ("123456789012345", 123456789012345.0),
    ],
)
def test_a_result_is_standard_as_collected_and_a_number_if_it_is_one(
    text: str, number: float | None
) -> None:
    """FB3101, FB3102, FB3103."""
    derived = run({"QS": [result("2025-03-01", text, QSORRESU="cm")]})
    assert values(derived, "QS", "QSSTRESC", "QSSTRESU") == [(text, "cm")]
    if number is not None:
        assert values(derived, "QS", "QSSTRESN") == [number]
    else:
        assert "QSSTRESN" not in derived.frames["QS"].columns
    assert rules(derived) == []


def test_a_number_with_too_many_digits_is_told_and_not_rounded() -> None:
    derived = run(
        {"QS": [result("2025-03-01", "0.12345678901234567891"), result("2025-03-02", "1")]}
    )
    assert values(derived, "QS", "QSSTRESN") == [None, 1.0]
    assert rules(derived) == ["DERIVE-RESULT-INEXACT"]
    assert rules(run({"QS": [result("2025-03-01", "0.1234567890123456")]})) == []


def test_a_mapped_standard_result_stays_and_gives_its_number() -> None:
    derived = run(
        {"QS": [result("2025-03-01", "Much", QSSTRESC="2"), result("2025-03-02", "Little")]}
    )
    assert values(derived, "QS", "QSSTRESC", "QSSTRESN") == [("2", 2.0), ("Little", None)]


def test_a_converted_number_gives_the_standard_text() -> None:
    derived = run(
        {"VS": [of(VSTESTCD="T", VSORRES="70", VSORRESU="in", VSSTRESN=177.8, VSSTRESU="cm")]}
    )
    assert values(derived, "VS", "VSSTRESC", "VSSTRESN", "VSSTRESU") == [("177.8", 177.8, "cm")]


def test_a_standard_unit_without_a_standard_result_is_told() -> None:
    """SDTMIG 4.5.1: a value in another unit is no standard result."""
    rows = [
        of(VSTESTCD="T", VSORRES="70", VSORRESU="in", VSSTRESU="cm"),
        of(VSTESTCD="T", VSORRES="70", VSORRESU="cm", VSSTRESU="cm"),
    ]
    derived = run({"VS": rows})
    assert sorted(values(derived, "VS", "VSSTRESC"), key=str) == ["70", None]
    assert rules(derived) == ["DERIVE-RESULT-UNIT"]


def test_what_was_not_done_has_no_standard_result() -> None:
    """CG0397, FB4201."""
    derived = run(
        {"QS": [result("2025-03-01", None, QSSTAT="NOT DONE"), result("2025-03-02", None)]}
    )
    assert values(derived, "QS", "QSSTRESC") == [None, None]


@pytest.mark.parametrize("key", ["VISITNUM", "VISIT"])
def test_one_of_the_visit_variables_gives_the_others(key: str) -> None:
    """CG0032, CG0035."""
    given = {"VISITNUM": 3.0, "VISIT": "WEEK 1"}
    unscheduled = {"VISITNUM": 3.1, "VISIT": "UNSCHEDULED"}
    derived = run({"QS": [result("2025-03-01", **{key: one[key]}) for one in (given, unscheduled)]})
    frame = derived.frames["QS"].sort("@row").select("VISITNUM", "VISIT", "VISITDY")
    assert frame.rows()[0] == (3.0, "WEEK 1", 8.0)
    assert frame.rows()[1] == (*(unscheduled[c] if c == key else None for c in given), None)


def test_a_visit_that_differs_between_arms_is_that_of_the_subjects_arm() -> None:
    visits = (
        Visit(1, "START", 1),
        Visit(2, "END", 8, arm="A"),
        Visit(2, "END", 15, arm="B"),
    )
    rows = [{**result("2025-03-01", VISITNUM=2.0), "USUBJID": f"S1-00{n}"} for n in (1, 2, 3)]
    derived = run(
        {"DM": [subject(1, ARMCD="A"), subject(2, ARMCD="B"), subject(3)], "QS": rows},
        a_study(visits=visits),
    )
    assert values(derived, "QS", "VISIT", "VISITDY") == [("END", 8), ("END", 15), ("END", None)]


@pytest.mark.parametrize(
    ("dates", "flagged"),
    [
        (["2025-03-01", "2025-03-09", "2025-03-11"], [None, "Y", None]),
        (["2025-03-01T09:00", "2025-03-10T09:59", "2025-03-10T10:01"], [None, "Y", None]),
        (["2025-03-09", "2025-03-10T10:00"], [None, "Y"]),  # on or before
        (["2025-03-11", "2025-03-12"], [None, None]),
        (["2025-02", "2025-03-11"], ["Y", None]),  # February is before, whichever day
        ([None, "2025-03-01"], [None, "Y"]),
    ],
)
def test_the_last_result_on_or_before_exposure_is_flagged(
    dates: list[str | None], flagged: list[str | None]
) -> None:
    """CG0541, CG0569."""
    assert flags([result(one) for one in dates]) == (flagged, [])


def test_only_a_result_that_is_there_is_flagged() -> None:
    rows = [result("2025-03-01"), result("2025-03-09", None, QSSTAT="NOT DONE")]
    assert flags(rows) == (["Y", None], [])


def test_each_test_and_position_has_its_own_flag() -> None:
    rows = [
        result("2025-03-01"),
        result("2025-03-02", test="MOOD"),
        result("2025-03-03", QSMETHOD="PHONE"),
    ]
    assert flags(rows) == (["Y", "Y", "Y"], [])


def test_one_of_several_results_of_the_same_time_is_flagged() -> None:
    rows = [result("2025-03-01T09:00"), result("2025-03-01T09:00")]
    assert flags(rows) == ([None, "Y"], [])


def test_without_exposure_nothing_is_flagged() -> None:
    assert flags([result("2025-03-01")], exposed=None) == ([None], [])


def test_a_mapped_flag_speaks_for_its_test() -> None:
    rows = [
        result("2025-03-01", QSLOBXFL="Y"),
        result("2025-03-05"),
        result("2025-03-06", test="M"),
    ]
    assert flags(rows) == (["Y", None, "Y"], [])


@pytest.mark.parametrize(
    ("more", "flagged"),
    [
        ({"VISITNUM": 1.0}, "Y"),  # planned for day -7
        ({"VISITNUM": 3.0}, None),  # planned for day 8
        ({"QSELTM": "PT1H", "QSRFTDTC": EXPOSED, "QSTPTREF": "DOSE"}, None),
        ({"QSELTM": "-PT15M", "QSRFTDTC": EXPOSED, "QSTPTREF": "DOSE"}, "Y"),
        ({"QSELTM": "PT1H", "QSRFTDTC": "2025-03-10T10:20", "QSTPTREF": "DOSE"}, None),
    ],
)
def test_on_the_day_of_exposure_the_plan_tells_where_times_do_not(
    more: dict[str, Any], flagged: str | None
) -> None:
    found, told = flags([result("2025-03-01"), result("2025-03-10", **more)])
    assert found == (["Y", None] if flagged is None else [None, "Y"])
    assert told == []


def test_the_epoch_of_the_visit_tells_too() -> None:
    visits = (Visit(2, "BASELINE", 1, epoch="SCREENING"), Visit(3, "AFTER", 1, epoch="FOLLOW-UP"))
    rows = [result("2025-03-10", VISITNUM=2.0), result("2025-03-10", VISITNUM=3.0)]
    assert flags(rows, visits=visits) == (["Y", None], [])


def test_where_nothing_tells_no_result_of_the_test_is_flagged() -> None:
    rows = [
        result("2025-03-01"),
        result("2025-03-10", VISITNUM=2.0),
        result("2025-03-01", test="M"),
    ]
    assert flags(rows) == ([None, None, "Y"], ["DERIVE-LOBXFL"])


def test_a_partial_date_around_exposure_leaves_the_flag_open() -> None:
    assert flags([result("2025-03-01"), result("2025-03")]) == ([None, None], ["DERIVE-LOBXFL"])

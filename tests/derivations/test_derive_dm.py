"""Reference dates, death, age and arms of DM."""

from typing import Any

import pytest
from derivation_cases import (
    MAPS_EX,
    a_study,
    consent,
    disposition,
    of,
    rules,
    run,
    subject,
    values,
)

from trialect.protocol import Event, Intervention
from trialect.study_options import ReferencePeriod, SdtmOptions

DEATH = {"DSCAT": "DISPOSITION EVENT", "DSDECOD": "DEATH", "DSTERM": "DEATH"}


def dose(start: str | None, end: str | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    return of(number, EXTRT="ALPHA", EXSTDTC=start, EXENDTC=end, **more)


@pytest.mark.parametrize(
    ("doses", "first", "last"),
    [
        ([("2025-03-10T10:00", "2025-03-10T10:20")], "2025-03-10T10:00", "2025-03-10T10:20"),
        ([("2025-03-12", "2025-03-12"), ("2025-03-10", "2025-03-11")], "2025-03-10", "2025-03-12"),
        ([("2025-03-10", None)], "2025-03-10", "2025-03-10"),  # CG0147: the later of both
        ([("2025-03", "2025-04-01")], "2025-03", "2025-04-01"),
        ([("2025-03", "2025-03-09"), ("2025-03-10", None)], "2025-03", "2025-03"),
        ([(None, None)], None, None),
    ],
)
def test_rfxstdtc_and_rfxendtc_are_the_first_and_last_treatment(
    doses: list[tuple[str, str]], first: str | None, last: str | None
) -> None:
    """CG0147, CG0148."""
    derived = run({"DM": [subject()], "EX": [dose(*one) for one in doses]})
    assert values(derived, "DM", "RFXSTDTC", "RFXENDTC") == [(first, last)]
    assert values(derived, "DM", "RFSTDTC", "RFENDTC") == [(first, last)]


def test_a_declared_reference_period_takes_the_place_of_treatment() -> None:
    period = ReferencePeriod(
        Event("DS", "DSSTDTC", "DSDECOD = 'RANDOMIZED'"), Event("SV", "SVENDTC", pick="latest")
    )
    study = a_study(sdtm=SdtmOptions(reference=period))
    randomised = of(DSDECOD="RANDOMIZED", DSTERM="RANDOMIZED", DSSTDTC="2025-03-09")
    visits = [
        of(VISITNUM=n, SVSTDTC=d, SVENDTC=d) for n, d in ((1, "2025-03-01"), (2, "2025-06-01"))
    ]
    derived = run(
        {"DM": [subject()], "DS": [randomised], "SV": visits, "EX": [dose("2025-03-10")]}, study
    )
    found = values(derived, "DM", "RFSTDTC", "RFENDTC", "RFXSTDTC")
    assert found == [("2025-03-09", "2025-06-01", "2025-03-10")]


def test_a_mapped_date_is_never_replaced() -> None:
    derived = run(
        {
            "DM": [subject(1, RFSTDTC="2025-01-01"), subject(2, RFSTDTC=None)],
            "EX": [dose("2025-03-10"), dose("2025-03-11", number=2)],
        }
    )
    assert values(derived, "DM", "RFSTDTC") == ["2025-01-01", "2025-03-11"]


def test_rficdtc_is_the_earliest_consent() -> None:
    """CG0143, CG0068."""
    again = consent("2025-02-01")
    other = of(DSDECOD="RANDOMIZED", DSTERM="R", DSSTDTC="2025-01-01")
    derived = run(
        {"DM": [subject(), subject(2)], "DS": [again, consent("2025-01-15T09:00"), other]}
    )
    assert values(derived, "DM", "RFICDTC") == ["2025-01-15T09:00", None]


def test_rfpendtc_is_the_last_date_of_any_record_that_was_done() -> None:
    derived = run(
        {
            "DM": [subject(DMDTC="2026-01-01")],
            "DS": [consent("2025-01-15")],
            "AE": [of(AETERM="x", AESTDTC="2025-02-01", AEENDTC="2025-05-05")],
            "QS": [
                of(QSTESTCD="T", QSDTC="2025-04-01"),
                of(QSTESTCD="T", QSDTC="2025-12-01", QSSTAT="NOT DONE"),
            ],
        }
    )
    assert values(derived, "DM", "RFPENDTC") == ["2025-05-05"]


@pytest.mark.parametrize(
    ("end_of_event", "expected"),
    [
        ("2025-06", "2025-06-20"),  # may be before or after the disposition
        ("2025", "2025-06-20"),
        ("2025-07", "2025-07"),  # certainly after it
        ("2025-06-25", "2025-06-25"),
    ],
)
def test_a_partial_date_does_not_blur_the_disposition(end_of_event: str, expected: str) -> None:
    derived = run(
        {
            "DM": [subject()],
            "DS": [consent("2025-01-15"), disposition("COMPLETED", "2025-06-20")],
            "AE": [of(AETERM="x", AESTDTC="2025-02-01", AEENDTC=end_of_event)],
        }
    )
    assert values(derived, "DM", "RFPENDTC") == [expected]


@pytest.mark.parametrize(
    ("domain", "row", "date"),
    [
        ("DS", of(**DEATH, DSSTDTC="2025-05-05"), "2025-05-05"),  # CG0069, CG0136
        ("AE", of(AETERM="x", AEOUT="FATAL", AEENDTC="2025-05-06"), "2025-05-06"),  # CG0134
        ("AE", of(AETERM="x", AESDTH="Y", AEENDTC="2025-05-06"), None),  # CG0135
        ("DD", of(DDTESTCD="PRCDTH", DDORRES="x"), None),  # CG0133
        ("SS", of(SSTESTCD="SURVSTAT", SSORRES="DEAD", SSDTC="2025-05-09"), None),
    ],
)
def test_death_is_flagged_and_dated_where_a_record_dates_it(
    domain: str, row: dict[str, Any], date: str | None
) -> None:
    derived = run({"DM": [subject(), subject(2)], domain: [row]})
    assert values(derived, "DM", "DTHFL", "DTHDTC") == [("Y", date), (None, None)]


def test_deaths_of_different_dates_are_told_and_none_is_chosen() -> None:
    fatal = of(AETERM="x", AEOUT="FATAL", AEENDTC="2025-05-06")
    derived = run({"DM": [subject()], "AE": [fatal, {**fatal, "AEENDTC": "2025-05-08"}]})
    assert values(derived, "DM", "DTHFL", "DTHDTC") == [("Y", None)]
    assert rules(derived) == ["DERIVE-DEATH-DATES"]
    assert "2025-05-06, 2025-05-08" in derived.problems[0].message
    assert rules(run({"DM": [subject()], "AE": [fatal, fatal]})) == []


def test_disposition_dates_death_before_the_event_does() -> None:
    derived = run(
        {
            "DM": [subject()],
            "DS": [of(**DEATH, DSSTDTC="2025-05-05")],
            "AE": [of(AETERM="x", AEOUT="FATAL", AEENDTC="2025-05-06")],
        }
    )
    assert values(derived, "DM", "DTHDTC") == ["2025-05-05"]


@pytest.mark.parametrize(
    ("birth", "consented", "age"),
    [
        ("1980-03-12", "2025-03-11", 44),
        ("1980-03-12", "2025-03-12T08:00", 45),
        ("1980-03", "2025-02-28", 44),
        ("1980-03", "2025-03-01", None),
        ("1980-03", "2025-03-31", 45),  # whatever the day was, it has come
        ("1980", "2025-06-30", None),
        ("1980", "2025-12-31", 45),
        ("1980-03-12", "2025", None),
        ("1980-02-29", "2025-02-28", 44),
        ("1980-02-29", "2025-03-01", 45),
        (None, "2025-03-01", None),
        ("--03-12", "2025-03-01", None),
        ("2024-05-01", "2025-03-01", 0),
    ],
)
def test_age_is_told_only_when_it_is_certain(
    birth: str | None, consented: str, age: int | None
) -> None:
    derived = run({"DM": [subject(BRTHDTC=birth)], "DS": [consent(consented)]})
    units = "YEARS" if age is not None else None
    assert values(derived, "DM", "AGE", "AGEU") == [(age, units)]
    uncertain = age is None and birth is not None and birth[0] != "-"
    assert rules(derived) == (["DERIVE-AGE"] if uncertain else [])


def test_without_consent_age_is_told_at_the_reference_start() -> None:
    derived = run({"DM": [subject(BRTHDTC="1980-03-12")], "EX": [dose("2025-03-12")]})
    assert values(derived, "DM", "AGE") == [45]


def test_a_collected_age_stays_as_it_was_collected() -> None:
    derived = run(
        {"DM": [subject(BRTHDTC="1980", AGE=44.0, AGEU="YEARS")], "DS": [consent("2025-06-30")]}
    )
    assert values(derived, "DM", "AGE", "AGEU") == [(44, "YEARS")]
    assert rules(derived) == []


def test_arm_names_and_codes_complete_each_other() -> None:
    derived = run({"DM": [subject(1, ARMCD="A"), subject(2, ARM="Arm B"), subject(3)]})
    assert values(derived, "DM", "ARMCD", "ARM") == [("A", "Arm A"), ("B", "Arm B"), (None, None)]


@pytest.mark.parametrize(
    ("treatments", "arm"),
    [(["ALPHA"], "A"), (["BETA"], "B"), (["ALPHA", "BETA"], None), (["?"], None)],
)
def test_the_actual_arm_is_the_only_one_with_the_treatments(
    treatments: list[str], arm: str | None
) -> None:
    doses = [of(EXTRT=one, EXSTDTC="2025-03-10") for one in treatments]
    derived = run({"DM": [subject(ARMCD="A")], "EX": doses})
    assert values(derived, "DM", "ACTARMCD") == [arm]


def test_the_actual_arm_is_not_guessed_where_an_arm_does_not_tell_its_treatment() -> None:
    study = a_study(interventions=(Intervention("Alpha", treatment="ALPHA"), Intervention("Beta")))
    derived = run({"DM": [subject(ARMCD="A")], "EX": [dose("2025-03-10")]}, study)
    assert values(derived, "DM", "ACTARMCD") == [None]


@pytest.mark.parametrize(
    ("armcd", "term", "treated", "reason"),
    [
        (None, "SCREEN FAILURE", False, "SCREEN FAILURE"),
        (None, "WITHDRAWAL BY SUBJECT", False, "NOT ASSIGNED"),
        ("A", "WITHDRAWAL BY SUBJECT", False, "ASSIGNED, NOT TREATED"),
        ("A", "COMPLETED", True, None),
        (None, "COMPLETED", True, None),  # treated without an arm: not for us to name
        (None, None, False, None),  # still in the trial
        ("A", None, False, None),
    ],
)
def test_armnrs_is_given_where_the_disposition_makes_it_certain(
    armcd: str | None, term: str | None, treated: bool, reason: str | None
) -> None:
    """CG0513, CG0515, CG0517, CG0519, CG0520."""
    events = [consent("2025-01-01")] + ([disposition(term, "2025-02-01")] if term else [])
    domains = {"DM": [subject(ARMCD=armcd)], "DS": events}
    if treated:
        domains["EX"] = [of(EXTRT="ALPHA", EXSTDTC="2025-01-15")]
    derived = run(domains, a_study(interventions=()), MAPS_EX)
    assert values(derived, "DM", "ARMNRS") == [reason]


def test_nobody_is_untreated_in_a_study_that_does_not_submit_treatment() -> None:
    events = [consent("2025-01-01"), disposition("COMPLETED", "2025-02-01")]
    derived = run({"DM": [subject(ARMCD="A")], "DS": events})
    assert values(derived, "DM", "ARMNRS") == [None]

"""SE, EPOCH, TAETORD and study days."""

from typing import Any

import pytest
from derivation_cases import (
    VISITS,
    a_study,
    consent,
    disposition,
    of,
    rules,
    run,
    subject,
    values,
)

TREATED = of(EXTRT="ALPHA", EXSTDTC="2025-03-10T10:00", EXENDTC="2025-03-10T10:20")
SE = ("USUBJID", "SESEQ", "ETCD", "TAETORD", "EPOCH", "SESTDTC", "SEENDTC")


def trial(consented: str = "2025-03-01T08:00", **domains: Any) -> dict[str, Any]:
    events = [consent(consented), disposition("COMPLETED", "2025-06-10")]
    return {"DM": [subject(ARMCD="A")], "DS": events, "EX": [TREATED], **domains}


def test_each_element_ends_where_the_next_one_starts() -> None:
    """CG0207, CG0209, CG0246."""
    derived = run(trial())
    who = "S1-001"
    assert values(derived, "SE", *SE) == [
        (who, 1, "SCRN", 1, "SCREENING", "2025-03-01T08:00", "2025-03-10T10:00"),
        (who, 2, "A", 2, "TREATMENT", "2025-03-10T10:00", "2025-03-10T10:20"),
        (who, 3, "FU", 3, "FOLLOW-UP", "2025-03-10T10:20", "2025-06-10"),
    ]
    assert values(derived, "SE", "ELEMENT") == ["Screening", "Treatment A", "Follow-up"]
    assert values(derived, "SE", "SESTDY", "SEENDY") == [(-9, 1), (1, 1), (1, 93)]
    assert derived.frames["SE"].select("@form", "@block").unique().rows() == [
        (None, "subject_elements")
    ]
    assert rules(derived) == []


def test_a_screen_failure_has_only_what_it_went_through() -> None:
    events = [consent("2025-03-01"), disposition("SCREEN FAILURE", "2025-03-03")]
    derived = run({"DM": [subject()], "DS": events})
    assert values(derived, "SE", *SE[2:]) == [("SCRN", 1, "SCREENING", "2025-03-01", "2025-03-03")]
    assert rules(derived) == []


def test_the_actual_arm_says_what_was_planned() -> None:
    dm = [subject(ARMCD="B", ACTARMCD="A")]
    derived = run(trial(DM=dm))
    assert values(derived, "SE", "ETCD", "TAETORD") == [("SCRN", 1), ("A", 2), ("FU", 3)]


def test_an_element_that_the_arm_does_not_plan_is_kept_and_told() -> None:
    dm = [subject(ARMCD="B", ACTARMCD="B")]
    derived = run(trial(DM=dm))
    found = values(derived, "SE", "ETCD", "TAETORD", "EPOCH")
    assert found == [("SCRN", 1, "SCREENING"), ("A", None, "TREATMENT"), ("FU", 3, "FOLLOW-UP")]
    assert rules(derived) == ["DERIVE-SE-UNPLANNED"]


def test_elements_out_of_order_are_told_and_stand_in_the_order_of_their_dates() -> None:
    """CG0620: SESEQ follows SESTDTC."""
    derived = run(trial(consented="2025-03-12"))
    assert values(derived, "SE", "ETCD", "SESTDTC") == [
        ("A", "2025-03-10T10:00"),
        ("FU", "2025-03-10T10:20"),
        ("SCRN", "2025-03-12"),
    ]
    assert "DERIVE-SE-ORDER" in rules(derived)


def test_a_partial_date_does_not_contradict_the_plan() -> None:
    derived = run(trial(consented="2025-03"))
    assert values(derived, "SE", "ETCD") == ["SCRN", "A", "FU"]
    assert rules(derived) == []


def test_mapped_elements_stay() -> None:
    mapped = of(ETCD="SCRN", ELEMENT="Screening", EPOCH="SCREENING", SESTDTC="2025-02-01")
    derived = run(trial(SE=[mapped]))
    assert values(derived, "SE", "ETCD", "SESTDTC") == [("SCRN", "2025-02-01")]


def test_what_is_empty_in_mapped_elements_is_filled() -> None:
    mapped = [of(ETCD="A", SESTDTC="2025-03-10"), of(ETCD="SCRN", SESTDTC="2025-03-01")]
    derived = run(trial(SE=mapped))
    wanted = ("SESEQ", "ETCD", "ELEMENT", "TAETORD", "EPOCH", "SEENDTC")
    assert values(derived, "SE", *wanted) == [
        (1, "SCRN", "Screening", 1, "SCREENING", "2025-03-10"),
        (2, "A", "Treatment A", 2, "TREATMENT", "2025-06-10"),
    ]
    assert derived.frames["SE"]["@form"].to_list() == ["se", "se"]


def epoch(name: str, row: dict[str, Any], **domains: Any) -> Any:
    derived = run(trial(**{name: [row], **domains}))
    frame = derived.frames[name]
    if "EPOCH" not in frame.columns:
        return None
    return frame.filter(frame["@row"] == 2)["EPOCH"].item()


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-02-28", None),  # before any element
        ("2025-03-01", "SCREENING"),  # the day on which the first one starts
        ("2025-03-05", "SCREENING"),
        ("2025-03-10T09:59", "SCREENING"),
        ("2025-03-10T10:00", "TREATMENT"),  # the very minute of the start
        ("2025-03-10T10:20", "FOLLOW-UP"),
        ("2025-03-10", None),  # that day knows all three
        ("2025-04", "FOLLOW-UP"),
        ("2025-03", None),
        ("2025-06-10", "FOLLOW-UP"),
        ("2025", None),
        (None, None),
    ],
)
def test_an_epoch_is_given_where_it_is_certain(date: str | None, expected: str | None) -> None:
    """CG0009."""
    assert epoch("AE", of(AETERM="x", AESTDTC=date, AEENDTC="2025-03-11")) == expected


def test_a_record_that_starts_an_element_lies_in_it() -> None:
    day = of(EXTRT="ALPHA", EXSTDTC="2025-03-10", EXENDTC="2025-03-10")
    assert epoch("EX", day) == "TREATMENT"


def test_findings_lie_where_their_date_does_and_their_visit_decides_a_day() -> None:
    row = of(QSTESTCD="T", QSORRES="1", QSDTC="2025-03-10", VISITNUM=1.0)
    assert epoch("QS", row) == "SCREENING"
    assert epoch("QS", {**row, "VISITNUM": 2.0}) is None  # a planned visit without an epoch
    assert epoch("QS", {**row, "QSDTC": "2025-04-01"}) == "FOLLOW-UP"  # the date is certain


def test_a_mapped_epoch_stays() -> None:
    row = of(AETERM="x", AESTDTC="2025-04-01", EPOCH="SCREENING")
    assert epoch("AE", row) == "SCREENING"


def test_taetord_goes_with_the_epoch() -> None:
    derived = run(trial(AE=[of(AETERM="x", AESTDTC="2025-04-01")]))
    assert values(derived, "AE", "TAETORD", "EPOCH") == [(3, "FOLLOW-UP")]


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2025-03-10", 1),
        ("2025-03-09", -1),
        ("2025-03-11T23:59", 2),
        ("2025-03", None),
        ("2025", None),
        (None, None),
    ],
)
def test_study_days_have_no_0_and_need_complete_dates(date: str | None, day: int | None) -> None:
    """CG0006, CG0007, CG0221, CG0223."""
    event = of(AETERM="x", AESTDTC=date, AEENDTC=date)
    derived = run(trial(AE=[event], VS=[of(VSTESTCD="T", VSORRES="1", VSDTC=date)]))
    kept = date is not None
    if kept:
        assert values(derived, "AE", "AESTDY", "AEENDY") == [(day, day)]
        assert values(derived, "VS", "VSDY") == [day]
    else:
        assert "VSDY" not in derived.frames["VS"].columns


@pytest.mark.parametrize("reference", ["2025-03", None])
def test_without_a_complete_reference_start_there_is_no_study_day(reference: str | None) -> None:
    dose = [of(EXTRT="ALPHA", EXSTDTC=reference)] if reference else []
    event = of(AETERM="x", AESTDTC="2025-03-11")
    derived = run({"DM": [subject()], "AE": [event], **({"EX": dose} if dose else {})}, a_study())
    # FB1601, FB3202: the study day stands beside its date.
    assert values(derived, "AE", "AESTDY") == [None]


def test_dm_and_comments_have_their_days_and_visits_none() -> None:
    derived = run(
        trial(
            DM=[subject(ARMCD="A", DMDTC="2025-03-01")],
            CO=[of(COVAL="x", CODTC="2025-03-12")],
        ),
        a_study(visits=VISITS),
    )
    assert values(derived, "DM", "DMDY") == [-9]
    assert values(derived, "CO", "CODY") == [3]


def test_an_expression_that_fails_is_told() -> None:
    from trialect.protocol import Element, Event

    wrong = Element("SCRN", "Screening", "x", start=Event("DS", "DSSTDTC", "NOSUCH = 'x'"))
    derived = run(trial(), a_study(elements=(wrong,)))
    assert "DERIVE-WHERE" in rules(derived)
    assert "NOSUCH" in next(p.message for p in derived.problems if p.rule == "DERIVE-WHERE")

"""A record of ClinicalTrials.gov becomes a Study; what is odd in it is told, the rest is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ctgov_small import small_record

from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Problem, Unusable
from trialect.protocol import Contact, Enrolment, Intervention, Registration, StudyDate
from trialect.trial import Study


def read(record: dict[str, Any]) -> tuple[Study, list[Problem], dict[str, int]]:
    problems: list[Problem] = []
    left: dict[str, int] = {}
    return study_of(record, problems.append, file="a.json", row=3, left=left), problems, left


def changed(change: Callable[[dict[str, Any]], Any]) -> tuple[Study, list[Problem], dict[str, int]]:
    """What is read of the small record after a change of its protocolSection."""
    record = small_record()
    change(record["protocolSection"])
    study, problems, left = read(record)
    return study, [one for one in problems if one.rule != "CTGOV-ARM-CODES"], left


def test_every_module_is_read() -> None:
    study, problems, left = read(small_record())
    assert study.registrations == (Registration("NCT00000001", "ClinicalTrials.gov"),)
    assert study.studyid == "TEA-1"
    assert study.start == StudyDate("2023-01", None)
    assert study.enrolment == Enrolment(actual=42)
    assert study.design.phases == ("PHASE1", "PHASE2")
    assert study.design.model == "PARALLEL"
    assert [(arm.code, arm.name, arm.type) for arm in study.arms] == [
        ("A1", "Tea", "EXPERIMENTAL"),
        ("A2", "Water", None),
    ]
    assert study.arms[0].interventions == ("Ginger tea", "Advice")
    assert study.interventions[1] == Intervention("Advice", "OTHER", arms=("Tea", "Water"))
    assert [one.type for one in study.outcomes] == ["PRIMARY", "SECONDARY", "OTHER"]
    assert study.locations[0].contacts == (Contact("", "CONTACT", email="leaf@example.org"),)
    assert study.locations[0].latitude == 41.02083
    assert study.sites == ()
    assert study.fhir.base == "https://nct00000001.invalid"
    assert [(one.category, one.text) for one in study.criteria] == [
        ("INCLUSION", "Cold"),
        ("EXCLUSION", ">4"),
    ]
    assert study.results is not None
    assert study.results.periods[0].milestones[0].counts[0].subjects == "21"
    assert study.results.event_groups[0].deaths == 0
    assert [one.rule for one in problems] == ["CTGOV-ARM-CODES"]
    assert left == {
        "resultsSection.baselineCharacteristicsModule.groups[].id": 1,
        "resultsSection.baselineCharacteristicsModule.groups[].title": 1,
        "resultsSection.adverseEventsModule.seriousEvents[].term": 1,
        "resultsSection.adverseEventsModule.seriousEvents[].organSystem": 1,
        "derivedSection.miscInfoModule.versionHolder": 1,
    }


def test_a_wrong_type_is_told_with_its_place_and_the_rest_is_kept() -> None:
    def change(protocol: dict[str, Any]) -> None:
        protocol["contactsLocationsModule"]["locations"][0]["contacts"].append({"name": 5})
        protocol["designModule"]["phases"] = "PHASE1"
        protocol["designModule"]["enrollmentInfo"]["count"] = True
        protocol["oversightModule"] = ["yes"]
        protocol["eligibilityModule"]["healthyVolunteers"] = "No"

    study, problems, left = changed(change)
    assert [(one.rule, one.path) for one in problems[:-1]] == [
        ("CTGOV-TYPE", "protocolSection.oversightModule"),
        ("CTGOV-TYPE", "protocolSection.designModule.phases"),
        ("CTGOV-TYPE", "protocolSection.designModule.enrollmentInfo.count"),
        ("CTGOV-TYPE", "protocolSection.eligibilityModule.healthyVolunteers"),
        ("CTGOV-TYPE", "protocolSection.contactsLocationsModule.locations[0].contacts[1].name"),
    ]
    assert problems[-1].rule == "CTGOV-ALONE"
    assert problems[0].place == "a.json:3: NCT00000001: protocolSection.oversightModule"
    assert "a list of 1 stands where an object belongs" in problems[0].message
    assert study.design.phases == ()
    assert len(study.locations[0].contacts) == 1
    assert study.title == "Ginger Tea Against Water in Adults With a Cold"
    assert left["protocolSection.oversightModule[]"] == 1
    assert left["protocolSection.contactsLocationsModule.locations[].contacts[].name"] == 1


@pytest.mark.parametrize(
    ("module", "name", "value", "rule", "kept"),
    [
        ("designModule", "studyType", "BANANA", "CTGOV-WORD", True),
        ("statusModule", "lastUpdateSubmitDate", "2024-02-30", "CTGOV-FORM", False),
        ("statusModule", "statusVerifiedDate", "May 2024", "CTGOV-FORM", False),
        ("statusModule", "whyStopped", "  ", "CTGOV-EMPTY", False),
        ("statusModule", "startDateStruct", {"type": "ACTUAL"}, "CTGOV-ALONE", False),
        ("statusModule", "newMember", {"a": [1, 2]}, "CTGOV-UNKNOWN", True),
        ("designModule", "enrollmentInfo", {"type": "ACTUAL"}, "CTGOV-ALONE", False),
        ("designModule", "enrollmentInfo", {"count": -1}, "CTGOV-FORM", False),
        ("designModule", "nPtrsToThisExpAccNctId", float("inf"), "CTGOV-FORM", False),
        ("identificationModule", "nctId", "../../x", "CTGOV-FORM", False),
        ("descriptionModule", "briefSummary", "a\x0bb\ud800", "CTGOV-CHARACTER", True),
    ],
)
def test_what_is_not_as_the_api_has_it(
    module: str, name: str, value: object, rule: str, kept: bool
) -> None:
    _, problems, left = changed(lambda protocol: protocol[module].update({name: value}))
    told = next(one for one in problems if one.path and f"{module}.{name}" in one.path)
    assert told.rule == rule
    assert (f"protocolSection.{module}.{name}" in "".join(left)) is not kept


def test_a_word_of_enrolment_that_is_not_known_has_no_place() -> None:
    study, problems, left = changed(
        lambda protocol: protocol["designModule"].update(
            enrollmentInfo={"count": 5, "type": "ANTICIPATED"}
        )
    )
    assert study.enrolment == Enrolment(count=5)
    assert "It is not taken." in problems[0].message
    assert left["protocolSection.designModule.enrollmentInfo.type"] == 1


def test_characters_that_no_text_may_have_are_shown_where_they_stood() -> None:
    record = small_record()
    record["protocolSection"]["descriptionModule"]["briefSummary"] = "a\x0bb \\u000b"
    study, problems, _ = read(record)
    assert study.summary == "a\ufffdb \\u000b"
    assert "U+000B (character 2)" in problems[0].message
    assert record["protocolSection"]["descriptionModule"]["briefSummary"] == "a\x0bb \\u000b"


def test_two_models_of_the_design() -> None:
    study, problems, left = changed(
        lambda protocol: protocol["designModule"]["designInfo"].update(observationalModel="COHORT")
    )
    assert study.design.model == "PARALLEL"
    assert [one.rule for one in problems] == ["CTGOV-SECOND-MODEL"]
    assert left["protocolSection.designModule.designInfo.observationalModel"] == 1


def test_what_is_told_of_criteria_has_its_place() -> None:
    _, problems, _ = changed(
        lambda protocol: protocol["eligibilityModule"].update(eligibilityCriteria="Adults")
    )
    (one,) = problems
    assert one.rule == "CRITERIA-NO-HEADING"
    assert one.place == "a.json:3: NCT00000001: eligibility.criteria"


def test_an_arm_that_names_what_the_record_does_not_have() -> None:
    study, problems, _ = changed(
        lambda protocol: protocol["armsInterventionsModule"]["armGroups"][1].update(
            interventionNames=["Drug: Advice", "Other: Advice"]
        )
    )
    assert study.arms[1].interventions == ("Drug: Advice", "Advice")
    assert [one.rule for one in problems] == ["CTGOV-REFERENCE"]


def test_what_every_record_has_is_missed() -> None:
    record = {"protocolSection": {"identificationModule": {"orgStudyIdInfo": {"id": "X 1"}}}}
    study, problems, _ = read(record)
    assert (study.studyid, study.sponsor.name, study.design.type, study.name) == (
        "X 1",
        "",
        "",
        "X 1",
    )
    assert study.fhir.base == "https://x-1.invalid"
    assert [one.rule for one in problems] == ["CTGOV-ABSENT"] * 4


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"protocolSection": []},
        {"protocolSection": {}},
        {"protocolSection": {"identificationModule": 5}},
    ],
)
def test_what_is_no_record(record: dict[str, Any]) -> None:
    with pytest.raises(Unusable) as raised:
        read(record)
    assert raised.value.problems[0].rule == "CTGOV-NO-RECORD"
    assert raised.value.problems[0].file == "a.json"


def test_of_a_record_where_all_is_wrong_the_rest_is_counted() -> None:
    study, problems, left = changed(
        lambda protocol: protocol["conditionsModule"].update(keywords=[1] * 1000)
    )
    assert study.keywords == ()
    assert len(problems) == 201
    assert "800 further" in problems[-1].message or "801 further" in problems[-1].message
    assert left["protocolSection.conditionsModule.keywords[]"] == 1000


def test_deep_nesting_is_no_trouble() -> None:
    deep: Any = "a\x00"
    for _ in range(100_000):
        deep = [deep]
    _, problems, left = changed(
        lambda protocol: protocol["conditionsModule"].update(conditions=deep)
    )
    assert "CTGOV-TYPE" in {one.rule for one in problems}
    assert sum(left.values()) >= 1

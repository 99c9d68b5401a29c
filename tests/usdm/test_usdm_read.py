"""Study definitions of USDM are read: those of other tools, of other versions, and hostile ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usdm_foreign import foreign
from usdm_oracle import published_errors
from usdm_studies import example, lost, written

from trialect.converters.convert import convert
from trialect.converters.inspection import inspect
from trialect.converters.readers.usdm import check_file, read_definition
from trialect.converters.recognise import Kind, recognise
from trialect.converters.study_sources import study_source_of
from trialect.mappings.registry.usdm.text import paragraph, plain
from trialect.mappings.registry.usdm.usdm_schedule import whole_days
from trialect.problems import Problem, Unusable
from trialect.protocol import ArmElement, Registration, Sponsor
from trialect.trial import Study


def read(document: Any) -> tuple[Study, list[Problem], Any]:
    told: list[Problem] = []
    found = read_definition(json.dumps(document).encode(), "usdm.json", told.append)
    return found.study, told, found.left


def rules(document: Any) -> set[str]:
    return {one.rule for one in read(document)[1]}


def unusable(document: Any) -> str:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(Unusable) as raised:
        read_definition(content, "usdm.json", lambda _: None)
    return raised.value.problems[0].rule


def design(document: Any) -> Any:
    return document["study"]["versions"][0]["studyDesigns"][0]


def test_a_definition_of_another_tool_is_valid_by_the_published_schema() -> None:
    assert published_errors(foreign()) == []


def test_who_and_what_of_a_definition_of_another_tool() -> None:
    study, told, _ = read(foreign())
    assert [one for one in told if one.severity.value == "error"] == []
    assert study.studyid == "EX-MC-01"
    assert study.title == "Examplin in sample disease"
    assert study.acronym == "EXA"
    assert study.sponsor == Sponsor("Example Pharma")
    assert study.registrations == (Registration("NCT12345678", "ClinicalTrials.gov"),)
    assert study.conditions == ("Sample disease",)
    assert study.officials[0].name == "Dr Jane Doe"
    assert study.officials[0].role == "PRINCIPAL_INVESTIGATOR"
    assert study.officials[0].affiliation == "Sample Hospital"
    (place,) = study.locations
    assert (place.facility, place.city, place.country) == ("Sample Hospital", "Rome", "Italy")
    assert study.fhir.base == "https://nct12345678.invalid"


def test_the_design_of_a_definition_of_another_tool() -> None:
    study, _, _ = read(foreign())
    assert study.design.phases == ("PHASE2",)
    assert study.design.allocation == "RANDOMIZED"
    assert study.design.masking == "DOUBLE"
    assert study.design.masked == ("PARTICIPANT", "INVESTIGATOR")
    assert study.design.masking_description == "Blinded"
    assert study.design.purpose == "TREATMENT"
    assert study.enrolment.planned == 300
    assert study.eligibility.sex == "ALL"
    assert study.eligibility.minimum_age == "50 Years"
    assert study.eligibility.maximum_age == "100 Years"
    assert study.eligibility.healthy_volunteers is False
    assert study.interventions[0].name == "Examplin"
    assert study.interventions[0].type == "BIOLOGICAL"


def test_arms_elements_and_epochs_of_a_definition_of_another_tool() -> None:
    study, _, _ = read(foreign())
    one, other = study.arms
    assert (one.code, one.name, other.code, other.name) == (
        *("Examplin", "Examplin"),
        *("PBO", "Placebo patch"),
    )
    assert one.interventions == ("Examplin",)
    assert other.interventions == ()
    assert other.elements == (
        ArmElement("EL1", "Screening"),
        ArmElement("EL3", "Treatment 1"),
        ArmElement("EL4", "Follow-Up"),
    )
    assert study.epochs == ("Screening", "Treatment 1", "Follow-Up")
    assert study.elements[0].start_rule == "Informed\u00a0consent"


def test_visits_are_in_their_order_with_their_days() -> None:
    study, told, _ = read(foreign())
    assert [(one.num, one.name, one.day, one.epoch) for one in study.visits] == [
        (1.0, "Screening 1", -14, "Screening"),
        (2.0, "Baseline", 1, "Treatment 1"),
        (3.0, "Week 2", 15, "Treatment 1"),
        (4.0, "Week 3", 22, "Follow-Up"),
    ]
    assert "USDM-DAY-ONE" in {one.rule for one in told}


def test_tags_are_filled_and_markup_is_taken_out_of_criteria() -> None:
    study, _, _ = read(foreign())
    assert [one.code for one in study.criteria] == ["IN01", "EX01"]
    assert study.criteria[0].text == "Males and females at least 50 years of age."
    assert study.criteria[1].text == "Any of:\n- fever > 38\n- rash"
    assert study.criteria[0].version == "2"


def test_objectives_and_outcomes() -> None:
    study, _, _ = read(foreign())
    assert [(one.type, one.text) for one in study.objectives] == [
        ("PRIMARY", "To see whether it helps"),
        ("SECONDARY", "To see whether it is safe"),
    ]
    assert [(one.type, one.measure) for one in study.outcomes] == [
        ("PRIMARY", "ADAS-Cog"),
        ("SECONDARY", "Events"),
    ]


def test_provisional_codes_mean_what_they_are_named() -> None:
    document = foreign()
    for one, code in zip(
        document["study"]["versions"][0]["titles"], ("C99905x2", "C94108"), strict=True
    ):
        one["type"]["code"] = code
    study, _, _ = read(document)
    assert (study.title, study.acronym) == ("Examplin in sample disease", "EXA")
    found = [one.message for one in check(document) if one.rule == "USDM-DECODE"]
    assert "C99905x2 is not Official Study Title, which is C207616, in C207419" in found[0]
    document["study"]["versions"][0]["titles"][0]["type"]["decode"] = "A title"
    assert read(document)[0].title is None


def test_lists_within_lists_become_lines() -> None:
    text = """<p>Any of:</p>
      <ol>
        <li>
          <p>Large <b>vessel</b>
             strokes</p>
          <ol>
            <li><p>One</p><p>More of it</p></li>
            <li>Two</li>
          </ol>
        </li>
      </ol>"""
    assert plain(text, lambda _: None).split("\n") == [
        *("Any of:", "- Large vessel strokes", "- One", "More of it", "- Two"),
    ]


def test_what_a_study_has_no_place_for_is_counted() -> None:
    _, _, left = read(foreign())
    assert left["StudyVersion.rationale"] == 1
    assert left["InterventionalStudyDesign.subTypes"] == 4
    assert left["StudyDesignPopulation.plannedCompletionNumber"] == 1
    assert "StudyArm.description" not in left
    assert "StudyVersion.extensionAttributes" not in left


def test_a_definition_of_another_tool_is_written_again_whole_and_valid() -> None:
    study, _, _ = read(foreign())
    assert lost(study) == []
    assert published_errors(written(study)[0]) == []


def test_what_is_written_is_read_as_the_same_study() -> None:
    study, told, left = read(written(example())[0])
    assert study.arms == example().arms
    assert study.visits == example().visits
    assert study.criteria == example().criteria
    assert study.invented == example().invented
    assert [one.rule for one in told if one.severity.value == "error"] == []
    assert not [path for path in left if path.startswith("ExtensionAttribute")]


def test_other_versions_and_other_files_have_a_clear_message() -> None:
    three = foreign() | {"usdmVersion": "3.0.0"}
    assert unusable(three) == "USDM-VERSION"
    assert unusable({"clinicalStudy": {}}) == "USDM-VERSION"
    assert unusable({"study": {"versions": []}, "usdmVersion": "4.0"}) == "USDM-NO-STUDY"
    assert unusable({"usdmVersion": "4.0"}) == "USDM-NO-STUDY"
    assert unusable([1]) == "USDM-NO-STUDY"
    assert unusable(b"{") == "USDM-JSON"
    assert unusable(b"\xff\xfe{") == "USDM-JSON"
    assert unusable(b"[" * 100_000) == "USDM-JSON"
    nameless = foreign()
    nameless["study"]["name"] = ""
    nameless["study"]["versions"][0]["studyIdentifiers"] = []
    assert unusable(nameless) == "USDM-NO-STUDY"


def test_a_file_without_its_version_is_read_and_told() -> None:
    document = foreign()
    del document["usdmVersion"]
    assert "USDM-NO-VERSION" in rules(document)
    assert "USDM-NO-VERSION" not in rules(foreign())


def test_a_sponsor_that_no_role_names_is_told() -> None:
    document = foreign()
    version = document["study"]["versions"][0]
    version["roles"] = []
    study, told, _ = read(document)
    assert (study.sponsor.name, study.studyid) == ("Example Pharma", "EX-MC-01")
    assert "USDM-SPONSOR-TAKEN" in {one.rule for one in told}
    assert not rules(foreign()) & {"USDM-SPONSOR-TAKEN", "USDM-NO-SPONSOR"}
    version["organizations"][0]["type"]["code"] = "C70793"
    assert "USDM-SPONSOR-TAKEN" not in rules(document)
    version["studyIdentifiers"] = []
    study, told, _ = read(document)
    assert (study.sponsor.name, study.studyid) == ("", "EXAMPLE PILOT")
    assert "USDM-NO-SPONSOR" in {one.rule for one in told}


def test_of_several_versions_the_first_is_read_and_told() -> None:
    document = foreign()
    document["study"]["versions"].append({"id": "StudyVersion_2", "instanceType": "StudyVersion"})
    assert "USDM-FIRST" in rules(document)
    assert "USDM-FIRST" not in rules(foreign())


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trialect.converters.readers import usdm

    file = tmp_path / "usdm.json"
    file.write_text(json.dumps(foreign()))
    monkeypatch.setattr(usdm, "LARGEST", 1000)
    with pytest.raises(Unusable, match="more than 1,000 bytes"):
        usdm.content_of(file)


def test_characters_that_no_text_may_have_are_told() -> None:
    document = foreign()
    document["study"]["description"] = "bell \u0007 rings"
    study, told, _ = read(document)
    assert study.summary == "bell \ufffd rings"
    assert "USDM-CHARACTER" in {one.rule for one in told}
    assert "USDM-CHARACTER" not in rules(foreign())


def test_changed_and_broken_carried_facts_are_told() -> None:
    document, _ = written(example())
    carried = document["study"]["versions"][0]["extensionAttributes"]
    carried.append(
        {
            "id": "ExtensionAttribute_9999",
            "url": "urn:trialect:study:no.such.fact",
            "valueString": "x",
            "instanceType": "ExtensionAttribute",
        }
    )
    assert "USDM-CARRIED" in rules(document)
    document, _ = written(example())
    assert "USDM-CARRIED" not in rules(document)
    assert "USDM-CHANGED" not in rules(document)
    design(document)["arms"].reverse()
    assert "USDM-CHANGED" in rules(document)


def test_chains_that_are_none_leave_the_order_that_stands() -> None:
    document = foreign()
    encounters = design(document)["encounters"]
    for one in encounters:
        one["nextId"] = encounters[0]["id"]
    study, told, _ = read(document)
    assert [one.name for one in study.visits] == ["Week 3", "Week 2", "Baseline", "Screening 1"]
    assert "USDM-ORDER" in {one.rule for one in check(document)}
    assert told


def check(document: Any) -> list[Problem]:
    from trialect.schemas.registry.usdm_check import check_document

    return list(check_document(document))


def test_timings_in_a_circle_give_no_days() -> None:
    document = foreign()
    timings = design(document)["scheduleTimelines"][0]["timings"]
    timings[2]["relativeToScheduledInstanceId"] = timings[3]["relativeFromScheduledInstanceId"]
    timings[3]["relativeToScheduledInstanceId"] = timings[2]["relativeFromScheduledInstanceId"]
    study, _, _ = read(document)
    assert [one.day for one in study.visits] == [-14, 1, None, None]


@pytest.mark.parametrize(
    ("duration", "days"),
    [
        ("P2W", 14),
        ("P10D", 10),
        ("P1W2D", 9),
        ("PT48H", 2),
        ("P1DT24H", 2),
        ("P0D", 0),
        ("P1M", None),
        ("P1Y", None),
        ("PT3H", None),
        ("PT30M", None),
        ("-P1D", None),
        ("P", None),
        ("PT", None),
        ("two weeks", None),
        (None, None),
    ],
)
def test_durations_are_days_where_they_are_whole(duration: str | None, days: int | None) -> None:
    assert whole_days(duration) == days


@given(st.text())
def test_a_text_comes_back_from_its_paragraph(text: str) -> None:
    assert plain(paragraph(text), lambda _: None) == text


@given(st.text())
def test_any_text_can_be_read_as_markup(text: str) -> None:
    assert isinstance(plain(text, lambda _: "x"), str)


def test_a_tag_without_a_value_stays_to_be_seen() -> None:
    text = '<p>At least <usdm:tag name="age"/> years</p>'
    assert plain(text, lambda _: None) == 'At least <usdm:tag name="age"/> years'
    assert plain(text, lambda _: "<18>") == "At least <18> years"


def test_a_file_is_recognised_inspected_and_converted(tmp_path: Path) -> None:
    file = tmp_path / "definition"
    file.write_text(json.dumps(foreign(), indent=2))
    assert recognise(file) is Kind.USDM
    assert study_source_of(file) == "usdm"
    lines = "\n".join(inspect(file))
    assert "study definition (USDM)" in lines
    assert "4 visits" in lines
    made = convert(file, tmp_path / "out", to=["usdm"])
    assert (made.out / "NCT12345678" / "registry" / "usdm.json").is_file()


def test_a_file_whose_version_stands_first_or_far_behind_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    document = foreign()
    file.write_text(json.dumps({"usdmVersion": "4.0", **document}))
    assert recognise(file) is Kind.USDM
    file.write_text(json.dumps({"systemName": "x" * 70_000, **document}))
    assert recognise(file) is Kind.USDM
    file.write_text('{"other": 1}')
    assert recognise(file) is Kind.UNKNOWN


def paths_of(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [before] if before else []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        here = (*before, key)
        if isinstance(one, (dict, list)):
            found += paths_of(one, here)
        else:
            found.append(here)
    return found


FOREIGN_PATHS = paths_of(foreign())
OWN = written(example())[0]
OWN_PATHS = paths_of(OWN)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    st.sampled_from(["", " ", "StudyVersion_1", "Encounter_1", "C17998", "P99999999999D", "<p>"]),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just([None, 1, "x", {"id": 1}]),
    st.just({"id": "Encounter_1", "instanceType": 4, "code": []}),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 10**6), ODD, st.booleans()), min_size=1, max_size=4),
)
def test_wrong_types_anywhere_are_told_and_stop_nothing(own: bool, changes: list[Any]) -> None:
    base, paths = (OWN, OWN_PATHS) if own else (foreign(), FOREIGN_PATHS)
    document = json.loads(json.dumps(base))
    for number, odd, gone in changes:
        *steps, last = paths[number % len(paths)]
        here = document
        try:
            for step in steps:
                here = here[step]
            if gone:
                del here[last]
            else:
                here[last] = odd
        except (KeyError, IndexError, TypeError):
            continue
    content = json.dumps(document).encode()
    check(document)
    try:
        study = read_definition(content, "usdm.json", lambda _: None).study
    except Unusable:
        return
    assert study.studyid
    assert lost(study) == []


def test_nested_too_deep_is_told() -> None:
    document = foreign()
    here = document["study"]["versions"][0]
    for _ in range(200):
        inner = {
            "id": "x",
            "url": "u",
            "instanceType": "ExtensionAttribute",
            "valueExtensionClass": {"id": "y", "url": "u", "instanceType": "ExtensionClass"},
        }
        here["extensionAttributes"] = [inner]
        here = inner["valueExtensionClass"]
    assert "USDM-DEPTH" in {one.rule for one in check(document)}
    assert "USDM-DEPTH" in rules(document)


def test_a_file_with_errors_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "usdm.json"
    document = foreign()
    del design(document)["arms"][0]["type"]
    file.write_text(json.dumps(document))
    (problem,) = [one for one in check_file(file) if one.rule == "USDM-MISSING"]
    assert problem.file == "usdm.json"
    assert problem.path == "$.study.versions[0].studyDesigns[0].arms[0]"

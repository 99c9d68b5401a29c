"""A Study as a study definition of USDM 4.0, and back."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from usdm_oracle import published_errors
from usdm_studies import example, lost, read_back, studies_of_records, written

from trialect.converters.readers.study_words import WORDS
from trialect.converters.writers.usdm_json import write
from trialect.mappings.registry.places import facts
from trialect.mappings.registry.usdm.carried import differences
from trialect.mappings.registry.usdm.terms import coding, has_term, word, worded_facts
from trialect.protocol import (
    Arm,
    Criterion,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.registry_facts import Location
from trialect.trial import Study

sys.path.append(str(Path(__file__).parents[1] / "registry"))
from study_changer import changed, whole_study

SMALL = Study(
    studyid="TR-1",
    title="A trial of examplin",
    sponsor=Sponsor("Example Institute", "INDUSTRY"),
    design=Design(allocation="RANDOMIZED", model="PARALLEL", masking="DOUBLE"),
    arms=(
        Arm("A1", "Examplin", "EXPERIMENTAL", interventions=("Examplin",)),
        Arm("A2", "Placebo", "PLACEBO_COMPARATOR", interventions=("Placebo",)),
    ),
    interventions=(Intervention("Examplin", "DRUG"), Intervention("Placebo", "DRUG")),
)


def version(document: Any) -> Any:
    return document["study"]["versions"][0]


def design(document: Any) -> Any:
    return version(document)["studyDesigns"][0]


def carried_paths(document: Any) -> list[str]:
    urls = [one["url"] for one in version(document)["extensionAttributes"]]
    return [one.removeprefix("urn:trialect:study:") for one in urls if ":study:" in one]


def rules(study: Study) -> dict[str, str | None]:
    return {one.rule: one.field for one in written(study)[1]}


def test_the_example_comes_back_whole_and_is_valid() -> None:
    study = example()
    assert lost(study) == []
    assert published_errors(written(study)[0]) == []


def test_every_record_comes_back_whole() -> None:
    assert {one.studyid: paths for one in studies_of_records() if (paths := lost(one))} == {}


def test_every_record_is_valid_by_the_published_schema() -> None:
    found = {one.studyid: published_errors(written(one)[0]) for one in studies_of_records()}
    assert {name: errors for name, errors in found.items() if errors} == {}


@pytest.mark.parametrize("kind", ["INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"])
def test_each_fact_in_each_of_its_values_comes_back(kind: str) -> None:
    whole = whole_study()
    whole = replace(whole, design=replace(whole.design, type=kind))
    assert lost(whole) == []
    for fact in facts():
        for other in changed(whole, fact):
            assert lost(other) == [], fact


@pytest.mark.parametrize("kind", ["INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"])
def test_a_study_that_says_everything_is_valid_by_the_published_schema(kind: str) -> None:
    whole = whole_study()
    whole = replace(whole, design=replace(whole.design, type=kind))
    assert published_errors(written(whole)[0]) == []


def test_the_same_study_gives_the_same_bytes() -> None:
    one, other = (next(iter(write(example(), lambda _: None))) for _ in range(2))
    assert one.path == "registry/usdm.json"
    assert one.content == other.content


def test_ids_are_unique_and_names_are_so_in_their_class() -> None:
    place = Location(facility="Same place", country="Italy")
    study = replace(SMALL, locations=(place, place, place), conditions=("Pain", "Pain"))
    document, _ = written(study)
    seen: list[str] = []
    names: list[tuple[str, str]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "id" in value:
                seen.append(value["id"])
            if "name" in value:
                names.append((value["instanceType"], value["name"]))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(document)
    assert len(set(seen)) == len(seen)
    assert len(set(names)) == len(names)
    assert lost(study) == []


def test_every_word_of_an_enumeration_has_a_code_or_is_carried() -> None:
    unmapped = {
        "design.allocation": {"NON_RANDOMIZED", "NA"},
    }
    for fact in (*worded_facts(), "design.allocation"):
        for one in WORDS.get(fact, ()):
            code = coding(fact, one)
            assert code.decode
            if one in unmapped.get(fact, set()):
                assert not has_term(fact, one)
            else:
                assert word(fact, code.code, code.system) is not None, (fact, one)


def test_three_masked_roles_are_triple() -> None:
    masked = ("PARTICIPANT", "INVESTIGATOR", "OUTCOMES_ASSESSOR")
    study = replace(SMALL, design=replace(SMALL.design, masking="TRIPLE", masked=masked))
    document, told = written(study)
    assert design(document)["blindingSchema"]["standardCode"]["code"] == "C15228"
    assert "design.masking" not in carried_paths(document)
    assert [one.field for one in told if one.rule == "USDM-WIDER-TERM"] == ["design.masking"]
    assert read_back(document)[0].design.masking == "TRIPLE"


def test_triple_without_roles_is_carried() -> None:
    study = replace(SMALL, design=replace(SMALL.design, masking="TRIPLE"))
    assert "design.masking" in carried_paths(written(study)[0])
    assert lost(study) == []


def test_a_word_without_a_term_is_the_word_itself_and_told() -> None:
    study = replace(SMALL, design=replace(SMALL.design, purpose="ECT"))
    code = design(written(study)[0])["intentTypes"][0]
    assert (code["code"], code["codeSystem"]) == ("ECT", "ClinicalTrials.gov API")
    assert rules(study)["USDM-NO-TERM"] in ("design.purpose", "sponsor.type")
    assert "USDM-NO-TERM" not in rules(replace(SMALL, sponsor=Sponsor("X")))


def test_a_word_outside_of_a_closed_list_is_a_warning() -> None:
    study = replace(SMALL, interventions=(Intervention("Diet", "OTHER"),), arms=())
    assert rules(study)["USDM-CLOSED-LIST"] == "interventions.0.type"
    assert "USDM-CLOSED-LIST" not in rules(SMALL)


def test_ages_with_one_end_are_carried_and_told() -> None:
    study = replace(SMALL, eligibility=Eligibility(minimum_age="18 Years"))
    document, _ = written(study)
    assert design(document)["population"]["plannedAge"] is None
    assert rules(study)["USDM-AGE-RANGE"] == "eligibility.minimum_age"
    assert lost(study) == []
    both = replace(SMALL, eligibility=Eligibility("1 Month", "65 Years"))
    ages = design(written(both)[0])["population"]["plannedAge"]
    assert (ages["minValue"]["value"], ages["maxValue"]["value"]) == (1, 65)
    assert "USDM-AGE-RANGE" not in rules(both)
    assert lost(both) == []


def test_a_month_is_no_governance_date() -> None:
    study = replace(SMALL, start=StudyDate("2024-05", "ACTUAL"))
    assert version(written(study)[0])["dateValues"] == []
    assert rules(study)["USDM-PARTIAL-DATE"] == "start.date"
    day = replace(SMALL, start=StudyDate("2024-05-01", "ACTUAL"))
    assert version(written(day)[0])["dateValues"][0]["dateValue"] == "2024-05-01"
    assert "USDM-PARTIAL-DATE" not in rules(day)


def test_phases_together_without_a_term_are_carried_and_told() -> None:
    study = replace(SMALL, design=replace(SMALL.design, phases=("PHASE1", "PHASE4")))
    assert design(written(study)[0])["studyPhase"] is None
    assert rules(study)["USDM-PHASES"] == "design.phases"
    assert lost(study) == []
    known = replace(SMALL, design=replace(SMALL.design, phases=("PHASE1", "PHASE2")))
    assert design(written(known)[0])["studyPhase"]["standardCode"]["code"] == "C15693"
    assert "USDM-PHASES" not in rules(known)


def test_an_allocation_that_is_not_random_is_carried_and_told() -> None:
    study = replace(SMALL, design=replace(SMALL.design, allocation="NA"))
    assert rules(study)["USDM-ALLOCATION"] == "design.allocation"
    assert "USDM-ALLOCATION" not in rules(SMALL)
    assert lost(study) == []


def test_an_intervention_that_is_not_there_is_told() -> None:
    arm = replace(SMALL.arms[0], interventions=("Other",))
    study = replace(SMALL, arms=(arm,))
    assert rules(study)["USDM-UNKNOWN-INTERVENTION"] == "arms.0.interventions.0"
    assert "USDM-UNKNOWN-INTERVENTION" not in rules(SMALL)
    assert lost(study) == []


def test_a_country_without_a_code_is_told() -> None:
    study = replace(SMALL, locations=(Location(facility="X", country="Nowhere"),))
    assert rules(study)["USDM-COUNTRY"] == "locations.0.country"
    known = replace(SMALL, locations=(Location(facility="X", country="Italy"),))
    assert "USDM-COUNTRY" not in rules(known)
    site = version(written(known)[0])["organizations"][-1]["managedSites"][0]
    assert site["country"]["code"] == "ITA"


def test_arms_without_elements_are_one_epoch_and_read_back_as_none() -> None:
    document, _ = written(SMALL)
    assert [one["name"] for one in design(document)["epochs"]] == ["TREATMENT"]
    assert len(design(document)["studyCells"]) == 2
    assert rules(SMALL)["USDM-NO-ELEMENTS"] == "arms"
    again, _ = read_back(document)
    assert again.elements == ()
    assert again.arms == SMALL.arms
    assert "USDM-NO-ELEMENTS" not in rules(example())


def test_what_usdm_requires_and_the_study_does_not_say_is_told() -> None:
    (problem,) = [one for one in written(SMALL)[1] if one.rule == "USDM-NOT-STATED"]
    assert "InterventionalStudyDesign.rationale" in problem.message
    assert "StudyDesignPopulation.includesHealthySubjects" in problem.message
    said = replace(SMALL, eligibility=Eligibility(healthy_volunteers=True))
    (problem,) = [one for one in written(said)[1] if one.rule == "USDM-NOT-STATED"]
    assert "includesHealthySubjects" not in problem.message


def test_what_is_not_said_does_not_come_back_as_said() -> None:
    again, _ = read_back(written(SMALL)[0])
    assert again.eligibility.healthy_volunteers is None
    assert again == SMALL


def test_visits_are_encounters_timed_from_day_one() -> None:
    visits = (
        Visit(1, "SCREENING", -14, "Consent"),
        Visit(2, "WEEK 2", 15, "Two weeks on"),
        Visit(3, "ANY TIME", None, "When needed"),
    )
    document, _ = written(replace(SMALL, visits=visits))
    (timeline,) = design(document)["scheduleTimelines"]
    told = [(one["type"]["decode"], one["value"]) for one in timeline["timings"]]
    assert told == [
        ("Before", "P14D"),
        ("Fixed Reference", "P0D"),
        ("After", "P14D"),
    ]
    assert [one["name"] for one in design(document)["encounters"]] == [one.name for one in visits]
    assert lost(replace(SMALL, visits=visits)) == []


def test_outcomes_are_endpoints_of_the_objective_of_their_level() -> None:
    study = replace(
        SMALL,
        objectives=(Objective("PRIMARY", "To see whether it helps"),),
        outcomes=(
            Outcome("PRIMARY", "Pain", "Week 4"),
            Outcome("SECONDARY", "Sleep <better>", None, "By diary"),
        ),
    )
    first, second = design(written(study)[0])["objectives"]
    assert first["text"] == "<p>To see whether it helps</p>"
    assert first["endpoints"][0]["text"] == "<p>Pain [Time frame: Week 4]</p>"
    assert second["text"] == "Not stated"
    assert second["endpoints"][0]["level"]["code"] == "C139173"
    assert lost(study) == []


def test_criteria_are_items_in_a_chain() -> None:
    study = replace(
        SMALL,
        criteria=(
            Criterion("INCL01", "INCLUSION", "Age > 18 & < 65", "2"),
            Criterion("EXCL01", "EXCLUSION", "Line one\n- line two", "2"),
        ),
    )
    document, _ = written(study)
    one, other = design(document)["eligibilityCriteria"]
    assert (one["nextId"], other["previousId"]) == (other["id"], one["id"])
    items = version(document)["eligibilityCriterionItems"]
    assert items[0]["text"] == "<p>Age &gt; 18 &amp; &lt; 65</p>"
    assert version(document)["versionIdentifier"] == "2"
    assert lost(study) == []


def test_planned_enrolment_stands_in_the_population() -> None:
    study = replace(SMALL, enrolment=Enrolment(planned=42, actual=40))
    population = design(written(study)[0])["population"]
    assert population["plannedEnrollmentNumber"]["value"] == 42
    assert population["plannedEnrollmentNumber"]["unit"] is None
    assert lost(study) == []


def test_that_records_are_invented_is_said() -> None:
    notes = version(written(example())[0])["notes"]
    assert any(example().invented == one["text"] for one in notes)


def test_a_changed_definition_is_believed_before_what_was_carried() -> None:
    study = replace(SMALL, design=replace(SMALL.design, masking="TRIPLE"))
    document, _ = written(study)
    code = design(document)["blindingSchema"]["standardCode"]
    code["code"], code["decode"] = "C49659", "Open Label Study"
    again, found = read_back(document)
    assert again.design.masking == "NONE"
    assert found.outdated == ["design.masking"]


def test_items_in_another_order_do_not_take_what_was_carried_for_others() -> None:
    places = tuple(
        Location(facility=name, status=status, country="Italy")
        for name, status in (("One", "RECRUITING"), ("Two", "COMPLETED"))
    )
    document, _ = written(replace(SMALL, locations=places))
    version(document)["organizations"].reverse()
    again, found = read_back(document)
    assert [one.facility for one in again.locations] == ["Two", "One"]
    assert [one.status for one in again.locations] == [None, None]
    assert found.outdated == ["locations.0.status", "locations.1.status"]
    assert next(path for path, _ in differences(again, SMALL)) == "locations"

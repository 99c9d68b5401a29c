"""What R5 says in its own way, resource by resource, in the small trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from study_of_pain import (
    BASE,
    CODES,
    S1,
    S2,
    S3,
    S4,
    STUDY,
    frame,
    frames,
    in_release,
    study,
    value_of,
)

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.research_study import link_ids
from trialect.mappings.fhir.study_resources import study_resources
from trialect.protocol import Arm, Contact, Design, Enrolment, StudyDate
from trialect.study_options import FhirOptions

IDENTITY = Identity(STUDY)
R5 = "http://hl7.org/fhir/"


@pytest.fixture
def release() -> str:
    return "R5"


def reference(type: str, value: str) -> dict[str, str]:
    return {"reference": f"{type}/{IDENTITY.id(type, value)}"}


def the_study(**changes: Any) -> dict[str, Any]:
    found, _ = study_resources(in_release(study(**changes), "R5"), CODES)
    return next(one for one in found if one["resourceType"] == "ResearchStudy")


def codes(concept: dict[str, Any]) -> list[str]:
    return [one["code"] for one in concept["coding"]]


def own(element: str) -> str:
    return f"{BASE}/StructureDefinition/extension-{element}"


class TestBothReleases:
    def test_names_ids_and_conditions_are_the_same(self, write: Any, release: str) -> None:
        written = write(unblinded=True)
        bundles = dict(written.bundles)
        again = write(in_release(STUDY, "R5"), unblinded=True)
        assert dict(again.bundles) == bundles
        other = dict(in_r4(write).bundles)
        assert bundles.keys() == other.keys()
        for name, bundle in bundles.items():
            mine = [(one["fullUrl"], one["request"]) for one in bundle["entry"]]
            assert mine == [(one["fullUrl"], one["request"]) for one in other[name]["entry"]]

    def test_an_observation_and_a_patient_have_the_same_bytes(self, write: Any) -> None:
        written, other = write(unblinded=True), in_r4(write)
        for name in ("Observation", "Patient", "Questionnaire", "Organization", "Location"):
            file = f"ndjson/{name}.ndjson"
            assert (written.folder / file).read_bytes() == (other.folder / file).read_bytes()

    def test_every_identifier_is_a_list(self, write: Any) -> None:
        written = write(unblinded=True)
        for file in (written.folder / "ndjson").iterdir():
            assert all(isinstance(one["identifier"], list) for one in written.of(file.stem))


def in_r4(write: Any) -> Any:
    """The same written in R4, into a folder of its own."""
    from trialect.converters.writers.fhir_bundle import write_partition, write_study

    given = write(unblinded=True)
    folder = given.folder / "r4"
    part = write_partition(folder, STUDY, CODES, frames(), unblinded=True)
    return replace(given, folder=folder, study=write_study(folder, STUDY, CODES, part.items))


class TestResearchStudy:
    def test_status_is_of_the_resource_and_the_trials_own_is_progress(self) -> None:
        found = the_study()
        assert found["status"] == "active"
        now, planned = found["progressStatus"]
        assert codes(now["state"]) == ["not-yet-recruiting"]
        assert now["actual"] is True
        assert codes(planned["state"]) == ["overall-study"]
        assert planned["actual"] is False
        assert planned["period"] == {"start": "2025-12", "end": "2026-06-22"}

    def test_a_date_that_was_reached_stands_apart_from_one_that_is_planned(self) -> None:
        found = the_study(start=StudyDate("2025-12-25", "ACTUAL"), status="RECRUITING")
        assert [(one["actual"], one.get("period")) for one in found["progressStatus"][1:]] == [
            (True, {"start": "2025-12-25"}),
            (False, {"end": "2026-06-22"}),
        ]

    def test_a_state_without_code_keeps_its_words(self) -> None:
        assert the_study(status="UNKNOWN")["progressStatus"][0]["state"] == {"text": "UNKNOWN"}

    def test_arms_are_comparison_groups_with_links(self) -> None:
        first, second = the_study()["comparisonGroup"]
        assert first["linkId"] == "HYDRO"
        assert first["description"] == "10 % dextrose"
        assert codes(first["type"]) == ["experimental"]
        assert (second["linkId"], codes(second["type"])) == ("NEEDLE", ["active-comparator"])

    def test_a_code_that_is_no_id_is_numbered(self) -> None:
        arms = (Arm("A", "Arm A"), Arm("B µ", "Arm B"))
        assert link_ids(study(arms=arms)) == {"A": "A", "B µ": "arm-2"}

    def test_outcomes_are_measures(self) -> None:
        first, second = the_study()["outcomeMeasure"]
        assert first == {
            "extension": [{"url": f"{BASE}/StructureDefinition/time-frame",
                           "valueString": "3 months"}],
            "name": "Pain score",
            "type": [{"coding": [{"system": f"{R5}research-study-objective-type",
                                  "code": "primary", "display": "Primary"}]}],
            "description": "[3 months]",
        }  # fmt: skip
        assert "description" not in second

    def test_design_and_masking_have_codes_of_sevco(self) -> None:
        masked = ("PARTICIPANT", "OUTCOMES_ASSESSOR", "INVESTIGATOR")
        design = Design("INTERVENTIONAL", "RANDOMIZED", "PARALLEL", "DOUBLE", masked)
        found = the_study(design=design)["studyDesign"]
        sevco = [
            [
                one["code"]
                for one in concept.get("coding", [])
                if one["system"] == f"{R5}study-design"
            ]
            for concept in found
        ]
        assert sevco == [
            ["SEVCO:01001"], ["SEVCO:01003"], ["SEVCO:01011"], [], ["SEVCO:01060"],
            ["SEVCO:01062"], [],
        ]  # fmt: skip
        assert found[-1]["text"] == "Masked: INVESTIGATOR"

    def test_purpose_and_phase_have_r5s_systems(self) -> None:
        found = the_study()
        assert found["primaryPurposeType"]["coding"][0]["system"] == (
            f"{R5}research-study-prim-purp-type"
        )
        assert found["phase"]["coding"][0]["system"] == f"{R5}research-study-phase"

    def test_sponsor_investigator_and_contact_are_parties(self) -> None:
        found = the_study()
        sponsor, investigator, contact = found["associatedParty"]
        assert sponsor["party"] == reference("Organization", "sponsor")
        assert codes(investigator["role"]) == ["primary-investigator"]
        assert contact["name"] == "A. Contact"
        assert contact["role"]["text"] == "Study chair"
        (reached,) = found["extension"]
        assert reached["url"] == own("ResearchStudy.contact")
        assert reached["valueContactDetail"]["telecom"][0]["value"] == "+90 1"

    def test_a_contact_without_ways_to_reach_needs_no_extension(self) -> None:
        assert "extension" not in the_study(contacts=(Contact("A. Contact"),))

    def test_titles_summary_and_recruitment_have_elements(self) -> None:
        found = the_study(
            brief_title="Pain", acronym="P1", description="Long.", enrolment=Enrolment(42, 40)
        )
        assert found["title"] == "Pain"
        assert [one["value"] for one in found["label"]] == [STUDY.title, "P1"]
        assert codes(found["label"][0]["type"]) == ["official"]
        assert (found["descriptionSummary"], found["description"]) == ("A summary.", "Long.")
        assert found["recruitment"] == {
            "targetNumber": 42,
            "actualNumber": 40,
            "eligibility": reference("Group", "eligibility"),
        }


class TestResearchSubject:
    def test_milestones_and_state_are_progress(self, write: Any) -> None:
        found = write().one("ResearchSubject", S1)
        assert found["status"] == "active"
        milestones = [one for one in found["progress"] if "milestone" in one]
        randomised = [one for one in milestones if "Randomized" in codes(one["milestone"])]
        assert randomised[0]["startDate"].startswith("2026-01-0")
        (state,) = [one for one in found["progress"] if "subjectState" in one]
        assert codes(state["subjectState"]) == ["off-study"]
        assert state["reason"]["text"] == "Completed"

    def test_without_a_disposition_there_is_a_state_without_a_day(self, write: Any) -> None:
        (state,) = [
            one for one in write().one("ResearchSubject", S4)["progress"] if "subjectState" in one
        ]
        assert codes(state["subjectState"]) == ["screening"]
        assert not {"startDate", "reason"} & state.keys()

    def test_an_earlier_disposition_is_a_milestone(self, write: Any) -> None:
        ds = frame(
            "USUBJID DSSEQ DSTERM DSDECOD DSCAT EPOCH DSSTDTC",
            (S1, 1, "Screened", "COMPLETED", "DISPOSITION EVENT", "SCREENING", "2026-01-05"),
            (S1, 2, "Moved", "LOST TO FOLLOW-UP", "DISPOSITION EVENT", "FOLLOW-UP", "2026-02-05"),
            (S1, 3, "Something else", "OTHER", "OTHER EVENT", None, "2026-02-06"),
        )  # fmt: skip
        first, last = write(changed={"DS": ds}).one("ResearchSubject", S1)["progress"]
        assert first["milestone"]["text"] == "Screened"
        assert first["startDate"] == "2026-01-05"
        assert codes(last["subjectState"]) == ["off-study"]
        assert last["reason"]["text"] == "Moved"
        assert codes(last["reason"])[0].startswith("C")

    def test_arms_are_links_when_unblinded(self, write: Any) -> None:
        blinded = write().one("ResearchSubject", S1)
        assert not {"assignedComparisonGroup", "actualComparisonGroup"} & blinded.keys()
        told = write(unblinded=True)
        assert told.one("ResearchSubject", S1)["assignedComparisonGroup"] == "HYDRO"
        assert told.one("ResearchSubject", S2)["actualComparisonGroup"] == "NEEDLE"
        urls = {one["url"] for one in told.one("ResearchSubject", S1)["extension"]}
        assert own("ResearchSubject.actualArm") not in urls

    def test_an_arm_the_study_does_not_have_is_told_by_name(self, write: Any) -> None:
        dm = frames()["DM"].with_columns(ACTARMCD=pl.lit("OTHER"), ACTARM=pl.lit("Another"))
        found = write(changed={"DM": dm}, unblinded=True).one("ResearchSubject", S1)
        assert "actualComparisonGroup" not in found
        arm = {"url": own("ResearchSubject.actualArm"), "valueString": "Another"}
        assert found["extension"][0] == arm
        blinded = write(changed={"DM": dm}).one("ResearchSubject", S1)
        assert arm not in blinded["extension"]


class TestConsent:
    def test_the_time_of_day_stands_in_an_extension(self, write: Any) -> None:
        found = next(one for one in write().of("Consent") if value_of(one).startswith(S1))
        assert found["decision"] == "permit"
        assert found["date"] == "2025-12-25"
        moment = next(one for one in found["extension"] if one["url"] == own("Consent.dateTime"))
        assert moment["valueDateTime"].startswith("2025-12-25T")
        assert [codes(one) for one in found["category"]] == [["research"], ["59284-0"]]

    def test_a_day_needs_none(self, write: Any) -> None:
        ds = frame("USUBJID DSSEQ DSDECOD DSSTDTC", (S1, 1, "INFORMED CONSENT OBTAINED", "2025-12"))
        found = write(changed={"DS": ds}).one("Consent", f"{S1}.DS.1")
        assert found["date"] == "2025-12"
        assert [one["url"] for one in found["extension"]] == [
            "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
        ]


class TestEncounter:
    def test_a_visit_is_completed_and_has_an_actual_period(self, write: Any) -> None:
        found = write().one("Encounter", f"{S1}.SV.1")
        assert found["status"] == "completed"
        assert found["actualPeriod"]["start"].startswith("2025-12-25")

    def test_a_contact_that_is_not_known_is_not_there(self, write: Any) -> None:
        sv = frame(
            "USUBJID VISITNUM VISIT SVCNTMOD SVUPDES SVSTDTC",
            (S1, 1, "SCREENING", None, None, "2025-12-25"),
            (S1, 2, "EXTRA", "TELEPHONE CALL", "Asked to", "2026-01-05"),
        )
        written = write(changed={"SV": sv})
        assert "class" not in written.one("Encounter", f"{S1}.SV.1")
        called = written.one("Encounter", f"{S1}.SV.2")
        assert codes(called["class"][0]) == ["VR"]
        assert called["reason"] == [{"value": [{"concept": {"text": "Asked to"}}]}]


class TestWhatWasDone:
    def test_a_treatment_has_an_occurrence(self, write: Any) -> None:
        found = write(unblinded=True).one("Procedure", f"{S1}.EX.1")
        assert isinstance(found["category"], list)
        assert {"occurrencePeriod", "occurrenceDateTime"} & found.keys()

    def test_a_dose_is_spelled_as_r5_spells_it(self, write: Any) -> None:
        (found,) = write(unblinded=True).of("MedicationAdministration")
        assert {"occurencePeriod", "occurenceDateTime"} & found.keys()
        assert "text" in found["medication"]["concept"]
        assert found["partOf"] == [reference("Procedure", f"{S1}.EX.1")]

    def test_a_response_without_instrument_says_so(self, write: Any) -> None:
        qs = frame(
            "USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSORRES QSSTRESC",
            (S1, 1, "PI0101", "Pain", None, "7", "7"),
            (S2, 1, "PI0101", "Pain", "PI", "7", "7"),
        )
        written = write(changed={"QS": qs.with_columns(pl.col("QSCAT").cast(pl.String))})
        first, second = written.of("QuestionnaireResponse")
        assert first["_questionnaire"]["extension"][0]["valueCode"] == "unknown"
        assert "questionnaire" not in first
        assert second["questionnaire"] == f"{BASE}/Questionnaire/PI"
        assert "_questionnaire" not in second


class TestAdverseEvent:
    def test_it_has_a_beginning_an_end_and_a_severity_of_its_own(self, write: Any) -> None:
        found = write().one("AdverseEvent", f"{S1}.AE.1")
        assert found["occurrencePeriod"]["end"] == "2026-01-07"
        assert found["status"] == "completed"
        assert codes(found["code"]) == ["10022086"]
        assert codes(found["seriousness"]) == ["non-serious"]
        severity = found["extension"][0]
        assert severity["url"] == own("AdverseEvent.severity")
        assert codes(severity["valueCodeableConcept"]) == ["moderate"]
        assert found["outcome"][0]["text"] == "RECOVERED/RESOLVED"

    def test_any_outcome_is_told(self, write: Any) -> None:
        written = write()
        found = written.one("AdverseEvent", f"{S3}.AE.1")
        assert found["outcome"] == [{"text": "GONE"}]
        assert found["status"] == "unknown"
        told = {p.variable for p in written.part.problems if p.rule == "FHIR-NO-CODE"}
        assert "AEOUT" not in told

    @pytest.mark.parametrize(
        ("outcome", "end", "status"),
        [
            ("RECOVERING/RESOLVING", None, "in-progress"),
            ("FATAL", None, "completed"),
            ("UNKNOWN", "2026-02-03", "completed"),
            (None, None, "unknown"),
        ],
    )
    def test_status(self, write: Any, outcome: str | None, end: str | None, status: str) -> None:
        ae = frame("USUBJID AESEQ AETERM AEOUT AESTDTC AEENDTC",
                   (S1, 1, "Pain", outcome, "2026-02-01", end))  # fmt: skip
        found = write(changed={"AE": ae}).one("AdverseEvent", f"{S1}.AE.1")
        assert found["status"] == status
        assert ("occurrencePeriod" in found) is (end is not None)

    def test_criteria_of_seriousness_are_coded(self, write: Any) -> None:
        found = write(unblinded=True).one("AdverseEvent", f"{S1}.AE.2")
        assert codes(found["seriousness"]) == ["serious", "C83052"]

    def test_a_relation_is_said_of_the_treatment(self, write: Any) -> None:
        (suspect,) = write().one("AdverseEvent", f"{S1}.AE.1")["suspectEntity"]
        assert suspect["instanceReference"] == reference("Procedure", f"{S1}.EX.1")
        assert suspect["causality"] == {"entityRelatedness": {"text": "POSSIBLY RELATED"}}
        (unnamed,) = write().one("AdverseEvent", f"{S3}.AE.1")["suspectEntity"]
        assert unnamed["instanceCodeableConcept"] == {"text": "Study treatment"}


def test_who_may_take_part_is_a_definition(write: Any) -> None:
    (found,) = write().of("Group")
    assert found["membership"] == "definitional"
    assert "actual" not in found


def test_an_action_has_one_code_and_targets(write: Any) -> None:
    (found,) = write().of("PlanDefinition")
    first = found["action"][0]["action"][0]
    assert first["code"]["text"] == "SCREENING"
    assert first["relatedAction"][0]["targetId"] == "visit-2"


def test_hl7s_extensions_are_written_when_wanted(write: Any) -> None:
    options = FhirOptions(base=BASE, bundle_subjects=2, cross_version="hl7")
    written = write(study(fhir=options))
    severity = written.one("AdverseEvent", f"{S1}.AE.1")["extension"][0]
    assert severity["url"] == (
        "http://hl7.org/fhir/4.0/StructureDefinition/extension-AdverseEvent.severity"
    )

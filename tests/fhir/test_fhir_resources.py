"""What becomes what, resource by resource, in the small trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from study_of_pain import BASE, CODES, S1, S2, S3, S4, STUDY, frame, frames, study, value_of

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.study_resources import study_resources
from trialect.mappings.fhir.terms import NCIT
from trialect.protocol import Design, Eligibility
from trialect.study_options import FhirOptions

IDENTITY = Identity(STUDY)


def reference(type: str, value: str) -> dict[str, str]:
    return {"reference": f"{type}/{IDENTITY.id(type, value)}"}


def codes_of(concept: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["system"], one["code"]) for one in concept["coding"]]


class TestPatient:
    def test_a_subject_is_a_patient_without_a_name(self, write: Any) -> None:
        found = write().one("Patient", S1)
        assert found["gender"] == "female"
        assert found["managingOrganization"] == reference("Organization", "site-01")
        assert not {"name", "telecom", "address", "contact", "photo"} & found.keys()

    @pytest.mark.parametrize(
        ("precision", "expected"),
        [("none", [None] * 4), ("year", ["1980", "1975", "1990", None]),
         ("month", ["1980-05", "1975", "1990-03", None]),
         ("day", ["1980-05-17", "1975", "1990-03", None])],
    )  # fmt: skip
    def test_the_birth_date_is_as_exact_as_the_study_allows(
        self, write: Any, precision: Any, expected: list[str | None]
    ) -> None:
        options = FhirOptions(base=BASE, birth_date=precision)
        written = write(study(fhir=options))
        assert [one.get("birthDate") for one in written.of("Patient")] == expected

    def test_race_and_ethnicity_are_extensions_of_us_core(self, write: Any) -> None:
        found = write().one("Patient", S1)
        race, ethnicity = found["extension"]
        assert race["url"].endswith("us-core-race")
        assert race["extension"][0]["valueCoding"]["code"] == "2106-3"
        assert race["extension"][1] == {"url": "text", "valueString": "WHITE"}
        assert ethnicity["extension"][0]["valueCoding"]["code"] == "2186-5"

    def test_a_race_without_category_is_text_alone(self, write: Any) -> None:
        (race,) = write().one("Patient", S3)["extension"]
        assert race["extension"] == [{"url": "text", "valueString": "OTHER"}]

    def test_several_races_are_listed(self, write: Any) -> None:
        dm = frames()["DM"].with_columns(RACE=pl.lit("MULTIPLE"))
        supp = frame(
            "USUBJID RDOMAIN IDVAR IDVARVAL QNAM QLABEL QVAL",
            (S1, "DM", None, None, "RACE1", "Race 1", "WHITE"),
            (S1, "DM", None, None, "RACE2", "Race 2", "ASIAN"),
        )
        written = write(changed={"DM": dm, "SUPPDM": supp})
        white, asian, text = written.one("Patient", S1)["extension"][0]["extension"]
        codes = [one["valueCoding"]["code"] for one in (white, asian)]
        assert codes == ["2106-3", "2028-9"]
        assert text["valueString"] == "MULTIPLE: WHITE, ASIAN"
        other = written.one("Patient", S2)["extension"][0]["extension"]
        assert other == [{"url": "text", "valueString": "MULTIPLE"}]

    def test_a_death_is_told_by_its_date_or_at_least(self, write: Any) -> None:
        dm = frames()["DM"].with_columns(
            DTHFL=pl.Series([None, "Y", "Y", None]), DTHDTC=pl.Series([None, "2026-02", None, None])
        )
        patients = write(changed={"DM": dm}).of("Patient")
        assert [one.get("deceasedDateTime") for one in patients] == [None, "2026-02", None, None]
        assert [one.get("deceasedBoolean") for one in patients] == [None, None, True, None]

    def test_a_sex_that_fhir_has_no_code_for_is_a_problem(self, write: Any) -> None:
        dm = frames()["DM"].with_columns(SEX=pl.lit("X"))
        written = write(changed={"DM": dm})
        assert "gender" not in written.one("Patient", S1)
        assert [p.value for p in written.part.problems if p.variable == "SEX"] == ["X"] * 4
        assert "SEX" not in {p.variable for p in write().part.problems}


class TestResearchSubject:
    def test_the_state_is_one_of_r4s(self, write: Any) -> None:
        written = write()
        states = [written.one("ResearchSubject", name)["status"] for name in (S1, S2, S3, S4)]
        assert states == ["off-study", "on-study", "ineligible", "screening"]

    def test_a_screen_failure_without_disposition_is_ineligible(self, write: Any) -> None:
        written = write(changed={"DS": None})
        assert written.one("ResearchSubject", S3)["status"] == "ineligible"
        assert written.one("ResearchSubject", S1)["status"] == "on-study"

    def test_who_leaves_early_is_off_study(self, write: Any) -> None:
        ds = frame(
            "USUBJID DSSEQ DSDECOD DSCAT EPOCH DSSTDTC",
            (S1, 1, "LOST TO FOLLOW-UP", "DISPOSITION EVENT", "TREATMENT", "2026-01-09"),
        )
        assert write(changed={"DS": ds}).one("ResearchSubject", S1)["status"] == "off-study"

    def test_links_period_and_randomisation(self, write: Any) -> None:
        found = write().one("ResearchSubject", S1)
        assert found["study"] == reference("ResearchStudy", "PAIN1")
        assert found["individual"] == reference("Patient", S1)
        assert found["consent"] == reference("Consent", f"{S1}.DS.1")
        assert found["period"] == {"start": "2025-12-25T09:30:00+03:00", "end": "2026-04-01"}
        assert found["extension"][0] == {
            "url": f"{BASE}/StructureDefinition/randomized",
            "valueDateTime": "2026-01-05T08:00:00+03:00",
        }

    def test_who_goes_on_has_no_end(self, write: Any) -> None:
        assert "end" not in write().one("ResearchSubject", S2)["period"]


class TestConsent:
    def test_consent_comes_from_ds_and_else_from_dm(self, write: Any) -> None:
        written = write()
        assert written.one("Consent", f"{S1}.DS.1")["dateTime"] == "2025-12-25T09:30:00+03:00"
        assert written.one("Consent", f"{S2}.DM")["dateTime"] == "2025-12-26"
        assert len(written.of("Consent")) == 3

    def test_it_has_scope_category_and_policy(self, write: Any) -> None:
        found = write().one("Consent", f"{S1}.DS.1")
        assert codes_of(found["scope"])[0][1] == "research"
        assert codes_of(found["category"][0]) == [("http://loinc.org", "59284-0")]
        assert found["policyRule"]["text"]


class TestEncounter:
    def test_visits_held_and_missed(self, write: Any) -> None:
        written = write()
        held = written.one("Encounter", f"{S1}.SV.2")
        missed = written.one("Encounter", f"{S1}.SV.3")
        assert (held["status"], missed["status"]) == ("finished", "cancelled")
        assert missed["extension"][1]["valueCodeableConcept"] == {"text": "Snow"}
        assert held["period"]["start"] == "2026-01-05T08:00:00+03:00"

    def test_the_planned_visit_is_the_type_and_the_schedules_action(self, write: Any) -> None:
        written = write()
        code = written.one("Encounter", f"{S1}.SV.2")["type"][0]
        (plan,) = written.of("PlanDefinition")
        visits = plan["action"][0]["action"]
        assert code in visits[1]["code"]

    def test_the_class_is_what_the_contact_was_and_else_unknown(self, write: Any) -> None:
        written = write()
        assert written.one("Encounter", f"{S1}.SV.1")["class"]["code"] == "AMB"
        assert written.one("Encounter", f"{S2}.SV.2")["class"]["code"] == "VR"
        unknown = written.one("Encounter", f"{S1}.SV.2")["class"]
        assert unknown["extension"][0]["valueCode"] == "unknown"

    def test_an_unscheduled_visit_keeps_its_number(self, write: Any) -> None:
        found = write().one("Encounter", f"{S2}.SV.3.1")
        assert found["type"][0]["coding"][0]["code"] == "3.1"

    def test_two_records_of_one_visit_are_a_problem(self, write: Any) -> None:
        sv = frame("USUBJID VISITNUM VISIT", (S1, 1, "SCREENING"), (S1, 1, "SCREENING"))
        written = write(changed={"SV": sv})
        assert len(written.of("Encounter")) == 1
        told = [p for p in written.part.problems if p.rule == "FHIR-SAME-RECORD"]
        assert [p.value for p in told] == [f"{S1}.SV.1"]
        assert "FHIR-SAME-RECORD" not in write().rules


class TestProcedure:
    def test_what_was_done_where_and_when(self, write: Any) -> None:
        found = write().one("Procedure", f"{S1}.PR.1")
        assert found["status"] == "completed"
        assert found["code"] == {"text": "DIAGNOSTIC PIRIFORMIS INJECTION"}
        assert found["bodySite"] == [{"text": "PIRIFORMIS, LEFT"}]
        assert found["performedPeriod"]["end"] == "2025-12-25T10:10:00+03:00"
        assert found["encounter"] == reference("Encounter", f"{S1}.SV.1")

    def test_a_location_of_cdisc_has_its_nci_code(self, write: Any) -> None:
        found = write().one("Procedure", f"{S2}.PR.1")
        assert found["status"] == "not-done"
        assert codes_of(found["bodySite"][0])[0][1] == "C52560"
        assert found["performedDateTime"] == "2026-01-06"

    def test_unblinded_the_treatment_is_told(self, write: Any) -> None:
        written = write(unblinded=True)
        found = written.one("Procedure", f"{S2}.EX.1")
        assert found["code"] == {"text": "DRY NEEDLING"}
        assert found["bodySite"][0]["text"] == "GLUTEUS MAXIMUS, RIGHT"
        assert found["performedPeriod"]["end"] == "2026-01-06T09:56:00+01:00"
        assert found["note"] == [{"text": "Needle changed"}]


class TestMedicationAdministration:
    def test_a_dose_is_a_part_of_its_procedure(self, write: Any) -> None:
        (found,) = write(unblinded=True).of("MedicationAdministration")
        assert found["partOf"] == [reference("Procedure", f"{S1}.EX.1")]
        assert found["dosage"]["dose"] == {
            "value": 20,
            "unit": "mL",
            "system": "http://unitsofmeasure.org",
            "code": "mL",
        }
        assert found["dosage"]["route"]["text"] == "INTRAMUSCULAR"

    def test_a_dose_in_words_is_a_note(self, write: Any) -> None:
        ex = frame("USUBJID EXSEQ EXTRT EXDOSTXT EXSTDTC", (S1, 1, "DEXTROSE", "10-20 mL", None))
        (found,) = write(changed={"EX": ex}, unblinded=True).of("MedicationAdministration")
        assert found["note"] == [{"text": "10-20 mL"}]
        assert "dosage" not in found
        assert found["_effectiveDateTime"]["extension"][0]["valueCode"] == "unknown"

    def test_a_dose_keeps_its_digits(self, write: Any) -> None:
        ex = frame("USUBJID EXSEQ EXTRT EXDOSE EXDOSU", (S1, 1, "X", 0.3, "capsule"))
        (found,) = write(changed={"EX": ex}, unblinded=True).of("MedicationAdministration")
        assert found["dosage"]["dose"] == {"value": 0.3, "unit": "capsule"}


class TestObservation:
    def test_a_score(self, write: Any) -> None:
        found = write().one("Observation", f"{S1}.QS.2")
        assert found["status"] == "final"
        assert codes_of(found["code"])[:2] == [
            ("http://loinc.org", "72514-3"),
            ("http://snomed.info/sct", "1172399009"),
        ]
        assert (NCIT, "C105261") in codes_of(found["code"])
        assert found["code"]["text"] == "PI01-Pain Intensity"
        assert found["valueQuantity"] == {"value": 1}
        assert found["effectiveDateTime"] == "2026-01-05T11:18:00+03:00"
        assert found["encounter"] == reference("Encounter", f"{S1}.SV.2")
        assert found["derivedFrom"] == [reference("QuestionnaireResponse", f"{S1}.QS.2")]
        assert found["extension"][1]["valueString"] == "1 HOUR"

    def test_a_number_is_written_as_it_was_collected(self, write: Any) -> None:
        written = write()
        lines = (written.folder / "ndjson" / "Observation.ndjson").read_text()
        assert '"valueQuantity":{"value":19.00,"unit":"%","system"' in lines
        assert '"valueQuantity":{"value":85.70,"unit":"%"' in lines
        bundle = (written.folder / "bundles" / "subjects-000001-01.json").read_text()
        assert '"value":19.00,' in bundle

    @pytest.mark.parametrize("text", ["05", "+3", ".5", "5.", "1e", "7,5", "NaN", "≥5", "1_000"])
    def test_a_text_that_json_takes_for_no_number_stays_text(self, write: Any, text: str) -> None:
        qs = frames()["QS"].with_columns(QSORRES=pl.lit(text), QSSTRESC=pl.lit(text))
        found = write(changed={"QS": qs}).one("Observation", f"{S1}.QS.1")
        assert found["valueString"] == text
        assert "valueQuantity" not in found

    def test_a_text_with_a_code_of_its_own(self, write: Any) -> None:
        found = write().one("Observation", f"{S1}.QS.4")
        assert found["valueCodeableConcept"] == {
            "coding": [
                {
                    "system": f"{BASE}/CodeSystem/GCGI0102",
                    "code": "1",
                    "display": "Very much improved",
                }
            ],
            "text": "Very much improved",
        }

    def test_a_score_that_was_not_done_has_a_reason_and_no_value(self, write: Any) -> None:
        found = write().one("Observation", f"{S1}.QS.5")
        assert codes_of(found["dataAbsentReason"])[0][1] == "not-performed"
        assert found["note"] == [{"text": 'Patient said "no"'}]
        assert not [key for key in found if key.startswith("value")]
        assert "derivedFrom" not in found

    def test_a_result_that_is_missing_without_reason(self, write: Any) -> None:
        qs = frame("USUBJID QSSEQ QSTESTCD QSTEST QSCAT", (S1, 1, "PI0101", "Pain", "PI"))
        found = write(changed={"QS": qs}).one("Observation", f"{S1}.QS.1")
        assert codes_of(found["dataAbsentReason"])[0][1] == "unknown"

    def test_a_derived_result_names_what_it_was_computed_from(self, write: Any) -> None:
        found = write().one("Observation", f"{S1}.QS.3")
        assert found["derivedFrom"] == [
            reference("Observation", f"{S1}.QS.1"),
            reference("Observation", f"{S1}.QS.2"),
        ]

    def test_the_counts_are_those_of_qs(self, write: Any) -> None:
        written = write()
        given = [one for one in written.of("Observation") if "dataAbsentReason" not in one]
        assert Counter(value_of(one).partition(".QS.")[0] for one in given) == {S1: 4, S2: 2}
        assert written.part.counts["Observation"] == 7

    def test_split_datasets_are_one_domain(self, write: Any) -> None:
        qs = frames()["QS"]
        pain = pl.col("QSCAT") == "PI"
        halves = {"QS": None, "QSPI": qs.filter(pain), "QSPR": qs.filter(~pain)}
        assert write(changed=halves).part.counts == write().part.counts


class TestQuestionnaireResponse:
    def test_what_one_instrument_asked_at_one_time_is_one_response(self, write: Any) -> None:
        qs = frame(
            "USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSORRES VISITNUM QSDTC",
            (S1, 1, "BPI1", "Worst", "BPI", "7", 1, "2025-12-25"),
            (S1, 2, "BPI2", "Least", "BPI", "much", 1, "2025-12-25"),
            (S1, 3, "BPI1", "Worst", "BPI", "6.5", 2, "2026-01-05"),
        )
        written = write(changed={"QS": qs})
        first = written.one("QuestionnaireResponse", f"{S1}.QS.1")
        assert first["item"] == [
            {"linkId": "BPI1", "text": "Worst", "answer": [{"valueDecimal": 7}]},
            {"linkId": "BPI2", "text": "Least", "answer": [{"valueString": "much"}]},
        ]
        assert first["questionnaire"] == f"{BASE}/Questionnaire/BPI"
        assert first["authored"] == "2025-12-25"
        assert len(written.of("QuestionnaireResponse")) == 2
        second = written.one("Observation", f"{S1}.QS.2")
        assert second["derivedFrom"] == [reference("QuestionnaireResponse", f"{S1}.QS.1")]

    def test_derived_and_not_done_results_were_not_answered(self, write: Any) -> None:
        written = write()
        answered = {one["identifier"]["value"] for one in written.of("QuestionnaireResponse")}
        assert answered == {f"{S1}.QS.1", f"{S1}.QS.2", f"{S1}.QS.4", f"{S2}.QS.1", f"{S2}.QS.2"}


class TestAdverseEvent:
    def test_an_event(self, write: Any) -> None:
        found = write().one("AdverseEvent", f"{S1}.AE.1")
        assert found["actuality"] == "actual"
        assert found["event"]["text"] == "İğne yerinde ağrı"
        assert codes_of(found["event"]) == [("https://www.meddra.org", "10022086")]
        assert found["date"] == "2026-01-06T10:00:00+03:00"
        assert found["extension"][0]["valueDateTime"] == "2026-01-07"
        assert codes_of(found["severity"])[0][1] == "moderate"
        assert codes_of(found["outcome"])[0][1] == "resolved"
        assert found["study"] == [reference("ResearchStudy", "PAIN1")]

    def test_causality_is_said_of_the_one_treatment(self, write: Any) -> None:
        (suspect,) = write().one("AdverseEvent", f"{S1}.AE.1")["suspectEntity"]
        assert suspect == {
            "instance": reference("Procedure", f"{S1}.EX.1"),
            "causality": [{"assessment": {"text": "POSSIBLY RELATED"}}],
        }

    def test_without_exactly_one_treatment_causality_names_none(self, write: Any) -> None:
        (suspect,) = write().one("AdverseEvent", f"{S3}.AE.1")["suspectEntity"]
        assert suspect["instance"] == {"display": "Study treatment"}
        assert suspect["causality"][0]["assessment"]["text"] == "NOT RELATED"

    def test_what_makes_it_serious(self, write: Any) -> None:
        found = write(unblinded=True).one("AdverseEvent", f"{S1}.AE.2")
        codes = [code for _, code in codes_of(found["seriousness"])]
        assert codes == ["Serious", "SeriousResultsInHospitalization"]

    def test_a_value_outside_r4s_codes_is_a_problem(self, write: Any) -> None:
        written = write()
        told = [(p.variable, p.value) for p in written.part.problems if p.rule == "FHIR-NO-CODE"]
        assert told == [("AESEV", "GRADE 2"), ("AEOUT", "GONE")]
        found = written.one("AdverseEvent", f"{S3}.AE.1")
        assert not {"severity", "outcome"} & found.keys()
        assert found["event"] == {"text": "Fainting"}
        kept = {one["url"].rpartition("/")[2]: one.get("valueString") for one in found["extension"]}
        assert (kept["AEDECOD"], kept["AESEV"], kept["AEOUT"]) == ("Syncope", "GRADE 2", "GONE")


class TestStudy:
    def test_research_study(self, write: Any) -> None:
        (found,) = write().of("ResearchStudy")
        assert found["identifier"] == [
            {"system": f"{BASE}/study", "value": "PAIN1"},
            {"system": "http://clinicaltrials.gov", "value": "NCT00000000"},
            {"value": "Other 7"},
        ]
        assert found["status"] == "approved"
        assert [one["name"] for one in found["arm"]] == ["Hydrodissection", "Dry needling"]
        assert codes_of(found["phase"])[0][1] == "n-a"
        assert codes_of(found["primaryPurposeType"])[0][1] == "treatment"
        categories = [one["coding"][0]["code"] for one in found["category"] if "coding" in one]
        assert categories == ["C98388", "C15417", "C82639", "C15228"]
        assert found["location"] == [
            {"coding": [{"system": "urn:iso:std:iso:3166", "code": code}]}
            for code in ("TUR", "DEU")
        ]
        assert found["period"] == {"start": "2025-12", "end": "2026-06-22"}
        assert found["principalInvestigator"] == reference("Practitioner", "investigator-7")
        assert found["objective"][0]["name"] == "Pain score [3 months]"

    def test_an_unknown_state_is_told_as_unknown(self, write: Any) -> None:
        written = write(study(status=None))
        (found,) = written.of("ResearchStudy")
        assert "status" not in found
        assert found["_status"]["extension"][0]["valueCode"] == "unknown"
        assert "FHIR-STUDY-STATUS" in written.rules
        assert "FHIR-STUDY-STATUS" not in write().rules

    def test_words_that_r4_has_no_code_for_stay_words(self) -> None:
        design = Design("INTERVENTIONAL", None, None, "QUADRUPLE", (), "OTHER", ("PHASE5",))
        found = study_resources(study(design=design), CODES)[0][-1]
        assert found["phase"] == {"text": "PHASE5"}
        assert found["primaryPurposeType"] == {"text": "OTHER"}
        assert {"text": "Masking: QUADRUPLE"} in found["category"]

    def test_who_may_take_part(self, write: Any) -> None:
        (found,) = write().of("Group")
        age, sex, healthy, first, second = found["characteristic"]
        assert age["valueRange"]["low"]["code"] == "a"
        assert healthy["valueBoolean"] is False
        assert sex["valueCodeableConcept"]["coding"][0]["code"] == "female"
        assert first["code"]["text"] == "≥50 % pain reduction"
        assert [first["exclude"], second["exclude"]] == [False, True]

    def test_an_age_that_cannot_be_read_is_told(self, write: Any) -> None:
        written = write(study(eligibility=Eligibility("adult", None, "ALL")))
        (found,) = written.of("Group")
        assert found["characteristic"][0]["valueCodeableConcept"] == {"text": "adult"}
        assert "FHIR-AGE" in written.rules
        assert "FHIR-AGE" not in write().rules

    def test_the_schedule_counts_from_day_1(self, write: Any) -> None:
        (found,) = write().of("PlanDefinition")
        visits, interventions, hydro, needle = found["action"]
        names = [one["title"] for one in interventions["action"]]
        assert names == [one.name for one in STUDY.interventions]
        (done,) = hydro["extension"]
        assert done["url"].endswith("/intervention")
        assert done["valueString"] == names[0]
        screening, treatment, week, _ = visits["action"]
        assert "relatedAction" not in treatment
        assert screening["relatedAction"][0]["relationship"] == "before-start"
        assert screening["relatedAction"][0]["offsetDuration"]["value"] == 7
        assert week["relatedAction"][0]["offsetDuration"]["value"] == 7
        titles = [one["title"] for one in hydro["action"]]
        assert titles == ["Screening", "Hydrodissection treatment", "Follow-up"]
        assert needle["code"][0]["coding"][0]["code"] == "NEEDLE"

    def test_questionnaires_hold_the_questions_that_were_asked(self, write: Any) -> None:
        pi, = [one for one in write().of("Questionnaire") if one["title"] == "PI"]  # fmt: skip
        assert pi["url"] == f"{BASE}/Questionnaire/PI"
        assert pi["item"][0]["linkId"] == "PI0101"
        assert pi["item"][0]["code"][0]["code"] == "72514-3"

    def test_numbers_and_texts_for_one_question_are_told(self, write: Any) -> None:
        written = write()
        assert "FHIR-MIXED-ANSWERS" in written.rules
        qs = frames()["QS"].filter(pl.col("QSORRES") != "felt ≥5")
        other = write(changed={"QS": qs})
        assert "FHIR-MIXED-ANSWERS" not in other.rules
        (pi,) = [one for one in other.of("Questionnaire") if one["title"] == "PI"]
        assert pi["item"][0]["type"] == "decimal"

    def test_the_code_of_the_pain_now_is_not_for_a_period(self, write: Any) -> None:
        qs = frames()["QS"].with_columns(QSEVINTX=pl.lit("PAST WEEK"))
        assert "FHIR-PAIN-CODE" in write(changed={"QS": qs}).rules
        assert "FHIR-PAIN-CODE" not in write().rules

    def test_sites_and_people(self, write: Any) -> None:
        written = write()
        assert [one["name"] for one in written.of("Organization")] == [
            "Example University",
            "Clinic of İstanbul",
            "Clinic of Berlin",
        ]
        assert written.of("Location")[1]["address"] == {"country": "DEU"}
        assert written.of("Practitioner")[0]["name"] == [{"text": "I. Vestigator"}]
        assert len(written.of("PractitionerRole")) == 1


def test_a_text_that_sdtm_had_to_cut_is_whole_again(write: Any) -> None:
    from trialect.mappings.sdtm.long_text import split_text

    term = "Pain on the left side of the buttock when sitting, with ≥ 2 sleepless nights, " * 5
    reason = "X" * 450
    first, *rest = split_text(term.strip())
    cut, *others = split_text(reason)
    ae = frame("USUBJID AESEQ AETERM", (S1, 1, "Short"), (S1, 2, first), (S2, 1, first))
    columns = "USUBJID RDOMAIN IDVAR IDVARVAL QNAM QLABEL QVAL"
    label = "Reported Term for the Adverse Event"
    suppae = frame(
        columns,
        *(
            (S1, "AE", "AESEQ", "2", f"AETERM{n}", f"{label} {n}", text)
            for n, text in enumerate(rest, 1)
        ),
    )
    qs = frame("USUBJID QSSEQ QSTESTCD QSSTAT QSREASND", (S1, 1, "PI0101", "NOT DONE", cut))
    suppqs = frame(
        columns,
        *(
            (S1, "QS", "QSSEQ", "1", f"QSREASN{n}", f"Reason Not Performed {n}", text)
            for n, text in enumerate(others, 1)
        ),
    )
    written = write(changed={"AE": ae, "SUPPAE": suppae, "QS": qs, "SUPPQS": suppqs})
    events = [one["event"]["text"] for one in written.of("AdverseEvent")]
    assert events == ["Short", term.strip(), first]
    assert written.one("Observation", f"{S1}.QS.1")["note"] == [{"text": reason}]


def test_invented_records_say_so_everywhere(write: Any) -> None:
    written = write(unblinded=True)
    for file in (written.folder / "ndjson").iterdir():
        for line in file.read_text().splitlines():
            assert '"code":"HTEST"' in line
            assert '"code":"invented"' in line
    for _, bundle in written.bundles:
        assert bundle["meta"]["security"][0]["code"] == "HTEST"
        assert bundle["meta"]["tag"][0]["display"] == "Invented records; nobody took part."


def test_real_records_do_not(write: Any) -> None:
    written = write(study(invented=None))
    assert b"HTEST" not in b"".join(f.read_bytes() for f in written.folder.rglob("*.*json"))


def test_a_subject_that_dm_does_not_have_is_told_once_a_domain(write: Any) -> None:
    ae = frame("USUBJID AESEQ AETERM", ("GHOST", 1, "Pain"), ("GHOST", 2, "Pain"), (S1, 1, "Pain"))
    written = write(changed={"AE": ae})
    told = [p for p in written.part.problems if p.rule == "FHIR-NO-SUBJECT"]
    assert [(p.domain, p.usubjid) for p in told] == [("AE", "GHOST")]
    assert told[0].message.startswith("2 records")
    assert len(written.of("AdverseEvent")) == 1
    assert "FHIR-NO-SUBJECT" not in write().rules


def test_a_record_without_number_is_told(write: Any) -> None:
    qs = frames()["QS"].with_columns(QSSEQ=pl.when(pl.col("QSSEQ") > 1).then("QSSEQ"))
    written = write(changed={"QS": qs})
    told = [p for p in written.part.problems if p.rule == "FHIR-NO-NUMBER"]
    assert [(p.usubjid, p.variable) for p in told] == [(S1, "QSSEQ"), (S2, "QSSEQ")]
    assert "FHIR-NO-NUMBER" not in write().rules


def test_a_subject_twice_in_dm_is_one_patient_and_a_problem(write: Any) -> None:
    dm = frames()["DM"]
    written = write(changed={"DM": pl.concat([dm, dm.head(1)])})
    assert len(written.of("Patient")) == 4
    assert "FHIR-SAME-RECORD" in written.rules


def test_a_study_without_subjects_yet(write: Any) -> None:
    written = write(changed=dict.fromkeys(frames()))
    assert written.part.counts == {}
    assert written.part.bundles == {}
    assert len(written.of("ResearchStudy")) == 1


def test_domains_may_be_empty(write: Any) -> None:
    empty = {name: one.clear() for name, one in frames().items() if name != "DM"}
    assert set(write(changed=empty).part.counts) == {"Patient", "ResearchSubject", "Consent"}


def test_a_study_of_least_facts(write: Any) -> None:
    nothing: Any = dict.fromkeys(("arms", "visits", "criteria", "sites", "interventions"), ())
    least = replace(STUDY, **nothing, contacts=(), eligibility=Eligibility())
    written = write(least)
    (found,) = written.of("ResearchStudy")
    assert not {"protocol", "enrollment", "arm", "site", "contact"} & found.keys()
    assert "FHIR-TIME-ZONE" in written.rules

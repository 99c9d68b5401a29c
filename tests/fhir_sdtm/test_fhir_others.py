"""FHIR of other makers becomes SDTM: each shape of it, domain by domain."""

from __future__ import annotations

from pathlib import Path

from foreign_fhir import (
    Convert,
    category,
    coded,
    loinc,
    observation,
    patient,
    quantity,
    records,
    rules,
)

P1 = {"reference": "Patient/p1"}


def test_dm_of_a_patient_and_a_research_subject(mapped: Convert) -> None:
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    race = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3", "display": "White"}
    trial = mapped(
        patient(
            birthDate="1980-02",
            deceasedDateTime="2026-03-01",
            managingOrganization={"reference": "Organization/h", "display": "General Hospital"},
            extension=[
                {
                    "url": us_core + "race",
                    "extension": [{"url": "ombCategory", "valueCoding": race}],
                }
            ],
        ),
        {"resourceType": "Organization", "id": "h", "name": "General Hospital"},
        {
            "resourceType": "ResearchSubject",
            "id": "r",
            "status": "on-study",
            "identifier": [{"value": "01-007"}],
            "study": {"reference": "ResearchStudy/s"},
            "individual": P1,
            "assignedArm": "Arm A",
        },
        {
            "resourceType": "ResearchStudy",
            "id": "s",
            "status": "active",
            "identifier": [{"value": "S1"}],
        },
    )
    (dm,) = records(trial, "DM")
    expected = {
        "USUBJID": "S1-01-007",
        "SUBJID": "01-007",
        "SITEID": "01",
        "SEX": "F",
        "RACE": "WHITE",
        "BRTHDTC": "1980-02",
        "DTHDTC": "2026-03-01",
        "DTHFL": "Y",
        "ARM": "Arm A",
        "ARMCD": "A",
        "COUNTRY": "DEU",
    }
    assert {name: dm[name] for name in expected} == expected


def test_two_races_are_multiple(mapped: Convert) -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    codes = [("2106-3", "White"), ("2028-9", "Asian")]
    races = [
        {
            "url": "ombCategory",
            "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": c, "display": d},
        }
        for c, d in codes
    ]
    trial = mapped(patient(extension=[{"url": url, "extension": races}]))
    assert records(trial, "DM")[0]["RACE"] == "MULTIPLE"
    assert [r["QVAL"] for r in records(trial, "SUPPDM")] == ["WHITE", "ASIAN"]


def test_vital_signs_panels_units_and_decimals(mapped: Convert) -> None:
    trial = mapped(
        patient(),
        observation(
            category=category("vital-signs"),
            code=loinc("85354-9", "Blood pressure"),
            effectiveDateTime="2026-01-05T09:30:00+01:00",
            component=[
                {"code": loinc("8480-6"), "valueQuantity": quantity(120, "mmHg", "mm[Hg]")},
                {"code": loinc("8462-4"), "valueQuantity": quantity(80, "mmHg", "mm[Hg]")},
            ],
        ),
        observation(
            "o2",
            code=loinc("8867-4", "Heart rate"),
            effectiveDateTime="2026-01-05",
            valueQuantity=quantity(70, "beats", "/min"),
        ),
    )
    found = {
        r["VSTESTCD"]: (r["VSTEST"], r["VSORRES"], r["VSORRESU"]) for r in records(trial, "VS")
    }
    assert found == {
        "SYSBP": ("Systolic Blood Pressure", "120", "mmHg"),
        "DIABP": ("Diastolic Blood Pressure", "80", "mmHg"),
        "HR": ("Heart Rate", "70", "beats/min"),
    }


def test_laboratory_results_with_specimen_range_and_comparator(mapped: Convert) -> None:
    trial = mapped(
        patient(),
        {
            "resourceType": "Specimen",
            "id": "s1",
            "subject": P1,
            "type": coded("http://snomed.info/sct", "119364003", "Serum specimen"),
            "collection": {"collectedDateTime": "2026-01-05T08:00:00Z"},
        },
        observation(
            category=category("laboratory"),
            code=loinc("2160-0", "Creatinine"),
            effectiveDateTime="2026-01-06",
            specimen={"reference": "Specimen/s1"},
            valueQuantity={**quantity(0.5, "mg/dL"), "comparator": "<"},
            referenceRange=[{"low": {"value": 0.6}, "high": {"value": 1.1}}],
            interpretation=[
                coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "L")
            ],
        ),
    )
    (lb,) = records(trial, "LB")
    expected = {
        "LBTESTCD": "CREAT",
        "LBCAT": "CHEMISTRY",
        "LBORRES": "<0.5",
        "LBORRESU": "mg/dL",
        "LBORNRLO": "0.6",
        "LBORNRHI": "1.1",
        "LBNRIND": "LOW",
        "LBSPEC": "SERUM",
        "LBLOINC": "2160-0",
        "LBDTC": "2026-01-05T08:00:00Z",
    }
    assert {name: lb[name] for name in expected} == expected


def test_adverse_events_of_both_releases(mapped: Convert) -> None:
    meddra = coded("http://www.meddra.org", "10019211", "Headache", "bad headache")
    r4 = {
        "resourceType": "AdverseEvent",
        "id": "a4",
        "actuality": "actual",
        "subject": P1,
        "event": meddra,
        "date": "2026-01-05",
        "severity": coded("http://terminology.hl7.org/CodeSystem/adverse-event-severity", "mild"),
        "seriousness": coded(
            "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness", "Non-serious"
        ),
        "outcome": coded("http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "resolved"),
    }
    r5 = {
        "resourceType": "AdverseEvent",
        "id": "a5",
        "status": "completed",
        "actuality": "actual",
        "subject": P1,
        "code": meddra,
        "occurrencePeriod": {"start": "2026-02-01", "end": "2026-02"},
    }
    one, two = records(mapped(patient(), r4, r5), "AE")
    assert (one["AETERM"], one["AEDECOD"], one["AEPTCD"]) == (
        "bad headache",
        "Headache",
        10019211.0,
    )
    assert (one["AESEV"], one["AESER"], one["AEOUT"]) == ("MILD", "N", "RECOVERED/RESOLVED")
    assert (two["AESTDTC"], two["AEENDTC"]) == ("2026-02-01", "2026-02")


def test_medications_conditions_and_procedures(mapped: Convert) -> None:
    trial = mapped(
        patient(),
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "active",
            "subject": P1,
            "contained": [{"resourceType": "Medication", "id": "c", "code": {"text": "Aspirin"}}],
            "medicationReference": {"reference": "#c"},
            "effectivePeriod": {"start": "2025"},
            "dateAsserted": "2026-01-05",
            "dosage": [
                {
                    "doseAndRate": [{"doseQuantity": quantity(100, "mg")}],
                    "route": coded("http://snomed.info/sct", "26643006", "Oral route"),
                }
            ],
        },
        {
            "resourceType": "MedicationRequest",
            "id": "r",
            "status": "completed",
            "intent": "order",
            "subject": P1,
            "authoredOn": "2026-01-02",
            "medicationCodeableConcept": {"text": "Ibuprofen"},
        },
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": P1,
            "code": coded("http://snomed.info/sct", "38341003", "Hypertension"),
            "clinicalStatus": coded(
                "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
            ),
            "onsetDateTime": "2001-05",
            "recordedDate": "2026-01-05",
        },
        {"resourceType": "AllergyIntolerance", "id": "g", "patient": P1, "code": {"text": "Nuts"}},
        {
            "resourceType": "Procedure",
            "id": "x",
            "status": "completed",
            "subject": P1,
            "code": {"text": "Appendectomy"},
            "performedPeriod": {"start": "2020-01-01", "end": "2020-01-02"},
        },
    )
    asked, given = sorted(records(trial, "CM"), key=lambda r: str(r["CMTRT"]))
    assert (asked["CMTRT"], asked["CMDOSE"], asked["CMDOSU"], asked["CMROUTE"]) == (
        "Aspirin",
        100.0,
        "mg",
        "ORAL",
    )
    assert (asked["CMENRTPT"], asked["CMENTPT"], asked["CMSTDTC"]) == (
        "ONGOING",
        "2026-01-05",
        "2025",
    )
    assert (given["CMTRT"], given["CMSTDTC"]) == ("Ibuprofen", "2026-01-02")
    terms = {r["MHTERM"]: r for r in records(trial, "MH")}
    assert terms["Hypertension"]["MHENRTPT"] == "ONGOING"
    assert terms["Nuts"]["MHCAT"] == "ALLERGIES AND INTOLERANCES"
    (pr,) = records(trial, "PR")
    assert (pr["PRTRT"], pr["PRSTDTC"], pr["PRENDTC"]) == (
        "Appendectomy",
        "2020-01-01",
        "2020-01-02",
    )


def test_the_study_treatment_is_ex_and_other_medicine_cm(mapped: Convert) -> None:
    given = {"resourceType": "MedicationAdministration", "status": "completed", "subject": P1}
    trial = mapped(
        patient(),
        {
            **given,
            "id": "1",
            "medicationCodeableConcept": {"text": "studydrug"},
            "effectiveDateTime": "2026-01-05",
            "dosage": {"dose": quantity(10, "mg")},
        },
        {
            **given,
            "id": "2",
            "medicationCodeableConcept": {"text": "Water"},
            "effectiveDateTime": "2026",
        },
    )
    (ex,) = records(trial, "EX")
    assert (ex["EXTRT"], ex["EXDOSE"], ex["EXSTDTC"]) == ("studydrug", 10.0, "2026-01-05")
    assert [r["CMTRT"] for r in records(trial, "CM")] == ["Water"]
    assert records(trial, "DM")[0]["RFXSTDTC"] == "2026-01-05"


def test_questionnaires_and_visits(folder: Path, mapped: Convert) -> None:
    own = folder / "fhir-mappings"
    own.mkdir()
    (own / "visits.csv").write_text("system,code,VISIT\n,check-up 4,WEEK 4\n")
    trial = mapped(
        patient(),
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": P1,
            "type": [{"text": "check-up 4"}],
            "period": {"start": "2026-02-02T10:00:00+01:00"},
        },
        {"resourceType": "Encounter", "id": "e2", "status": "finished", "subject": P1},
        {
            "resourceType": "Questionnaire",
            "id": "q",
            "url": "https://x.org/q",
            "item": [
                {
                    "linkId": "/1",
                    "text": "Pain?",
                    "code": [{"system": "http://loinc.org", "code": "72514-3"}],
                }
            ],
        },
        {
            "resourceType": "QuestionnaireResponse",
            "id": "qr",
            "status": "completed",
            "questionnaire": "https://x.org/q|1",
            "subject": P1,
            "encounter": {"reference": "Encounter/e"},
            "authored": "2026-02-02T10:30:00+01:00",
            "item": [
                {"linkId": "g", "item": [{"linkId": "/1", "answer": [{"valueDecimal": 7.0}]}]},
                {"linkId": "FREE1", "text": "Sleep?", "answer": [{"valueString": "well"}]},
            ],
        },
    )
    pain, sleep = sorted(records(trial, "QS"), key=lambda r: r["QSTESTCD"], reverse=True)
    assert (pain["QSTESTCD"], pain["QSORRES"], pain["QSCAT"]) == ("PI0101", "7.0", "PI")
    assert (pain["VISITNUM"], pain["VISIT"], pain["QSDTC"]) == (
        2.0,
        "WEEK 4",
        "2026-02-02T10:30:00+01:00",
    )
    assert (sleep["QSTESTCD"], sleep["QSTEST"], sleep["QSORRES"]) == ("FREE1", "Sleep?", "well")
    (visit,) = records(trial, "SV")
    assert (visit["VISITNUM"], visit["SVCNTMOD"]) == (2.0, "IN PERSON")
    assert "FHIR-NO-VISIT" in rules(trial)

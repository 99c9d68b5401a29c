"""FHIR of other makers becomes SDTM: each shape of it, and what finds no place is told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import STUDY, category, coded, loinc, observation, patient, records, rules

from trialect.converters.pipeline import convert, read
from trialect.converters.trace import trace
from trialect.problems import Unusable
from trialect.trial import Trial

Convert = Callable[..., Trial]
P1 = {"reference": "Patient/p1"}


def quantity(value: float, unit: str, code: str | None = None) -> dict[str, object]:
    return {
        "value": value,
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": code or unit,
    }


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


def test_a_patient_of_no_study_subject_is_known_by_the_id_with_a_finding(mapped: Convert) -> None:
    trial = mapped(patient())
    assert records(trial, "DM")[0]["USUBJID"] == "S1-p1"
    assert "FHIR-SUBJECT-BY-ID" in rules(trial)


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


def test_unknown_codes_and_units_stay_with_findings(mapped: Convert) -> None:
    trial = mapped(
        patient(),
        observation(
            category=category("laboratory"),
            code=loinc("99999-9", "Rare thing"),
            valueQuantity={"value": 1, "unit": "furlongs"},
        ),
    )
    (lb,) = records(trial, "LB")
    assert (lb["LBTEST"], lb["LBLOINC"], lb["LBORRESU"]) == ("Rare thing", "99999-9", "furlongs")
    assert "LBTESTCD" not in lb
    assert {"FHIR-CODE-UNKNOWN", "FHIR-UNIT-UNKNOWN"} <= rules(trial)


def test_a_study_extends_the_tables(folder: Path, mapped: Convert) -> None:
    own = folder / "fhir-mappings"
    own.mkdir()
    (own / "tests.csv").write_text("system,code,domain,testcd\nloinc,99999-9,LB,GLUC\n")
    (own / "units.csv").write_text("ucum,testcd,unit\nfurlongs,,mg/dL\n")
    trial = mapped(
        patient(),
        observation(code=loinc("99999-9"), valueQuantity={"value": 1, "unit": "furlongs"}),
    )
    (lb,) = records(trial, "LB")
    assert (lb["LBTESTCD"], lb["LBORRESU"]) == ("GLUC", "mg/dL")


def test_a_table_that_cannot_be_read_is_told_with_its_line(folder: Path, mapped: Convert) -> None:
    own = folder / "fhir-mappings"
    own.mkdir()
    (own / "vs.csv").write_text("variable,as,path\nVSORRES,text,a b\nVSORRES,shout,a\n")
    with pytest.raises(Unusable) as caught:
        mapped(patient())
    assert [(p.rule, p.row) for p in caught.value.problems] == [
        ("FHIR-TABLE", 2),
        ("FHIR-TABLE", 3),
    ]


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


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/p1"},
        {"reference": "Patient/p1/_history/3"},
        {"reference": "https://server.org/fhir/Patient/p1"},
        {"reference": "urn:uuid:5c0a2a2a-9b7c-4b7e-8d61-0000000000AA"},
        {"reference": "Patient?identifier=https://mrn.org%7C42"},
        {"reference": "Patient?identifier=https://mrn.org|42"},
        {"identifier": {"system": "https://mrn.org", "value": "42"}},
        {"reference": "#me"},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_references_of_every_kind_lead_to_the_patient(
    folder: Path, reference: dict[str, object], first: bool
) -> None:
    named = {"system": "https://mrn.org", "value": "42"}
    person = {
        "fullUrl": "https://server.org/fhir/Patient/p1",
        "resource": patient(identifier=[named]),
    }
    if reference.get("reference", "").startswith("urn"):  # type: ignore[attr-defined]  # a text
        person = {"fullUrl": "urn:uuid:5c0a2a2a-9b7c-4b7e-8d61-0000000000aa", "resource": patient()}
    made = observation(subject=reference, code=loinc("8867-4"), valueQuantity=quantity(70, "/min"))
    if reference.get("reference") == "#me":
        made["contained"] = [{"resourceType": "Patient", "id": "me", "identifier": [named]}]
    entry = {"fullUrl": "https://server.org/fhir/Observation/o1", "resource": made}
    entries = [person, entry] if first else [entry, person]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (folder / "a.json").write_text(json.dumps(bundle))
    assert [r["VSTESTCD"] for r in records(read(folder), "VS")] == ["HR"]


def test_same_ids_of_two_servers_are_two_patients(folder: Path) -> None:
    for server, sex in (("a", "male"), ("b", "female")):
        base = f"https://{server}.org/"
        entries = [
            {"fullUrl": f"{base}Patient/1", "resource": patient("1", gender=sex)},
            {
                "fullUrl": f"{base}Observation/1",
                "resource": observation(
                    "1",
                    subject={"reference": "Patient/1"},
                    code=loinc("8867-4"),
                    valueInteger=len(sex),
                ),
            },
        ]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        (folder / f"{server}.json").write_text(json.dumps(bundle))
    trial = read(folder)
    # One server's number 1 is not the other's, but SUBJID cannot tell them apart.
    assert "FHIR-SAME-USUBJID" in rules(trial)


def test_a_resource_that_comes_again_is_used_once_the_later_version(mapped: Convert) -> None:
    made = observation(code=loinc("8867-4"), valueQuantity=quantity(70, "/min"))
    later = {
        **made,
        "meta": {"lastUpdated": "2026-02-01T00:00:00Z"},
        "valueQuantity": quantity(71, "/min"),
    }
    trial = mapped(patient(), made, later, made)
    assert [r["VSORRES"] for r in records(trial, "VS")] == ["71"]
    assert "FHIR-AGAIN" in rules(trial)


def test_what_finds_no_place_is_rejected_with_its_reason_and_the_account_holds(
    folder: Path, tmp_path: Path
) -> None:
    lines = [
        patient(),
        {"resourceType": "Claim", "id": "c", "patient": P1},
        observation("lost", subject={"reference": "Patient/nobody"}, code=loinc("8867-4")),
        observation("none", subject=None, code=loinc("8867-4")),
        observation("error", status="entered-in-error", code=loinc("8867-4"), valueInteger=1),
        observation(
            "social", category=category("social-history"), code=loinc("72166-2"), valueInteger=1
        ),
        observation("pulse", code=loinc("8867-4"), valueQuantity=quantity(70, "/min")),
        {"resourceType": "Organization", "id": "h", "name": "H"},
    ]
    text = "\n".join(json.dumps(one) for one in lines)
    once = '{"resourceType":"Observation","status":"a","status":"b",'
    twice = once + '"subject":{"reference":"Patient/p1"}}'
    (folder / "all.ndjson").write_text(f"{text}\n{twice}\nnonsense\n")
    done = convert(folder, tmp_path / "out", to=["sdtm"])
    (form,) = done.account.forms.values()
    assert (form.rows, form.mapped, form.rejected) == (10, 3, 7)
    with (done.out / "rejected" / "all.ndjson.csv").open(encoding="utf-8-sig") as file:
        found = {int(row["trialect_row"]): row["trialect_rule"] for row in csv.DictReader(file)}
    assert found == {
        2: "FHIR-NO-PLACE",
        3: "FHIR-READ-NO-PATIENT",
        4: "FHIR-READ-NO-SUBJECT",
        5: "FHIR-IN-ERROR",
        6: "FHIR-NO-BLOCK",
        9: "FHIR-KEY-TWICE",
        10: "FHIR-READ-JSON",
    }
    (cell,) = trace(done.out, "VS", "VSTESTCD=HR", "VSORRES")
    step = cell.steps[0]
    assert (step.file, step.row) == ("all.ndjson", 7)
    assert step.columns == ("Observation: valueQuantity",)


def test_contained_resources_in_a_circle_are_refused(mapped: Convert) -> None:
    inner = [
        {"resourceType": "Medication", "id": "a", "x": {"reference": "#b"}},
        {"resourceType": "Medication", "id": "b", "x": {"reference": "#a"}},
    ]
    trial = mapped(patient(), observation(contained=inner, code=loinc("8867-4"), valueInteger=1))
    assert "FHIR-READ-CYCLE" in rules(trial)
    fine = [inner[0], {"resourceType": "Medication", "id": "b", "x": {"reference": "#"}}]
    trial = mapped(patient(), observation(contained=fine, code=loinc("8867-4"), valueInteger=1))
    assert "FHIR-READ-CYCLE" not in rules(trial)


def test_patients_without_a_research_subject_are_none_of_the_study(mapped: Convert) -> None:
    subject = {
        "resourceType": "ResearchSubject",
        "id": "r",
        "individual": P1,
        "identifier": [{"value": "7"}],
    }
    study = {"study": {"identifier": {"value": "S1"}}}
    trial = mapped(patient(), patient("p2"), {**subject, **study})
    assert [r["USUBJID"] for r in records(trial, "DM")] == ["S1-7"]
    assert "FHIR-NOT-A-SUBJECT" in rules(trial)


def test_without_study_yaml_the_research_study_names_it(folder: Path) -> None:
    (folder / "study.yaml").unlink()
    (folder / "p.json").write_text(json.dumps(patient()))
    with pytest.raises(Unusable) as caught:
        read(folder)
    assert [p.rule for p in caught.value.problems] == ["FHIR-NO-STUDY"]
    study = {
        "resourceType": "ResearchStudy",
        "id": "s",
        "identifier": [{"value": "X9"}],
        "title": "T",
    }
    (folder / "s.json").write_text(json.dumps(study))
    trial = read(folder)
    assert (trial.study.studyid, trial.study.title) == ("X9", "T")
    assert records(trial, "DM")[0]["USUBJID"] == "X9-p1"


def test_no_fhir_at_all_and_files_beside(folder: Path) -> None:
    (folder / "p.json").write_text(json.dumps(patient()))
    (folder / "notes.json").write_text('{"a": 1}')
    assert "FHIR-READ-OTHER" in rules(read(folder))


def test_one_file_is_converted_with_a_study_beside_it_or_given(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(patient()))
    study = tmp_path / "other.yaml"
    study.write_text(STUDY)
    assert records(read(file, study=study), "DM")[0]["USUBJID"] == "S1-p1"


def test_elements_without_a_place_are_counted(mapped: Convert) -> None:
    made = observation(code=loinc("8867-4"), valueInteger=1, device={"display": "Watch"})
    trial = mapped(patient(name=[{"family": "X"}]), made)
    told = {p.value for p in trial.problems if p.rule == "FHIR-ELEMENT-NOT-MAPPED"}
    assert told == {"Patient.name", "Observation.device"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_partitions_do_not_change_the_bytes(folder: Path, tmp_path: Path, jobs: int) -> None:
    lines = []
    for n in range(25):
        lines.append(patient(f"p{n}"))
        lines.append(
            observation(
                f"o{n}",
                subject={"reference": f"Patient/p{n}"},
                category=category("laboratory"),
                code=loinc("99999-9"),
                valueQuantity=quantity(n, "furlong"),
            )
        )
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in lines))
    whole = convert(folder, tmp_path / "whole", to=["sdtm"])
    parts = convert(folder, tmp_path / "parts", to=["sdtm"], jobs=jobs, partition_subjects=10)
    for name in ("manifest.json", "report.json"):
        assert (whole.out / name).read_bytes() == (parts.out / name).read_bytes()

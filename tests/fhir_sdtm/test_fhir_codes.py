"""Codes, units and terms become CDISC's; what is unknown stays and is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from foreign_fhir import Convert, Json, category, coded, loinc, observation, patient, records, rules

from trialect.problems import Unusable


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


def test_a_value_that_is_no_term_stays_with_a_finding(mapped: Convert) -> None:
    def route(words: str) -> Json:
        return {
            "resourceType": "MedicationStatement",
            "id": words,
            "status": "active",
            "subject": {"reference": "Patient/p1"},
            "medicationCodeableConcept": {"text": "ASPIRIN"},
            "dosage": [{"route": {"text": words}}],
        }

    assert "FHIR-TERM-UNKNOWN" not in rules(mapped(patient(), route("ORAL")))
    trial = mapped(patient(), route("ORAL"), route("ORALL"))
    assert [one["CMROUTE"] for one in records(trial, "CM")] == ["ORAL", "ORALL"]
    (told,) = (one for one in trial.problems if one.rule == "FHIR-TERM-UNKNOWN")
    assert (told.variable, told.value) == ("CMROUTE", "ORALL")
    assert "C66729" in told.message
    assert "ORAL" in told.message.replace("ORALL", "")


@pytest.mark.parametrize(
    ("code", "expected"),
    [("10019211", 10019211), ("1001921l", None), ("nan", None), ("1_0", None), ("1e999", None)],
)
def test_a_number_is_one_or_is_told(mapped: Convert, code: str, expected: float | None) -> None:
    event = {
        "resourceType": "AdverseEvent",
        "id": "a",
        "actuality": "actual",
        "subject": {"reference": "Patient/p1"},
        "event": coded("http://www.meddra.org", code, "Headache"),
    }
    trial = mapped(patient(), event)
    (ae,) = records(trial, "AE")
    assert ae.get("AEPTCD") == expected
    told = [(p.variable, p.value) for p in trial.problems if p.rule == "FHIR-NO-NUMBER-HERE"]
    assert told == ([("AEPTCD", code)] if expected is None else [])


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


PAGE = Path(__file__).parents[2] / "docs/tosdtm.md"


def test_the_tables_of_the_page_do_what_it_says(folder: Path, mapped: Convert) -> None:
    own = folder / "fhir-mappings"
    own.mkdir()
    rows = re.findall(r"^\| (\w+\.csv) \| (`.+`) \|$", PAGE.read_text(), re.M)
    assert [name for name, _ in rows] == ["tests.csv", "units.csv", "terms.csv", "visits.csv"]
    for name, lines in rows:
        (own / name).write_text("\n".join(re.findall("`([^`]+)`", lines)) + "\n")
    trial = mapped(
        patient(),
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "subject": {"reference": "Patient/p1"},
            "type": [{"text": "check-up 4"}],
            "period": {"start": "2026-02-02"},
        },
        {
            "resourceType": "Specimen",
            "id": "s",
            "subject": {"reference": "Patient/p1"},
            "type": {"text": "Venous plasma"},
        },
        observation(
            code=coded("https://lab.example.org/codes", "GLU-P", "Glucose"),
            encounter={"reference": "Encounter/e"},
            specimen={"reference": "Specimen/s"},
            valueQuantity={"value": 90, "unit": "mg%"},
        ),
    )
    (lb,) = records(trial, "LB")
    wanted = ("LBTESTCD", "LBCAT", "LBORRESU", "LBSPEC", "VISIT")
    assert [lb[name] for name in wanted] == ["GLUC", "CHEMISTRY", "mg/dL", "PLASMA", "WEEK 4"]


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


def test_elements_without_a_place_are_counted(mapped: Convert) -> None:
    made = observation(code=loinc("8867-4"), valueInteger=1, device={"display": "Watch"})
    trial = mapped(patient(name=[{"family": "X"}]), made)
    told = {p.value for p in trial.problems if p.rule == "FHIR-ELEMENT-NOT-MAPPED"}
    assert told == {"Patient.name", "Observation.device"}

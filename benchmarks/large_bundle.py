"""A Bundle of any number of resources, as a hospital's server exports them.

    python -m benchmarks.large_bundle FOLDER [RESOURCES]

A hundred resources a subject: Patient, ResearchSubject, Consent, six Encounters that are visits,
conditions, medicines, procedures, an adverse event, blood pressures with components, vital signs,
laboratory results and ratings of pain, the same each time. It is valid R4; decimals have a
precision, times their offset.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]

A_SUBJECT = 100
"""Resources of a subject."""

STUDY = """studyid: BIG01
title: A study that a hospital exports
sponsor: {name: A sponsor}
interventions: [{name: Studydrug, type: DRUG, treatment: STUDYDRUG 10 MG}]
arms:
  - {code: A, name: Arm A, elements: [{element: TRT, epoch: TREATMENT}]}
elements: [{code: TRT, name: Treatment, start_rule: First dose}]
visits:
VISITS
sites: [{id: "01", name: General Hospital, timezone: Europe/Berlin, country: DEU}]
fhir: {base: "https://example.org/big01"}
sdtm: {stamp: "2026-01-01T00:00:00Z"}
"""

VISITS = 6
BASE = "https://fhir.example.org/r4/"
HL7 = "http://terminology.hl7.org/CodeSystem/"
MEASURED = (
    ("8867-4", "Heart rate", "vital-signs", "/min", "beats/minute", 55, 95, 0),
    ("8310-5", "Body temperature", "vital-signs", "Cel", "C", 36, 38, 1),
    ("29463-7", "Body weight", "vital-signs", "kg", "kg", 55, 95, 1),
    ("2160-0", "Creatinine", "laboratory", "mg/dL", "mg/dL", 0.6, 1.3, 2),
    ("2345-7", "Glucose", "laboratory", "mg/dL", "mg/dL", 70, 140, 0),
    ("718-7", "Hemoglobin", "laboratory", "g/dL", "g/dL", 11, 17, 1),
    ("1742-6", "Alanine aminotransferase", "laboratory", "U/L", "U/L", 10, 60, 0),
    ("2951-2", "Sodium", "laboratory", "mmol/L", "mmol/L", 135, 146, 0),
    ("2823-3", "Potassium", "laboratory", "mmol/L", "mmol/L", 3.5, 5.2, 2),
    (
        "72514-3",
        "Pain severity - 0-10 verbal numeric rating",
        "survey",
        "{score}",
        "{score}",
        0,
        10,
        0,
    ),
)
CONDITIONS = (
    ("38341003", "Hypertensive disorder"),
    ("44054006", "Diabetes mellitus type 2"),
    ("396275006", "Osteoarthritis"),
    ("195967001", "Asthma"),
)
MEDICINES = ("Lisinopril", "Metformin", "Paracetamol", "Salbutamol", "Ibuprofen")


def coded(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def quantity(value: str, code: str, unit: str) -> str:
    """A Quantity with its value as written: a float would lose the last zero."""
    return (
        f'{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{code}"}}'
    )


def subject(number: int) -> Iterator[tuple[str, str]]:
    """The resources of a subject, each with its type, as JSON."""
    draw = random.Random(number)
    me = f"P{number:06d}"
    mine = {"reference": f"Patient/{me}"}
    start = date(2025, 1, 6) + timedelta(days=number % 300)

    def made(type_: str, place: int, **elements: Any) -> tuple[str, str]:
        resource = {"resourceType": type_, "id": f"{me}-{place}", **elements}
        return type_, json.dumps(resource, separators=(",", ":"))

    birth = f"{1940 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}"
    yield (
        "Patient",
        json.dumps(
            {
                "resourceType": "Patient",
                "id": me,
                "identifier": [{"system": "https://example.org/mrn", "value": f"{number:08d}"}],
                "gender": ("female", "male")[number % 2],
                "birthDate": birth,
                "managingOrganization": {"reference": "Organization/H1"},
            },
            separators=(",", ":"),
        ),
    )
    yield made(
        "ResearchSubject",
        1,
        identifier=[{"system": "https://example.org/subjects", "value": f"01-{number:06d}"}],
        status="on-study",
        study={"reference": "ResearchStudy/S1"},
        individual=mine,
        assignedArm="Arm A",
        actualArm="Arm A",
    )
    yield made(
        "Consent",
        2,
        status="active",
        scope=coded(HL7 + "consentscope", "research", "Research"),
        category=[coded("http://loinc.org", "59284-0", "Consent Document")],
        patient=mine,
        dateTime=(start - timedelta(days=7)).isoformat(),
        policyRule=coded(HL7 + "v3-ActCode", "OPTIN", "opt-in"),
    )
    for visit in range(VISITS):
        day = (start + timedelta(days=28 * visit)).isoformat()
        yield made(
            "Encounter",
            3 + visit,
            status="finished",
            **{"class": {"system": HL7 + "v3-ActCode", "code": "AMB", "display": "ambulatory"}},
            type=[{"text": f"WEEK {4 * visit}"}],
            subject=mine,
            period={"start": f"{day}T08:30:00Z", "end": f"{day}T10:00:00Z"},
        )
    for place in range(9, 13):
        yield made(
            "Condition",
            place,
            clinicalStatus=coded(HL7 + "condition-clinical", "active", "Active"),
            verificationStatus=coded(HL7 + "condition-ver-status", "confirmed", "Confirmed"),
            code=coded("http://snomed.info/sct", *CONDITIONS[place - 9]),
            subject=mine,
            onsetDateTime=f"{2000 + draw.randrange(24)}-{1 + draw.randrange(12):02}",
            recordedDate=start.isoformat(),
        )
    for place in range(13, 18):
        yield made(
            "MedicationStatement",
            place,
            status="active",
            medicationCodeableConcept={"text": MEDICINES[place - 13]},
            subject=mine,
            effectivePeriod={"start": f"{2010 + draw.randrange(14)}"},
            dosage=[
                {
                    "doseAndRate": [
                        {"doseQuantity": {"value": 5 * draw.randrange(1, 9), "unit": "mg"}}
                    ]
                }
            ],
        )
    yield made(
        "Procedure",
        18,
        status="completed",
        code=coded("http://snomed.info/sct", "80146002", "Appendectomy"),
        subject=mine,
        performedDateTime=f"{1990 + draw.randrange(30)}",
    )
    yield made(
        "AdverseEvent",
        19,
        actuality="actual",
        subject=mine,
        event=coded("http://www.meddra.org", "10019211", "Headache"),
        date=(start + timedelta(days=draw.randrange(150))).isoformat(),
        seriousness=coded(HL7 + "adverse-event-seriousness", "Non-serious", "Non-serious"),
        severity=coded(HL7 + "adverse-event-severity", "mild", "Mild"),
    )
    for place in range(20, A_SUBJECT):
        visit = place % VISITS
        day = (start + timedelta(days=28 * visit)).isoformat()
        which = (place // VISITS) % (len(MEASURED) + 1)
        about = (
            f'"subject":{{"reference":"Patient/{me}"}},'
            f'"encounter":{{"reference":"Encounter/{me}-{3 + visit}"}},'
            f'"effectiveDateTime":"{day}T09:{draw.randrange(60):02}:00Z"'
        )
        if which == len(MEASURED):
            parts = ",".join(
                f'{{"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{name}"}}]}},'
                f'"valueQuantity":{quantity(str(low + draw.randrange(50)), "mm[Hg]", "mmHg")}}}'
                for code, name, low in (
                    ("8480-6", "Systolic blood pressure", 100),
                    ("8462-4", "Diastolic blood pressure", 55),
                )
            )
            code, name, kind = "85354-9", "Blood pressure panel", "vital-signs"
            value = f'"component":[{parts}]'
        else:
            code, name, kind, ucum, unit, low, high, digits = MEASURED[which]
            text = f"{draw.uniform(low, high):.{digits}f}"
            value = f'"valueQuantity":{quantity(text, ucum, unit)}'
        yield (
            "Observation",
            f'{{"resourceType":"Observation","id":"{me}-{place}","status":"final","category":'
            f'[{{"coding":[{{"system":"{HL7}observation-category","code":"{kind}"}}]}}],'
            f'"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{name}"}}]}},'
            f"{about},{value}}}",
        )


def resources(count: int) -> Iterator[tuple[str, str]]:
    """So many resources, those of no subject first, each with its type, as JSON."""
    yield (
        "Organization",
        '{"resourceType":"Organization","id":"H1","name":"General Hospital"}',
    )
    yield (
        "ResearchStudy",
        '{"resourceType":"ResearchStudy","id":"S1","identifier":[{"value":"BIG01"}],'
        '"title":"A study that a hospital exports","status":"active"}',
    )
    left = count - 2
    for number in range(-(-left // A_SUBJECT)):
        for type_, text in subject(number):
            if left <= 0:
                return
            left -= 1
            yield type_, text


def write_bundle(folder: Path, count: int) -> Path:
    """Write study.yaml and bundle.json, a collection of so many resources; gives the Bundle."""
    visits = "\n".join(
        f"  - {{num: {n + 1}, name: WEEK {4 * n}, day: {28 * n + 1}, start_rule: Day {28 * n + 1},"
        " epoch: TREATMENT}"
        for n in range(VISITS)
    )
    (folder / "study.yaml").write_text(STUDY.replace("VISITS", visits))
    path = folder / "bundle.json"
    with path.open("w") as file:
        file.write('{"resourceType":"Bundle","type":"collection","entry":[')
        for place, (type_, text) in enumerate(resources(count)):
            id_ = text.split('"id":"', 1)[1].split('"', 1)[0]
            mark = ",\n" if place else "\n"
            file.write(f'{mark}{{"fullUrl":"{BASE}{type_}/{id_}","resource":{text}}}')
        file.write("\n]}\n")
    return path


if __name__ == "__main__":
    home = Path(sys.argv[1])
    home.mkdir(parents=True, exist_ok=True)
    write_bundle(home, int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)

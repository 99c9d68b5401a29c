"""Each resource finds its patient, once, however the two are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign_fhir import Convert, loinc, observation, patient, quantity, records, rules

from trialect.converters.pipeline import read

P1 = {"reference": "Patient/p1"}


def test_a_patient_of_no_study_subject_is_known_by_the_id_with_a_finding(mapped: Convert) -> None:
    trial = mapped(patient())
    assert records(trial, "DM")[0]["USUBJID"] == "S1-p1"
    assert "FHIR-SUBJECT-BY-ID" in rules(trial)


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

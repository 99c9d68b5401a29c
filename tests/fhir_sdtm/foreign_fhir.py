"""FHIR made by hand, as other makers write it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialect.trial import Trial

STUDY = """
studyid: S1
title: A study
sponsor: {name: A sponsor}
interventions: [{name: Studydrug, type: DRUG, treatment: STUDYDRUG 10 MG}]
arms:
  - {code: A, name: Arm A, elements: [{element: TRT, epoch: TREATMENT}]}
elements: [{code: TRT, name: Treatment, start_rule: First dose}]
visits:
  - {num: 1, name: BASELINE, day: 1, start_rule: Day 1, epoch: TREATMENT}
  - {num: 2, name: WEEK 4, day: 29, start_rule: Day 29, epoch: TREATMENT}
sites: [{id: "01", name: General Hospital, timezone: Europe/Berlin, country: DEU}]
fhir: {base: "https://example.org/s1"}
sdtm: {stamp: "2026-01-01T00:00:00Z"}
"""

Json = dict[str, Any]
Convert = Callable[..., Trial]
"""Converts resources, given one by one."""


def coded(system: str, code: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept."""
    found: Json = {"coding": [{"system": system, "code": code}]}
    if display:
        found["coding"][0]["display"] = display
    if text:
        found["text"] = text
    return found


def loinc(code: str, display: str = "") -> Json:
    """A CodeableConcept of LOINC."""
    return coded("http://loinc.org", code, display)


def category(code: str) -> list[Json]:
    """The category of an Observation."""
    return [coded("http://terminology.hl7.org/CodeSystem/observation-category", code)]


def quantity(value: float, unit: str, code: str | None = None) -> Json:
    """A Quantity of UCUM; its code is the unit where none is given."""
    return {
        "value": value,
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": code or unit,
    }


def patient(id: str = "p1", **more: Any) -> Json:
    """A Patient."""
    return {"resourceType": "Patient", "id": id, "gender": "female", **more}


def observation(id: str = "o1", **more: Any) -> Json:
    """An Observation of a patient."""
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def records(trial: Trial, domain: str) -> list[Json]:
    """The records of a domain without what is empty."""
    frame = trial.frames.get(domain)
    if frame is None:
        return []
    return [
        {k: v for k, v in row.items() if v is not None and k[0] != "@"} for row in frame.to_dicts()
    ]


def rules(trial: Trial) -> set[str]:
    """The kinds of problems that were found."""
    return {one.rule for one in trial.problems}

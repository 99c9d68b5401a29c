"""Which resources belong to a subject, and which a subject's resources lead to.

The types are those that a study's data come as, with the search parameter by which a patient's
are found, the same in R4 and R5 (http://hl7.org/fhir/R4/compartmentdefinition-patient.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OF_A_PATIENT = {
    "AdverseEvent": "subject",
    "AllergyIntolerance": "patient",
    "Condition": "patient",
    "Consent": "patient",
    "DiagnosticReport": "patient",
    "Encounter": "patient",
    "FamilyMemberHistory": "patient",
    "Immunization": "patient",
    "MedicationAdministration": "patient",
    "MedicationDispense": "patient",
    "MedicationRequest": "patient",
    "MedicationStatement": "patient",
    "Observation": "patient",
    "Procedure": "patient",
    "QuestionnaireResponse": "patient",
    "ServiceRequest": "patient",
    "Specimen": "patient",
}
"""Types and the search parameter that names the patient."""

PATIENT_ELEMENTS = ("subject", "patient", "individual")
"""Elements that name the patient a resource is about."""

FOLLOWED = frozenset(
    {
        "Device",
        "Group",
        "HealthcareService",
        "Location",
        "Medication",
        "Organization",
        "PlanDefinition",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "ResearchElementDefinition",
        "Substance",
    }
)
"""Types that are of no patient, and pulled where a reference leads to them."""

CANONICALS = {"questionnaire": "Questionnaire", "instantiatesCanonical": "PlanDefinition"}
"""Elements whose canonical URL names a definition."""


def patients_of(resource: dict[str, Any], base: str) -> set[str]:
    """The patients a resource is about, as `Patient/ID`."""
    found = set()
    for element in PATIENT_ELEMENTS:
        value = resource.get(element)
        reference = value.get("reference") if isinstance(value, dict) else None
        if isinstance(reference, str) and (name := local(reference, base)).startswith("Patient/"):
            found.add(name)
    return found


def local(reference: str, base: str) -> str:
    """A reference as `Type/ID`, when it leads to this server; without its version."""
    name = reference.removeprefix(base.rstrip("/") + "/").partition("/_history/")[0]
    return name.partition("#")[0] if not name.startswith("#") else name


def references(node: Any, base: str) -> Iterator[tuple[str, str]]:
    """All references and canonicals of a resource: (type, id) and (type, url)."""
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, dict):
            for key, value in one.items():
                if key == "reference" and isinstance(value, str):
                    type_, slash, id_ = local(value, base).partition("/")
                    if slash and type_ in FOLLOWED and "/" not in id_:
                        yield type_, id_
                elif key in CANONICALS:
                    for url in value if isinstance(value, list) else [value]:
                        if isinstance(url, str):
                            yield CANONICALS[key], url.partition("|")[0]
                elif isinstance(value, dict | list):
                    todo.append(value)

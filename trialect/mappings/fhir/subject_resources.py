"""The resources of a subject, in the order in which a bundle holds them."""

from __future__ import annotations

from trialect.mappings.fhir import (
    adverse_event,
    collected_exposure,
    condition,
    consent,
    encounter,
    finding,
    medication_administration,
    medication_statement,
    observation,
    patient,
    procedure,
    questionnaire_response,
    r5,
    research_subject,
)
from trialect.mappings.fhir.resource import SubjectResource

SUBJECT_RESOURCES: tuple[SubjectResource, ...] = (
    patient.RESOURCE,
    consent.RESOURCE,
    research_subject.RESOURCE,
    encounter.RESOURCE,
    procedure.RESOURCE,
    medication_administration.RESOURCE,
    collected_exposure.RESOURCE,
    questionnaire_response.RESOURCE,
    observation.RESOURCE,
    finding.RESOURCE,
    adverse_event.RESOURCE,
    condition.RESOURCE,
    medication_statement.RESOURCE,
)
"""A new resource is one file and one line here."""


def subject_resources(release: str) -> tuple[SubjectResource, ...]:
    """The resources as a release ("R4", "R5") has them: R5's own where it differs (r5/)."""
    if release == "R4":
        return SUBJECT_RESOURCES
    return tuple(r5.SUBJECT_RESOURCES.get(one, one) for one in SUBJECT_RESOURCES)

"""FHIR R5 (5.0.0) where it differs from R4: one file a resource, named as that of R4.

A file takes the rows from R4's file and adds what R5 alone tells. docs/fhir-releases.md says field
by field what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from trialect.mappings.fhir import (
    adverse_event as adverse_event_r4,
)
from trialect.mappings.fhir import (
    collected_exposure as collected_exposure_r4,
)
from trialect.mappings.fhir import (
    condition as condition_r4,
)
from trialect.mappings.fhir import (
    consent as consent_r4,
)
from trialect.mappings.fhir import (
    encounter as encounter_r4,
)
from trialect.mappings.fhir import (
    group as group_r4,
)
from trialect.mappings.fhir import (
    medication_administration as medication_administration_r4,
)
from trialect.mappings.fhir import (
    medication_statement as medication_statement_r4,
)
from trialect.mappings.fhir import (
    plan_definition as plan_definition_r4,
)
from trialect.mappings.fhir import (
    procedure as procedure_r4,
)
from trialect.mappings.fhir import (
    questionnaire_response as questionnaire_response_r4,
)
from trialect.mappings.fhir import (
    research_study as research_study_r4,
)
from trialect.mappings.fhir import (
    research_subject as research_subject_r4,
)
from trialect.mappings.fhir.protocol import Protocol, Resource
from trialect.mappings.fhir.r5 import (
    adverse_event,
    collected_exposure,
    condition,
    consent,
    encounter,
    group,
    medication_administration,
    medication_statement,
    plan_definition,
    procedure,
    questionnaire_response,
    research_study,
    research_subject,
)
from trialect.mappings.fhir.resource import SubjectResource

SUBJECT_RESOURCES: Mapping[SubjectResource, SubjectResource] = {
    consent_r4.RESOURCE: consent.RESOURCE,
    research_subject_r4.RESOURCE: research_subject.RESOURCE,
    encounter_r4.RESOURCE: encounter.RESOURCE,
    procedure_r4.RESOURCE: procedure.RESOURCE,
    medication_administration_r4.RESOURCE: medication_administration.RESOURCE,
    questionnaire_response_r4.RESOURCE: questionnaire_response.RESOURCE,
    adverse_event_r4.RESOURCE: adverse_event.RESOURCE,
    collected_exposure_r4.RESOURCE: collected_exposure.RESOURCE,
    condition_r4.RESOURCE: condition.RESOURCE,
    medication_statement_r4.RESOURCE: medication_statement.RESOURCE,
}
"""What stands in R5 for a resource of R4; the others are the same in both."""

STUDY_RESOURCES: Mapping[
    Callable[[Protocol], Iterator[Resource]], Callable[[Protocol], Iterator[Resource]]
] = {
    group_r4.resources: group.resources,
    plan_definition_r4.resources: plan_definition.resources,
    research_study_r4.resources: research_study.resources,
}
"""The same for the resources of the study."""

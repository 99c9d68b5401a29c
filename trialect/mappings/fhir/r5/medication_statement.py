"""MedicationStatement in R5: `status` is that of the resource; whether the medication is taken is
told as adherence (http://hl7.org/fhir/R5/medicationstatement.html).
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import medication_statement
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import coding, concept
from trialect.mappings.fhir.variables import MORE

_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"

ADHERENCE = {"active": ("taking", "Taking"), "not-taken": ("not-taking", "Not Taking")}
"""By R4's status; what is over or not known says nothing of adherence now."""


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, medication_statement.TYPE, [Json(MORE)]),
        "status": "recorded",
        "category": [{"text": Text("CAT")}],
        "medication": {"concept": Json("medication")},
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("moment"),
        "effectivePeriod": {"start": Text("from"), "end": Text("until")},
        "reason": [{"concept": {"text": Text("INDC")}}],
        "dosage": [Json("dosage")],
        "adherence": Json("adherence"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """R4's rows, with `adherence`."""

    def adherence(status: str) -> object:
        known = ADHERENCE.get(status)
        return {"code": concept(None, [coding(_ADHERENCE, *known)])} if known else None

    found = part.rows(medication_statement.RESOURCE)
    return part.fragments(found, ["status"], adherence, "adherence")


RESOURCE = SubjectResource(medication_statement.TYPE, template, rows)

"""Procedure in R5: performed is called occurrence, a reason is a concept or a reference."""

from __future__ import annotations

from trialect.mappings.fhir import procedure
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.variables import MORE


def template(part: Partition) -> Template:
    """Filled from the columns of R4's rows."""
    return {
        **opening(part, procedure.TYPE, [Json(MORE)]),
        "status": Text("status"),
        "statusReason": {"text": Text("why")},
        "category": [{"text": Text("category")}],
        "code": Json("code"),
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "occurrenceDateTime": Text("moment"),
        "occurrencePeriod": {"start": Text("from"), "end": Text("until")},
        "reason": [{"concept": {"text": Text("indication")}}],
        "bodySite": [Json("site")],
        "note": [{"text": Text("note")}],
    }


RESOURCE = SubjectResource(procedure.TYPE, template, procedure.rows)

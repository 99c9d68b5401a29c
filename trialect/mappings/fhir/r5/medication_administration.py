"""MedicationAdministration in R5; effective is called occurence there, with one r
(http://hl7.org/fhir/R5/medicationadministration.html).
"""

from __future__ import annotations

from trialect.mappings.fhir import medication_administration
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text


def template(part: Partition) -> Template:
    """Filled from the columns of R4's rows."""
    return {
        **opening(part, medication_administration.TYPE),
        "partOf": [Ref("Procedure", "procedure")],
        "status": "completed",
        "medication": {"concept": Json("medication")},
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "occurenceDateTime": Text("moment"),
        "_occurenceDateTime": Json("absent"),
        "occurencePeriod": {"start": Text("from"), "end": Text("until")},
        "note": [{"text": Text("amount")}],
        "dosage": Json("dosage"),
    }


RESOURCE = SubjectResource(
    medication_administration.TYPE,
    template,
    medication_administration.rows,
    unblinded_only=True,
)

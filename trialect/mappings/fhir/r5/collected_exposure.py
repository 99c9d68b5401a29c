"""EC to MedicationAdministration in R5; effective is called occurence there, with one r
(http://hl7.org/fhir/R5/medicationadministration.html).
"""

from __future__ import annotations

from trialect.mappings.fhir import collected_exposure
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.variables import MORE


def template(part: Partition) -> Template:
    """Filled from the columns of R4's rows."""
    return {
        **opening(part, collected_exposure.TYPE, [Json(MORE)]),
        "status": Text("status"),
        "medication": {"concept": Json("medication")},
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "occurenceDateTime": Text("moment"),
        "_occurenceDateTime": Json("absent"),
        "occurencePeriod": {"start": Text("from"), "end": Text("until")},
        "reason": [{"concept": {"text": Text("ECINDC")}}],
        "note": [{"text": Text("ECDOSTXT")}],
        "dosage": Json("dosage"),
    }


RESOURCE = SubjectResource(
    collected_exposure.TYPE, template, collected_exposure.rows, unblinded_only=True
)

"""EC to MedicationAdministration: study treatment as collected, when unblinded.

It has a dose as the form has it (5 mL, 2 tablets), EX the one that the protocol counts in. What
was not given (ECOCCUR = N) is not-done. Blinded, there is none: how much is given tells the arm.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir.medication_administration import with_dosage
from trialect.mappings.fhir.opening import DATA_ABSENT, opening
from trialect.mappings.fhir.partition import Partition, json_text
from trialect.mappings.fhir.periods import ended, period
from trialect.mappings.fhir.procedure import body_site
from trialect.mappings.fhir.records import records
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import Concept, concept
from trialect.mappings.fhir.variables import MORE, with_more

TYPE = "MedicationAdministration"

EC = (
    *("ECTRT", "ECOCCUR", "ECSTAT", "ECDOSTXT", "ECDOSU", "ECDOSFRM", "ECROUTE", "ECLOC", "ECLAT"),
    *("ECDIR", "ECINDC", "ECSTDTC", "ECENDTC"),
)

_UNKNOWN = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json(MORE)]),
        "status": Text("status"),
        "medicationCodeableConcept": Json("medication"),
        "subject": Ref("Patient", "patient"),
        "context": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("moment"),
        "_effectiveDateTime": Json("absent"),
        "effectivePeriod": period(part),
        "reasonCode": [{"text": Text("ECINDC")}],
        "note": [{"text": Text("ECDOSTXT")}],
        "dosage": Json("dosage"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of EC."""
    ec = records(part, TYPE, "EC", EC, ["ECDOSE"])
    ec = part.dated(ec, "EC", "ECSTDTC", "start")
    ec = ended(part.dated(ec, "EC", "ECENDTC", "end"))
    ec = with_more(part, ec, "EC", {"ECSTDTC": "start", "ECENDTC": "said"})
    ec = body_site(part, ec, "EC")

    def medication(name: str | None) -> Concept | None:
        return concept(name) or {"extension": _UNKNOWN["extension"]}

    ec = part.fragments(ec, ["ECTRT"], medication, "medication")
    ec = with_dosage(part, ec, "EC")
    missed = (pl.col("ECOCCUR") == "N").fill_null(False) | (
        pl.col("ECSTAT") == "NOT DONE"
    ).fill_null(False)
    nothing = pl.col("start").is_null() & pl.col("end").is_null()
    return ec.with_columns(
        status=pl.when(missed).then(pl.lit("not-done")).otherwise(pl.lit("completed")),
        absent=pl.when(nothing).then(pl.lit(json_text(_UNKNOWN))),
    )


RESOURCE = SubjectResource(TYPE, template, rows, unblinded_only=True)

"""EC to MedicationAdministration: study treatment as collected, when unblinded.

It has a dose as the form has it (5 mL, 2 tablets), EX the one that the protocol counts in. What
was not given (ECOCCUR = N) is not-done. Blinded, there is none: how much is given tells the arm.
"""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir import encounter
from trialect.mappings.fhir.opening import DATA_ABSENT, opening
from trialect.mappings.fhir.partition import Partition, json_text, shown
from trialect.mappings.fhir.periods import ended, period
from trialect.mappings.fhir.procedure import body_site
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import Concept, concept, ncit, quantity
from trialect.mappings.fhir.variables import MORE, carried, with_more

TYPE = "MedicationAdministration"

ROUTE = "C66729"
"""Codelist of SDTM CT."""

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
    texts, numbers = carried(part, "EC")
    ec = part.domain(
        "EC",
        tuple(dict.fromkeys((*EC, *texts))),
        tuple(dict.fromkeys(("ECSEQ", "ECDOSE", "VISITNUM", *numbers))),
    )
    ec = part.named(encounter.at_visit(part, ec), TYPE, "EC", "ECSEQ")
    ec = part.dated(ec, "EC", "ECSTDTC", "start")
    ec = ended(part.dated(ec, "EC", "ECENDTC", "end"))
    ec = with_more(part, ec, "EC", {"ECSTDTC": "start", "ECENDTC": "said"})
    ec = body_site(part, ec, "EC")
    version = part.study.sdtm.ct

    def medication(name: str | None) -> Concept | None:
        return concept(name) or {"extension": _UNKNOWN["extension"]}

    def dosage(
        dose: float | None, unit: str | None, route: str | None, site: str | None
    ) -> dict[str, Any] | None:
        # Invariant mad-1: a dosage has a dose or a rate.
        if dose is None:
            return None
        found: dict[str, Any] = {}
        if site:
            found["site"] = orjson.Fragment(site.encode())
        if route:
            found["route"] = concept(route, ncit(version, ROUTE, route))
        found["dose"] = quantity(orjson.Fragment(shown(dose).encode()), unit)
        return found

    ec = part.fragments(ec, ["ECTRT"], medication, "medication")
    ec = part.fragments(ec, ["ECDOSE", "ECDOSU", "ECROUTE", "site"], dosage, "dosage")
    missed = (pl.col("ECOCCUR") == "N").fill_null(False) | (
        pl.col("ECSTAT") == "NOT DONE"
    ).fill_null(False)
    nothing = pl.col("start").is_null() & pl.col("end").is_null()
    return ec.with_columns(
        status=pl.when(missed).then(pl.lit("not-done")).otherwise(pl.lit("completed")),
        absent=pl.when(nothing).then(pl.lit(json_text(_UNKNOWN))),
    )


RESOURCE = SubjectResource(TYPE, template, rows, unblinded_only=True)

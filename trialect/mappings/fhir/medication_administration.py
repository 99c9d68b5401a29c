"""EX to MedicationAdministration: a study treatment that has a dose, when unblinded.

It is part of the Procedure of the same record. A record without dose (dry needling) is a
Procedure alone; blinded, there is none at all: that there is a dose tells the arm.
"""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir import encounter
from trialect.mappings.fhir.decimals import decimal_text
from trialect.mappings.fhir.opening import DATA_ABSENT, opening
from trialect.mappings.fhir.partition import Partition, shown
from trialect.mappings.fhir.periods import ended, period
from trialect.mappings.fhir.procedure import body_site
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import Concept, concept, ncit, quantity

TYPE = "MedicationAdministration"

ROUTE = "C66729"
"""Codelist of SDTM CT."""

EX = (
    "EXTRT",
    "EXDOSTXT",
    "EXDOSU",
    "EXDOSFRM",
    "EXROUTE",
    "EXLOC",
    "EXLAT",
    "EXDIR",
    "EXLOT",
    "EXSTDTC",
    "EXENDTC",
)

_UNKNOWN = [{"url": DATA_ABSENT, "valueCode": "unknown"}]


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE),
        "partOf": [Ref("Procedure", "procedure")],
        "status": "completed",
        "medicationCodeableConcept": Json("medication"),
        "subject": Ref("Patient", "patient"),
        "context": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("moment"),
        "_effectiveDateTime": Json("absent"),
        "effectivePeriod": period(part),
        "note": [{"text": Text("amount")}],
        "dosage": Json("dosage"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of EX with a dose."""
    ex = part.domain("EX", EX, ("EXSEQ", "EXDOSE", "VISITNUM")).filter(
        pl.col("EXDOSE").is_not_null() | pl.col("EXDOSTXT").is_not_null()
    )
    ex = part.named(encounter.at_visit(part, ex), TYPE, "EX", "EXSEQ")
    ex = ex.with_columns(part.identity.ids("Procedure", ex["record"]).alias("procedure"))
    ex = part.dated(ex, "EX", "EXSTDTC", "start")
    ex = part.dated(ex, "EX", "EXENDTC", "end")
    ex = part.fragments(ex, ["EXTRT", "EXDOSFRM", "EXLOT"], _medication, "medication")
    ex = body_site(part, ex, "EX")
    ex = with_dosage(part, ex, "EX")
    nothing = pl.col("start").is_null() & pl.col("end").is_null()
    absent = orjson.dumps({"extension": _UNKNOWN}).decode()
    return ended(ex, pl.lit(True)).with_columns(
        absent=pl.when(nothing).then(pl.lit(absent)),
        amount=pl.when(pl.col("EXDOSE").is_null()).then("EXDOSTXT"),
    )


def with_dosage(part: Partition, frame: pl.DataFrame, domain: str) -> pl.DataFrame:
    """The frame with `dosage`, of --DOSE, --DOSU, --ROUTE and `site`; null where there is no dose.

    Invariant mad-1: a dosage has a dose or a rate. --DOSTXT goes to the note.
    """
    version = part.study.sdtm.ct

    def dosage(
        dose: float | None, unit: str | None, route: str | None, site: str | None
    ) -> dict[str, Any] | None:
        if dose is None:
            return None
        found: dict[str, Any] = {}
        if site:
            found["site"] = orjson.Fragment(site.encode())
        if route:
            found["route"] = concept(route, ncit(version, ROUTE, route))
        found["dose"] = quantity(orjson.Fragment(decimal_text(shown(dose)).encode()), unit)
        return found

    told = [f"{domain}DOSE", f"{domain}DOSU", f"{domain}ROUTE", "site"]
    return part.fragments(frame, told, dosage, "dosage")


def _medication(name: str | None, form: str | None, lot: str | None) -> Concept | None:
    words = [name, form and f"({form})", lot and f"lot {lot}"]
    return concept(" ".join(word for word in words if word))


RESOURCE = SubjectResource(TYPE, template, rows, unblinded_only=True)

"""Interventions that are not the study's own to MedicationStatement (CM, SU, ML, custom).

What a subject took, or did not (--OCCUR = N), by their own or another's account. PR has Procedure,
EX and EC have MedicationAdministration.
"""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir.decimals import decimal_text
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition, shown
from trialect.mappings.fhir.periods import PERIOD, ended, period
from trialect.mappings.fhir.records import of_class, records, without_prefix
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import Concept, concept, ncit, quantity
from trialect.mappings.fhir.variables import MORE, with_more

TYPE = "MedicationStatement"

ELSEWHERE = frozenset({"EX", "EC", "PR"})
"""Interventions that have another resource."""

USED = (
    *("TRT", "DECOD", "CAT", "OCCUR", "INDC", "DOSTXT", "DOSU", "DOSFRQ", "ROUTE", "STDTC"),
    *("ENDTC",),
)
ONGOING = ("ENRTPT", "ENRF")
ROUTE = "C66729"
FREQUENCY = "C71113"

_COLUMNS = (
    *("USUBJID", SUBJECT, "patient", "encounter", "record", "id", MORE, "status", "CAT"),
    *("medication", "moment", *PERIOD, "INDC", "dosage"),
)


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json(MORE)]),
        "status": Text("status"),
        "category": {"text": Text("CAT")},
        "medicationCodeableConcept": Json("medication"),
        "subject": Ref("Patient", "patient"),
        "context": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("moment"),
        "effectivePeriod": period(part),
        "reasonCode": [{"text": Text("INDC")}],
        "dosage": [Json("dosage")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of each such domain."""
    return of_class(part, "Interventions", ELSEWHERE, _COLUMNS, _of_domain)


def _of_domain(part: Partition, domain: str) -> pl.DataFrame:
    marks = [f"{domain}{name}" for name in ONGOING]
    dose = f"{domain}DOSE"
    texts = [*(f"{domain}{name}" for name in USED), *marks]
    frame = records(part, TYPE, domain, texts, [dose])
    frame = part.dated(frame, domain, f"{domain}STDTC", "start")
    frame = ended(part.dated(frame, domain, f"{domain}ENDTC", "end"))
    # A moment may be the start alone, so an end that is the same moment is said beside it.
    frame = with_more(part, frame, domain, {f"{domain}STDTC": "start", f"{domain}ENDTC": "until"})
    frame = without_prefix(frame, domain, USED)

    def named(name: str | None, standard: str | None) -> Concept | None:
        known = [{"display": standard}] if standard else []
        return concept(name or standard, known)

    def how(*told: Any) -> dict[str, Any] | None:
        return dosage(part.study.sdtm.ct, *told)

    frame = part.fragments(frame, ["TRT", "DECOD"], named, "medication")
    frame = part.fragments(frame, [dose, "DOSTXT", "DOSU", "DOSFRQ", "ROUTE"], how, "dosage")
    missed = (pl.col("OCCUR") == "N").fill_null(False)
    goes_on = pl.any_horizontal(pl.col(m) == "ONGOING" for m in marks).fill_null(False)
    return frame.with_columns(
        status=pl.when(missed)
        .then(pl.lit("not-taken"))
        .when(goes_on)
        .then(pl.lit("active"))
        .when(pl.col("end").is_not_null())
        .then(pl.lit("completed"))
        .otherwise(pl.lit("unknown"))
    )


def dosage(
    version: str,
    dose: float | None,
    words: str | None,
    unit: str | None,
    frequency: str | None,
    route: str | None,
) -> dict[str, Any] | None:
    """A Dosage of what is told of it; None for nothing."""
    found: dict[str, Any] = {}
    if words:
        found["text"] = words
    if frequency:
        found["timing"] = {"code": concept(frequency, ncit(version, FREQUENCY, frequency))}
    if route:
        found["route"] = concept(route, ncit(version, ROUTE, route))
    if dose is not None:
        amount = quantity(orjson.Fragment(decimal_text(shown(dose)).encode()), unit)
        found["doseAndRate"] = [{"doseQuantity": amount}]
    return found or None


RESOURCE = SubjectResource(TYPE, template, rows)

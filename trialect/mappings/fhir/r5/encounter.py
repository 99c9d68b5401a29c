"""Encounter in R5: what happened is actualPeriod, a visit that was held is completed.

`class` is a list of concepts and may be left out, which R4 does not allow: a mode of contact that
was not collected is not there.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import encounter
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, SiteRef, Template, Text
from trialect.mappings.fhir.terms import concept, values
from trialect.mappings.fhir.variables import MORE


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    cancelled = {"url": encounter.CANCELLED, "valueCodeableConcept": {"text": Text("why")}}
    return {
        **opening(part, encounter.TYPE, [cancelled, Json(MORE)]),
        "status": Text("state"),
        "class": [Json("contact")],
        "type": [Json("type")],
        "subject": Ref("Patient", "patient"),
        "actualPeriod": {"start": Text("start"), "end": Text("end")},
        "reason": [{"value": [{"concept": {"text": Text("SVUPDES")}}]}],
        "location": [{"location": SiteRef("Location", "site")}],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a visit."""
    contacts = values("contact")

    def contact(mode: str | None) -> object:
        return concept(None, [contacts[mode]]) if mode in contacts else None

    sv = part.fragments(part.rows(encounter.RESOURCE), ["SVCNTMOD"], contact, "contact")
    return sv.with_columns(state=pl.col("status").replace("finished", "completed"))


RESOURCE = SubjectResource(encounter.TYPE, template, rows)

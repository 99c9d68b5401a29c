"""Consent in R5: the decision is an element; the date has no time of day, which an extension keeps.

R5 has no scope: that the consent is to research is a category. It asks for no policy.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import consent
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Ref, Template, Text
from trialect.mappings.fhir.terms import concept, loinc


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    url = part.identity.element("R4", "Consent.dateTime")
    moment = {"url": url, "valueDateTime": Text("moment")}
    return {
        **opening(part, consent.TYPE, [moment]),
        "status": "active",
        "category": [
            concept(None, [consent.RESEARCH]),
            concept(None, [loinc(consent.PATIENT_CONSENT)]),
        ],
        "subject": Ref("Patient", "patient"),
        "date": Text("day"),
        "decision": "permit",
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a consent."""
    given = pl.col("given")
    timed = given.str.contains("T", literal=True)
    return part.rows(consent.RESOURCE).with_columns(
        day=given.str.slice(0, 10), moment=pl.when(timed).then(given)
    )


RESOURCE = SubjectResource(consent.TYPE, template, rows)

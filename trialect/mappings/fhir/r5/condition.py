"""Condition in R5: it must say its clinical status, which may be unknown
(http://hl7.org/fhir/R5/condition.html).
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import condition
from trialect.mappings.fhir.partition import Partition, json_text
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.terms import coding, concept

_UNKNOWN = concept(
    None, [coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "unknown", "Unknown")]
)


def rows(part: Partition) -> pl.DataFrame:
    """R4's rows, with a clinical status in every one."""
    found = part.rows(condition.RESOURCE)
    return found.with_columns(pl.col("clinical").fill_null(pl.lit(json_text(_UNKNOWN))))


RESOURCE = SubjectResource(condition.TYPE, condition.template, rows)

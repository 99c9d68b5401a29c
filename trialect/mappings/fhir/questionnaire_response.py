"""QS to QuestionnaireResponse: what a subject answered of one instrument (QSCAT) at one time.

Derived results were not answered and items not done have no answer: neither is in a response.
"""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir import observation
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import ID, RECORD, SUBJECT, Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text

TYPE = "QuestionnaireResponse"


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE),
        "questionnaire": Text("questionnaire"),
        "status": "completed",
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "authored": Text("effective"),
        "item": [Json("items")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a response."""
    answers = part.rows(observation.RESOURCE).filter(pl.col("response").is_not_null())
    answers = part.fragments(answers, ["QSTESTCD", "QSTEST", "number", "value"], _item, "item")
    canonical = {
        name: part.identity.canonical("Questionnaire", name)
        for name in answers["QSCAT"].drop_nulls().unique(maintain_order=True)
    }
    return answers.group_by(SUBJECT, "response", maintain_order=True).agg(
        pl.col("USUBJID", "patient", "encounter", "effective").first(),
        pl.col("asked").first().alias(RECORD),
        pl.col("response").first().alias(ID),
        questionnaire=pl.col("QSCAT")
        .first()
        .replace_strict(canonical, default=None, return_dtype=pl.String),
        items=pl.col("item").str.join(","),
    )


def _item(testcd: str, test: str | None, number: str | None, value: str) -> dict[str, Any]:
    answer = (
        {"valueString": value}
        if number is None
        else {"valueDecimal": orjson.Fragment(number.encode())}
    )
    text = {"text": test} if test else {}
    return {"linkId": testcd, **text, "answer": [answer]}


RESOURCE = SubjectResource(TYPE, template, rows)

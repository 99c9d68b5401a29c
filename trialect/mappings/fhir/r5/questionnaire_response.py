"""QuestionnaireResponse in R5: it must name its questionnaire, or say that it is not known."""

from __future__ import annotations

import orjson
import polars as pl

from trialect.mappings.fhir import questionnaire_response
from trialect.mappings.fhir.opening import DATA_ABSENT, opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, questionnaire_response.TYPE),
        "questionnaire": Text("questionnaire"),
        "_questionnaire": Json("unnamed"),
        "status": "completed",
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "authored": Text("effective"),
        "item": [Json("items")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a response."""
    unknown = orjson.dumps({"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}).decode()
    nameless = pl.col("questionnaire").is_null()
    return part.rows(questionnaire_response.RESOURCE).with_columns(
        unnamed=pl.when(nameless).then(pl.lit(unknown))
    )


RESOURCE = SubjectResource(questionnaire_response.TYPE, template, rows)

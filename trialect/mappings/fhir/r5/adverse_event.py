"""AdverseEvent in R5: it has a beginning and an end, but no severity, which an extension keeps.

Its outcome may be any text; that it was serious has other codes than in R4. The status says
whether the event is over: it is `in-progress` where AEOUT says so, `completed` where AEOUT or an
end says so, else `unknown`.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import adverse_event, procedure
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, StudyRef, Template, Text
from trialect.mappings.fhir.terms import Concept, concept, ncit
from trialect.mappings.fhir.variables import MORE

OUTCOME = "C66768"
"""Codelist of SDTM CT."""


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    url = part.identity.element("R4", "AdverseEvent.severity")
    severity = {"url": url, "valueCodeableConcept": Json("severity")}
    return {
        **opening(part, adverse_event.TYPE, [severity, Json(MORE)]),
        "status": Text("status"),
        "actuality": "actual",
        "code": Json("event"),
        "subject": Ref("Patient", "patient"),
        "occurrenceDateTime": Text("moment"),
        "occurrencePeriod": {"start": Text("from"), "end": Text("until")},
        "seriousness": Json("seriousness"),
        "outcome": [Json("outcome")],
        "study": [StudyRef("ResearchStudy", part.study.studyid)],
        "suspectEntity": [
            {
                "instanceReference": Ref("Procedure", "treatment"),
                "causality": {"entityRelatedness": {"text": Text("related")}},
            },
            {
                "instanceCodeableConcept": {"text": Text("suspect")},
                "causality": {"entityRelatedness": {"text": Text("unattributed")}},
            },
        ],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of AE."""
    ae = adverse_event.with_severity(part, part.made(adverse_event.events))
    ae = adverse_event.with_seriousness(part, ae, "seriousness_r5")

    def outcome(value: str | None) -> Concept | None:
        return concept(value, ncit(part.study.sdtm.ct, OUTCOME, value or ""))

    ae = part.fragments(ae, ["AEOUT"], outcome, "outcome")
    ended = pl.col("end").is_not_null()
    return ae.with_columns(
        moment=pl.when(~ended).then("start"),
        until="end",
        suspect=pl.when(pl.col("unattributed").is_not_null()).then(
            pl.lit(procedure.STUDY_TREATMENT)
        ),
        **{"from": pl.when(ended).then("start")},
    )


RESOURCE = SubjectResource(adverse_event.TYPE, template, rows)

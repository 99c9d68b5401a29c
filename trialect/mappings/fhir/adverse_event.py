"""AE to AdverseEvent.

R4 allows only its own codes for severity and outcome, and has no element for the end, which goes
to an extension; so do a coded term without a code of MedDRA, a severity or an outcome in other
words, and that a criterion of seriousness was not met. Causality (AEREL) is said of the study
treatment: of the Procedure if the subject has exactly one, else of "Study treatment" by name, since
AE does not say of which.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import procedure
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import ID, SUBJECT, Partition, json_text, shown
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, StudyRef, Template, Text
from trialect.mappings.fhir.terms import MEDDRA, NOT_MAPPED, Concept, coding, concept, values
from trialect.mappings.fhir.variables import MORE, carried, with_more

TYPE = "AdverseEvent"

CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESINTV")
"""What makes an event serious, in the order in which the codings stand."""

AE = (
    *("AETERM", "AEDECOD", "AESER", "AESEV", "AEOUT", "AEREL", "AESTDTC", "AEENDTC"),
    *CRITERIA,
)


GOING_ON = ("NOT RECOVERED/NOT RESOLVED", "RECOVERING/RESOLVING")
OVER = ("FATAL", "RECOVERED/RESOLVED", "RECOVERED/RESOLVED WITH SEQUELAE")


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    end = {"url": part.identity.extension("adverse-event-end"), "valueDateTime": Text("end")}
    over = {"url": part.identity.element("R5", "AdverseEvent.status"), "valueCode": Text("status")}
    return {
        **opening(part, TYPE, [end, over, Json(MORE)]),
        "actuality": "actual",
        "event": Json("event"),
        "subject": Ref("Patient", "patient"),
        "date": Text("start"),
        "seriousness": Json("seriousness"),
        "severity": Json("severity"),
        "outcome": Json("outcome"),
        "suspectEntity": [
            {
                "instance": Ref("Procedure", "treatment"),
                "causality": [{"assessment": {"text": Text("related")}}],
            },
            {
                "instance": Json("unnamed"),
                "causality": [{"assessment": {"text": Text("unattributed")}}],
            },
        ],
        "study": [StudyRef("ResearchStudy", part.study.studyid)],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of AE."""
    ae = with_seriousness(part, part.made(events), "seriousness")
    return _coded(part, with_severity(part, ae), "AEOUT", "outcome")


def with_severity(part: Partition, ae: pl.DataFrame) -> pl.DataFrame:
    """With `severity`, one of HL7's three codes."""
    return _coded(part, ae, "AESEV", "severity")


def events(part: Partition) -> pl.DataFrame:
    """One row a record of AE, with what all releases tell of it."""
    texts, numbers = carried(part, "AE")
    ae = part.domain(
        "AE",
        tuple(dict.fromkeys((*AE, *texts))),
        tuple(dict.fromkeys(("AESEQ", "AEPTCD", *numbers))),
    )
    ae = part.named(ae, TYPE, "AE", "AESEQ")
    ae = part.dated(ae, "AE", "AESTDTC", "start")
    ae = part.dated(ae, "AE", "AEENDTC", "end")
    unsaid = {
        "AEDECOD": pl.col("AEPTCD").is_null(),
        "AESEV": ~pl.col("AESEV").is_in(list(values("severity"))),
        **{name: pl.col(name) != "Y" for name in CRITERIA},
    }
    if part.study.fhir.release == "R4":
        unsaid["AEOUT"] = ~pl.col("AEOUT").is_in(list(values("outcome")))
    ae = with_more(part, ae, "AE", {"AESTDTC": "start", "AEENDTC": "end"}, unsaid)
    ae = part.fragments(ae, ["AETERM", "AEDECOD", "AEPTCD"], _event, "event")
    treated = part.rows(procedure.RESOURCE).filter("treatment")
    treated = treated.group_by(SUBJECT).agg(pl.col(ID).first(), n=pl.len())
    one = treated.filter(pl.col("n") == 1).select(SUBJECT, treatment=ID)
    ae = ae.join(one, on=SUBJECT, how="left", maintain_order="left")
    rated = pl.col("AEREL").is_not_null()
    alone = pl.col("treatment").is_not_null()
    unnamed = json_text({"display": procedure.STUDY_TREATMENT})
    return ae.with_columns(
        status=_status(),
        treatment=pl.when(rated).then("treatment"),
        related=pl.when(alone).then("AEREL"),
        unnamed=pl.when(rated & ~alone).then(pl.lit(unnamed)),
        unattributed=pl.when(~alone).then("AEREL"),
    )


def _status() -> pl.Expr:
    """R5's status: `in-progress` where AEOUT says so, `completed` where AEOUT or an end says so."""
    return (
        pl.when(pl.col("AEOUT").is_in(GOING_ON))
        .then(pl.lit("in-progress"))
        .when(pl.col("AEOUT").is_in(OVER) | pl.col("end").is_not_null())
        .then(pl.lit("completed"))
        .otherwise(pl.lit("unknown"))
    )


def _event(term: str | None, preferred: str | None, code: float | None) -> Concept | None:
    codings = [coding(MEDDRA, shown(code), preferred)] if code is not None else []
    return concept(term or preferred, codings)


def with_seriousness(part: Partition, ae: pl.DataFrame, table: str) -> pl.DataFrame:
    """With `seriousness`: whether the event was serious, and by which criteria."""
    known = values(table)

    def seriousness(serious: str | None, *criteria: str | None) -> Concept | None:
        found = [known[serious]] if serious in known else []
        found += [known[name] for name, met in zip(CRITERIA, criteria, strict=True) if met == "Y"]
        return concept(None, found)

    return part.fragments(ae, ["AESER", *CRITERIA], seriousness, "seriousness")


def _coded(part: Partition, ae: pl.DataFrame, variable: str, table: str) -> pl.DataFrame:
    """With a value as one of HL7's own codes; what has none is told and left out."""
    known = values(table)
    unknown = pl.col(variable).is_not_null() & ~pl.col(variable).is_in(list(known))
    part.report(ae.filter(unknown), "AE", variable, NOT_MAPPED)

    def code(value: str | None) -> Concept | None:
        return concept(value, [known[value]]) if value in known else None

    return part.fragments(ae, [variable], code, table)


RESOURCE = SubjectResource(TYPE, template, rows)

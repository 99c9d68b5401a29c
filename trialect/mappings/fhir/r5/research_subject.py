"""ResearchSubject in R5: `status` is that of the resource; what the subject went through is told
as progress, each step with its day.

| record of DS | progress |
|---|---|
| PROTOCOL MILESTONE | a milestone: Randomized has HL7's code, all have SDTM's |
| DISPOSITION EVENT, the last | the subject's state, with DSDECOD as its reason |
| DISPOSITION EVENT, an earlier one | a milestone |

The state is the one that R4's file finds; without a disposition event it has no day.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.mappings.fhir import research_subject
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition
from trialect.mappings.fhir.r5.research_study import link_ids
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, StudyRef, Template, Text
from trialect.mappings.fhir.terms import Concept, coding, concept, ncit, values
from trialect.mappings.fhir.variables import MORE

MILESTONE, ENROLLMENT = (
    concept(None, [coding("http://terminology.hl7.org/CodeSystem/research-subject-state-type", *c)])
    for c in (("Milestone", "Milestone status"), ("Enrollment", "Enrollment status"))
)
STATE = "http://terminology.hl7.org/CodeSystem/research-subject-state"

MILESTONES, ENDINGS = "C114118", "C66727"
"""Codelists of SDTM CT: protocol milestones, reasons to end."""


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    assigned = part.identity.element("R4", "ResearchSubject.assignedArm")
    actual = part.identity.element("R4", "ResearchSubject.actualArm")
    unknown = [
        {"url": assigned, "valueString": Text("assigned_unknown")},
        {"url": actual, "valueString": Text("actual_unknown")},
    ]
    return {
        **opening(
            part,
            research_subject.TYPE,
            [*(unknown if part.unblinded else []), Json(MORE), Json("DS"), Json("SE")],
        ),
        "status": "active",
        "progress": [Json("progress")],
        "period": {"start": Text("start"), "end": Text("end")},
        "study": StudyRef("ResearchStudy", part.study.studyid),
        "subject": Ref("Patient", "patient"),
        "assignedComparisonGroup": Text("assigned_group"),
        "actualComparisonGroup": Text("actual_group"),
        "consent": [Ref("Consent", "consent")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a subject (DM)."""
    dm = part.rows(research_subject.RESOURCE)
    steps = progress(part, dm)
    dm = dm.join(steps, on=SUBJECT, how="left", maintain_order="left")
    return _with_groups(part, dm)


def progress(part: Partition, dm: pl.DataFrame) -> pl.DataFrame:
    """By `subject`, the JSON of the steps with commas between, in the order of DSSEQ."""
    ds = part.domain("DS", ("DSCAT", "DSDECOD", "DSTERM", "DSSTDTC"), ("DSSEQ",)).sort(
        SUBJECT, "DSSEQ", maintain_order=True
    )
    ds = part.dated(ds, "DS", "DSSTDTC", "when")
    ended = pl.col("DSCAT") == "DISPOSITION EVENT"
    ds = ds.filter(ended | (pl.col("DSCAT") == "PROTOCOL MILESTONE"))
    last = ended & (pl.col("DSSEQ") == pl.col("DSSEQ").filter(ended).max().over(SUBJECT))
    states = dm.select(SUBJECT, "status")
    ds = ds.join(states, on=SUBJECT, how="left", maintain_order="left").with_columns(
        state=pl.when(last.fill_null(False)).then("status")
    )
    told = ds.filter(pl.col("state").is_not_null()).select(SUBJECT)
    rest = states.join(told, on=SUBJECT, how="anti", maintain_order="left").select(
        SUBJECT, state="status"
    )
    steps = pl.concat([ds.with_columns(pl.lit(0).alias("@rest")), rest.with_columns(
        pl.lit(1).alias("@rest"))], how="diagonal_relaxed")  # fmt: skip
    version = part.study.sdtm.ct

    def step(
        category: str | None,
        decoded: str | None,
        term: str | None,
        when: str | None,
        state: str | None,
    ) -> dict[str, Any]:
        what = _what(version, category, decoded, term)
        start = {"startDate": when} if when else {}
        if state is None:
            named = {"milestone": what} if what else {}
            return {"type": MILESTONE, **named, **start}
        names = concept(None, [coding(STATE, state, _DISPLAYS.get(state))])
        reason = {"reason": what} if what else {}
        return {"type": ENROLLMENT, "subjectState": names, **reason, **start}

    columns = ["DSCAT", "DSDECOD", "DSTERM", "when", "state"]
    steps = part.fragments(steps, columns, step, "step")
    return (
        steps.sort(SUBJECT, "@rest", maintain_order=True)
        .group_by(SUBJECT, maintain_order=True)
        .agg(progress=pl.col("step").str.join(","))
    )


_DISPLAYS = {
    "ineligible": "Ineligible",
    "not-registered": "Not Registered",
    "off-study": "Off-study",
    "on-study": "On-study",
    "screening": "Screening",
}


def _what(
    version: str, category: str | None, decoded: str | None, term: str | None
) -> Concept | None:
    milestone = values("milestone").get(decoded or "")
    codelist = MILESTONES if category == "PROTOCOL MILESTONE" else ENDINGS
    codings = [milestone] if milestone else []
    return concept(term or decoded, [*codings, *ncit(version, codelist, decoded or "")])


def _with_groups(part: Partition, dm: pl.DataFrame) -> pl.DataFrame:
    """With the linkIds of the arms; an arm that the study does not have is told by its name."""
    columns = ("ARMCD", "ACTARMCD")
    if not part.unblinded:
        nothing = pl.lit(None, pl.String)
        return dm.with_columns(assigned_group=nothing, actual_group=nothing)
    codes = part.domain("DM", columns).unique(SUBJECT, keep="first", maintain_order=True)
    dm = dm.join(codes.select(SUBJECT, *columns), on=SUBJECT, how="left", maintain_order="left")
    known = link_ids(part.study)

    def group(column: str) -> pl.Expr:
        return pl.col(column).replace_strict(known, default=None, return_dtype=pl.String)

    def unknown(code: str, name: str) -> pl.Expr:
        strange = pl.col(code).is_not_null() & ~pl.col(code).is_in(list(known))
        return pl.when(strange | pl.col(code).is_null()).then(pl.coalesce(name, code))

    return dm.with_columns(
        assigned_group=group("ARMCD"),
        actual_group=group("ACTARMCD"),
        assigned_unknown=unknown("ARMCD", "assigned"),
        actual_unknown=unknown("ACTARMCD", "actual"),
    )


RESOURCE = SubjectResource(research_subject.TYPE, template, rows)

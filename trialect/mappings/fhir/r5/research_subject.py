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

import polars as pl

from trialect.mappings.fhir import research_subject
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition
from trialect.mappings.fhir.research_study import link_ids
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, StudyRef, Template, Text
from trialect.mappings.fhir.subject_progress import progress
from trialect.mappings.fhir.variables import MORE


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
    dm = part.made(research_subject.rows)
    found = progress(part, dm.select(SUBJECT, "status"))
    return _with_groups(part, dm.join(found, on=SUBJECT, how="left", maintain_order="left"))


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

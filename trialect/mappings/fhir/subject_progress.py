"""What a subject went through, step by step: R5's ResearchSubject.progress.

| record of DS | progress |
|---|---|
| PROTOCOL MILESTONE | a milestone: Randomized has HL7's code, all have SDTM's |
| DISPOSITION EVENT, the last | the subject's state, with DSDECOD as its reason |
| DISPOSITION EVENT, an earlier one | a milestone |

The state is the one that the ResearchSubject's file finds; without a disposition event it has no
day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from trialect.mappings.fhir.partition import SUBJECT, Partition
from trialect.mappings.fhir.terms import Concept, coding, concept, ncit, values

Step = dict[str, Any]
"""A step as R5 has it."""

MILESTONE, ENROLLMENT = (
    concept(None, [coding("http://terminology.hl7.org/CodeSystem/research-subject-state-type", *c)])
    for c in (("Milestone", "Milestone status"), ("Enrollment", "Enrollment status"))
)
STATE = "http://terminology.hl7.org/CodeSystem/research-subject-state"

MILESTONES, ENDINGS = "C114118", "C66727"
"""Codelists of SDTM CT: protocol milestones, reasons to end."""


def progress(
    part: Partition, states: pl.DataFrame, write: Callable[[Step], Step] = lambda step: step
) -> pl.DataFrame:
    """By `subject`, the JSON of the steps (`progress`) with commas between, in the order of DSSEQ.

    `states` has the `status` of each `subject`; `write` makes of a step what stands for it.
    """
    ds = part.domain("DS", ("DSCAT", "DSDECOD", "DSTERM", "DSSTDTC"), ("DSSEQ",)).sort(
        SUBJECT, "DSSEQ", maintain_order=True
    )
    ds = part.dated(ds, "DS", "DSSTDTC", "when")
    ended = pl.col("DSCAT") == "DISPOSITION EVENT"
    ds = ds.filter(ended | (pl.col("DSCAT") == "PROTOCOL MILESTONE"))
    last = ended & (pl.col("DSSEQ") == pl.col("DSSEQ").filter(ended).max().over(SUBJECT))
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
        dated: bool,
        state: str | None,
    ) -> dict[str, Any]:
        what = _what(version, category, decoded, term)
        start = {"startDate": _WHEN} if dated else {}
        if state is None:
            named = {"milestone": what} if what else {}
            return write({"type": MILESTONE, **named, **start})
        names = concept(None, [coding(STATE, state, _DISPLAYS.get(state))])
        reason = {"reason": what} if what else {}
        return write({"type": ENROLLMENT, "subjectState": names, **reason, **start})

    columns = ["DSCAT", "DSDECOD", "DSTERM", "@dated", "state"]
    steps = steps.with_columns(pl.col("when").is_not_null().alias("@dated"))
    steps = part.fragments(steps, columns, step, "step")
    written = pl.col("step").str.replace(_WHEN_IN_JSON, pl.col("when"), literal=True)
    steps = steps.with_columns(step=pl.when("@dated").then(written).otherwise("step"))
    return (
        steps.sort(SUBJECT, "@rest", maintain_order=True)
        .group_by(SUBJECT, maintain_order=True)
        .agg(progress=pl.col("step").str.join(","))
    )


_WHEN, _WHEN_IN_JSON = "\0", r"\u0000"
"""Stands for the time of a step, which is put in its place when the rest has been written once for
all steps that are alike; no text of FHIR has this character."""

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

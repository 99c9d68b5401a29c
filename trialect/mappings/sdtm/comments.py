"""CO: the record that a comment was collected with, where one row of a form gave both."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.mappings.sdtm.numbers import number_text
from trialect.metadata import Origin
from trialect.schemas.sdtm import dataset
from trialect.trial import FORM, ROW


def _apply(draft: Draft) -> None:
    """IDVAR and IDVARVAL of comments that name a domain and no record of it."""
    if not draft.has("CO", SUBJECT, "RDOMAIN", FORM, ROW):
        return
    comments = draft.frames["CO"]
    named = [c for c in ("IDVAR", "IDVARVAL") if c in comments.columns]
    free = pl.all_horizontal([pl.col(c).is_null() for c in named] or [pl.lit(value=True)])
    wanted = comments.select(SUBJECT, FORM, ROW, pl.when(free).then("RDOMAIN").alias("RDOMAIN"))
    found = []
    for name in wanted["RDOMAIN"].drop_nulls().unique().sort():
        model = dataset(name)
        if model is None or not draft.has(name, SUBJECT, model.expand("--SEQ"), FORM, ROW):
            continue
        parents = draft.frames[name].unique([SUBJECT, FORM, ROW], keep="none")
        found.append(
            parents.select(
                SUBJECT,
                FORM,
                ROW,
                RDOMAIN=pl.lit(name),
                IDVAR=pl.lit(model.expand("--SEQ")),
                IDVARVAL=number_text(parents[model.expand("--SEQ")]),
            ).drop_nulls()
        )
    if not found:
        return
    joined = wanted.join(
        pl.concat(found), on=[SUBJECT, FORM, ROW, "RDOMAIN"], how="left", maintain_order="left"
    )
    for variable in ("IDVAR", "IDVARVAL"):
        draft.fill(COMMENTED_RECORDS, "CO", variable, joined[variable])


COMMENTED_RECORDS = Derivation(
    name="commented_record",
    outputs=tuple(
        Output(
            f"CO.{variable}",
            ("CO.RDOMAIN", "--SEQ"),
            "The record of RDOMAIN that comes from the same row of the same form as the comment, "
            "where there is exactly one.",
            Origin("Assigned", "Sponsor"),
        )
        for variable in ("IDVAR", "IDVARVAL")
    ),
    apply=_apply,
)

"""ARM and ACTARM from their codes, the actual arm from the treatment, and ARMNRS."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.metadata import Origin
from trialect.trial import Study

_PAIRS = (("ARMCD", "ARM"), ("ACTARMCD", "ACTARM"))


def _actual_arm(draft: Draft) -> None:
    """The arm whose treatments are the only ones that include all that the subject received."""
    if not draft.has("DM", SUBJECT) or not draft.has("EX", SUBJECT, "EXTRT"):
        return
    treatments = _treatments(draft.study)
    given = (
        draft.frames["EX"]
        .select(SUBJECT, "EXTRT")
        .drop_nulls()
        .group_by(SUBJECT)
        .agg(pl.col("EXTRT").unique().sort())
    )
    sets = given["EXTRT"].unique().to_list()
    fitting = {
        tuple(one): [code for code, known in treatments.items() if known is None or known >= {*one}]
        for one in sets
    }
    codes = [fitting[tuple(one)] for one in given["EXTRT"].to_list()]
    found = given.select(SUBJECT).with_columns(
        pl.Series("ACTARMCD", [one[0] if len(one) == 1 else None for one in codes], pl.String)
    )
    draft.fill(ACTUAL_ARM, "DM", "ACTARMCD", draft.by_subject("DM", found, "ACTARMCD"))


def _treatments(study: Study) -> dict[str, set[str] | None]:
    """EXTRT of each arm by ARMCD; None where an intervention of the arm does not tell its own."""
    of = {one.name: one.treatment for one in study.interventions}
    found: dict[str, set[str] | None] = {}
    for arm in study.arms:
        texts = [of.get(name) for name in arm.interventions]
        found[arm.code] = {text for text in texts if text} if all(texts) else None
    return found


def _names(draft: Draft) -> None:
    arms = draft.study.arms
    if not draft.has("DM", SUBJECT) or not arms:
        return
    names = {arm.code: arm.name for arm in arms}
    codes = {arm.name: arm.code for arm in arms}
    for code, name in _PAIRS:
        if draft.has("DM", name):
            values = pl.col(name).replace_strict(codes, default=None, return_dtype=pl.String)
            draft.fill(ARM_NAMES, "DM", code, values)
        if draft.has("DM", code):
            values = pl.col(code).replace_strict(names, default=None, return_dtype=pl.String)
            draft.fill(ARM_NAMES, "DM", name, values)


def _null_reason(draft: Draft) -> None:
    """ARMNRS where the disposition makes it certain; a subject still in the trial has none."""
    if not draft.has("DM", SUBJECT) or not draft.has("DS", SUBJECT, "DSCAT", "DSDECOD"):
        return
    left = draft.frames["DS"].filter(pl.col("DSCAT") == "DISPOSITION EVENT")
    failed = left.filter(pl.col("DSDECOD") == "SCREEN FAILURE")
    dm = draft.frames["DM"]
    absent = [pl.lit(None, pl.String).alias(c) for pair in _PAIRS for c in pair if c not in dm]
    facts = dm.with_columns(absent)
    planned = pl.col("ARMCD").is_not_null() | pl.col("ARM").is_not_null()
    actual = pl.col("ACTARMCD").is_not_null() | pl.col("ACTARM").is_not_null()
    treated = pl.lit(value=False)
    if draft.has("EX", SUBJECT):
        treated = pl.col(SUBJECT).is_in(draft.frames["EX"][SUBJECT].unique().implode())
    ended = pl.col(SUBJECT).is_in(left[SUBJECT].unique().implode())
    screen_failure = pl.col(SUBJECT).is_in(failed[SUBJECT].unique().implode())
    reason = (
        pl.when(actual | treated)
        .then(None)
        .when(~planned & screen_failure)
        .then(pl.lit("SCREEN FAILURE"))
        .when(~planned & ended)
        .then(pl.lit("NOT ASSIGNED"))
        .when(planned & ended & pl.lit(_submits_treatment(draft)))
        .then(pl.lit("ASSIGNED, NOT TREATED"))
    )
    draft.fill(ARM_NULL_REASON, "DM", "ARMNRS", facts.select(reason).to_series())


def _submits_treatment(draft: Draft) -> bool:
    """Whether the study's tables map EX at all: without it, nothing tells who was treated."""
    return any(one.domain == "EX" for one in draft.tables.provenance)


_ASSIGNED = Origin("Assigned", "Sponsor")

ACTUAL_ARM = Derivation(
    name="actual_arm",
    outputs=(
        Output(
            "DM.ACTARMCD",
            ("EX.EXTRT",),
            "The arm whose treatments include every treatment that the subject received (EXTRT), "
            "where only one arm does.",
        ),
    ),
    apply=_actual_arm,
)

ARM_NAMES = Derivation(
    name="arm_names",
    outputs=tuple(
        Output(f"DM.{variable}", (f"DM.{other}",), f"By {other}, as in TA.", _ASSIGNED)
        for pair in _PAIRS
        for variable, other in (pair, pair[::-1])
    ),
    apply=_names,
)

ARM_NULL_REASON = Derivation(
    name="arm_null_reason",
    outputs=(
        Output(
            "DM.ARMNRS",
            ("DM.ARMCD", "DM.ACTARMCD", "DS.DSDECOD", "DS.DSCAT", "EX.USUBJID"),
            "For subjects without treatment whose participation has ended: SCREEN FAILURE where "
            "the disposition says so and no arm was planned, NOT ASSIGNED for others without a "
            "planned arm, ASSIGNED, NOT TREATED for those with one.",
            _ASSIGNED,
        ),
    ),
    apply=_null_reason,
)

"""DM.AGE in completed years, from a birth date that may be partial, only where it is certain."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm import iso8601
from trialect.mappings.sdtm.draft import Derivation, Draft, Output
from trialect.problems import rule

UNCERTAIN = rule(
    "DERIVE-AGE",
    "note",
    "The age cannot be told from the birth date",
    "Born {value}, the subject is {least} to {most} years old on {reference}, so AGE is left "
    "empty.",
    "Collect the age or a more complete birth date, and map it.",
    "SDTMIG 3.4, 5.2",
)


def _apply(draft: Draft) -> None:
    if not draft.has("DM", "BRTHDTC"):
        return
    dm = draft.frames["DM"]
    given = [pl.col(c) for c in ("RFICDTC", "RFSTDTC") if c in dm.columns]
    if not given:
        return
    facts = dm.with_columns(pl.coalesce(given).alias("reference"))
    facts = iso8601.with_bounds(facts, "BRTHDTC", "birth_")
    facts = iso8601.with_bounds(facts, "reference", "then_")
    least, most = iso8601.age(
        (pl.col("birth_lower"), pl.col("birth_upper")),
        (pl.col("then_lower"), pl.col("then_upper")),
    )
    facts = facts.with_columns(least=least, most=most)
    mapped = pl.col("AGE").is_not_null() if "AGE" in dm.columns else pl.lit(value=False)
    certain = (pl.col("least") == pl.col("most")) & (pl.col("least") >= 0)
    age = facts.select(pl.when(certain & ~mapped).then("least").alias("AGE")).to_series()
    draft.report(
        UNCERTAIN,
        "DM",
        facts.filter(~mapped & (pl.col("least") < pl.col("most"))),
        "AGE",
        {"value": "BRTHDTC", "least": "least", "most": "most", "reference": "reference"},
    )
    draft.fill(AGE, "DM", "AGE", age)
    draft.fill(AGE, "DM", "AGEU", pl.when(pl.lit(age.is_not_null())).then(pl.lit("YEARS")))


AGE = Derivation(
    name="age",
    outputs=(
        Output(
            "DM.AGE",
            ("DM.BRTHDTC", "DM.RFICDTC", "DM.RFSTDTC"),
            "Completed years from birth (BRTHDTC) to informed consent (RFICDTC), or to RFSTDTC "
            "where the subject has no consent date. Missing where a partial date leaves more "
            "than one age possible.",
        ),
        Output("DM.AGEU", ("DM.AGE",), "YEARS where AGE was derived."),
    ),
    apply=_apply,
)

"""--DY, --STDY and --ENDY: days from the reference start, without a day 0."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import Derivation, Draft, Output
from trialect.mappings.sdtm.iso8601 import day, study_day

_DAYS = {"--DY": "--DTC", "--STDY": "--STDTC", "--ENDY": "--ENDTC"}


def _apply(draft: Draft) -> None:
    reference = draft.subjects("RFSTDTC").with_columns(day(pl.col("RFSTDTC")))
    for name, model in draft.subject_datasets():
        for variable, date in _DAYS.items():
            days, dates = model.expand(variable), model.expand(date)
            if model.allowed(days) is None or not draft.has(name, dates):
                continue
            start = draft.by_subject(name, reference, "RFSTDTC").alias("@reference")
            values = (
                draft.frames[name]
                .select(dates, start)
                .select(study_day(day(pl.col(dates)), pl.col("@reference")))
            )
            draft.fill(STUDY_DAYS, name, days, values.to_series())


STUDY_DAYS = Derivation(
    name="study_day",
    outputs=tuple(
        Output(
            variable,
            (date, "DM.RFSTDTC"),
            f"{date} - RFSTDTC in days, plus 1 on or after RFSTDTC, so that there is no day 0; "
            "missing unless both dates are complete.",
        )
        for variable, date in _DAYS.items()
    ),
    apply=_apply,
)

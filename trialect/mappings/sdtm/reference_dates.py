"""The reference dates of DM: treatment, reference period, consent, death, end of participation."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm import iso8601
from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.mappings.sdtm.iso8601 import pick
from trialect.problems import rule
from trialect.protocol import Event
from trialect.study_options import ReferencePeriod

DEATHS_DIFFER = rule(
    "DERIVE-DEATH-DATES",
    "warning",
    "A subject has several dates of death",
    "{domain} gives {value} as dates of death, so DTHDTC is left empty.",
    "Correct the records, or map DTHDTC.",
    "CG0069",
)

CONSENT = "INFORMED CONSENT OBTAINED"
"""DSDECOD of consent (SDTM CT C114118)."""


def _dates(draft: Draft, name: str, *variables: str) -> pl.DataFrame:
    """All dates in some variables of a dataset: USUBJID, date."""
    empty = pl.DataFrame(schema={SUBJECT: pl.String, "date": pl.String})
    frames = [
        draft.frames[name].select(SUBJECT, pl.col(variable).alias("date")).drop_nulls()
        for variable in variables
        if draft.has(name, SUBJECT, variable)
    ]
    return pl.concat([empty, *frames])


def _set(draft: Draft, by: Derivation, variable: str, dates: pl.DataFrame) -> None:
    if draft.has("DM", SUBJECT):
        draft.fill(by, "DM", variable, draft.by_subject("DM", dates, "date"))


def _treatment(draft: Draft) -> None:
    starts = _dates(draft, "EX", "EXSTDTC")
    _set(draft, TREATMENT, "RFXSTDTC", pick(starts, SUBJECT, "date", "earliest"))
    ends = _dates(draft, "EX", "EXSTDTC", "EXENDTC")
    _set(draft, TREATMENT, "RFXENDTC", pick(ends, SUBJECT, "date", "latest"))


def _reference(draft: Draft) -> None:
    period, usual = draft.study.sdtm.reference, ReferencePeriod()
    for variable, event, default, treatment in (
        ("RFSTDTC", period.start, usual.start, "RFXSTDTC"),
        ("RFENDTC", period.end, usual.end, "RFXENDTC"),
    ):
        if event == default:
            dates = draft.subjects(treatment).rename({treatment: "date"})
        else:
            dates = draft.event(event)
        _set(draft, REFERENCE, variable, dates)


def _consent(draft: Draft) -> None:
    if draft.has("DS", "DSDECOD"):
        consent = draft.event(Event("DS", "DSSTDTC", f"DSDECOD = '{CONSENT}'"))
        _set(draft, INFORMED_CONSENT, "RFICDTC", consent)


def _death(draft: Draft) -> None:
    if not draft.has("DM", SUBJECT):
        return
    told = pl.DataFrame(schema={SUBJECT: pl.String})
    for name, variable, value, date in (
        ("DS", "DSDECOD", "DEATH", "DSSTDTC"),
        ("AE", "AEOUT", "FATAL", "AEENDTC"),
        ("AE", "AESDTH", "Y", None),
        ("DD", "DDTESTCD", None, None),
        ("SS", "SSSTRESC", "DEAD", None),
    ):
        if not draft.has(name, SUBJECT, variable):
            continue
        is_meant = pl.col(variable) == value if value else pl.col(variable).is_not_null()
        deaths = draft.frames[name].filter(is_meant)
        told = pl.concat([told, deaths.select(SUBJECT)])
        if date and date in deaths.columns:
            by_subject = (
                deaths.select(SUBJECT, pl.col(date).alias("date"))
                .drop_nulls()
                .group_by(SUBJECT)
                .agg(pl.col("date").unique().sort())
                .sort(SUBJECT)
            )
            several = by_subject.filter(pl.col("date").list.len() > 1)
            draft.report(
                DEATHS_DIFFER,
                name,
                several.with_columns(pl.col("date").list.join(", ")),
                date,
                {"value": "date"},
            )
            one = by_subject.filter(pl.col("date").list.len() == 1)
            _set(draft, DEATH, "DTHDTC", one.with_columns(pl.col("date").list.first()))
    dead = pl.col(SUBJECT).is_in(told[SUBJECT].unique().implode())
    if "DTHDTC" in draft.frames["DM"].columns:
        dead = dead | pl.col("DTHDTC").is_not_null()
    draft.fill(DEATH, "DM", "DTHFL", pl.when(dead).then(pl.lit("Y")))


def _participation(draft: Draft) -> None:
    last: list[pl.DataFrame] = []
    for name, model in draft.subject_datasets():
        if name in ("DM", "SE"):
            continue
        frame = draft.frames[name]
        stat = model.expand("--STAT")
        if stat in frame.columns:
            frame = frame.filter(pl.col(stat).ne_missing("NOT DONE"))
        for variable in (model.expand(one) for one in ("--DTC", "--STDTC", "--ENDTC")):
            if variable in frame.columns and model.allowed(variable) is not None:
                dates = frame.select(SUBJECT, pl.col(variable).alias("date")).drop_nulls()
                last.append(dates.unique())
    if last:
        dates = _without_vague(draft, pl.concat(last).unique())
        _set(draft, PARTICIPATION_END, "RFPENDTC", pick(dates, SUBJECT, "date", "latest"))


def _without_vague(draft: Draft, dates: pl.DataFrame) -> pl.DataFrame:
    """The dates without partial ones that are not certainly later than the subject's disposition:
    what is known to the day must not be blurred by them.
    """
    if not draft.has("DS", "DSCAT"):
        return dates
    end = draft.event(Event("DS", "DSSTDTC", "DSCAT = 'DISPOSITION EVENT'", "latest"))
    end = iso8601.with_bounds(end, "date", "end_").filter(
        pl.col("end_upper") - pl.col("end_lower") < iso8601.DAY
    )
    known = iso8601.with_bounds(dates, "date").join(
        end.select(SUBJECT, "end_upper"), on=SUBJECT, how="left"
    )
    vague = pl.col("lower").is_null() | (pl.col("upper") - pl.col("lower") >= iso8601.DAY)
    passed = pl.col("lower").is_null() | (pl.col("lower") <= pl.col("end_upper"))
    keep = pl.col("end_upper").is_null() | ~(vague & passed)
    return known.filter(keep).select(dates.columns)


TREATMENT = Derivation(
    name="treatment_dates",
    outputs=(
        Output(
            "DM.RFXSTDTC",
            ("EX.EXSTDTC",),
            "The earliest start of study treatment (EXSTDTC). Partial dates count only as far as "
            "they are certain.",
        ),
        Output(
            "DM.RFXENDTC",
            ("EX.EXSTDTC", "EX.EXENDTC"),
            "The latest start or end of study treatment (EXSTDTC, EXENDTC). Partial dates count "
            "only as far as they are certain.",
        ),
    ),
    apply=_treatment,
)

REFERENCE = Derivation(
    name="reference_period",
    outputs=(
        Output(
            "DM.RFSTDTC",
            ("DM.RFXSTDTC",),
            "The start of the reference period that the study declares; unless it declares "
            "another event, the first study treatment (RFXSTDTC).",
        ),
        Output(
            "DM.RFENDTC",
            ("DM.RFXENDTC",),
            "The end of the reference period that the study declares; unless it declares another "
            "event, the last study treatment (RFXENDTC).",
        ),
    ),
    apply=_reference,
)

INFORMED_CONSENT = Derivation(
    name="informed_consent",
    outputs=(
        Output(
            "DM.RFICDTC",
            ("DS.DSSTDTC", "DS.DSDECOD"),
            "The earliest date of disposition records with DSDECOD = INFORMED CONSENT OBTAINED.",
        ),
    ),
    apply=_consent,
)

DEATH = Derivation(
    name="death",
    outputs=(
        Output(
            "DM.DTHDTC",
            ("DS.DSSTDTC", "DS.DSDECOD", "AE.AEENDTC", "AE.AEOUT"),
            "The date of the disposition record with DSDECOD = DEATH, else the end date of the "
            "adverse event with AEOUT = FATAL; missing where records give different dates.",
        ),
        Output(
            "DM.DTHFL",
            ("DM.DTHDTC", "DS.DSDECOD", "AE.AEOUT", "AE.AESDTH", "DD.DDTESTCD", "SS.SSSTRESC"),
            "Y where a date of death, a disposition of DEATH, a fatal adverse event, death "
            "details or a survival status of DEAD is recorded.",
        ),
    ),
    apply=_death,
)

PARTICIPATION_END = Derivation(
    name="participation_end",
    outputs=(
        Output(
            "DM.RFPENDTC",
            ("--DTC", "--STDTC", "--ENDTC"),
            "The latest date of any record of the subject in any domain (--DTC, --STDTC, "
            "--ENDTC), without assessments that were not done. A partial date counts only where "
            "it is certainly later than the disposition event.",
        ),
    ),
    apply=_participation,
)

"""Small protocols and packages, and the rows that their comparison gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from trialect.converters.reconcile import Agreement, Row, Sides, compare
from trialect.converters.reconcile.data_facts import DataFacts, collect
from trialect.protocol import (
    Arm,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Outcome,
    Registration,
    Site,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.registry_facts import SecondaryId
from trialect.trial import Study

STUDY = Study(
    "S1",
    "A trial of A against B",
    Sponsor("Sponsor"),
    registrations=(Registration("NCT00000001", "ClinicalTrials.gov"),),
    secondary_ids=(SecondaryId("2025-500001-11-00", domain="CTIS"),),
    status="RECRUITING",
    start=StudyDate("2026-01-10", "ACTUAL"),
    completion=StudyDate("2026-12-31"),
    conditions=("Pain",),
    design=Design(
        allocation="RANDOMIZED",
        model="PARALLEL",
        masking="DOUBLE",
        masked=("PARTICIPANT", "INVESTIGATOR"),
        purpose="TREATMENT",
        phases=("PHASE2",),
    ),
    enrolment=Enrolment(planned=40),
    eligibility=Eligibility("18 Years", "65 Years", "ALL", healthy_volunteers=False),
    interventions=(
        Intervention("Drug A", "DRUG", treatment="A 5 MG", arms=("Group A",)),
        Intervention("Placebo", "DRUG", arms=("Group B",)),
    ),
    arms=(Arm("A", "Group A", "EXPERIMENTAL"), Arm("B", "Group B", "PLACEBO_COMPARATOR")),
    visits=(Visit(1, "BASELINE", 1), Visit(2, "WEEK 4", 29), Visit(3, "WEEK 12", 85)),
    outcomes=(Outcome("PRIMARY", "Pain score", "Baseline, Week 4, Week 12"),),
    sites=(Site("01", "Hospital One", "Europe/Paris", "FRA"),),
)
"""A protocol with which `subjects()` agree."""


def subject(number: int, **more: Any) -> dict[str, Any]:
    """A record of DM: an enrolled subject who fits the protocol."""
    arm = "A" if number % 2 else "B"
    record = {
        "STUDYID": "S1",
        "USUBJID": f"S1-{number:03d}",
        "SITEID": "01",
        "COUNTRY": "FRA",
        "ARMCD": arm,
        "ARM": f"Group {arm}",
        "ACTARMCD": arm,
        "ACTARM": f"Group {arm}",
        "ARMNRS": None,
        "AGE": 30.0 + number,
        "AGEU": "YEARS",
        "SEX": "F" if number % 2 else "M",
        "RFICDTC": f"2026-01-{9 + number:02d}",
        "RFSTDTC": f"2026-01-{10 + number:02d}",
        "RFXSTDTC": f"2026-01-{10 + number:02d}",
        "RFPENDTC": f"2026-04-{10 + number:02d}",
    }
    return {**record, **more}


def failure(number: int, **more: Any) -> dict[str, Any]:
    """A record of DM: a screen failure."""
    none = dict.fromkeys(("ARMCD", "ARM", "ACTARMCD", "ACTARM", "RFSTDTC", "RFXSTDTC"))
    return subject(number, **none, **{"ARMNRS": "SCREEN FAILURE", **more})


def data(
    dm: list[dict[str, Any]] | None = None,
    *,
    limits: tuple[Eligibility, ...] = (STUDY.eligibility,),
    **datasets: list[dict[str, Any]],
) -> DataFacts:
    """The facts of records, by default of four subjects who fit and whose end is not known."""
    records = {"DM": [subject(n) for n in range(1, 5)] if dm is None else dm, **datasets}
    frames = [
        (name, pl.DataFrame(rows, infer_schema_length=None)) for name, rows in records.items()
    ]
    return collect(frames, limits)


def changed(study: Study, **facts: Any) -> Study:
    """The study with other facts."""
    return replace(study, **facts)


def rows(
    comparison: str,
    study: Study = STUDY,
    found: DataFacts | None = None,
    record: Study | None = None,
) -> list[Row]:
    """The rows of one comparison."""
    result = compare(Sides(record, study, data() if found is None else found))
    return [row for row in result.rows if row.rule is not None and row.rule.id == comparison]


def differing(
    comparison: str,
    study: Study = STUDY,
    found: DataFacts | None = None,
    record: Study | None = None,
) -> list[Row]:
    """The findings of one comparison."""
    return [row for row in rows(comparison, study, found, record) if row.differs]


def states(found: list[Row]) -> list[Agreement]:
    """How the values of each row stand."""
    return [row.agreement for row in found]

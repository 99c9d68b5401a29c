"""Theme by theme on the example's own package: three values agree, and differ when one is another.

The record is the study file itself; then one fact of the record, of the study file or of the
datasets is another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import trialect
from trialect.converters.readers.study_yaml import read_study
from trialect.converters.reconcile import Agreement, Row, Sides, compare
from trialect.converters.reconcile.data_facts import DataFacts, collect
from trialect.converters.reconcile.package_data import _of_package
from trialect.protocol import StudyDate
from trialect.trial import Study

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"

Frames = list[tuple[str, pl.DataFrame]]
Cell = tuple[str, str, str, str, str | None]
"""Dataset, variable and its new value, in the records where another variable has this value."""
Change = Callable[[Study], Study]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    out = trialect.convert(EXAMPLE, tmp_path_factory.mktemp("themes") / "out", to=["sdtm"]).out
    return list(_of_package(out))


@pytest.fixture(scope="module")
def study() -> Study:
    """The example, its status and dates as its invented records have them."""
    known = read_study(EXAMPLE)
    return replace(
        known,
        status="COMPLETED",
        start=StudyDate("2025-12-25", "ACTUAL"),
        completion=StudyDate("2026-06-10", "ACTUAL"),
        enrolment=replace(known.enrolment, planned=42, actual=42),
    )


def facts(frames: Frames, study: Study, *changes: Cell) -> DataFacts:
    """The facts of the package with other cells."""
    known = ("DM", "AGE", "40", "AGE", None), ("DM", "AGEU", "YEARS", "AGEU", None)
    changed = dict(frames)
    for dataset, variable, new, where, value in (*known, *changes):
        meant = pl.col(where).is_null() if value is None else pl.col(where) == value
        cells = pl.when(meant).then(pl.lit(new)).otherwise(pl.col(variable))
        changed[dataset] = changed[dataset].with_columns(cells.alias(variable))
    return collect(changed.items(), [study.eligibility])


def row(sides: Sides, rule: str, fact: str, item: str | None) -> Row:
    found = [
        one
        for one in compare(sides).rows
        if one.rule is not None
        and (one.rule.id, one.fact) == (rule, fact)
        and (item is None or one.item == item)
    ]
    assert found, (rule, fact, item)
    return next((one for one in found if one.differs), found[0])


def design(**more: Any) -> Change:
    return lambda study: replace(study, design=replace(study.design, **more))


def enrolment(**more: Any) -> Change:
    return lambda study: replace(study, enrolment=replace(study.enrolment, **more))


def eligibility(**more: Any) -> Change:
    return lambda study: replace(study, eligibility=replace(study.eligibility, **more))


def first(field: str, **more: Any) -> Change:
    """The first item of a list with other facts."""

    def change(study: Study) -> Study:
        one, *others = getattr(study, field)
        return replace(study, **{field: (replace(one, **more), *others)})

    return change


Case = tuple[str, str, str | None, Change | None, tuple[Cell, ...]]
CASES: dict[str, Case] = {
    "planned enrolment": (
        *("RECONCILE-ENROLMENT-PLANNED", "Planned enrolment", None),
        enrolment(planned=60, actual=None),
        (("TS", "TSVAL", "43", "TSPARMCD", "PLANSUB"),),
    ),
    "actual enrolment": (
        *("RECONCILE-ENROLMENT-ACTUAL", "Actual enrolment", None),
        enrolment(actual=40),
        (("DM", "ARMNRS", "SCREEN FAILURE", "ARMCD", "DN"),),
    ),
    "number of arms": (
        *("RECONCILE-ARM-COUNT", "Number of arms", None),
        lambda study: replace(study, arms=study.arms[:1]),
        (("DM", "ARM", "A third arm", "USUBJID", "CTFPIRHD2025-01-001"),),
    ),
    "names of arms": (
        *("RECONCILE-ARM", "Arm", None),
        first("arms", name="Hydrodissection"),
        (("DM", "ARM", "Needling", "ARMCD", "DN"),),
    ),
    "first consent": (
        *("RECONCILE-CONSENT-BEFORE-START", "Start and first consent", None),
        lambda study: replace(study, start=StudyDate("2026-01-05", "ACTUAL")),
        (("DM", "RFICDTC", "2025-12-20", "RFICDTC", "2025-12-25T08:39"),),
    ),
    "countries": (
        *("RECONCILE-COUNTRY", "Country", None),
        first("sites", country="DEU"),
        (("DM", "COUNTRY", "DEU", "COUNTRY", "TUR"),),
    ),
    "sites": (
        *("RECONCILE-SITE", "Site", None, None),
        (("DM", "SITEID", "07", "SITEID", "01"),),
    ),
    "time frames": (
        *("RECONCILE-TIME-FRAME", "Time frame", "primary: Numerical pain score"),
        *(first("outcomes", time_frame="6 months after the intervention"), ()),
    ),
    "visits": (
        *("RECONCILE-TIME-FRAME-VISITS", "Time frame and visits", None),
        first("outcomes", time_frame="6 months after the intervention"),
        (("QS", "VISITDY", "61", "VISITDY", "91"), ("SV", "VISITDY", "61", "VISITDY", "91")),
    ),
    "ages": (
        *("RECONCILE-AGE", "Age of a subject", None),
        eligibility(maximum_age="60 Years"),
        (("DM", "AGE", "66", "AGE", "62"),),
    ),
    "sex": (
        *("RECONCILE-SEX", "Sex of a subject", None),
        *(eligibility(sex="FEMALE"), ()),
    ),
    "treatments": (
        *("RECONCILE-TREATMENT", "Treatment", None),
        lambda study: replace(study, interventions=study.interventions[:1]),
        (("EX", "EXTRT", "DRY CUPPING", "EXTRT", "GLUTEUS MAXIMUS DRY NEEDLING"),),
    ),
    "status": (
        *("RECONCILE-STATUS-COMPLETED", "Status and disposition", None, None),
        (("DS", "DSCAT", "OTHER EVENT", "DSDECOD", "LOST TO FOLLOW-UP"),),
    ),
    "criteria": (
        *("RECONCILE-CRITERIA", "Exclusion criterion", "EXCL02"),
        lambda study: replace(study, criteria=study.criteria[:-1]),
        (("TI", "IETEST", "Pregnancy or lactation", "IETESTCD", "EXCL02"),),
    ),
    "masking": (
        *("RECONCILE-MASKING", "Masking", None),
        design(masking="NONE", masked=()),
        (("TS", "TSVAL", "OPEN LABEL", "TSPARMCD", "TBLIND"),),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_three_values_agree(case: str, study: Study, frames: Frames) -> None:
    rule, *_ = CASES[case]
    sides = Sides(study, study, facts(frames, study))
    found = [one for one in compare(sides).rows if one.rule is not None and one.rule.id == rule]
    assert not [one for one in found if one.differs], [one.why for one in found if one.differs]
    assert [one for one in found if one.agreement is Agreement.AGREE]


@pytest.mark.parametrize("case", [name for name, one in CASES.items() if one[3] is not None])
@pytest.mark.parametrize("side", ["registry", "study"])
def test_a_protocol_with_another_fact_differs(
    case: str, side: str, study: Study, frames: Frames
) -> None:
    rule, fact, item, change, _ = CASES[case]
    assert change is not None
    other = change(study)
    record, file = (other, study) if side == "registry" else (study, other)
    found = row(Sides(record, file, facts(frames, other)), rule, fact, item)
    assert found.differs, found
    assert found.why


@pytest.mark.parametrize("case", [name for name, one in CASES.items() if one[4]])
def test_data_with_another_value_differ(case: str, study: Study, frames: Frames) -> None:
    rule, fact, item, _, cells = CASES[case]
    found = row(Sides(study, study, facts(frames, study, *cells)), rule, fact, item)
    assert found.differs, found
    assert found.why

"""The criteria: how many there are of each kind."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import Row, Sides, Value, comparison, weigh
from trialect.converters.reconcile.comparisons.sides import both
from trialect.trial import Study

THEME = "Criteria"


@comparison(
    "RECONCILE-CRITERIA",
    THEME,
    "warning",
    "The number of criteria differs",
    "Compare the lists with the approved protocol and add what is missing.",
    "ClinicalTrials.gov, Eligibility Criteria; SDTMIG 3.4, 7.4.1 (TI)",
)
def criteria(sides: Sides) -> Iterator[Row]:
    """Inclusion and exclusion criteria, counted; TI holds those of all versions."""
    for kind in ("INCLUSION", "EXCLUSION"):
        count = sides.data.criteria[kind]
        yield from weigh(
            f"{kind.capitalize()} criteria",
            registry=_count(sides.record, kind),
            study=_count(sides.study, kind),
            data=Value(f"{count} (TI)", count) if sides.data.has("TI") else None,
            expected=both(sides),
            field="criteria",
            domain="TI",
        )


def _count(study: Study | None, kind: str) -> Value | None:
    if study is None or not study.criteria:
        return None
    count = len({one.code for one in study.criteria if one.category == kind})
    return Value(str(count), count)

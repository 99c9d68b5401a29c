"""The criteria: how many there are of each kind."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import Row, Sides, Value, comparison, weigh
from trialect.converters.reconcile.comparisons.sides import both
from trialect.mappings.registry.criteria import read_criteria
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
    """The criteria of a kind; those of a text that is not in parts yet are read from it."""
    if study is None:
        return None
    criteria = study.criteria
    if not criteria and study.eligibility.criteria:
        criteria = read_criteria(study.eligibility.criteria, lambda _: None)
        if not criteria:
            return Value("a text", None, "the text does not say what includes and what excludes")
    if not criteria:
        return None
    count = len({one.code for one in criteria if one.category == kind})
    return Value(str(count), count)

"""What study.yaml must hold true beyond its form.

Each check is a function from the study and its lines to problems; `CHECKS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trialect.converters.readers import study_references, study_values
from trialect.converters.readers.study_facts import Facts
from trialect.problems import Problem

CHECKS: tuple[Callable[[Facts], Iterator[Problem]], ...] = (
    study_values.words,
    study_values.dates,
    study_values.date_formats,
    study_values.ages,
    study_references.references,
    study_references.event_dates,
    study_references.uniqueness,
    study_values.days,
    study_values.zones,
    study_values.numbers,
    study_references.versions,
    study_references.places,
    study_references.identifier,
    study_values.encodings,
    study_values.urls,
    study_values.transliterations,
)


def check(facts: Facts) -> list[Problem]:
    """Everything that is wrong with a study as a whole, in the order of its lines."""
    found = [problem for one in CHECKS for problem in one(facts)]
    return sorted(found, key=lambda problem: problem.row or 0)

"""What a conversion of a study writes of its protocol alone: a registry's files, and what became
of each fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.losses import losses_of, tables_of, trial_json
from trialect.converters.package import LOSSES_HTML, LOSSES_JSON
from trialect.converters.readers.study_yaml import FILE
from trialect.converters.study_targets import StudyFile, writer_of
from trialect.converters.writers.losses_html import trial_page
from trialect.mappings.registry.places import fact_of
from trialect.problems import Problem
from trialect.trial import Study

if TYPE_CHECKING:
    from trialect.converters.targets import Outputs

_TOLD_BY = {
    **dict.fromkeys(("TS", "TI", "TA", "TE", "TV", "TRIAL"), "sdtm"),
    "FHIR": "fhir",
}
"""The target whose steps tell the rules of an area."""


def write_study(target: str, outputs: Outputs) -> Iterator[Problem]:
    """Write the files that a target makes of the study, into the package."""
    found: list[Problem] = []
    for file in writer_of(target)(outputs.job.study, found.append):
        _put(outputs.package, file)
    outputs.account.told += [(target, one) for one in found]
    of_folder = outputs.job.source == "study-folder"
    for one in found:
        yield one.at(file=FILE) if of_folder and one.field and not one.file else one


def write_losses(
    package: Path,
    study: Study,
    targets: Iterable[str],
    told: Iterable[tuple[str, Problem]],
    problems: Iterable[Problem],
) -> None:
    """Write losses.json and losses.html of a study: what became of each fact in each target.

    `told` is what the writers of the Study told; of `problems` those that other steps told of a
    fact are added.
    """
    tables = tables_of(targets, study)
    others = [
        (_TOLD_BY[area], one)
        for one in problems
        if (area := one.rule.split("-", 1)[0]) in _TOLD_BY
        and _TOLD_BY[area] in tables
        and fact_of(one.field)
    ]
    losses = losses_of(study, study.studyid, tables, [*told, *others], {})
    _put(package, StudyFile(LOSSES_JSON, trial_json(losses)))
    _put(package, StudyFile(LOSSES_HTML, trial_page(losses)))


def _put(package: Path, file: StudyFile) -> None:
    path = package / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)

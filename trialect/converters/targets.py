"""What a study can be written as. A new target is a module with its steps and a line here.

A target takes part where it has something to do: for each partition of subjects, for each
dataset, once when all of them are there, and at the end when the findings are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from trialect.converters import datasets, fhir_files
from trialect.converters.account import Account
from trialect.converters.datasets import Plan, Written
from trialect.converters.partition import Job, Part
from trialect.converters.study_files import write_study
from trialect.converters.study_targets import STUDY_TARGETS
from trialect.metadata import DatasetMeta
from trialect.problems import Problem


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the steps of a target may need once every partition is done."""

    job: Job
    plan: Plan
    parts: Sequence[Part]
    files: Mapping[str, Sequence[str]]
    account: Account

    @property
    def package(self) -> Path:
        """The package that is being built."""
        return self.plan.package


@dataclass(frozen=True, slots=True)
class Target:
    """The steps of one target; every step gives the problems it found.

    `partition` sees the domains of whole subjects, as they were collected, in the process that
    made them; `join` what all partitions made, while the datasets are written; `dataset` one
    dataset of all subjects as it is submitted (its problems and files in `Written`); `whole`
    everything, once; `close` all findings, before they are reported.
    """

    partition: Callable[[Job, Mapping[str, pl.DataFrame], Part], Iterable[Problem]] | None = None
    join: Callable[[Job, Path, Sequence[Part], Account], Iterable[Problem]] | None = None
    dataset: Callable[[Plan, DatasetMeta, Written], None] | None = None
    whole: Callable[[Outputs], Iterable[Problem]] | None = None
    close: Callable[[Plan, Account, Sequence[Problem]], Iterable[Problem]] | None = None


_WITH_RECORDS: dict[str, Target] = {
    "sdtm": Target(
        dataset=datasets.as_xpt,
        whole=lambda outputs: datasets.describe_xpt(outputs.plan, outputs.files),
        close=datasets.close_xpt,
    ),
    "dataset-json": Target(dataset=datasets.as_dataset_json),
    "fhir": Target(
        partition=fhir_files.render,
        join=fhir_files.join_fhir,
    ),
}

TARGETS: dict[str, Target] = _WITH_RECORDS | {
    name: Target(whole=partial(write_study, name))
    for name in STUDY_TARGETS
    if name not in _WITH_RECORDS
}
"""Every target by its name, those with the subjects' records before those of the Study alone;
`--to` and `outputs` in study.yaml choose among them."""


def join_parts(
    targets: Sequence[str], job: Job, package: Path, parts: Sequence[Part], account: Account
) -> list[Problem]:
    """What every target makes of all partitions together."""
    found: list[Problem] = []
    for name in targets:
        step = TARGETS[name].join
        if step is not None:
            found += step(job, package, parts, account)
    return found


def dataset_steps(plan: Plan) -> list[tuple[str, DatasetMeta]]:
    """Every target and dataset that it writes, the largest first: processes then end together."""
    steps = [
        (name, meta)
        for name in plan.targets
        for meta in plan.metas
        if TARGETS[name].dataset is not None
    ]
    return sorted(steps, key=lambda one: -one[1].rows * len(one[1].variables))


def write_dataset(plan: Plan, step: tuple[str, DatasetMeta]) -> Written:
    """Write one dataset as one target."""
    name, meta = step
    written = Written(meta.name)
    write = TARGETS[name].dataset
    if write is not None:
        write(plan, meta, written)
    return written

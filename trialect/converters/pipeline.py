"""From a study folder to a package: the list of steps, and nothing else.

docs/architecture.md tells what each step takes and gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from trialect.converters import assemble
from trialect.converters.account import Account, FormAccount, write_manifest
from trialect.converters.package import LINEAGE, MANIFEST, REPORT_HTML, REPORT_JSON, building
from trialect.converters.partition import TRIAL, Job, Part, keep_problems, process, submit
from trialect.converters.readers.study_yaml import assumption_problems, read_study
from trialect.converters.stage import stage
from trialect.converters.stamp import stamp_of
from trialect.mappings.sdtm import trial_design
from trialect.mappings.tables import check_columns, read_tables
from trialect.problems import Problem, Problems, Severity, Unusable, rule
from trialect.profile import merge
from trialect.schemas.define.describe import describe
from trialect.schemas.sdtm.checks import run_trial_checks
from trialect.trial import Study, Trial

TARGETS = ("sdtm", "dataset-json", "fhir")
"""What a study can be written as; `--to` chooses among them."""

PARTITION_SUBJECTS = 2000
"""Subjects in a partition; memory grows with it, the bytes written do not depend on it."""

UNKNOWN_TARGET = rule(
    "OUT-TARGET",
    "error",
    "The target is not known",
    "{value!r} is no target.",
    "The targets are sdtm, dataset-json and fhir.",
)

Progress = Callable[[str, int, int], None]
"""Told the step's name, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert` did: the package's folder and the account of it."""

    out: Path
    account: Account

    @property
    def errors(self) -> int:
        """The number of findings of severity error."""
        return self.account.by_severity.get(Severity.ERROR, 0)

    @property
    def problems(self) -> list[Problem]:
        """All findings, read back from the package's report.json."""
        report = orjson.loads((self.out / REPORT_JSON).read_bytes())
        return [Problem.from_dict(one) for one in report["problems"]]


def convert(
    study_folder: str | Path,
    out: str | Path | None = None,
    *,
    to: Sequence[str] | None = None,
    unblinded: bool = False,
    jobs: int = 1,
    partition_subjects: int = PARTITION_SUBJECTS,
    progress: Progress | None = None,
) -> Conversion:
    """Convert a study folder into a package at `out` (default: `out` inside the study folder).

    `to` limits the targets (default: `outputs` of study.yaml). With `jobs` above 1, partitions
    are worked on in that many processes; the bytes are the same. Raises `Unusable` when the
    input cannot be converted at all; everything else is a finding in the package's report.
    """
    folder = Path(study_folder)
    destination = Path(out) if out is not None else folder / "out"
    tell = progress or (lambda step, done, total: None)
    tell("read the study", 0, 1)
    study = read_study(folder)
    targets = _targets(study, to)
    with building(destination, folder) as package:
        spool = package.parent / "spool"
        spool.mkdir()
        job, problems = _prepare(folder, study, spool, targets, unblinded, partition_subjects)
        account = _account(job, folder, targets)
        with _mapper(job, jobs) as run:
            parts = [_trial_part(job, problems)]
            for part in run(process, range(job.staged.partitions)):
                parts.append(part)
                tell("map, derive and check", len(parts) - 1, job.staged.partitions)
            assemble.count(account, job, parts)
            profiles = merge(part.profiles for part in parts)
            provenance = assemble.provenance(job, parts)
            metas = describe(study, profiles, provenance)
            found = Problems(run_trial_checks(profiles, metas, study, account))
            plan = assemble.Plan(job, package, tuple(metas), tuple(parts), targets, account.stamp)
            for done, written in enumerate(run(plan.write_dataset, range(len(metas))), start=1):
                found.extend(written)
                tell("write datasets", done, len(metas))
            found.extend(plan.write_define())
            found.extend(plan.write_fhir(account))
            found.extend(plan.cross_check(account))
        plan.write_lineage(provenance)
        plan.write_rejected(account)
        closing = Part(TRIAL, spool / "closing")
        closing.folder.mkdir()
        keep_problems(closing, found)
        tell("report", 0, 1)
        _report(package, account, [*parts, closing], plan)
    return Conversion(destination, account)


def read(study_folder: str | Path) -> Trial:
    """A study folder as a `Trial` in memory: Study, domains with their lineage, problems.

    Raises `Unusable` when the study, its tables or its exports cannot be read at all.
    """
    import tempfile

    folder = Path(study_folder)
    study = read_study(folder)
    with tempfile.TemporaryDirectory(prefix="trialect-") as spool:
        job, problems = _prepare(folder, study, Path(spool), (), False, PARTITION_SUBJECTS)
        return assemble.whole_trial(job, problems)


def _targets(study: Study, to: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(to if to else study.outputs))
    unknown = [UNKNOWN_TARGET.problem(value=one) for one in wanted if one not in TARGETS]
    if unknown:
        raise Unusable(unknown)
    return wanted


def _prepare(
    folder: Path,
    study: Study,
    spool: Path,
    targets: tuple[str, ...],
    unblinded: bool,
    partition_subjects: int,
) -> tuple[Job, Problems]:
    """Everything before the partitions: tables, exports staged, trial design made."""
    problems = Problems(assumption_problems(study))
    tables = read_tables(folder, study)
    problems.extend(tables.problems)
    # Bundles hold whole groups of subjects, so a partition holds whole bundles.
    group = study.fhir.bundle_subjects
    size = max(1, -(-partition_subjects // group)) * group
    staged = stage(study, folder, spool / "staged", forms=tables.forms, partition_subjects=size)
    problems.extend(staged.problems)
    problems.extend(check_columns(tables, staged.columns))
    problems.stop_on_errors()
    design = trial_design(study)
    problems.extend(design.problems)
    job = Job(
        study=study,
        tables=tables,
        staged=staged,
        spool=spool,
        trial_frames=design.frames,
        trial_provenance=tuple(design.provenance),
        partition_subjects=size,
        fhir="fhir" in targets,
        unblinded=unblinded,
    )
    return job, problems


def _trial_part(job: Job, problems: Problems) -> Part:
    """The trial design datasets as a part of their own, with the problems found so far."""
    part = Part(TRIAL, job.spool / TRIAL, provenance=job.trial_provenance)
    part.folder.mkdir()
    submit(part, job.trial_frames, list(problems), job)
    return part


def _account(job: Job, folder: Path, targets: tuple[str, ...]) -> Account:
    account = Account(job.study, targets, job.unblinded, stamp_of(job.study).isoformat())
    for name, form in job.staged.forms.items():
        account.forms[name] = FormAccount(form.file, form.sha256, form.bytes, rows=form.rows)
    account.other_inputs = [
        assemble.output_of(folder, path)
        for path in sorted([folder / "study.yaml", *(folder / "mappings").rglob("*.*")])
        if path.is_file()
    ]
    return account


def _report(package: Path, account: Account, parts: Sequence[Part], plan: assemble.Plan) -> None:
    from trialect.converters.writers.report import write_html, write_json
    from trialect.converters.writers.reviewers_guide import write_guide

    assemble.count_problems(account, parts)
    problems = assemble.sorted_problems(parts)
    if "sdtm" in account.targets:
        write_guide(plan.sdtm, account, plan.metas, problems)
    write_json(package / REPORT_JSON, account, problems)
    write_html(package / REPORT_HTML, account, problems)
    assemble.fingerprint(package, account, plan)
    write_manifest(package / MANIFEST, account)


Run = Callable[[Callable, Sequence[int] | range], Iterator]  # type: ignore[type-arg] # any step


@contextmanager
def _mapper(job: Job, jobs: int) -> Iterator[Run]:
    """Runs a step over numbers in order, here or in `jobs` processes."""
    raise NotImplementedError
    yield


__all__ = ["LINEAGE", "TARGETS", "AbstractContextManager", "Conversion", "convert", "os", "read"]

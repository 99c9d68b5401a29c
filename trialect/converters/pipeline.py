"""From a study folder to a package: the list of steps, and nothing else.

docs/architecture.md tells what each step takes and gives.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import orjson
import polars as pl

from trialect.converters import closing
from trialect.converters.account import Account, write_manifest
from trialect.converters.baseline import Baseline, read_baseline
from trialect.converters.claims import contested
from trialect.converters.crosscheck import cross_check
from trialect.converters.datasets import Plan
from trialect.converters.explanations import EXPLANATIONS, Explanation, read_explanations
from trialect.converters.fhir_release import release_named
from trialect.converters.lineage import write_lineage
from trialect.converters.package import MANIFEST, REPORT_HTML, REPORT_JSON, REPORT_XLSX, building
from trialect.converters.partition import (
    TRIAL,
    Job,
    Part,
    keep_problems,
    map_and_derive,
    process,
    submit,
)
from trialect.converters.prs_upload import in_upload, look_for_upload
from trialect.converters.readers.study_yaml import FILE
from trialect.converters.reconcile import Reconciliation
from trialect.converters.reconcile.in_conversion import agreement, registry_record
from trialect.converters.review import Checked, Review, review
from trialect.converters.sources import traced_review
from trialect.converters.stamp import stamp_of, stamp_problems
from trialect.converters.study_files import write_losses
from trialect.converters.targets import TARGETS, Outputs, dataset_steps, join_parts, write_dataset
from trialect.converters.traced_package import TracedPackage
from trialect.converters.trial_sources import (
    Facts,
    PartitionSubjects,
    source_of,
    trial_source,
)
from trialect.converters.workers import workers
from trialect.converters.writers.report import write_json
from trialect.converters.writers.report_html import write_html
from trialect.converters.writers.report_xlsx import write_xlsx
from trialect.metadata import Provenance
from trialect.problems import Problem, Problems, Severity, Unusable, rule
from trialect.profile import merge
from trialect.schemas.define.describe import describe
from trialect.trial import Study, Trial

PARTITION_SUBJECTS = 8_500
"""Subjects in a partition at most; memory grows with it, the bytes written do not depend on it."""

WORTH_PROCESSES = 500_000
"""Bytes of exports for which starting other processes pays."""

UNKNOWN_TARGET = rule(
    "OUT-TARGET",
    "error",
    "The target is not known",
    "{value!r} is no target.",
    "The targets are {known}.",
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
    source: str | Path,
    out: str | Path | None = None,
    *,
    to: Sequence[str] | None = None,
    unblinded: bool = False,
    fhir_release: str | None = None,
    partial_upload: bool | None = None,
    jobs: int = 1,
    partition_subjects: int | None = None,
    baseline: str | Path | None = None,
    study: str | Path | None = None,
    record: str | Path | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Convert a study folder or another source (`trial_sources`) into a package at `out`.

    `out` is by default inside a study folder, and beside an SDTM package. `study` is a study.yaml
    that fills what a source other than a study folder does not state.
    `to` limits the targets (default: `outputs` of study.yaml); `fhir_release` is the release that
    FHIR is written in, R4 or R5 (default: `fhir.release` of study.yaml), `partial_upload` how PRS
    takes the upload (default: `registry.prs.partial_upload` of study.yaml). With `jobs` above 1,
    partitions are worked on in that many processes, `partition_subjects` in each (chosen by the
    number of subjects and jobs if it is not given); the bytes are the same. `baseline` is the
    report.json of an earlier run, against which the report tells what is new and what is gone.
    `record` is the trial's record in a registry, with which the report compares study file and
    data (default: `registry.record` of study.yaml).
    Raises `Unusable` when the input cannot be converted at all; everything else is a finding in
    the package's report.
    """
    folder = Path(source)
    kind = source_of(folder)
    steps_of_source = trial_source(kind)
    destination = Path(out) if out is not None else steps_of_source.out(folder)
    tell = progress or _silent
    tell("read the study", 0, 1)
    told = steps_of_source.read_study(folder, Path(study) if study is not None else None)
    told = replace(told, study=in_upload(_in_release(told.study, fhir_release), partial_upload))
    facts, home = told.study, steps_of_source.home(folder)
    targets = _targets(facts, to)
    look_for_upload(partial_upload, targets)
    stamp = stamp_of(facts)
    earlier = read_baseline(Path(baseline)) if baseline is not None else None
    explanations = _explanations(folder)
    beside_source = Path(study).parent if study is not None else home
    study_file = Path(study) if study is not None else folder / FILE
    of_registry = registry_record(facts, beside_source, Path(record) if record else None)
    # What a package states of itself agrees with it; a study file or a record may not.
    compared = kind == "study-folder" or study is not None or of_registry is not None
    with building(destination, folder) as package:
        spool = package.parent / "spool"
        spool.mkdir()
        # A small trial is done before another process has started.
        exports = (home / facts.records.folder).rglob("*")
        large = sum(one.stat().st_size for one in exports if one.is_file()) >= WORTH_PROCESSES
        processes = jobs if large or partition_subjects is not None else 1
        size = partial(partition_size, partition_subjects, processes, facts.fhir.bundle_subjects)
        with workers(processes, ready, facts) as run:
            job, problems = prepare(folder, kind, told, spool, targets, unblinded, size)
            parts = [_trial_part(job, problems)]
            partitions = range(job.staged.partitions)
            for part in run(process, job, partitions):
                parts.append(part)
                tell("map, derive and check", len(parts) - 1, len(partitions))
            again = contested([part.subjects_by_usubjid for part in parts[1:]])
            job = replace(job, taken=again)
            for index, part in zip(again, run(process, job, again), strict=True):
                parts[1 + index] = part
            account = closing.account(job, folder, targets, stamp, parts)
            account.explanations = explanations
            if of_registry is not None:
                account.other_inputs.append(closing.other_input(of_registry.path, of_registry.name))
            profiles = merge(part.profiles for part in parts)
            provenance = closing.provenance(job, parts)
            metas = tuple(describe(facts, profiles, provenance))
            plan = Plan(facts, package, metas, tuple(parts), targets, stamp)
            found = Problems()
            files: dict[str, list[str]] = {meta.name: [] for meta in metas}
            steps = dataset_steps(plan)
            with ThreadPoolExecutor(1) as beside:
                joined = beside.submit(join_parts, targets, job, package, parts, account)
                traced = beside.submit(_write_lineage, plan, provenance)
                for done, written in enumerate(run(write_dataset, plan, steps), start=1):
                    files[written.dataset] += written.files
                    found.extend(written.problems)
                    account.digests.update(written.digests)
                    tell("write datasets", done, len(steps))
                found.extend(joined.result())
                traced.result()
        outputs = Outputs(job, plan, parts, files, account)
        for name in targets:
            tell(f"finish {name}", 0, 1)
            whole = TARGETS[name].whole
            if whole is not None:
                found.extend(whole(outputs))
        found.extend(cross_check(plan, files, account))
        closing.write_rejected_rows(package, job, parts)
        last = Part("closing", spool / "closing")
        last.folder.mkdir()
        keep_problems(last, found, job.files)
        tell("report", 0, 1)
        agreed = agreement(facts, of_registry, parts, study_file) if compared else None
        problems = Problems(closing.problems([*parts, last]))
        if agreed is not None:
            problems.extend(agreed.problems)
        for name in targets:
            close = TARGETS[name].close
            if close is not None:
                problems.extend(close(plan, account, list(problems)))
        with ThreadPoolExecutor(1) as beside:
            # Gigabytes take a while to go, and nothing looks at them any more.
            beside.submit(shutil.rmtree, spool, ignore_errors=True)
            _report(package, account, problems, plan, earlier, agreed)
    return Conversion(destination, account)


def read(source: str | Path, *, study: str | Path | None = None) -> Trial:
    """A study folder or another source as a `Trial` in memory: Study, domains with their lineage,
    problems. `study` is as for `convert`.

    Raises `Unusable` when the study, its tables or its exports cannot be read at all.
    """
    folder = Path(source)
    kind = source_of(folder)
    told = trial_source(kind).read_study(folder, Path(study) if study is not None else None)
    with tempfile.TemporaryDirectory(prefix="trialect-") as spool:
        job, problems = prepare(folder, kind, told, Path(spool), (), False, PARTITION_SUBJECTS)
        found: dict[str, list[pl.DataFrame]] = {n: [f] for n, f in job.trial_frames.items()}
        made = [map_and_derive(job, index) for index in range(job.staged.partitions)]
        again = contested([part.subjects_by_usubjid for _, part, _ in made])
        for index in again:
            made[index] = map_and_derive(replace(job, taken=again), index)
        for frames, _, more in made:
            problems.extend(more)
            for name, frame in frames.items():
                found.setdefault(name, []).append(frame)
    joined = {name: pl.concat(frames, how="diagonal") for name, frames in found.items()}
    return Trial(told.study, joined, problems)


def prepare(
    folder: Path,
    kind: str,
    told: Facts,
    spool: Path,
    targets: tuple[str, ...],
    unblinded: bool,
    partition_subjects: PartitionSubjects,
) -> tuple[Job, Problems]:
    """Everything before the partitions: the source's records staged, the trial's own datasets.

    Raises `Unusable` with the errors that make the input no input.
    """
    problems = Problems(told.problems)
    problems.extend(stamp_problems(told.study))
    laid = trial_source(kind).prepare(folder, told.study, spool / "staged", partition_subjects)
    problems.extend(laid.problems)
    job = Job(
        study=told.study,
        tables=laid.tables,
        staged=laid.staged,
        spool=spool,
        trial_frames=laid.frames,
        trial_provenance=tuple(laid.provenance),
        targets=targets,
        unblinded=unblinded,
        source=kind,
        kept=laid.kept,
    )
    return job, problems


def partition_size(wanted: int | None, jobs: int, group: int, subjects: int) -> int:
    """The subjects in a partition: as many as were wanted, else so that all processes have alike.

    Bundles hold whole groups of subjects, so a partition holds whole groups.
    """
    if wanted is None:
        rounds = max(1, -(-subjects // (jobs * PARTITION_SUBJECTS)))
        wanted = -(-subjects // (jobs * rounds))
    return max(1, -(-wanted // group)) * group


def ready(study: Study) -> None:
    """Load what every partition needs: the modules, and the tables of the standards."""
    from trialect.schemas.ct import terminology
    from trialect.schemas.fhir.table import table
    from trialect.schemas.sdtm.model import datasets

    terminology(study.sdtm.ct)
    table(study.fhir.release)
    datasets()


def _silent(step: str, done: int, total: int) -> None:
    """No progress is told."""


def _targets(study: Study, to: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(to if to else study.outputs))
    unknown = [
        UNKNOWN_TARGET.problem(value=one, known=", ".join(TARGETS))
        for one in wanted
        if one not in TARGETS
    ]
    if unknown:
        raise Unusable(unknown)
    return wanted


def _in_release(study: Study, wanted: str | None) -> Study:
    """The study, written in another release of FHIR if one is wanted."""
    if wanted is None:
        return study
    return replace(study, fhir=replace(study.fhir, release=release_named(wanted)))


def _trial_part(job: Job, problems: Problems) -> Part:
    """The trial design datasets as a part of their own, with the problems found so far."""
    part = Part(TRIAL, job.spool / TRIAL, provenance=job.trial_provenance)
    part.folder.mkdir()
    submit(part, job.trial_frames, list(problems), job)
    return part


def _write_lineage(plan: Plan, provenance: Sequence[Provenance]) -> None:
    write_lineage(
        plan.package,
        {meta.name: closing.frames(plan.parts, meta.name) for meta in plan.metas},
        closing.transliterated(plan.parts),
        provenance,
    )


def _explanations(folder: Path) -> tuple[Explanation, ...]:
    """The explanations of a study folder; none where it has no file of them."""
    file = folder / EXPLANATIONS
    return read_explanations(file) if file.exists() else ()


def _report(
    package: Path,
    account: Account,
    problems: Problems,
    plan: Plan,
    earlier: Baseline | None,
    agreed: Reconciliation | None,
) -> None:
    found = review(
        problems,
        explanations=account.explanations,
        baseline=earlier,
        checked=Checked(standards=account.standards, stamp=plan.stamp),
        account=account,
        agreement=agreed,
    )
    _count(account, found)
    found = traced_review(found, TracedPackage(package, account.as_dict()))
    write_json(package / REPORT_JSON, found)
    write_html(package / REPORT_HTML, found)
    write_xlsx(package / REPORT_XLSX, found)
    write_losses(package, account.study, plan.targets, account.told, problems)
    closing.fingerprint(package, account, plan.metas)
    write_manifest(package / MANIFEST, account)


def _count(account: Account, found: Review) -> None:
    closing.count(account, found.problems)
    account.explained = found.explained_by_severity
    account.by_state = found.by_state

"""A study folder as the source of a conversion: study.yaml, exports, mapping tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from trialect.converters.explanations import EXPLANATIONS
from trialect.converters.form_files import UNUSED_FILE
from trialect.converters.partition import Job
from trialect.converters.readers.study_yaml import FILE, assumption_problems, read_study
from trialect.converters.stage import stage
from trialect.converters.trial_sources import Facts, PartitionSubjects, Prepared, TrialSource
from trialect.mappings.engine import Mapped, map_partition
from trialect.mappings.sdtm import trial_design
from trialect.mappings.tables import check_columns, read_tables
from trialect.problems import Problems, Unusable, rule
from trialect.trial import Study

TWO_STUDIES = rule(
    "STUDY-TWICE-GIVEN",
    "error",
    "A study folder has its own study file",
    "{file} has a study.yaml, and another one is given with --study.",
    "Write the facts into the folder's study.yaml.",
)


def recognise(path: Path) -> bool:
    """Whether a folder holds a study file with mapping tables."""
    return (path / FILE).is_file() and (path / "mappings").is_dir()


def study(path: Path, given: Path | None) -> Facts:
    """The study of study.yaml. Raises `Unusable`."""
    if given is not None:
        raise Unusable(TWO_STUDIES.problem(file=path.name))
    found = read_study(path)
    return Facts(found, Problems(assumption_problems(found)))


def prepare(
    path: Path, study: Study, spool: Path, partition_subjects: PartitionSubjects
) -> Prepared:
    """Tables read, exports staged, the trial design made. Raises `Unusable`."""
    tables = read_tables(path, study)
    problems = Problems(tables.problems)
    staged = stage(study, path, spool, forms=tables.forms, partition_subjects=partition_subjects)
    record = study.registry.record
    # The registry's record may lie among the exports, and is none.
    problems.extend(
        one for one in staged.problems if one.rule != UNUSED_FILE.id or one.file != record
    )
    # Rows that staging kept out are findings; tables that do not fit their forms are no tables.
    misfits = Problems(check_columns(tables, staged.columns))
    misfits.stop_on_errors()
    problems.extend(misfits)
    design = trial_design(study, tables)
    problems.extend(design.problems)
    return Prepared(staged, tables, design.frames, tuple(design.provenance), problems)


def map_part(job: Job, index: int, forms: Mapping[str, pl.DataFrame]) -> Mapped:
    """What the mapping tables make of a partition's rows."""
    return map_partition(job.tables, job.study, dict(forms), job.taken.get(index, {}))


def inputs(path: Path) -> Iterator[Path]:
    """The study file, its explanations and the mapping tables."""
    yield path / FILE
    yield path / EXPLANATIONS
    yield from (path / "mappings").rglob("*")


SOURCE = TrialSource(recognise, study, prepare, map_part, inputs)

"""One partition of subjects: mapped, derived, checked and rendered, in whatever process.

`process` is the same function on one core, in several processes or on a cluster. It leaves the
partition's frames and files in the spool and gives back only facts that merge. Nothing in it may
depend on how the subjects were split.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import polars as pl

from trialect.converters.rejected import Rejected
from trialect.converters.spool import write_frame
from trialect.converters.stage import Staged, load
from trialect.converters.transliterate import transliterate
from trialect.converters.trial_sources import trial_source
from trialect.converters.writers.rejected import rejected_rows
from trialect.mappings.sdtm import Derived, derive
from trialect.mappings.tables import MappingTables
from trialect.mappings.terms import NEW_TERM, UNKNOWN_TERM
from trialect.mappings.values import SUBJECT
from trialect.metadata import Provenance
from trialect.problems import Problem
from trialect.profile import DatasetProfile, profile
from trialect.schemas.sdtm.checks import Told, run_checks
from trialect.trial import FORM, ROW, Study

if TYPE_CHECKING:
    from trialect.mappings.fhir.protocol import Item
    from trialect.schemas.fhir import ReferenceIndex

TRIAL = "trial"
"""The name of the part that holds the trial design datasets, beside the numbered partitions."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every partition needs to know; sent to each process once."""

    study: Study
    tables: MappingTables
    staged: Staged
    spool: Path
    trial_frames: Mapping[str, pl.DataFrame]
    trial_provenance: tuple[Provenance, ...]
    targets: tuple[str, ...]
    unblinded: bool
    source: str = "study-folder"
    """The name of what the conversion started from (`trial_sources`)."""
    kept: object = None
    """What the source keeps for its partitions."""
    taken: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """By partition, the USUBJIDs that subjects of earlier ones have, with those subjects."""

    @property
    def files(self) -> dict[str, str]:
        """The file of each form, as problems name it."""
        return {name: form.file for name, form in self.staged.forms.items()}


@dataclass(slots=True)
class Part:
    """What one partition says of itself: facts that merge, and where its files lie."""

    name: str
    folder: Path
    profiles: dict[str, DatasetProfile] = field(default_factory=dict)
    provenance: tuple[Provenance, ...] = ()
    subjects: int = 0
    places: list[int] = field(default_factory=list)
    """The place in the trial of each subject of DM, by which bundles are grouped."""
    subjects_by_usubjid: dict[str, str] = field(default_factory=dict)
    mapped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    flows: Counter[tuple[str, str]] = field(default_factory=Counter)
    fhir: Counter[str] = field(default_factory=Counter)
    fhir_items: list[Item] = field(default_factory=list)
    fhir_folders: list[Path] = field(default_factory=list)
    """Where its FHIR files lie until they are joined, a few subjects in each."""
    references: ReferenceIndex | None = None
    bundles: dict[str, str] = field(default_factory=dict)
    """The bundles' files with their SHA-256."""

    def frame_file(self, dataset: str) -> Path:
        """Where the partition's records of a dataset lie (Arrow IPC)."""
        return self.folder / f"{dataset}.arrow"

    @property
    def problems_file(self) -> Path:
        """Where the partition's problems lie, one JSON object a line."""
        return self.folder / "problems.jsonl"

    def rejected_file(self, form: str) -> Path:
        """Where the partition's quarantined rows of a form lie (Arrow IPC)."""
        return self.folder / "rejected" / f"{form}.arrow"


def map_and_derive(job: Job, index: int) -> tuple[dict[str, pl.DataFrame], Part, list[Problem]]:
    """The domains of one partition as the Trial holds them, in subject order."""
    forms = load(job.staged, index)
    part = Part(f"{index:05d}", job.spool / f"{index:05d}")
    shutil.rmtree(part.folder, ignore_errors=True)
    part.folder.mkdir(parents=True)
    source = trial_source(job.source)
    mapped = source.map_part(job, index, forms)
    part.subjects_by_usubjid = mapped.subjects
    derived = Derived(mapped.frames, [], [])
    if source.derives:
        derived = derive(job.study, job.tables, mapped.frames)
    part.provenance = (*mapped.provenance, *derived.provenance)
    if mapped.rejected:
        part.rejected = _rejected(part, load(job.staged, index, as_read=True), mapped.rejected)
    for form, rows in forms.items():
        if SUBJECT in rows.columns:
            part.mapped[form] = rows.height - part.rejected[form]
    frames = in_subject_order(derived.frames, forms)
    part.places = _places(frames, forms, index * job.staged.partition_subjects)
    part.subjects = len(part.places)
    return frames, part, [*mapped.problems, *derived.problems]


def process(job: Job, index: int) -> Part:
    """Everything that can be done for one partition before the whole trial is known."""
    from trialect.converters.targets import TARGETS

    frames, part, problems = map_and_derive(job, index)
    for name in job.targets:
        step = TARGETS[name].partition
        if step is not None and part.subjects:
            problems += step(job, frames, part)
    submit(part, frames, problems, job)
    return part


def submit(
    part: Part, frames: Mapping[str, pl.DataFrame], problems: list[Problem], job: Job
) -> None:
    """Bring frames into the form in which SDTM is submitted, check and profile them, spool all."""
    written, changes, found = transliterate(frames, job.study)
    problems += found
    told = _told(problems, changes)
    problems += run_checks(written, study=job.study, trial_frames=job.trial_frames, told=told)
    part.profiles = profile(dict(written))
    for name, frame in written.items():
        write_frame(frame, part.frame_file(name))
        if FORM in frame.columns:
            counted = frame.group_by(FORM).len()
            part.flows.update({(form or "", name): n for form, n in counted.iter_rows()})
    if changes.height:
        write_frame(changes, part.folder / "transliterated.arrow")
    keep_problems(part, problems, job.files)


def _told(problems: Iterable[Problem], changes: pl.DataFrame) -> set[Told]:
    """The values that mapping found outside their codelists, also as they are written in ASCII."""
    rules = {UNKNOWN_TERM.id, NEW_TERM.id, "FHIR-TERM-UNKNOWN"}
    told: set[Told] = {(p.domain, p.variable, p.value) for p in problems if p.rule in rules}
    for *place, original, written in changes.select(
        "dataset", "variable", "original", "written"
    ).iter_rows():
        if (*place, original) in told:
            told.add((place[0], place[1], written))
    return told


def keep_problems(part: Part, problems: Iterable[Problem], files: Mapping[str, str]) -> None:
    """Write a part's problems to its spool; forms are named by their files."""
    with part.problems_file.open("ab") as file:
        for problem in problems:
            if problem.file is not None and problem.file in files:
                problem = problem.at(file=files[problem.file])
            file.write(orjson.dumps(problem.as_dict(), option=orjson.OPT_APPEND_NEWLINE))


def in_subject_order(
    frames: Mapping[str, pl.DataFrame], forms: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """The records of each subject together, subjects in the order of their keys in the exports.

    That order, unlike that of USUBJID, is known before anything is mapped, so that partitions
    can be joined end to end.
    """
    dm = frames.get("DM")
    if dm is None:
        return dict(frames)
    rank = (
        _with_subject(dm, forms)
        .sort(SUBJECT, "USUBJID")
        .select("USUBJID", pl.int_range(pl.len()).alias("@rank"))
    )
    ordered = {}
    for name, frame in frames.items():
        if "USUBJID" in frame.columns:
            ordered[name] = (
                frame.join(rank, on="USUBJID", how="left", maintain_order="left")
                .sort("@rank", maintain_order=True, nulls_last=True)
                .drop("@rank")
            )
        else:
            ordered[name] = frame
    return ordered


def _with_subject(dm: pl.DataFrame, forms: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """USUBJID and `@subject` of each record of DM, in its order."""
    keys = pl.concat(
        [
            rows.select(pl.lit(form).alias(FORM), ROW, SUBJECT)
            for form, rows in forms.items()
            if SUBJECT in rows.columns
        ]
    )
    return (
        dm.select("USUBJID", FORM, ROW)
        .join(keys, on=[FORM, ROW], how="left", maintain_order="left")
        .select("USUBJID", SUBJECT)
    )


def _places(
    frames: Mapping[str, pl.DataFrame], forms: Mapping[str, pl.DataFrame], first: int
) -> list[int]:
    """The place in the trial of each subject of DM; subjects that are not in DM keep theirs."""
    if "DM" not in frames:
        return []
    staged = pl.concat([rows[SUBJECT] for rows in forms.values() if SUBJECT in rows.columns])
    places = {key: first + place for place, key in enumerate(staged.drop_nulls().unique().sort())}
    return [places[key] for key in _with_subject(frames["DM"], forms)[SUBJECT]]


def _rejected(
    part: Part, forms: Mapping[str, pl.DataFrame], rejected: Sequence[Rejected]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for form, rows in rejected_rows(dict(forms), list(rejected)).items():
        part.rejected_file(form).parent.mkdir(exist_ok=True)
        write_frame(rows, part.rejected_file(form))
        counts[form] = rows.height
    return counts


__all__ = [
    "TRIAL",
    "Job",
    "Part",
    "in_subject_order",
    "keep_problems",
    "map_and_derive",
    "process",
    "submit",
]

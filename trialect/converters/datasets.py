"""Writes the SDTM datasets of a package from the partitions' frames, one dataset at a time.

XPT and Dataset-JSON come from the same frames and the same `DatasetMeta`. What was written is
read back by our reader and compared, so that a package never holds a file nobody has read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from trialect.converters.package import DATASET_JSON, GUIDE, sdtm_folder
from trialect.converters.partition import Part
from trialect.converters.readers.xpt import XptReader
from trialect.converters.writers.dataset_json import write_dataset_json
from trialect.converters.writers.xpt import XptVariable, write_xpt
from trialect.metadata import DatasetMeta
from trialect.problems import Problem, Unusable, rule
from trialect.trial import Study

NOT_READ_BACK = rule(
    "XPT-READ-BACK",
    "error",
    "A file does not give back what was written",
    "{file} holds {found} where {expected} was written.",
    "This is a defect of trialect; please report it with the dataset's name and variable.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written where: the study, the datasets' metadata and the parts that hold them."""

    study: Study
    package: Path
    metas: tuple[DatasetMeta, ...]
    parts: tuple[Part, ...]
    targets: tuple[str, ...]
    stamp: datetime

    @property
    def sdtm(self) -> Path:
        """The folder of the XPT files and the Define-XML."""
        return self.package / sdtm_folder(self.study.studyid)

    def batches(self, meta: DatasetMeta) -> Iterator[pl.DataFrame]:
        """The records of a dataset in subject order, its variables in their order."""
        for part in self.parts:
            file = part.frame_file(meta.name)
            if file.exists():
                yield conform(pl.read_ipc(file), meta)


@dataclass(slots=True)
class Written:
    """The files of one dataset (names in the SDTM folder) and the problems of writing it."""

    dataset: str
    files: list[str]
    problems: list[Problem]


def conform(frame: pl.DataFrame, meta: DatasetMeta) -> pl.DataFrame:
    """The frame with exactly the variables of `meta`, in order; one it lacks is all missing."""
    return frame.select(
        pl.col(variable.name)
        if variable.name in frame.columns
        else pl.lit(None, _DTYPES[variable.type]).alias(variable.name)
        for variable in meta.variables
    )


_DTYPES = {"Char": pl.String, "Num": pl.Float64}


def write_dataset(plan: Plan, meta: DatasetMeta) -> Written:
    """Write one dataset as every target that is wanted."""
    written = Written(meta.name, [], [])
    if "sdtm" in plan.targets:
        _write_xpt(plan, meta, written)
    if "dataset-json" in plan.targets:
        folder = plan.package / DATASET_JSON
        folder.mkdir(parents=True, exist_ok=True)
        write_dataset_json(
            folder / f"{meta.name.lower()}.json",
            meta,
            plan.study,
            plan.batches(meta),
            stamp=plan.stamp,
            ndjson=folder / f"{meta.name.lower()}.ndjson",
        )
    return written


def _write_xpt(plan: Plan, meta: DatasetMeta, written: Written) -> None:
    plan.sdtm.mkdir(parents=True, exist_ok=True)
    variables = [XptVariable(v.name, v.label, v.type, v.length) for v in meta.variables]
    try:
        result = write_xpt(
            plan.sdtm / f"{meta.name.lower()}.xpt",
            meta.name,
            meta.label,
            variables,
            plan.batches(meta),
            stamp=plan.stamp,
            size_limit=plan.study.sdtm.split_bytes,
        )
    except Unusable as refused:
        written.problems += [problem.at(domain=meta.name) for problem in refused.problems]
        return
    written.files += [file.path.name for file in result.files]
    written.problems += result.problems
    written.problems += _read_back(plan, meta, [file.path for file in result.files])


def _read_back(plan: Plan, meta: DatasetMeta, files: list[Path]) -> list[Problem]:
    """Compare the files' values with the frames they were written from, batch by batch."""
    expected = _slices(plan.batches(meta))
    found = _slices(frame for file in files for frame in XptReader(file).iter_batches())
    for start, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one.equals(other):
            continue
        wrong = next((c for c in one.columns if not one[c].equals(other[c])), "other columns")
        return [
            NOT_READ_BACK.problem(
                file=files[0].name,
                domain=meta.name,
                variable=wrong,
                found=f"another value in records from {start * _SLICE + 1}",
                expected="what the domain says",
            )
        ]
    return []


_SLICE = 50_000


def _slices(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same records in frames of equal height, whatever frames they came in."""
    rest: pl.DataFrame | None = None
    for frame in frames:
        rest = frame if rest is None else rest.vstack(frame)
        while rest.height >= _SLICE:
            yield rest[:_SLICE]
            rest = rest[_SLICE:]
    if rest is not None and rest.height:
        yield rest


def write_define_files(plan: Plan, files: Mapping[str, Sequence[str]]) -> None:
    """Write define.xml and define.html beside the datasets."""
    from trialect.converters.writers.define_html import write_define_html
    from trialect.converters.writers.define_xml import write_define

    path = plan.sdtm / "define.xml"
    documents = {GUIDE: "Clinical Study Data Reviewer's Guide"}
    for write, file in ((write_define, path), (write_define_html, path.with_suffix(".html"))):
        write(file, plan.study, plan.metas, files=files, stamp=plan.stamp, documents=documents)

"""Writes the SDTM datasets of a package from the partitions' frames, one dataset at a time.

XPT and Dataset-JSON come from the same frames and the same `DatasetMeta`. What was written is
read back by our reader and compared, so that a package never holds a file nobody has read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from trialect.converters.account import Account
from trialect.converters.digest import digest
from trialect.converters.package import DATASET_JSON, DEFINE, GUIDE, sdtm_folder
from trialect.converters.partition import Part
from trialect.converters.readers.xpt import XptReader
from trialect.converters.writers.dataset_json import write_dataset_json
from trialect.converters.writers.xpt import XptVariable, write_xpt
from trialect.metadata import DatasetMeta
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.dataset_json import check_dataset_json
from trialect.trial import FORM, ROW, Study

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
    def has_define(self) -> bool:
        """Whether a define.xml lies in the package."""
        return "sdtm" in self.targets

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
    """The files of one dataset (names in the SDTM folder) and the problems of writing it.

    `digests` are the SHA-256 of the files, by their place in the package.
    """

    dataset: str
    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def fingerprint(self, package: Path, paths: Iterable[Path]) -> None:
        """Take the files' SHA-256, in the process that wrote them and while they are at hand."""
        self.digests |= {path.relative_to(package).as_posix(): digest(path) for path in paths}


def conform(frame: pl.DataFrame, meta: DatasetMeta) -> pl.DataFrame:
    """The frame with exactly the variables of `meta`, in order; one it lacks is all missing."""
    return frame.select(
        pl.col(variable.name)
        if variable.name in frame.columns
        else pl.lit(None, _DTYPES[variable.type]).alias(variable.name)
        for variable in meta.variables
    )


_DTYPES = {"Char": pl.String, "Num": pl.Float64}


def as_xpt(plan: Plan, meta: DatasetMeta, written: Written) -> None:
    """Write a dataset as XPT and read it back; what cannot be written is a problem."""
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
        written.problems += _with_source(plan, meta, refused.problems)
        return
    written.files += [file.path.name for file in result.files]
    written.problems += _with_source(plan, meta, result.problems)
    written.problems += _read_back(plan, meta, [file.path for file in result.files])
    written.fingerprint(plan.package, [file.path for file in result.files])


def as_dataset_json(plan: Plan, meta: DatasetMeta, written: Written) -> None:
    """Write a dataset as Dataset-JSON, both forms, and check what was written."""
    folder = plan.package / DATASET_JSON
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{meta.name.lower()}.json"
    lines = path.with_suffix(".ndjson")
    try:
        write_dataset_json(
            path,
            meta,
            plan.study,
            plan.batches(meta),
            stamp=plan.stamp,
            ndjson=lines,
            define=f"../{sdtm_folder(plan.study.studyid)}/{DEFINE}" if plan.has_define else None,
        )
        found = check_dataset_json(path, meta)
    except Unusable as refused:
        found = refused.problems
    written.problems += [problem.at(domain=meta.name) for problem in found]
    written.fingerprint(plan.package, [one for one in (path, lines) if one.exists()])
    if not found and not _same_records(path, lines):
        written.problems.append(
            NOT_READ_BACK.problem(
                file=lines.name,
                domain=meta.name,
                found="other records",
                expected=f"the records of {path.name}",
            )
        )


def _same_records(path: Path, lines: Path) -> bool:
    """Whether the NDJSON form holds the rows of the JSON form, byte by byte."""
    with path.open("rb") as one, lines.open("rb") as other:
        next(one)
        next(other)
        # A line feed stands only between rows, which end in a comma in the JSON form.
        while some := one.read(_COMPARED):
            some += one.readline()
            rows = some.removesuffix(b"]}\n").replace(b"],\n", b"]\n")
            if other.read(len(rows)) != rows:
                return False
        return not other.read(1)


_COMPARED = 8 << 20


def _with_source(plan: Plan, meta: DatasetMeta, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems of records, by the form and row that the records came from."""
    sources: pl.DataFrame | None = None
    for problem in problems:
        if problem.row is None:
            yield problem.at(domain=meta.name)
            continue
        if sources is None:
            sources = _sources(plan, meta)
        place = problem.row - 1
        known = place < sources.height and sources.width == 2
        form, row = sources.row(place) if known else (None, None)
        yield problem.at(domain=meta.name, file=form, row=row)


def _sources(plan: Plan, meta: DatasetMeta) -> pl.DataFrame:
    """The form and row of each record of a dataset, in its order."""
    files = (part.frame_file(meta.name) for part in plan.parts)
    frames = [pl.read_ipc(file) for file in files if file.exists()]
    lineage = [frame.select(c for c in (FORM, ROW) if c in frame.columns) for frame in frames]
    return pl.concat(lineage, how="diagonal") if lineage else pl.DataFrame()


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


def describe_xpt(plan: Plan, files: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Write define.xml and define.html beside the datasets."""
    from trialect.converters.writers.define_html import write_define_html
    from trialect.converters.writers.define_xml import write_define

    path = plan.sdtm / DEFINE
    path.parent.mkdir(parents=True, exist_ok=True)
    documents = {GUIDE: "Clinical Study Data Reviewer's Guide"}
    try:
        for write, file in ((write_define, path), (write_define_html, path.with_suffix(".html"))):
            write(file, plan.study, plan.metas, files=files, stamp=plan.stamp, documents=documents)
    except Unusable as refused:
        return refused.problems
    return []


def close_xpt(plan: Plan, account: Account, problems: Sequence[Problem]) -> list[Problem]:
    """Write the reviewer's guide, then check define.xml, which names it."""
    from trialect.converters.writers.reviewers_guide import write_guide
    from trialect.schemas.define import check_define

    write_guide(plan.sdtm, account, plan.metas, problems)
    path = plan.sdtm / DEFINE
    return list(check_define(path)) if path.exists() else []

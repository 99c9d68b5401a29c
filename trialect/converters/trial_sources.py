"""What a conversion can start from. A new source is a module beside this one and a line here.

A source's module has `SOURCE`, a `TrialSource`: it tells whether a path is its kind, gives the
Study, lays the records down in partitions of subjects, and makes the SDTM-shaped domains of one
partition, every row with its lineage (`@form` the source file's form, `@row` its record). From
there on every source takes the same way: derivations (unless the source states what it states),
checks, targets, report, manifest, trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from trialect.mappings.engine import Mapped
from trialect.mappings.tables import MappingTables
from trialect.metadata import Provenance
from trialect.problems import Problems
from trialect.trial import Study

if TYPE_CHECKING:
    from trialect.converters.partition import Job
    from trialect.converters.stage import Staged

SOURCES: dict[str, str] = {
    "study-folder": "source_study_folder",
    "sdtm-package": "source_sdtm_package",
    "fhir": "source_fhir",
}
"""The module of each source, in the order in which they are asked whether a path is theirs."""

PartitionSubjects = int | Callable[[int], int]
"""Subjects in a partition, or how many those are of a given number of subjects."""


@dataclass(slots=True)
class Facts:
    """The Study that a source tells, and what was found in reading it."""

    study: Study
    problems: Problems = field(default_factory=Problems)


@dataclass(slots=True)
class Prepared:
    """A source's records in the spool, and what belongs to no subject.

    `staged` are its files as forms (`stage.load` gives a partition's rows of them); `frames` and
    `provenance` the datasets of the trial itself (TA, TS, ...); `kept` is whatever the source
    needs for each partition, and must be picklable.
    """

    staged: Staged
    tables: MappingTables
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    provenance: Iterable[Provenance] = ()
    problems: Problems = field(default_factory=Problems)
    kept: object = None


ReadStudy = Callable[[Path, Path | None], Facts]
"""Gives the Study of a path; the second is a study.yaml that fills what the source leaves open.
Raises `Unusable` when the path cannot be read as this source."""

Prepare = Callable[[Path, Study, Path, PartitionSubjects], Prepared]
"""Lays the records of a path down in a spool, cut into partitions. Raises `Unusable`."""

MapPart = Callable[["Job", int, Mapping[str, pl.DataFrame]], Mapped]
"""The domains of one partition, of the rows that `stage.load` gives."""


@dataclass(frozen=True, slots=True)
class TrialSource:
    """The steps of one source.

    `derives` says whether what SDTM derives is added; a source that is SDTM states it. `inputs`
    are the files beside the forms that the manifest lists.
    """

    recognise: Callable[[Path], bool]
    read_study: ReadStudy
    prepare: Prepare
    map_part: MapPart
    inputs: Callable[[Path], Iterable[Path]]
    home: Callable[[Path], Path] = lambda path: path
    """The folder that the forms' files are named from."""
    out: Callable[[Path], Path] = lambda path: path / "out"
    """Where the package goes when nobody says."""
    derives: bool = True


def trial_source(name: str) -> TrialSource:
    """The source of this name."""
    source: TrialSource = import_module(f"trialect.converters.{SOURCES[name]}").SOURCE
    return source


def recognised_source(path: Path) -> str | None:
    """The name of the source that a path is; None when it is none of them."""
    return next((name for name in SOURCES if trial_source(name).recognise(path)), None)


def source_of(path: Path) -> str:
    """The name of the source that a path is; a study folder where it is none of the others.

    A study folder's reader then says what it misses.
    """
    return recognised_source(path) or "study-folder"

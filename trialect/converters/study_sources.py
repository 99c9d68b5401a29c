"""What a Study alone can be read from: registry records and the protocol in other standards.

Parallel to `trial_sources`, for what has no subjects. A new one is a module beside this one with
`SOURCE`, a `StudySource`, and a line here. A path holds one record or thousands: it is cut into
records first, which is cheap and done in one process, and each record is read by itself, wherever
there is time for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from trialect.problems import Problem
from trialect.trial import Study

STUDY_SOURCES: dict[str, str] = {
    "usdm": "source_usdm",
    "ctgov": "source_ctgov",
    "study-file": "source_study_file",
    "registry-page": "source_registry_page",
}
"""The module of each source, in the order in which they are asked whether a path is theirs."""

NAMED = dict.fromkeys((".json", ".ndjson", ".jsonl", ".gz", ".zip"), "ctgov")
"""The source whose reader says what is wrong with a file that none recognises, by its ending."""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record as it stands in its file, not yet looked into.

    `file` is what problems call the file (of a folder or zip: the name in it), `number` the
    record's place in it, the first is 1. `problems` say why it can be no record; `text` is then
    what there is of it.
    """

    file: str
    number: int
    text: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """The Study of a record, and how often each path of it that has a value is not in the Study.

    A path has `[]` where a list stands, as in `protocolSection.outcomesModule.x[].y`.
    """

    study: Study
    left: Mapping[str, int] = field(default_factory=dict)


Tell = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class StudySource:
    """The steps of one source.

    `records` cuts a path and needs memory for one record at a time; it raises `Unusable` when
    nothing of the path can be read. `read` gives the Study of a record and tells what it finds;
    it raises `Unusable` when that is none. `files` are the files that hold the records.
    """

    title: str
    recognise: Callable[[Path], bool]
    records: Callable[[Path], Iterator[HeldRecord]]
    read: Callable[[HeldRecord, Tell], ReadRecord]
    files: Callable[[Path], Iterable[Path]] = lambda path: (path,)


def study_source(name: str) -> StudySource:
    """The source of this name."""
    source: StudySource = import_module(f"trialect.converters.{STUDY_SOURCES[name]}").SOURCE
    return source


def study_source_of(path: Path) -> str | None:
    """The name of the source that a path is; None when it is none of them."""
    return next((name for name in STUDY_SOURCES if study_source(name).recognise(path)), None)


def named_study_source(path: Path) -> str | None:
    """The source that a file is by its name alone, since its content tells nothing.

    An archive that is cut off, a list without records, JSON in UTF-16: the reader of what it
    should have been says so.
    """
    return NAMED.get(path.suffix.lower()) if path.is_file() else None

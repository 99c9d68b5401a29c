"""A study.yaml by itself as the source of a Study: a protocol without its records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trialect.converters.readers.study_yaml import assumption_problems, study_of
from trialect.converters.readers.yaml_tree import content
from trialect.converters.study_sources import HeldRecord, ReadRecord, StudySource, Tell

ENDINGS = (".yaml", ".yml")
"""YAML has no sign at its beginning; the name tells it from the text of a page."""


def recognise(path: Path) -> bool:
    """Whether a file is called as a study file is."""
    return path.suffix.lower() in ENDINGS and path.is_file()


def records(path: Path) -> Iterator[HeldRecord]:
    """The one study of a file. Raises `Unusable` when it is too large to be one."""
    yield HeldRecord(path.name, 1, content(path))


def read(record: HeldRecord, tell: Tell) -> ReadRecord:
    """The Study that the file tells. Raises `Unusable` with what is wrong with it, by line."""
    study = study_of(record.text, record.file)
    for problem in assumption_problems(study):
        tell(problem)
    return ReadRecord(study)


SOURCE = StudySource("study file (YAML)", recognise, records, read)

"""A study definition of USDM as the source of a Study: one file, one trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trialect.converters.recognise import Kind, recognise
from trialect.converters.study_sources import HeldRecord, ReadRecord, StudySource, Tell


def is_definition(path: Path) -> bool:
    """Whether a path is a file of USDM, or of an earlier form of which its reader says why not."""
    return path.is_file() and recognise(path) is Kind.USDM


def records(path: Path) -> Iterator[HeldRecord]:
    """The one definition of a file. Raises `Unusable` when it is too large to be one."""
    from trialect.converters.readers.usdm import content_of

    yield HeldRecord(path.name, 1, content_of(path))


def read(record: HeldRecord, tell: Tell) -> ReadRecord:
    """The Study of a definition. Raises `Unusable` when it is none that can be read."""
    from trialect.converters.readers.usdm import read_definition

    return read_definition(record.text, record.file, tell)


SOURCE = StudySource("study definition (USDM)", is_definition, records, read)

"""What a Study alone can be written as: registry files and the protocol in other standards.

A new one is a module with `write` and a line here. The same `write` serves a record of a registry
and a study folder; what becomes of each fact of the Study stands in the target's table of places
(`mappings/registry/places/<target>.csv`), which the loss report reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from trialect.problems import Problem
from trialect.trial import Study

STUDY_TARGETS: dict[str, str] = {
    "ctgov": "ctgov_json",
    "prs": "prs_xml",
    "ictrp": "ictrp_xml",
    "fhir": "fhir_study",
    "usdm": "usdm_json",
    "sdtm": "sdtm_study",
}
"""The module of each target, below trialect.converters.writers."""


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A file that a target makes of a Study; `path` is below the trial's folder."""

    path: str
    content: bytes


Tell = Callable[[Problem], None]

WriteStudy = Callable[[Study, Tell], Iterable[StudyFile]]
"""Writes a Study; what the target cannot say as it stands is told, with the Study's path as
`field`."""


def writer_of(target: str) -> WriteStudy:
    """How a target writes a Study."""
    write: WriteStudy = import_module(f"trialect.converters.writers.{STUDY_TARGETS[target]}").write
    return write

"""The comparison as a part of a conversion: the study file against what is about to be written.

The record is read before anything is converted, so that one that cannot be read costs no work; the
data are counted from the parts in the spool, column by column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.form_files import is_inside
from trialect.converters.reconcile import Reconciliation, Sides, compare
from trialect.converters.reconcile.package_data import facts_of_parts
from trialect.converters.reconcile.registry_record import NO_RECORD, read_record
from trialect.problems import Unusable
from trialect.trial import Study

if TYPE_CHECKING:
    from trialect.converters.partition import Part


@dataclass(frozen=True, slots=True)
class RegistryRecord:
    """The trial's record in a registry, and the file that it was read from."""

    study: Study
    path: Path
    name: str
    """What the report and the manifest call the file."""
    source: str
    """The name of its source (`study_sources`)."""


def registry_record(study: Study, folder: Path, given: Path | None) -> RegistryRecord | None:
    """The record that is given, else the one that the study file names (`registry.record`).

    The study file names it by its path in its own folder. Raises `Unusable` when it cannot be read.
    """
    named = study.registry.record
    if given is not None:
        found, source = read_record(given, study)
        return RegistryRecord(found, given, given.name, source)
    if named is None:
        return None
    if not is_inside(named):
        reason = "(registry.record) leads out of the study folder"
        raise Unusable(NO_RECORD.problem(file=named, reason=reason))
    found, source = read_record(folder / named, study)
    return RegistryRecord(found, folder / named, named, source)


def agreement(
    study: Study, record: RegistryRecord | None, parts: Iterable[Part], file: Path
) -> Reconciliation:
    """The comparison of the study file, its record and the datasets of all parts.

    `file` is the study file, if there is one.
    """
    of_registry = record.study if record is not None else None
    limits = [one.eligibility for one in (of_registry, study) if one is not None]
    sides = Sides(of_registry, study, facts_of_parts(parts, limits))
    if record is None:
        return compare(sides, file=file)
    return compare(sides, record=record.name, source=record.source, file=file)

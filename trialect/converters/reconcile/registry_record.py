"""The registry record that a study is compared with: the one of its file that is the study's.

A file may hold one record or thousands (`study_sources`). Of several the one is taken whose
identifier in a registry the study names; a single one is taken as it is, and a comparison tells
when its identifier is another.
"""

from __future__ import annotations

from pathlib import Path

from trialect.converters.study_sources import HeldRecord, study_source, study_source_of
from trialect.problems import Unusable, rule
from trialect.trial import Study

NO_RECORD = rule(
    "RECONCILE-RECORD",
    "error",
    "The registry record cannot be read",
    "{file} {reason}.",
    "Give a ClinicalTrials.gov record (JSON, API v2), the text of a registry's page or a USDM "
    "study.",
)
NOT_AMONG = rule(
    "RECONCILE-RECORD-NOT-FOUND",
    "error",
    "The study's record is not among those of the file",
    "{file} holds {count} records, none of which is {value}.",
    "Name the trial under `registrations` with its identifier, or give its record alone.",
)


def read_record(path: Path, study: Study) -> tuple[Study, str]:
    """The record of the study, and the name of its source. Raises `Unusable`."""
    if not path.exists():
        raise Unusable(NO_RECORD.problem(file=str(path), reason="does not exist"))
    kind = study_source_of(path)
    if kind is None:
        raise Unusable(NO_RECORD.problem(file=str(path), reason="is no registry record"))
    source = study_source(kind)
    ids = {one.id for one in study.registrations}
    first: HeldRecord | None = None
    count = 0
    for held in source.records(path):
        count += 1
        first = first or held
        # Thousands of records are looked through for the identifier before one is read.
        if any(one.encode() in held.text for one in ids):
            found = _read(kind, held)
            if ids & {one.id for one in found.registrations}:
                return found, kind
    if count == 1 and first is not None:
        return _read(kind, first), kind
    wanted = ", ".join(sorted(ids)) or f"known: {study.studyid} names no registration"
    raise Unusable(NOT_AMONG.problem(file=path.name, count=f"{count:,}", value=wanted))


def _read(kind: str, held: HeldRecord) -> Study:
    """A record as a Study. Raises `Unusable` when it is none."""
    if held.problems:
        raise Unusable(held.problems)
    return study_source(kind).read(held, lambda _: None).study

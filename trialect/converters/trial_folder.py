"""One registry record as a folder of files: read, written as each target, accounted for.

Nothing here knows other records, so that batches of them are made in any process and order.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from trialect.converters.fhir_release import release_named
from trialect.converters.losses import (
    TrialLosses,
    losses_of,
    tables_of,
    trial_json,
)
from trialect.converters.package import LOSSES_HTML, LOSSES_JSON
from trialect.converters.prs_upload import in_upload
from trialect.converters.study_sources import HeldRecord, ReadRecord, study_source
from trialect.converters.study_targets import StudyFile, writer_of
from trialect.converters.writers.losses_html import trial_page
from trialect.problems import RULES, Problem, Rule, Severity, Unusable, rule
from trialect.trial import Study

REGISTRY = "ClinicalTrials.gov"

DEFECT = rule(
    "TRIALS-DEFECT",
    "error",
    "A defect of trialect kept something from being written",
    "{what} was not written: {reason}.",
    "The rest was; please report it, with the record.",
)

_NAMES = Problem.__slots__
_VALUES = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class Making:
    """How records are made into folders: the source, the targets, and where to build.

    `study_file` is the path and the content of a study.yaml that speaks of all of them.
    """

    source: str
    targets: tuple[str, ...]
    spool: Path
    study_file: tuple[Path, bytes] | None = None
    release: str | None = None
    partial_upload: bool | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are made together, in the folder `number` of the spool."""

    number: int
    records: tuple[HeldRecord, ...]


@dataclass(slots=True)
class MadeTrial:
    """What became of one record.

    `trial` is what it calls itself, `built` the folder it was built in, None where the record was
    rejected; `files` are the names, digests and sizes of what lies there, `unwritten` the targets
    that made none; `findings` JSON of one line each.
    """

    trial: str
    built: Path | None
    title: str = ""
    files: list[tuple[str, str, int]] = field(default_factory=list)
    findings: list[bytes] = field(default_factory=list)
    by_rule: dict[str, int] = field(default_factory=dict)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    losses: TrialLosses | None = None
    standards: dict[str, str] = field(default_factory=dict)
    unwritten: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MadeBatch:
    """What became of the records of a batch, and what the rules that they broke say."""

    trials: list[MadeTrial]
    rules: dict[str, Rule]


def make_batch(making: Making, batch: Batch) -> MadeBatch:
    """Make each record of a batch into a folder.

    All are read, then all are written as one target after the other: the processor then has the
    code and the tables of a step at hand, which saves a tenth of the time.
    """
    home = making.spool / str(batch.number)
    home.mkdir()
    with _no_collection():
        begun = [_begin(making, one, home / str(n)) for n, one in enumerate(batch.records)]
        for target in making.targets:
            for one in begun:
                if isinstance(one, _Begun):
                    _write(target, one)
        made = [_end(making, one) if isinstance(one, _Begun) else one for one in begun]
    broken = {name for one in made for name in one.by_rule}
    return MadeBatch(made, {name: RULES[name] for name in sorted(broken) if name in RULES})


@contextmanager
def _no_collection() -> Iterator[None]:
    """Records and what is made of them hold no cycles, and a batch is small: looking for cycles
    would take a tenth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(slots=True)
class _Begun:
    """A record that was read, and what was written and told of it so far."""

    held: HeldRecord
    read: ReadRecord
    made: MadeTrial
    home: str
    found: list[Problem]
    told: list[tuple[str, Problem]] = field(default_factory=list)
    inside: set[str] = field(default_factory=lambda: {""})


def _begin(making: Making, held: HeldRecord, folder: Path) -> _Begun | MadeTrial:
    found: list[Problem] = []
    try:
        read = _read(making, held, found.append)
    except Unusable as unusable:
        return _rejected(held, [*found, *unusable.problems])
    except Exception as error:
        # One record of thousands must not stop the others, whatever is wrong with it or with us.
        return _rejected(held, [*found, _defect("The record", error)])
    trial = read.study.registration(REGISTRY) or read.study.studyid
    folder.mkdir()
    return _Begun(held, read, MadeTrial(trial, folder, read.study.name), str(folder), found)


def _write(target: str, one: _Begun) -> None:
    of_target: list[Problem] = []
    files = len(one.made.files)
    try:
        for file in writer_of(target)(one.read.study, of_target.append):
            one.made.files.append(_put(one.home, file, one.inside))
    except Unusable as unusable:
        of_target += unusable.problems
    except Exception as error:
        of_target.append(_defect(target, error))
    if len(one.made.files) == files:
        one.made.unwritten.append(target)
    one.told += [(target, problem) for problem in of_target]


def _end(making: Making, one: _Begun) -> MadeTrial:
    made, study = one.made, one.read.study
    found = [*one.found, *(problem for _, problem in one.told)]
    if making.targets and not made.files:
        return _rejected(one.held, found, made.trial)
    tables = tables_of(making.targets, study)
    losses = losses_of(study, made.trial, tables, one.told, one.read.left)
    made.losses = losses
    made.standards = _standards(study, making.targets)
    for name, content in ((LOSSES_JSON, trial_json(losses)), (LOSSES_HTML, trial_page(losses))):
        made.files.append(_put(one.home, StudyFile(name, content), one.inside))
    return _with_findings(made, one.held, found)


def _read(making: Making, held: HeldRecord, tell: Any) -> ReadRecord:
    if held.problems:
        raise Unusable(held.problems)
    read = study_source(making.source).read(held, tell)
    study = read.study
    if making.study_file is not None:
        study = _study_file(*making.study_file)(study)
    if making.release is not None:
        release = release_named(making.release)
        study = replace(study, fhir=replace(study.fhir, release=release))
    study = in_upload(study, making.partial_upload)
    return read if study is read.study else replace(read, study=study)


@cache
def _study_file(path: Path, content: bytes) -> Callable[[Study], Study]:
    from trialect.converters.readers.study_yaml import said_over

    return said_over(content, path)


def _standards(study: Study, targets: Iterable[str]) -> dict[str, str]:
    known: dict[str, dict[str, str]] = {
        "fhir": {"FHIR": study.fhir.release},
        "sdtm": {"SDTMIG": study.sdtm.ig, "SDTM CT": study.sdtm.ct},
    }
    return {name: text for one in targets for name, text in known.get(one, {}).items()}


def _put(folder: str, file: StudyFile, made: set[str]) -> tuple[str, str, int]:
    """Write a file of a trial; `made` are the folders that are there, which nothing else makes."""
    path, content = file.path, file.content
    inside = path.rpartition("/")[0]
    if inside not in made:
        at = ""
        for step in inside.split("/"):
            at = f"{at}/{step}" if at else step
            if at not in made:
                os.mkdir(f"{folder}/{at}")  # noqa: PTH102 # Path costs as much as the folder
                made.add(at)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(f"{folder}/{path}", flags, 0o644)
    with open(descriptor, "wb", 0) as opened:  # noqa: PTH123 # of a descriptor
        opened.write(content)
    return path, sha256(content).hexdigest(), len(content)


def _defect(what: str, error: Exception) -> Problem:
    return DEFECT.problem(what=what, reason=f"{type(error).__name__}: {error}")


def _rejected(held: HeldRecord, found: Iterable[Problem], trial: str = "") -> MadeTrial:
    problems = list(found)
    trial = trial or next((one.trial for one in problems if one.trial), "")
    made = _with_findings(MadeTrial(trial, None), held, problems)
    made.reasons = [
        (one.rule, f"{one.message} {one.mend}".rstrip())
        for one in problems
        if one.severity is Severity.ERROR
    ]
    return made


def _with_findings(made: MadeTrial, held: HeldRecord, found: Sequence[Problem]) -> MadeTrial:
    for one in found:
        told = {
            name: text
            for name, text in zip(_NAMES, _VALUES(one), strict=True)
            if text is not None and text != ""
        }
        # The same place in one order, whoever told it.
        told.setdefault("file", held.file)
        if told["file"] == held.file:
            told.setdefault("row", held.number)
        if made.trial:
            told.setdefault("trial", made.trial)
        made.findings.append(finding_json(told))
        made.by_rule[one.rule] = made.by_rule.get(one.rule, 0) + 1
    return made


def finding_json(told: dict[str, Any]) -> bytes:
    """A finding in one line; what no text may hold is written out."""
    try:
        return orjson.dumps(told)
    except TypeError:
        plain = {
            name: one.encode("utf-8", "backslashreplace").decode() if isinstance(one, str) else one
            for name, one in told.items()
        }
        return orjson.dumps(plain)


def ready(making: Making) -> None:
    """Load what every record needs."""
    study_source(making.source)
    for target in making.targets:
        writer_of(target)

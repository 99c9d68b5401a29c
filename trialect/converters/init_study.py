"""`trialect init`: a study folder to begin with, from what a registry or a study file tells.

study.yaml holds every fact of the record with its source, and says at its place what is still
needed, by whom and in which form; the mapping tables are a skeleton to be filled in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from trialect.converters.study_sources import HeldRecord, study_source, study_source_of
from trialect.converters.writers.study_yaml import study_yaml
from trialect.mappings.registry.need_comments import comments
from trialect.mappings.registry.needs import BODIES, needed
from trialect.mappings.registry.places import NO_FACTS
from trialect.problems import Problem, Unusable, rule
from trialect.protocol import Source
from trialect.trial import Study

NO_RECORD = rule(
    "INIT-NO-RECORD",
    "error",
    "There is nothing to begin a study from",
    "{file} {what}.",
    "Name a registry's record, the text of its page, or a study.yaml.",
)
SEVERAL = rule(
    "INIT-SEVERAL",
    "error",
    "A file holds several records",
    "it holds {count} records: {listed}.",
    "Say which one with --id.",
)
NO_ID = rule(
    "INIT-NO-ID",
    "error",
    "No record has the identifier that is asked for",
    "none of the {count} records is {value}.",
    "Check the identifier.",
)
EXISTS = rule(
    "INIT-EXISTS",
    "error",
    "A file of the study is there already",
    "{value} is there already; nothing was written.",
    "Name another folder, or let it be replaced with --force.",
)
UNWRITABLE = rule(
    "INIT-UNWRITABLE",
    "error",
    "The study folder cannot be written",
    "it cannot be written: {reason}.",
    "Name another folder.",
)

LISTED = 5
SKELETON = ("sources", "dm", "ds", "ex", "ae", "items", "codelists/sex", "codelists/disposition")
README = """\
The exports of the trial's records go here, one file a form (CSV, Excel, SAS, XPT, Dataset-JSON).
mappings/sources.csv says which form feeds which domain.
"""
_CODELIST = ("source", "term", "decode", "note")
_VISITS = ("form", "code", "VISITNUM", "VISIT", "VISITDY", "EPOCH", "note")


@dataclass(slots=True)
class Begun:
    """A study folder that was begun: its files, what was found, what is still needed by whom."""

    folder: Path
    study: Study
    files: list[str]
    problems: list[Problem] = field(default_factory=list)
    needed: dict[str, int] = field(default_factory=dict)


def init(
    folder: str | Path, record: str | Path, *, id: str | None = None, force: bool = False
) -> Begun:
    """Begin a study folder from a record; `id` names one of several records.

    Nothing that is there is replaced without `force`; then the files of the skeleton are, and no
    others. Raises `Unusable`.
    """
    home = Path(folder)
    found: list[Problem] = []
    study, name = _read(Path(record), id, found)
    made = dict(_files(study, name, found))
    if not force and (there := [path for path in made if (home / path).exists()]):
        raise Unusable(EXISTS.problem(file=str(home), value=", ".join(there)))
    try:
        for path, text in made.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(UNWRITABLE.problem(file=str(home), reason=reason)) from error
    counts = {
        body: len({path for need, path in needed(study) if body in need.by}) for body in BODIES
    }
    return Begun(home, study, list(made), found, counts)


def _read(path: Path, id: str | None, found: list[Problem]) -> tuple[Study, str]:
    """The Study of a path, with its sources, and what the record is called."""
    if not path.exists():
        raise Unusable(NO_RECORD.problem(file=str(path), what="is not there"))
    if path.name == "study.yaml" or (path / "study.yaml").is_file():
        from trialect.converters.readers.study_yaml import read_study

        return read_study(path), path.name
    kind = study_source_of(path)
    if kind is None:
        raise Unusable(NO_RECORD.problem(file=str(path), what="is no record that trialect reads"))
    source = study_source(kind)
    held = _chosen(path, list(source.records(path)), id)
    if held.problems:
        raise Unusable(held.problems)
    study = source.read(held, found.append).study
    trial = study.registration("ClinicalTrials.gov")
    name = f"{held.file}" + (f", {trial}" if trial and trial not in held.file else "")
    name = f"{name} ({source.title})"
    if not study.sources:
        study = replace(study, sources=(Source(name, tuple(stated(study))),))
    return study, name


def _chosen(path: Path, held: list[HeldRecord], id: str | None) -> HeldRecord:
    """The one record, or the one of several that has the identifier."""
    if id is not None:
        wanted = id.strip().encode()
        named = [one for one in held if wanted in one.text]
        for one in named:
            if _identifier(path, one) == id.strip():
                return one
        raise Unusable(NO_ID.problem(file=path.name, value=id, count=f"{len(held):,}"))
    if len(held) == 1:
        return held[0]
    if not held:
        raise Unusable(NO_RECORD.problem(file=path.name, what="holds no record"))
    names = [_identifier(path, one) or f"record {one.number}" for one in held[:LISTED]]
    listed = ", ".join(names) + (", ..." if len(held) > LISTED else "")
    raise Unusable(SEVERAL.problem(file=path.name, count=f"{len(held):,}", listed=listed))


def _identifier(path: Path, held: HeldRecord) -> str | None:
    """The registry's identifier of a record, else the sponsor's; None of a broken one."""
    source = study_source(study_source_of(path) or "")
    try:
        study = source.read(held, lambda _: None).study
    except Unusable:
        return None
    return study.registration("ClinicalTrials.gov") or study.studyid


def stated(study: Study) -> Iterator[str]:
    """The paths of the facts that a record gave: of arms and criteria all but our codes."""
    for one in fields(study):
        value = getattr(study, one.name)
        if one.name in NO_FACTS or value in (None, "", ()) or value == _default(one):
            continue
        if one.name in ("arms", "criteria"):
            given = (
                part.name
                for part in fields(value[0])
                if part.name != "code"
                and any(getattr(item, part.name) != _default(part) for item in value)
            )
            yield from (f"{one.name}.*.{name}" for name in given)
        elif is_dataclass(value):
            within = (part for part in fields(value) if getattr(value, part.name) not in (None, ()))
            yield from (f"{one.name}.{part.name}" for part in within)
        else:
            yield one.name


def _default(declared: Any) -> Any:
    """What stands for a field that is left out."""
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return declared.default


def _files(study: Study, name: str, found: list[Problem]) -> Iterator[tuple[str, str]]:
    """The files of a study folder, by their paths in it."""
    left = [one for one in found if one.rule not in _ASKED_FOR]
    yield "study.yaml", study_yaml(study, comments(study, left), _head(study, name))
    skeleton = files("trialect.mappings.skeleton")
    for table in SKELETON:
        yield f"mappings/{table}.csv", (skeleton / f"{table}.csv").read_text(encoding="utf-8")
    yield (
        "mappings/codelists/arm_code.csv",
        _csv(_CODELIST, [(arm.name, arm.code, arm.name, _LOOK_ARM) for arm in study.arms]),
    )
    yield (
        "mappings/codelists/arm_name.csv",
        _csv(_CODELIST, [(arm.name, arm.name, "", _LOOK_ARM) for arm in study.arms]),
    )
    yield (
        "mappings/codelists/treatment.csv",
        _csv(
            _CODELIST,
            [
                (one.name, one.treatment or one.name.upper(), "", _LOOK_TREATMENT)
                for one in study.interventions
            ],
        ),
    )
    yield (
        "mappings/visits.csv",
        _csv(
            _VISITS,
            [
                ("", "", f"{one.num:g}", one.name, _day(one.day), one.epoch or "", _CODE)
                for one in study.visits
            ],
        ),
    )
    yield "records/README.txt", README


_ASKED_FOR = ("PAGE-MISSING", "PAGE-NO-FACT")
"""What these find missing is asked for as needed, where somebody requires it."""
_LOOK_ARM = "Check source: the arm as the export has it"
_LOOK_TREATMENT = "Check source: the treatment as the export has it"
_CODE = "NEEDED code: the visit as the export has it"


def _day(day: int | None) -> str:
    return "" if day is None else str(day)


def _csv(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _head(study: Study, name: str) -> list[str]:
    """The first lines of study.yaml: what it is, and what is still to be done."""
    lines = [
        f"{study.name or 'A study'}",
        f"begun by trialect init from {name}.",
        "",
        "NEEDED marks a fact that the source does not state, by whom it is required (PRS is the",
        "upload to ClinicalTrials.gov, FDA TS the trial summary, WHO the registries' common data",
        "set), its form and an example; LOOK marks what the source leaves in doubt. `sources` at",
        "the end says where each fact is from. Paths are dotted; items of a list are named by",
        "their place, the first is 0, * is any item.",
        "",
        "Still needed:",
    ]
    by_body: dict[str, list[str]] = {body: [] for body in BODIES}
    for need, path in needed(study):
        for body in need.by:
            if path not in by_body[body]:
                by_body[body].append(path)
    for body, paths in by_body.items():
        if paths:
            lines.append(f"  {body}: {len(paths)} {'fact' if len(paths) == 1 else 'facts'}")
    return lines

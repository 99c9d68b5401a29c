"""What a file is and what it holds, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson

from trialect.converters.package import MANIFEST
from trialect.converters.recognise import Kind, recognise
from trialect.converters.validate import NO_FILE
from trialect.problems import Unusable


def inspect(path: str | Path) -> list[str]:
    """Lines that tell the kind of a file or folder and its contents.

    Raises `Unusable` when it is not there or cannot be read as what it is.
    """
    file = Path(path)
    if not file.exists():
        raise Unusable(NO_FILE.problem(file=str(file)))
    kind = recognise(file)
    lines = [f"{file}: {TITLES[kind]}"]
    if kind in INSPECTORS:
        lines += INSPECTORS[kind](file)
    return lines


TITLES: dict[Kind, str] = {
    Kind.XPT5: "SAS transport file, version 5",
    Kind.XPT8: "SAS transport file, version 8",
    Kind.SAS7BDAT: "SAS dataset (sas7bdat)",
    Kind.DATASET_JSON: "Dataset-JSON",
    Kind.DATASET_NDJSON: "Dataset-JSON, NDJSON form",
    Kind.DSJC: "Dataset-JSON, compressed",
    Kind.DEFINE_XML: "Define-XML",
    Kind.FHIR_BUNDLE: "FHIR Bundle",
    Kind.FHIR_RESOURCE: "FHIR resource",
    Kind.FHIR_NDJSON: "FHIR resources as NDJSON",
    Kind.CSV: "delimited text",
    Kind.EXCEL: "Excel workbook",
    Kind.STUDY_FOLDER: "study folder of trialect",
    Kind.PACKAGE: "package",
    Kind.UNKNOWN: "nothing that trialect knows",
}


def _xpt(path: Path) -> list[str]:
    from trialect.converters.readers.xpt import open_members

    lines = []
    for member in open_members(path):
        lines.append(f"  {member.name} ({member.label or 'no label'}), created {member.created}")
        lines += [f"    {v.name:<8} {v.type:<4} {v.length:>3}  {v.label}" for v in member.variables]
    return lines


def _dataset_json(path: Path) -> list[str]:
    from trialect.converters.readers.dataset_json import read_dataset_json

    dataset = read_dataset_json(path)
    lines = [f"  {dataset.name} ({dataset.label}), {dataset.frame.height} records"]
    return lines + [f"    {column}" for column in dataset.frame.columns]


def _define(path: Path) -> list[str]:
    from trialect.converters.readers.define_xml import read_define

    return [
        f"  {meta.name:<8} {len(meta.variables):>3} variables  {meta.label}"
        for meta in read_define(path)
    ]


def _bundle(path: Path) -> list[str]:
    bundle = orjson.loads(path.read_bytes())
    types = Counter(entry["resource"]["resourceType"] for entry in bundle.get("entry", []))
    return [f"  type {bundle.get('type')}", *_counts(types)]


def _resource(path: Path) -> list[str]:
    resource = orjson.loads(path.read_bytes())
    return [f"  {resource['resourceType']} {resource.get('id', 'without id')}"]


def _ndjson(path: Path) -> list[str]:
    with path.open("rb") as lines:
        types = Counter(orjson.loads(line)["resourceType"] for line in lines if line.strip())
    return _counts(types)


def _counts(types: Counter[str]) -> list[str]:
    return [f"  {count:>8} {name}" for name, count in sorted(types.items())]


def _form(path: Path) -> list[str]:
    from trialect.converters.readers import open_form
    from trialect.trial import FormFile

    opened = open_form(path, FormFile(path.name))
    rows = sum(batch.height for batch in opened.batches)
    return [f"  {rows} rows", *(f"    {column}" for column in opened.columns)]


def _study(path: Path) -> list[str]:
    from trialect.converters.readers.study_yaml import read_study

    study = read_study(path)
    return [f"  {study.studyid}: {study.title}"]


def _package(path: Path) -> list[str]:
    manifest = path / MANIFEST
    if not manifest.is_file():
        return [f"  {file.name}" for file in sorted(path.glob("*.xpt"))]
    facts = orjson.loads(manifest.read_bytes())
    lines = [f"  {facts['study']}, {facts['subjects']} subjects, stamped {facts['stamp']}"]
    lines += [f"  {records:>8} {name}" for name, records in facts["datasets"].items()]
    return lines + [f"  {count:>8} FHIR {name}" for name, count in facts["fhir"].items()]


INSPECTORS: dict[Kind, Callable[[Path], list[str]]] = {
    Kind.XPT5: _xpt,
    Kind.DATASET_JSON: _dataset_json,
    Kind.DATASET_NDJSON: _dataset_json,
    Kind.DSJC: _dataset_json,
    Kind.DEFINE_XML: _define,
    Kind.FHIR_BUNDLE: _bundle,
    Kind.FHIR_RESOURCE: _resource,
    Kind.FHIR_NDJSON: _ndjson,
    Kind.CSV: _form,
    Kind.EXCEL: _form,
    Kind.SAS7BDAT: _form,
    Kind.STUDY_FOLDER: _study,
    Kind.PACKAGE: _package,
}
"""How a file of each kind tells what it holds."""

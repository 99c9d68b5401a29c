"""What a file is and what it holds, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from trialect.converters.package import MANIFEST
from trialect.converters.recognise import Kind, recognise
from trialect.converters.summary import plural
from trialect.converters.validate import NO_FILE
from trialect.problems import Problem, Unusable, rule

if TYPE_CHECKING:
    from trialect.study_options import FormFile

NOT_KNOWN = rule(
    "INSPECT-NOT-KNOWN",
    "error",
    "The file is of no kind that trialect knows",
    "it {what}.",
    "What is known: XPT, SAS7BDAT, Dataset-JSON, define.xml, FHIR (JSON and NDJSON), delimited "
    "text, Excel workbooks, registry records, the text of a registry page, study folders and "
    "packages.",
)
DAMAGED = rule(
    "INSPECT-DAMAGED",
    "error",
    "The file is damaged",
    "it begins as {kind} and cannot be read to its end: {reason}.",
    "Export or copy it again; it may have been cut.",
)
UNREADABLE = rule(
    "INSPECT-UNREADABLE",
    "error",
    "The file cannot be read",
    "it cannot be read: {reason}.",
    "Check that it is there and may be read.",
)

EXAMPLE = 40
"""Characters of an example value that are shown at most."""

TITLES: dict[Kind, str] = {
    Kind.XPT5: "SAS transport file, version 5",
    Kind.XPT8: "SAS transport file, version 8 or 9; trialect reads version 5",
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
    Kind.STUDY_FOLDER: "study folder",
    Kind.PACKAGE: "package",
    Kind.REGISTRY_PAGE: "text of a registry page",
    Kind.REGISTRY_RECORDS: "records of ClinicalTrials.gov",
    Kind.TRIALS: "folder of trials",
    Kind.PRS_XML: "upload to ClinicalTrials.gov (PRS XML)",
    Kind.ICTRP_XML: "trials for WHO's ICTRP (XML)",
    Kind.USDM: "study definition (USDM)",
}


def inspect(path: str | Path) -> list[str]:
    """Lines that tell the kind of a file or folder and its contents.

    Raises `Unusable` when it is not there, of no known kind, or damaged.
    """
    file = Path(path)
    if not file.exists():
        raise Unusable(NO_FILE.problem(file=str(file)))
    try:
        return list(_told(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(UNREADABLE.problem(file=str(file), reason=reason)) from error


def _told(file: Path) -> Iterator[str]:
    kind = recognise(file)
    if kind is Kind.UNKNOWN:
        if not file.is_dir():
            what = "is no file that trialect can read" if file.stat().st_size else "is empty"
            raise Unusable(NOT_KNOWN.problem(file=str(file), what=what))
        yield from _files(file)
        return
    size = "" if file.is_dir() else f", {file.stat().st_size:,} bytes"
    yield f"{file}: {TITLES[kind]}{size}"
    if kind in INSPECTORS:
        try:
            yield from INSPECTORS[kind](file)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # A file that begins as its kind says and then holds something else.
            problem = DAMAGED.problem(file=str(file), kind=TITLES[kind], reason=error)
            raise Unusable(problem) from error


def _files(folder: Path) -> Iterator[str]:
    """The files of a folder that is neither a study nor a package."""
    kinds = {
        path: recognise(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    known = {path: kind for path, kind in kinds.items() if kind is not Kind.UNKNOWN}
    if not known:
        what = "holds no file that trialect can read"
        raise Unusable(NOT_KNOWN.problem(file=str(folder), what=what))
    yield f"{folder}: folder of {len(kinds)} files"
    for path, kind in known.items():
        yield f"  {path.relative_to(folder).as_posix()}: {TITLES[kind]}"


def _table(rows: Iterable[tuple[str, ...]], right: frozenset[int] = frozenset()) -> Iterator[str]:
    """Rows in columns; the places in `right` are numbers."""
    listed = list(rows)
    widths = [max(len(row[place]) for row in listed) for place in range(len(listed[0]))]
    for row in listed:
        cells = (
            cell.rjust(widths[place]) if place in right else cell.ljust(widths[place])
            for place, cell in enumerate(row)
        )
        yield f"    {'  '.join(cells)}".rstrip()


def _found(problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        yield f"  {problem.severity.value}: {problem}"


def _xpt(path: Path) -> Iterator[str]:
    from trialect.converters.readers.xpt import open_members

    for member in open_members(path):
        label = f" ({member.label})" if member.label else ""
        made = f", created {member.created:%Y-%m-%d %H:%M:%S}" if member.created else ""
        yield f"  {member.name}{label}: {member.rows:,} records{made}"
        yield from _table(
            [
                ("variable", "type", "length", "label"),
                *((v.name, v.type, str(v.length), v.label) for v in member.variables),
            ],
            frozenset({2}),
        )
        yield from _found(member.problems)


def _dataset_json(path: Path) -> Iterator[str]:
    from trialect.converters.readers.dataset_json import read_dataset_json

    dataset = read_dataset_json(path)
    yield f"  {dataset.name} ({dataset.label}): {dataset.frame.height:,} records"
    yield from _table(
        [
            ("variable", "type", "label"),
            *((column.name, column.data_type, column.label) for column in dataset.columns),
        ]
    )


def _define(path: Path) -> Iterator[str]:
    from trialect.converters.readers.define_xml import read_define

    found = read_define(path)
    yield f"  {found.study}: {found.title}".rstrip(": ")
    for standard in found.standards:
        yield f"  {standard.name} {standard.version}"
    if found.datasets:
        yield from _table(
            [
                ("dataset", "variables", "label"),
                *((one.name, str(len(one.variables)), one.label) for one in found),
            ],
            frozenset({1}),
        )


def _bundle(path: Path) -> Iterator[str]:
    bundle = orjson.loads(path.read_bytes())
    entries = bundle.get("entry", [])
    yield f"  type {bundle.get('type')}, {len(entries):,} entries"
    yield from _counts(Counter(_type(entry.get("resource", {})) for entry in entries))


def _resource(path: Path) -> Iterator[str]:
    resource = orjson.loads(path.read_bytes())
    yield f"  {resource['resourceType']} {resource.get('id', 'without id')}"


def _ndjson(path: Path) -> Iterator[str]:
    types: Counter[str] = Counter()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    types[_type(orjson.loads(line))] += 1
                except (orjson.JSONDecodeError, AttributeError) as error:
                    raise ValueError(f"line {number} is no resource: {error}") from error
    yield from _counts(types)


def _type(resource: Any) -> str:
    return str(resource.get("resourceType", "without resourceType"))


def _counts(types: Counter[str]) -> Iterator[str]:
    if types:
        rows = [(f"{count:,}", name) for name, count in sorted(types.items())]
        yield from _table(rows, frozenset({0}))


def _form(path: Path) -> Iterator[str]:
    from trialect.study_options import FormFile

    yield from _columns(path, FormFile(path.name))


def _workbook(path: Path) -> Iterator[str]:
    from openpyxl import load_workbook

    from trialect.study_options import FormFile

    try:
        sheets = load_workbook(path, read_only=True).sheetnames
    except Exception as error:  # openpyxl raises whatever a damaged workbook makes it stumble over
        problem = DAMAGED.problem(file=str(path), kind=TITLES[Kind.EXCEL], reason=error)
        raise Unusable(problem) from error
    for sheet in sheets:
        yield f"  sheet {sheet}"
        try:
            yield from _columns(path, FormFile(path.name, sheet=sheet))
        except Unusable as unusable:
            if len(sheets) == 1:
                raise
            yield from _found(unusable.problems)


def _columns(path: Path, form: FormFile) -> Iterator[str]:
    """The columns of a form: how many rows fill each, and the first value."""
    from trialect.converters.readers import open_form

    opened = open_form(path, form)
    rows = 0
    filled: Counter[str] = Counter()
    first: dict[str, str] = {}
    for batch in opened.batches:
        rows += batch.height
        for name in opened.columns:
            values = batch[name].drop_nulls()
            filled[name] += values.len()
            if values.len():
                first.setdefault(name, values[0])
    yield f"  {plural(rows, 'row')}, {plural(len(opened.columns), 'column')}"
    yield from _table(
        [
            ("column", "filled", "first value"),
            *((name, f"{filled[name]:,}", _short(first.get(name, ""))) for name in opened.columns),
        ],
        frozenset({1}),
    )
    yield from _found(opened.problems)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE else line[: EXAMPLE - 1] + "…"


def _study(path: Path) -> Iterator[str]:
    from trialect.converters.readers.study_yaml import read_study

    study = read_study(path)
    yield f"  {study.studyid}: {study.name}"
    if study.invented:
        yield f"  {study.invented}"
    yield f"  sponsor {study.sponsor.name}"
    facts = (study.arms, "arm"), (study.visits, "planned visit"), (study.sites, "site")
    yield "  " + ", ".join(plural(len(listed), word) for listed, word in facts)
    for title, folder in (("exports", study.records.folder), ("mapping tables", "mappings")):
        files = [
            one.relative_to(path).as_posix()
            for one in sorted((path / folder).rglob("*"))
            if one.is_file() and not one.name.startswith(".")
        ]
        yield f"  {title}: {', '.join(files) or 'none'}"


def _package(path: Path) -> Iterator[str]:
    manifest = path / MANIFEST
    if not manifest.is_file():
        yield from _datasets(path)
        return
    facts = orjson.loads(manifest.read_bytes())
    yield f"  {facts['study']}, {facts['subjects']:,} subjects, stamped {facts['stamp']}"
    if facts["invented"]:
        yield f"  {facts['invented']}"
    found = facts["problems"]["by_severity"].items()
    yield "  findings: " + ", ".join(plural(count, name) for name, count in found)
    rows = [(f"{n:,}", f"{name} records") for name, n in facts["datasets"].items()]
    rows += [(f"{n:,}", f"FHIR {name}") for name, n in facts["fhir"].items()]
    if rows:
        yield from _table(rows, frozenset({0}))


def _datasets(folder: Path) -> Iterator[str]:
    """The datasets of a folder of XPT files that has no manifest."""
    from trialect.converters.readers.xpt import open_members

    for file in sorted(folder.iterdir()):
        if file.suffix.lower() == ".xpt":
            try:
                for member in open_members(file):
                    yield f"  {file.name}: {member.name}, {member.rows:,} records"
            except Unusable as unusable:
                yield from _found(unusable.problems)


def _page(path: Path) -> Iterator[str]:
    from trialect.converters.registry_inspection import told_page

    yield from told_page(path)


def _records(path: Path) -> Iterator[str]:
    from trialect.converters.records_inspection import told_records

    yield from told_records(path)


def _trials(path: Path) -> Iterator[str]:
    from trialect.converters.records_inspection import told_trials

    yield from told_trials(path)


def _registry_file(path: Path) -> Iterator[str]:
    from trialect.converters.validate_registry import told_trials

    yield from told_trials(path)


def _usdm(path: Path) -> Iterator[str]:
    from trialect.converters.readers.usdm import read_file

    problems: list[Problem] = []
    study = read_file(path, problems.append).study
    yield f"  {study.studyid}: {study.name}"
    yield f"  sponsor {study.sponsor.name}, {study.design.type.lower()}"
    for name in ("registrations", "arms", "elements", "visits", "criteria", "outcomes"):
        count = len(getattr(study, name))
        if count:
            yield f"  {count:,} {name}"
    yield from _found(problems)


INSPECTORS: dict[Kind, Callable[[Path], Iterator[str]]] = {
    Kind.XPT5: _xpt,
    Kind.DATASET_JSON: _dataset_json,
    Kind.DATASET_NDJSON: _dataset_json,
    Kind.DSJC: _dataset_json,
    Kind.DEFINE_XML: _define,
    Kind.FHIR_BUNDLE: _bundle,
    Kind.FHIR_RESOURCE: _resource,
    Kind.FHIR_NDJSON: _ndjson,
    Kind.CSV: _form,
    Kind.EXCEL: _workbook,
    Kind.SAS7BDAT: _form,
    Kind.STUDY_FOLDER: _study,
    Kind.PACKAGE: _package,
    Kind.REGISTRY_PAGE: _page,
    Kind.REGISTRY_RECORDS: _records,
    Kind.TRIALS: _trials,
    Kind.PRS_XML: _registry_file,
    Kind.ICTRP_XML: _registry_file,
    Kind.USDM: _usdm,
}
"""How a file of each kind tells what it holds."""

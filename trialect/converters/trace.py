"""From any cell of a package back to the source row, column and rule that made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from trialect.converters.lineage import TRANSLITERATED, key_columns, read_lineage, read_rules
from trialect.converters.package import FHIR_NDJSON, MANIFEST, sdtm_folder
from trialect.metadata import Provenance
from trialect.problems import Unusable, rule
from trialect.trial import BLOCK, FORM, LOOKUP_ROW, ROW, is_lineage

NO_PACKAGE = rule(
    "TRACE-NO-PACKAGE",
    "error",
    "Not a package of trialect",
    "{file} holds no manifest.json and lineage.",
    "Name the folder that trialect convert wrote.",
)
NO_DATASET = rule(
    "TRACE-NO-DATASET",
    "error",
    "The package has no such dataset",
    "{value} is not in {file}.",
    "It holds {known}.",
)
NO_VARIABLE = rule(
    "TRACE-NO-VARIABLE",
    "error",
    "The dataset has no such variable",
    "{domain} has no {value}.",
    "It has {known}.",
)
BAD_WHERE = rule(
    "TRACE-WHERE",
    "error",
    "The condition is not understood",
    "{value!r} is no condition.",
    "Write VARIABLE=value, several joined by &: 'USUBJID=X-01-001 & QSSEQ=3'.",
)
NO_RECORD = rule(
    "TRACE-NO-RECORD",
    "error",
    "No such record",
    "No record of {domain} has {value}.",
    "Look the record up in the dataset, or drop a part of the condition.",
)
NO_RESOURCE = rule(
    "TRACE-NO-RESOURCE",
    "error",
    "No such resource",
    "No resource of {file} has the id {value}.",
    "Take the id from fhir/ndjson of the same package.",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction behind a cell and what it read."""

    provenance: Provenance
    file: str | None
    row: int | None
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """A cell: the record's keys, the variable, its value, and the steps that made it."""

    dataset: str
    keys: dict[str, str]
    variable: str
    value: str | None
    collected: str | None
    """The text as it was collected, where SDTM had to spell it in ASCII."""
    steps: list[Step] = field(default_factory=list)


def trace(
    package: str | Path, dataset: str, where: str = "", variable: str | None = None
) -> list[Traced]:
    """Tell where cells came from: of one variable, or of all that the records fill.

    `where` is `VARIABLE=value`, several joined by `&`. Raises `Unusable` when the package, the
    dataset, the variable or a record is not there.
    """
    folder = Path(package)
    return list(_cells(folder, dataset.upper(), where, variable and variable.upper()))


def trace_resource(package: str | Path, id: str) -> list[Traced]:
    """Tell where a FHIR resource came from: the cells of the SDTM record it was made of."""
    from trialect.converters.writers.fhir_ndjson import find_record

    folder = Path(package)
    _manifest(folder)
    found = find_record(folder / FHIR_NDJSON, id.rsplit("/", 1)[-1].removeprefix("urn:uuid:"))
    if found is None:
        raise Unusable(NO_RESOURCE.problem(file=str(folder / FHIR_NDJSON), value=id))
    dataset, usubjid, seq = found
    where = f"USUBJID={usubjid}"
    if seq:
        where += f" & {dataset[:2]}SEQ={seq}"
    return trace(folder, dataset, where)


def _manifest(package: Path) -> dict[str, object]:
    file = package / MANIFEST
    if not file.is_file():
        raise Unusable(NO_PACKAGE.problem(file=str(package)))
    manifest: dict[str, object] = orjson.loads(file.read_bytes())
    return manifest


def _cells(package: Path, dataset: str, where: str, variable: str | None) -> Iterator[Traced]:
    manifest = _manifest(package)
    lineage = read_lineage(package, dataset)
    if lineage is None:
        datasets = manifest["datasets"]
        known = ", ".join(datasets) if isinstance(datasets, dict) else ""
        raise Unusable(NO_DATASET.problem(file=str(package), value=dataset, known=known))
    records = _with_values(package, str(manifest["study"]), dataset, lineage)
    variables = [c for c in records.columns if not is_lineage(c)]
    conditions = _conditions(where)
    for name in [*conditions, *([variable] if variable else [])]:
        if name not in variables:
            known = ", ".join(variables)
            raise Unusable(NO_VARIABLE.problem(domain=dataset, value=name, known=known))
    chosen = records
    for name, value in conditions.items():
        chosen = chosen.filter(_text(name) == value)
    if not chosen.height:
        raise Unusable(NO_RECORD.problem(domain=dataset, value=where))
    rules = read_rules(package)
    files = _files(manifest)
    spelled = read_lineage(package, TRANSLITERATED)
    for record in chosen.iter_rows(named=True):
        for name in [variable] if variable else variables:
            if variable is None and record[name] is None:
                continue
            yield _traced(dataset, name, record, rules, files, spelled)


def _with_values(package: Path, studyid: str, dataset: str, lineage: pl.DataFrame) -> pl.DataFrame:
    """The records with their values where the package holds the dataset, else with their keys."""
    from trialect.converters.readers.xpt import XptReader

    folder = package / sdtm_folder(studyid)
    files = sorted(folder.glob(f"{dataset.lower()}.xpt")) or sorted(
        folder.glob(f"{dataset.lower()}[0-9]*.xpt")
    )
    if not files:
        return lineage
    values = pl.concat([frame for file in files for frame in XptReader(file).iter_batches()])
    return pl.concat(
        [values, lineage.select(c for c in lineage.columns if is_lineage(c))], how="horizontal"
    )


def _conditions(where: str) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in where.split("&"))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise Unusable(BAD_WHERE.problem(value=part))
        conditions[name.strip().upper()] = value.strip().strip("'\"")
    return conditions


def _text(name: str) -> pl.Expr:
    """A column as people write it: whole numbers without a fraction."""
    return pl.col(name).cast(pl.String).str.replace(r"\.0$", "")


def _files(manifest: dict[str, object]) -> dict[str, str]:
    inputs = manifest["inputs"]
    forms = inputs["forms"] if isinstance(inputs, dict) else {}
    return {name: form["file"] for name, form in forms.items()}


def _traced(
    dataset: str,
    variable: str,
    record: dict[str, object],
    rules: list[Provenance],
    files: dict[str, str],
    spelled: pl.DataFrame | None,
) -> Traced:
    keys = {
        name: _plain(record[name])
        for name in key_columns(dataset, record)
        if record[name] is not None
    }
    domain, target = dataset, variable
    if variable == "QVAL" and record.get("QNAM"):
        domain, target = str(record.get("RDOMAIN")), str(record["QNAM"])
    steps = [
        Step(one, *_place(one, record, files), one.columns)
        for one in _rules_of(rules, domain, target, record.get(BLOCK))
        or _given(rules, dataset, variable)
    ]
    value = record[variable]
    return Traced(
        dataset=dataset,
        keys=keys,
        variable=variable,
        value=None if value is None else _plain(value),
        collected=_collected(spelled, dataset, keys, variable),
        steps=steps,
    )


def _rules_of(
    rules: list[Provenance], domain: str, variable: str, block: object
) -> list[Provenance]:
    """The instructions of the record's own block, else those of the derivations."""
    here = [one for one in rules if one.domain == domain and one.variable == variable]
    own = [one for one in here if one.block == block]
    return own or [one for one in here if one.verb.startswith("derive")]


IDENTIFIERS = {
    "STUDYID": "studyid of study.yaml",
    "DOMAIN": "the domain that the block feeds (sources.csv)",
    "RDOMAIN": "the domain of the record it belongs to",
    "IDVAR": "--SEQ of the parent; empty where the parent has one record a subject",
    "IDVARVAL": "--SEQ of the record it belongs to",
    "QNAM": "the target of the mapping line, which is no variable of the domain",
    "QLABEL": "the label of the mapping line",
    "QORIG": "the origin of the mapping line or its verb",
    "QEVAL": "the evaluator of the mapping line",
}
"""What fills the variables that no line and no derivation of their own fills."""


def _given(rules: list[Provenance], dataset: str, variable: str) -> list[Provenance]:
    """The reason of a variable that every record has: the study's, or the subject's from DM."""
    if variable == "USUBJID":
        return [one for one in rules if one.domain == "DM" and one.variable == "USUBJID"]
    if variable in IDENTIFIERS:
        return [
            Provenance(dataset, variable, "", "derive:identifiers", method=IDENTIFIERS[variable])
        ]
    return []


def _place(
    one: Provenance, record: dict[str, object], files: dict[str, str]
) -> tuple[str | None, int | None]:
    looked_up = record.get(LOOKUP_ROW + one.variable)
    form = one.form if looked_up is not None or one.form else record.get(FORM)
    row = looked_up if looked_up is not None else record.get(ROW)
    if form is None:
        return None, None
    return files.get(str(form), str(form)), row if isinstance(row, int) else None


def _collected(
    spelled: pl.DataFrame | None, dataset: str, keys: dict[str, str], variable: str
) -> str | None:
    if spelled is None:
        return None
    seq = keys.get(f"{dataset[:2]}SEQ") or keys.get("IDVARVAL") or keys.get("QNAM")
    found = spelled.filter(
        (pl.col("dataset") == dataset)
        & (pl.col("variable") == variable)
        & pl.col("usubjid").eq_missing(pl.lit(keys.get("USUBJID"), pl.String))
        & pl.col("seq").eq_missing(pl.lit(seq, pl.String))
    )
    return str(found["original"][0]) if found.height else None


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def told(cells: Iterable[Traced]) -> list[str]:
    """The traced cells as lines for the screen, one paragraph a record."""
    lines: list[str] = []
    shown: dict[str, str] | None = None
    for cell in cells:
        if cell.keys != shown:
            shown = cell.keys
            keys = " ".join(f"{name}={value}" for name, value in cell.keys.items())
            lines += ["", f"{cell.dataset} {keys}"] if lines else [f"{cell.dataset} {keys}"]
        value = "(empty)" if cell.value is None else cell.value
        lines.append(f"  {cell.variable} = {value}")
        if cell.collected is not None:
            lines.append(f"    collected as {cell.collected}")
        lines += [f"    {line}" for step in cell.steps for line in _step(step)]
    return lines


def _step(step: Step) -> list[str]:
    one = step.provenance
    lines = []
    if one.verb.startswith("derive:"):
        lines.append(f"derived ({one.verb.removeprefix('derive:')}): {one.method}")
        if one.inputs:
            lines.append(f"from {', '.join(one.inputs)}")
        return lines
    columns = f", column {'; '.join(step.columns)}" if step.columns else ""
    if step.file and step.columns:
        row = f" row {step.row}" if step.row is not None else ""
        lines.append(f"{step.file}{row}{columns}")
    where = f" ({one.table}:{one.line})" if one.table else ""
    lines.append(f"{one.verb}{where}" + (f": {one.method}" if one.method else ""))
    if one.note:
        lines.append(f"note: {one.note}")
    return lines

"""From any cell of a package back to the source row, column and rule that made it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from trialect.converters.lineage import key_columns
from trialect.converters.package import FHIR_NDJSON
from trialect.converters.trace_inputs import inputs_of, names_of
from trialect.converters.traced_package import Exports, Record, TracedPackage
from trialect.metadata import Provenance
from trialect.problems import Unusable, rule
from trialect.trial import BLOCK, FORM, LOOKUP_ROW, ROW, is_lineage

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
    "No resource of {file} that was made of a record has the id {value}.",
    "Take the id or the identifier of a subject's resource from the same package; the study's own "
    "resources (ResearchStudy, ...) come from study.yaml.",
)

ITEM = "@item"
"""Lineage column: the column of the form, or =EXPRESSION, whose item made the record."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction behind a cell and what it read.

    `texts` are the cells of `columns` in the export, where the study's folder was given; `read`
    the variables that a derivation reads, `inputs` their cells, with their own steps and no
    further.
    """

    provenance: Provenance
    file: str | None
    row: int | None
    columns: tuple[str, ...]
    form: str | None = None
    texts: tuple[str | None, ...] | None = None
    read: tuple[str, ...] = ()
    inputs: tuple[Traced, ...] = ()


@dataclass(frozen=True, slots=True)
class Traced:
    """A cell: the record's keys, the variable, its value, and the steps that made it.

    Of several steps one made the cell: lines of a mapping table whose conditions differ, then the
    derivation that fills what they leave empty.
    """

    dataset: str
    keys: dict[str, str]
    variable: str
    value: str | None
    collected: str | None
    """The text as it was collected, where SDTM had to spell it in ASCII."""
    steps: list[Step] = field(default_factory=list)
    held: bool = True
    """False where the package does not hold the dataset, so that the value is not known."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The traced cells, and how many records the condition leaves in all."""

    cells: list[Traced]
    records: int


def trace(
    package: str | Path,
    dataset: str,
    where: str = "",
    variable: str | None = None,
    *,
    study: str | Path | None = None,
) -> list[Traced]:
    """Tell where cells came from: of one variable, or of all that the records fill.

    `where` is `VARIABLE=value`, several joined by `&`. `variable` may be a supplemental qualifier
    of the dataset. With `study`, the study's folder, the source cells are read, too. Raises
    `Unusable` when the package, the dataset, the variable or a record is not there, or when an
    export is not the one that was converted.
    """
    return follow(package, dataset, where, variable, study=study).cells


def trace_resource(
    package: str | Path, id: str, *, study: str | Path | None = None
) -> list[Traced]:
    """Tell where a FHIR resource came from: the cells of the SDTM record it was made of.

    `id` is its id (`Type/id`, `urn:uuid:id`) or the value of its identifier. Raises `Unusable`
    when no resource of a subject has it.
    """
    from trialect.converters.writers.fhir_ndjson import find_record

    folder = TracedPackage(Path(package)).folder / FHIR_NDJSON
    found = find_record(folder, id)
    if found is None:
        raise Unusable(NO_RESOURCE.problem(file=str(folder), value=id))
    dataset, usubjid, number = found
    where = f"USUBJID='{usubjid}'"
    if number:
        where += f" & {'VISITNUM' if dataset == 'SV' else dataset + 'SEQ'}={number}"
    return trace(package, dataset, where, study=study)


def follow(
    package: str | Path,
    dataset: str,
    where: str = "",
    variable: str | None = None,
    *,
    study: str | Path | None = None,
    most: int | None = None,
) -> Trail:
    """`trace`, of the first `most` records."""
    source = TracedPackage(Path(package))
    name, wanted = dataset.upper(), variable and variable.upper()
    conditions = _conditions(where)
    records = source.records(name)
    if wanted and wanted not in records.columns and f"SUPP{name}" in source.datasets:
        qualifiers = source.records(f"SUPP{name}").filter(pl.col("QNAM") == wanted)
        if qualifiers.height:
            parents = _chosen(records, name, where, conditions)
            chosen = _qualifiers_of(parents, qualifiers)
            if not chosen.height:
                raise Unusable(NO_RECORD.problem(domain=name, value=f"{wanted} where {where}"))
            return _trail(source, f"SUPP{name}", chosen, "QVAL", study, most)
    known = _variables(source, name, records)
    for asked in [*conditions, *([wanted] if wanted else [])]:
        if asked not in known:
            listed = ", ".join(known)
            raise Unusable(NO_VARIABLE.problem(domain=name, value=asked, known=listed))
    return _trail(source, name, _chosen(records, name, where, conditions), wanted, study, most)


def _variables(source: TracedPackage, dataset: str, records: pl.DataFrame) -> list[str]:
    """The variables of a dataset; where the package does not hold it, those that a rule fills."""
    held = [column for column in records.columns if not is_lineage(column)]
    if source.holds(dataset):
        return held
    filled = [variable for domain, variable in source.rules if domain == dataset]
    return list(dict.fromkeys([*held, *filled]))


def _chosen(
    records: pl.DataFrame, dataset: str, where: str, conditions: dict[str, str]
) -> pl.DataFrame:
    chosen = records
    for name, value in conditions.items():
        if name not in records.columns:
            listed = ", ".join(c for c in records.columns if not is_lineage(c))
            raise Unusable(NO_VARIABLE.problem(domain=dataset, value=name, known=listed))
        chosen = chosen.filter(_equals(name, chosen.schema[name], value))
    if not chosen.height:
        raise Unusable(NO_RECORD.problem(domain=dataset, value=where or "a value"))
    return chosen


_CONDITION = re.compile(
    r"""\s*([A-Za-z_]\w*)\s*==?\s*(?:'([^']*)'|"([^"]*)"|([^&'"]*?))\s*(?:&|$)""", re.ASCII
)


def _conditions(where: str) -> dict[str, str]:
    conditions: dict[str, str] = {}
    at = 0
    while where[at:].strip():
        found = _CONDITION.match(where, at)
        if found is None:
            raise Unusable(BAD_WHERE.problem(value=where[at:].strip()))
        name, *values = found.groups()
        conditions[name.upper()] = next(value for value in values if value is not None)
        at = found.end()
    return conditions


def _equals(name: str, dtype: pl.DataType, value: str) -> pl.Expr:
    """Whether a variable holds what people write: a number as a number, nothing as missing."""
    if not value:
        return pl.col(name).is_null()
    if not dtype.is_numeric():
        return pl.col(name) == value
    try:
        return pl.col(name) == float(value)
    except ValueError:
        return pl.lit(value=False)


def _qualifiers_of(parents: pl.DataFrame, qualifiers: pl.DataFrame) -> pl.DataFrame:
    """The supplemental qualifiers of some records."""
    subjects = qualifiers.filter(pl.col("USUBJID").is_in(parents["USUBJID"].implode()))
    named = {
        (record["USUBJID"], variable, _plain(record[variable]))
        for variable in subjects["IDVAR"].drop_nulls().unique()
        if variable in parents.columns
        for record in parents.select("USUBJID", variable).iter_rows(named=True)
        if record[variable] is not None
    }
    rows = subjects.select("USUBJID", "IDVAR", "IDVARVAL").rows()
    return subjects.filter([row[1] is None or row in named for row in rows])


def _trail(
    source: TracedPackage,
    dataset: str,
    chosen: pl.DataFrame,
    variable: str | None,
    study: str | Path | None,
    most: int | None,
) -> Trail:
    names = _variables(source, dataset, chosen)
    cells = [
        traced(source, dataset, record, name)
        for record in chosen.head(most or chosen.height).iter_rows(named=True)
        for name in ([variable] if variable else names)
        # Without the dataset nobody knows which variables the record fills.
        if variable or name not in record or record[name] is not None
    ]
    if study is not None:
        cells = _with_texts(cells, Exports(Path(study), source))
    return Trail(cells, chosen.height)


def traced(
    source: TracedPackage, dataset: str, record: Record, variable: str, *, inputs: bool = True
) -> Traced:
    """One cell of a record; with `inputs`, also the cells that derivations made it of."""
    keys = {
        name: _plain(record[name])
        for name in key_columns(dataset, record)
        if record[name] is not None
    }
    home, owner = dataset, record
    if variable == "USUBJID" and dataset != "DM" and record.get("USUBJID") is not None:
        # The subject's own line is in dm.csv; every other domain takes it from there.
        mine = source.of_subject("DM", record["USUBJID"])
        home, owner = ("DM", mine[0]) if mine else (dataset, record)
    steps = [
        _step(source, home, owner, one, inputs) for one in _rules_of(source, home, variable, owner)
    ]
    value = record.get(variable)
    seq = keys.get(f"{dataset[:2]}SEQ") or keys.get("IDVARVAL") or keys.get("QNAM")
    return Traced(
        dataset=dataset,
        keys=keys,
        variable=variable,
        value=None if value is None else _plain(value),
        collected=source.spelled.get((dataset, variable, keys.get("USUBJID"), seq)),
        steps=steps,
        held=variable in record,
    )


def _step(
    source: TracedPackage, dataset: str, record: Record, one: Provenance, inputs: bool
) -> Step:
    form, row = _place(one, record)
    found = inputs_of(source, dataset, record, one) if inputs else ()
    return Step(
        provenance=one,
        file=source.file_of(form) if form else None,
        row=row,
        columns=_columns(one, _item(source, dataset, record)),
        form=form,
        read=names_of(record, one),
        inputs=tuple(traced(source, *cell, inputs=False) for cell in found),
    )


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


def _rules_of(
    source: TracedPackage, dataset: str, variable: str, record: Record
) -> list[Provenance]:
    """The lines of the record's own block and item, then the derivations."""
    domain, target = dataset, variable
    if variable == "QVAL" and record.get("QNAM"):
        domain, target = str(record.get("RDOMAIN")), str(record["QNAM"])
    here = source.rules.get((domain, target), [])
    block = [one for one in here if one.block == record.get(BLOCK)]
    item = _item(source, domain, record)
    own = [
        one
        for one in block
        if one.verb != "item" or item is None or (one.table, one.line) == (item.table, item.line)
    ]
    derived = [one for one in here if one.verb.startswith("derive") and one not in own]
    return own + derived or _given(dataset, variable)


def _item(source: TracedPackage, dataset: str, record: Record) -> Provenance | None:
    """The line of items.csv that made a record; None where its block has no items."""
    item = record.get(ITEM)
    domain = str(record.get("RDOMAIN") or dataset)
    formula = f"Computed as {str(item).removeprefix('=').strip()}"
    for one in source.rules.get((domain, f"{domain[:2]}ORRES"), []):
        if (
            one.verb == "item"
            and one.block == record.get(BLOCK)
            and (one.columns == (item,) or one.method == formula)
        ):
            return one
    return None


def _given(dataset: str, variable: str) -> list[Provenance]:
    """The reason of a variable that every record has."""
    if variable in IDENTIFIERS:
        return [
            Provenance(dataset, variable, "", "derive:identifiers", method=IDENTIFIERS[variable])
        ]
    return []


def _columns(one: Provenance, item: Provenance | None) -> tuple[str, ...]:
    """The columns an instruction read; `@value` and `@column` are those of the record's item."""
    if item is None:
        return one.columns
    own = {"@value", "@column"}
    read = (item.columns if column in own else (column,) for column in one.columns)
    return tuple(dict.fromkeys(column for columns in read for column in columns))


def _place(one: Provenance, record: Record) -> tuple[str | None, int | None]:
    looked_up = record.get(LOOKUP_ROW + one.variable)
    form = one.form if looked_up is not None or one.form else record.get(FORM)
    row = looked_up if looked_up is not None else record.get(ROW)
    if form is None:
        return None, None
    # A form that is only looked into tells its row, or none: the record's row is another form's.
    if looked_up is None and one.form not in (None, record.get(FORM)):
        row = None
    return str(form), row if isinstance(row, int) else None


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def _with_texts(cells: Iterable[Traced], exports: Exports) -> list[Traced]:
    """The cells with the texts of the exports that they were made of."""
    listed = list(cells)
    wanted: dict[str, set[int]] = {}
    for step in _steps(listed):
        if step.form is not None and step.row is not None and step.columns:
            wanted.setdefault(step.form, set()).add(step.row)
    rows = exports.texts(wanted)
    return [_told(cell, rows) for cell in listed]


def _steps(cells: Iterable[Traced]) -> Iterator[Step]:
    for cell in cells:
        for step in cell.steps:
            yield step
            yield from _steps(step.inputs)


def _told(cell: Traced, rows: dict[tuple[str, int], Record]) -> Traced:
    steps = []
    for step in cell.steps:
        row = rows.get((step.form or "", step.row or 0))
        texts = None if row is None else tuple(row.get(column) for column in step.columns)
        inputs = tuple(_told(one, rows) for one in step.inputs)
        steps.append(replace(step, texts=texts, inputs=inputs))
    return replace(cell, steps=steps)

"""The mapping tables of a study, read and held against the standards before anything is mapped.

docs/mapping.md is the language. Everything that is wrong is collected, each with its table and
line; a table that cannot be understood stops the conversion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trialect.metadata import Origin, Provenance
from trialect.problems import Problem, Problems
from trialect.trial import Study


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a line reads: of the block's own form when `form` is None."""

    name: str
    form: str | None = None

    def __str__(self) -> str:
        return f"{self.form}.{self.name}" if self.form else self.name


@dataclass(frozen=True, slots=True)
class Block:
    """One form that feeds one domain (sources.csv)."""

    domain: str
    name: str
    form: str
    where: str | None
    records: str
    table: str
    line: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction: how blocks fill one target."""

    domain: str
    blocks: tuple[str, ...]
    target: str
    verb: str
    source: tuple[Column, ...]
    value: str | None
    codelist: tuple[str, ...]
    format: tuple[str, ...]
    where: str | None
    by: tuple[str, ...]
    when: str | None
    label: str | None
    origin: Origin
    note: str | None
    table: str
    line: int

    @property
    def form(self) -> str | None:
        """The other form it looks into, if any."""
        return next((column.form for column in self.source if column.form), None)


@dataclass(frozen=True, slots=True)
class Item:
    """A column that becomes a record: its test and what else is fixed for it.

    `codelists` are those that the test's code and name are terms of.
    """

    block: str
    column: str
    expression: str | None
    testcd: str
    test: str
    unit: str | None
    not_done: str | None
    reason: str | None
    loinc: str | None
    snomed: str | None
    when: str | None
    fixed: tuple[tuple[str, str], ...]
    table: str
    line: int
    codelists: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class VisitCode:
    """A visit as the source codes it, and what it is in SDTM."""

    form: str | None
    code: str
    num: float
    name: str
    day: float | None
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    """A line of relations.csv: records that a RELID joins."""

    relation: str
    role: str
    domain: str
    where: str | None
    by: tuple[str, ...]
    reltype: str | None
    table: str
    line: int


@dataclass(frozen=True, slots=True)
class Supplemental:
    """What is known of a supplemental qualifier: QLABEL, QORIG (Define-XML's words), QEVAL."""

    label: str
    origin: str
    evaluator: str | None = None


@dataclass(frozen=True, slots=True)
class NotSubmitted:
    """Columns of a block's form, or of another, that are left out on purpose, and why."""

    block: str
    columns: tuple[Column, ...]
    reason: str
    table: str
    line: int


@dataclass(frozen=True, slots=True)
class Words:
    """A codelist of the study: the term for each text, and each term's decode."""

    terms: Mapping[str, str]
    decodes: Mapping[str, str]

    def find(self, text: str) -> str | None:
        """The term that a text means, also in another case where only one word is so written."""
        if text in self.terms:
            return self.terms[text]
        key = text.casefold()
        close = {term for word, term in self.terms.items() if word.casefold() == key}
        return close.pop() if len(close) == 1 else None


@dataclass(frozen=True, slots=True)
class MappingTables:
    """All mapping tables of a study."""

    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    items: tuple[Item, ...]
    visits: tuple[VisitCode, ...]
    relations: tuple[Relation, ...]
    codelists: Mapping[str, Words]
    supplemental: Mapping[tuple[str, str], Supplemental]
    not_submitted: tuple[NotSubmitted, ...]
    provenance: tuple[Provenance, ...]
    problems: Problems = field(default_factory=Problems)
    keys: frozenset[str] = frozenset()
    """The columns that name the subject or the visit in some form."""
    left_out: tuple[Block, ...] = ()
    """Blocks with `records` = none: rows that are left out on purpose."""
    units: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """The study's own factors and offsets, by (from, to)."""
    visit_columns: Mapping[str | None, str] = field(default_factory=dict)
    """The column that names the visit, by form; of all other forms under None."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form that is read: those of blocks, and those that lines look into."""
        own = [block.form for block in (*self.blocks, *self.left_out)]
        return tuple(dict.fromkeys([*own, *(line.form for line in self.lines if line.form)]))

    @property
    def item_codes(self) -> dict[str, tuple[str | None, str | None]]:
        """LOINC and SNOMED CT codes of the items by --TESTCD."""
        return {
            item.testcd: (item.loinc, item.snomed)
            for item in self.items
            if item.loinc or item.snomed
        }

    def lines_of(self, block: Block) -> list[Line]:
        """The lines that fill a block, in their order."""
        return [
            line
            for line in self.lines
            if line.domain == block.domain and (not line.blocks or block.name in line.blocks)
        ]

    def visits_of(self, form: str) -> dict[str, VisitCode]:
        """The visits of a form by the source's code; a line for the form beats one for all."""
        general = {visit.code: visit for visit in self.visits if visit.form is None}
        return general | {visit.code: visit for visit in self.visits if visit.form == form}

    def items_of(self, block: Block) -> list[Item]:
        """The items of a block, in their order."""
        return [item for item in self.items if item.block == block.name]


def read_tables(folder: Path, study: Study) -> MappingTables:
    """Read mappings/*.csv or mappings/mapping.xlsx.

    Raises `Unusable` with every mistake that makes the tables no tables.
    """
    from trialect.mappings.table_reader import TableReader

    return TableReader(folder, study).read()


def check_columns(
    tables: MappingTables, form_columns: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """What the tables say of columns, held against the forms' own: unknown columns and
    expressions that do not fit are errors, columns that nobody mentions warnings.
    """
    from trialect.mappings.column_check import ColumnCheck

    return ColumnCheck(tables, form_columns).problems()


__all__ = [
    "Block",
    "Column",
    "Item",
    "Line",
    "MappingTables",
    "NotSubmitted",
    "Origin",
    "Relation",
    "Supplemental",
    "VisitCode",
    "Words",
    "check_columns",
    "read_tables",
]

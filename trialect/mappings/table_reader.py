"""Turns the lines of mapping tables into what they mean, and says of each what it cannot mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from trialect.converters.did_you_mean import meant
from trialect.mappings import table_rules as rules
from trialect.mappings.cells import Cells
from trialect.mappings.line_reader import LineReader
from trialect.mappings.lines import Table, TableLine, check_header, read_all
from trialect.mappings.provenance import provenance
from trialect.mappings.tables import Block, Item, MappingTables, Relation, VisitCode, Words
from trialect.metadata import Origin
from trialect.problems import Problems
from trialect.schemas.ct import Codelist, terminology
from trialect.schemas.sdtm import Dataset, Variable, dataset, datasets
from trialect.trial import Study

SOURCES = ("domain", "block", "from", "where", "records", "note")
ITEMS = (
    "block",
    "column",
    "testcd",
    "test",
    "unit",
    "not_done",
    "reason",
    "codelist",
    "loinc",
    "snomed",
    "when",
    "origin",
    "note",
)
VISITS = ("form", "code", "VISITNUM", "VISIT", "VISITDY", "EPOCH", "note")
RELATIONS = ("relation", "role", "domain", "where", "by", "reltype", "note")
UNITS = ("from", "to", "factor", "offset", "note")
CODELIST = ("source", "term", "decode", "note")
RECORDS = ("row", "item", "subject", "none")
TABLES = ("sources", "items", "visits", "relations", "units")

_MADE = {
    "RELREC": "relations.csv says which records belong together",
    "SUPPQUAL": "what is no variable of a domain becomes a supplemental qualifier by itself",
}
_FRACTION = re.compile(r"-?[0-9]+(\.[0-9]+)?(/[0-9]+)?")


class TableReader:
    """Reads the tables of one study; `problems` collects everything that is wrong."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.study = study
        self.tables, found = read_all(folder)
        self.problems = Problems(found)
        self.cells = Cells(self.tables, terminology(study.sdtm.ct), self.problems)
        home = folder / study.records.folder
        self.forms = set(study.records.forms)
        self.forms |= {path.stem for path in home.iterdir()} if home.is_dir() else set()
        self.blocks: list[Block] = []
        self.left_out: list[Block] = []

    def read(self) -> MappingTables:
        """The tables. Raises `Unusable` with every error."""
        self.cells.words = dict(self._codelists())
        self._blocks()
        self.forms |= {block.form for block in (*self.blocks, *self.left_out)}
        known = MappingTables(
            blocks=tuple(self.blocks),
            lines=(),
            items=tuple(self._items()),
            visits=tuple(self._visits()),
            relations=tuple(self._relations()),
            codelists=self.cells.words,
            supplemental={},
            not_submitted=(),
            provenance=(),
            problems=self.problems,
            keys=frozenset(self._keys()),
            left_out=tuple(self.left_out),
            units=dict(self._units()),
            visit_columns=dict(self._visit_columns()),
        )
        reader = LineReader(self.cells, self.study, known, self.forms)
        for name in dict.fromkeys(block.domain for block in self.blocks):
            if name.lower() in self.tables:
                blocks = [block for block in self.blocks if block.domain == name]
                reader.read(name, self.tables[name.lower()], blocks)
        self._strangers()
        self._missing(known, reader)
        self.problems.stop_on_errors()
        whole = replace(
            known,
            lines=tuple(reader.lines),
            supplemental=reader.supplemental,
            not_submitted=tuple(reader.not_submitted),
        )
        return replace(whole, provenance=tuple(provenance(whole)))

    def _keys(self) -> Iterator[str]:
        """The columns by which forms are joined; nobody needs to mention them."""
        records = self.study.records
        yield from filter(None, (records.subject, records.visit))
        for form in records.forms.values():
            yield from filter(None, (form.subject, form.visit))

    def _visit_columns(self) -> Iterator[tuple[str | None, str]]:
        """The column that names the visit, as study.yaml says: of a form, or of all others."""
        records = self.study.records
        if records.visit is not None:
            yield None, records.visit
        yield from ((name, form.visit) for name, form in records.forms.items() if form.visit)

    def _codelists(self) -> Iterator[tuple[str, Words]]:
        for name in self.tables:
            if not name.startswith("codelists/"):
                continue
            table = self.cells.table(name, CODELIST, ("source", "term"))
            terms: dict[str, str] = {}
            decodes: dict[str, str] = {}
            first: dict[str, int] = {}
            for line in table.lines if table else ():
                source, term = self.cells.text(line, "source"), self.cells.text(line, "term")
                if source in first:
                    given = {"value": source, "first": first[source]}
                    self.cells.tell(rules.LINE_TWICE, line, "source", **given)
                first.setdefault(source, line.number)
                terms[source] = term
                if decode := line.get("decode"):
                    decodes[term] = decode
            yield Path(self.tables[name].name).name, Words(terms, decodes)

    def _blocks(self) -> None:
        table = self.cells.table("sources", SOURCES, ("domain", "block", "from"))
        seen: dict[str, int] = {}
        for line in table.lines if table else ():
            name, records = self.cells.text(line, "block"), line.get("records") or "row"
            self.cells.word(line, "records", RECORDS, "row")
            domain = (line.get("domain") or "").upper()
            if records != "none" and not self._domain(line, domain):
                continue
            if name in seen:
                given = {"value": name, "first": seen[name]}
                self.cells.tell(rules.BLOCK_TWICE, line, "block", **given)
            seen.setdefault(name, line.number)
            form = self.cells.text(line, "from")
            declared = self.study.records.forms.get(form)
            if declared is not None and not declared.per_subject:
                self.cells.tell(rules.FORM_WITHOUT_SUBJECTS, line, "from", value=form)
            block = Block(
                domain=domain,
                name=name,
                form=form,
                where=self.cells.expression(line, "where"),
                records=records,
                table=line.table,
                line=line.number,
                note=line.get("note"),
            )
            if records == "none":
                self.cells.text(line, "note")
                self.left_out.append(block)
            else:
                self.blocks.append(block)

    def _domain(self, line: TableLine, domain: str) -> bool:
        """Whether the line's domain is one that forms are mapped to."""
        self.cells.text(line, "domain")
        model = dataset(domain) if domain else None
        if model is None:
            if domain:
                given = {"value": domain, "meant": meant(domain, datasets())}
                self.cells.tell(rules.UNKNOWN_DOMAIN, line, "domain", **given)
            return False
        reason = _MADE.get("SUPPQUAL" if domain.startswith("SUPP") else domain)
        if reason is None and not model.has_subjects:
            reason = "it holds no subjects; study.yaml says what is true of the trial"
        if reason is not None:
            self.cells.tell(rules.MADE_DOMAIN, line, "domain", value=domain, reason=reason)
        return reason is None

    def _visits(self) -> Iterator[VisitCode]:
        table = self.cells.table("visits", VISITS, ("code", "VISITNUM"))
        planned = {visit.num: visit for visit in self.study.visits}
        seen: dict[tuple[str | None, str], int] = {}
        for line in table.lines if table else ():
            code = self.cells.text(line, "code")
            key = (line.get("form"), code)
            if key in seen:
                given = {"value": code, "first": seen[key]}
                self.cells.tell(rules.LINE_TWICE, line, "code", **given)
            seen.setdefault(key, line.number)
            if line.get("VISITNUM") is None:
                self.cells.text(line, "VISITNUM")
            num = self.cells.number(line, "VISITNUM") or 0.0
            plan = planned.get(num)
            name, day = line.get("VISIT"), self.cells.number(line, "VISITDY")
            if name is None and plan is None:
                self.cells.text(line, "VISIT")
            yield VisitCode(
                form=line.get("form"),
                code=code,
                num=num,
                name=name or (plan.name if plan else ""),
                day=day if day is not None or plan is None or name else plan.day,
                epoch=line.get("EPOCH"),
            )

    def _units(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        table = self.cells.table("units", UNITS, ("from", "to", "factor"))
        for line in table.lines if table else ():
            factor, offset = self.cells.text(line, "factor"), line.get("offset") or "0"
            for column, text in (("factor", factor), ("offset", offset)):
                if text and not _is_fraction(text, zero=column == "offset"):
                    self.cells.tell(rules.BAD_NUMBER, line, column, value=text)
            yield (
                (self.cells.text(line, "from"), self.cells.text(line, "to")),
                (factor, offset),
            )

    def _items(self) -> Iterator[Item]:
        table = self.tables.get("items")
        if table is None:
            return
        models = {block.name: dataset(block.domain) for block in self.blocks}
        blocks = {block.name: block for block in self.blocks if block.records == "item"}
        known = (*ITEMS, *self._item_variables(table, blocks.values()))
        self.problems.extend(check_header(table, known, ("block", "column", "testcd", "test")))
        extra = [column for column in table.header if column not in ITEMS]
        for line in table.lines:
            name = self.cells.text(line, "block")
            if name and name not in blocks:
                given = {"value": name, "domain": "records = item", "meant": meant(name, blocks)}
                self.cells.tell(rules.UNKNOWN_BLOCK, line, "block", **given)
            column = self.cells.text(line, "column")
            computed = column[1:].strip() if column.startswith("=") else None
            if computed is not None:
                self.cells.expression(line, "column", computed)
            item = Item(
                block=name,
                column=column,
                expression=computed,
                testcd=self.cells.text(line, "testcd"),
                test=self.cells.text(line, "test"),
                unit=line.get("unit"),
                not_done=line.get("not_done"),
                reason=line.get("reason"),
                loinc=line.get("loinc"),
                snomed=line.get("snomed"),
                when=self.cells.expression(line, "when"),
                fixed=tuple((c, v) for c in extra if (v := line.get(c)) is not None),
                table=line.table,
                line=line.number,
                codelists=self.cells.codelists(line, "codelist"),
                origin=self._origin(line),
            )
            self._item(item, line, models.get(name))
            yield item

    @staticmethod
    def _item_variables(table: Table, blocks: Iterable[Block]) -> list[str]:
        """The variables that columns of items.csv may name: those of the blocks' domains."""
        models = [model for block in blocks if (model := dataset(block.domain)) is not None]
        listed = {variable.name for model in models for variable in model.variables}
        beside = {one for one in table.header if any(model.allowed(one) for model in models)}
        return sorted(listed | beside)

    def _origin(self, line: TableLine) -> Origin | None:
        if line.get("origin") is None:
            return None
        return self.cells.origin(line, Origin("Collected", "Investigator"))

    def _item(self, item: Item, line: TableLine, model: Dataset | None) -> None:
        """What an item fixes, held against the types and codelists of its variables."""
        if model is None:
            return
        named = [self.cells.terminology.codelist(name) for name in item.codelists]
        found = [one for one in named if one is not None]
        for column, text in (("testcd", item.testcd), ("test", item.test)):
            # A code list and its name list hold each other's terms in turn.
            self.cells.term(line, column, text, found, warn=True)
        for column, text in item.fixed:
            variable = model.allowed(column)
            if variable is None:
                given = {"value": column, "domain": model.name}
                self.cells.tell(rules.OTHER_DOMAIN, line, column, **given)
            elif variable.type == "Num":
                self.cells.number(line, column)
            else:
                self.cells.term(line, column, text, self._of(variable))
        unit = model.variable(model.expand("--ORRESU"))
        if item.unit is not None and unit is not None:
            self.cells.term(line, "unit", item.unit, self._of(unit))

    def _of(self, variable: Variable) -> list[Codelist]:
        found = (self.cells.terminology.codelist(code) for code in variable.codelists)
        return [codelist for codelist in found if codelist is not None]

    def _relations(self) -> Iterator[Relation]:
        table = self.cells.table("relations", RELATIONS, ("relation", "role", "domain"))
        for line in table.lines if table else ():
            domain = self.cells.text(line, "domain").upper()
            if domain and dataset(domain) is None:
                given = {"value": domain, "meant": meant(domain, datasets())}
                self.cells.tell(rules.UNKNOWN_DOMAIN, line, "domain", **given)
            yield Relation(
                relation=self.cells.text(line, "relation"),
                role=self.cells.word(line, "role", ("anchor", "related"), "related"),
                domain=domain,
                where=self.cells.expression(line, "where"),
                by=tuple(word for word in line.list("by") if word.lower() != "subject"),
                reltype=line.get("reltype"),
                table=line.table,
                line=line.number,
            )

    def _strangers(self) -> None:
        """Tables that belong to nothing."""
        domains = {block.domain.lower() for block in self.blocks}
        known = {*TABLES, *domains}
        for name, table in self.tables.items():
            if name in known or name.startswith("codelists/"):
                continue
            if dataset(name.upper()) is not None:
                self.problems.add(rules.NO_SOURCE.problem(file=table.file, value=name.upper()))
                continue
            close = meant(name, [*known, *(one.lower() for one in datasets())])
            self.problems.add(rules.UNKNOWN_TABLE.problem(file=table.file, value=name, meant=close))

    def _missing(self, known: MappingTables, reader: LineReader) -> None:
        """What blocks need and no table says."""
        for block in self.blocks:
            place = {"file": block.table, "row": block.line, "value": block.name}
            table = f"mappings/{block.domain.lower()}.csv"
            if block.records == "item":
                model = dataset(block.domain)
                if model is not None and model.variable(model.expand("--TESTCD")) is None:
                    self.problems.add(rules.NO_TESTS.problem(domain=block.domain, **place))
                if not known.items_of(block):
                    self.problems.add(rules.NO_ITEMS.problem(**place))
            elif block.domain.lower() not in self.tables:
                given = {"domain": block.domain, "table": table}
                self.problems.add(rules.NO_LINES.problem(**given, **place))
        dm = [block for block in self.blocks if block.domain == "DM"]
        if not dm and "sources" in self.tables:
            self.problems.add(rules.NO_DM.problem(file=self.tables["sources"].file))
        lines = [line for line in reader.lines if line.domain == "DM"]
        if "dm" in self.tables and dm and not any(line.target == "USUBJID" for line in lines):
            self.problems.add(rules.NO_USUBJID_LINE.problem(file=self.tables["dm"].file))


def _is_fraction(text: str, *, zero: bool) -> bool:
    """Whether a text is a decimal or a fraction of whole numbers, which only an offset may be 0."""
    if not _FRACTION.fullmatch(text):
        return False
    above, _, below = text.partition("/")
    if below and (not int(below) or "." in above):
        return False
    return zero or Fraction(above) != 0

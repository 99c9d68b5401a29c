"""Turns the lines of mapping tables into what they mean, and says of each what it cannot mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from trialect.converters.did_you_mean import meant
from trialect.mappings import units
from trialect.mappings.dates import DateFormatError, check_format
from trialect.mappings.expressions import ExpressionError, names_in
from trialect.mappings.lines import Table, TableLine, check_header, read_all
from trialect.mappings.tables import (
    Block,
    Column,
    Item,
    Line,
    MappingTables,
    NotSubmitted,
    Relation,
    Supplemental,
    VisitCode,
    Words,
)
from trialect.mappings.terms import codelists_of, nearest
from trialect.mappings.values import EXPRESSION
from trialect.mappings.verbs import VERBS, Verb
from trialect.mappings.verbs.assign_multiple import boxes
from trialect.mappings.verbs.convert_unit import pair
from trialect.mappings.verbs.derive import named
from trialect.metadata import Origin, Provenance
from trialect.problems import Problems, Rule, rule
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm import Variable, dataset, datasets
from trialect.trial import Study

SOURCES = ("domain", "block", "from", "where", "records", "note")
LINES = (
    "block",
    "target",
    "verb",
    "source",
    "value",
    "codelist",
    "format",
    "where",
    "by",
    "when",
    "label",
    "origin",
    "note",
)
ITEMS = (
    "block",
    "column",
    "testcd",
    "test",
    "unit",
    "not_done",
    "reason",
    "loinc",
    "snomed",
    "when",
    "note",
)
VISITS = ("form", "code", "VISITNUM", "VISIT", "VISITDY", "EPOCH", "note")
RELATIONS = ("relation", "role", "domain", "where", "by", "reltype", "note")
CODELIST = ("source", "term", "decode", "note")
RECORDS = ("row", "item", "subject")
ORIGINS = ("Collected", "Derived", "Assigned", "Protocol", "Predecessor")
MOST_ANSWERS = 20
"""Supplemental qualifiers that several answers in one column may fill."""


def _rule(id: str, title: str, message: str, mend: str = "") -> Rule:
    return rule(f"MAP-{id}", "error", title, message, mend)


EMPTY_CELL = _rule(
    "EMPTY-CELL",
    "A cell that is needed is empty",
    "{field} is empty.",
    "docs/mapping.md says what it holds.",
)
EXTRA_CELL = _rule(
    "EXTRA-CELL",
    "A cell is filled that its verb does not read",
    "{verb} does not read {field} ({value!r}).",
    "Empty the cell, or use another verb.",
)
UNKNOWN_TABLE = _rule(
    "UNKNOWN-TABLE",
    "A mapping table is not known",
    "{value} is no table.{meant}",
    "Tables are sources, items, visits, relations, codelists/NAME and one a domain.",
)
UNKNOWN_DOMAIN = _rule(
    "UNKNOWN-DOMAIN", "A domain is not known", "{value!r} is no dataset of SDTMIG 3.4.{meant}"
)
UNKNOWN_VERB = _rule(
    "UNKNOWN-VERB", "A verb is not known", "{value!r} is no verb.{meant}", "The verbs are {known}."
)
UNKNOWN_BLOCK = _rule(
    "UNKNOWN-BLOCK",
    "A block is not known",
    "{value!r} is no block of {domain} in sources.csv.{meant}",
)
UNKNOWN_WORD = _rule(
    "UNKNOWN-WORD", "A word is not known", "{value!r} is no {what}.{meant}", "Use one of {known}."
)
BLOCK_TWICE = _rule(
    "BLOCK-TWICE", "A block stands twice", "block {value!r} stands on line {first} already."
)
UNKNOWN_CODELIST = _rule(
    "UNKNOWN-CODELIST",
    "A codelist is not known",
    "{value!r} is no codelist of the study or of SDTM CT {version}.{meant}",
    "Add mappings/codelists/{value}.csv, or name CDISC's by its NCI code or short name.",
)
NOT_A_TERM = _rule(
    "NOT-A-TERM",
    "A fixed term is not in its codelist",
    "{value!r} is no term of {codelist}{nearest}.",
    "Use a term of the codelist.",
)
SOURCE_COUNT = _rule(
    "SOURCE-COUNT",
    "A verb has too few or too many columns",
    "{verb} reads {expected}, the line names {found}.",
)
NEEDS_FORM = _rule(
    "NEEDS-FORM",
    "A lookup names no form",
    "{verb} looks into another form: write {value} as form.column.",
)
BAD_FORMAT = _rule("DATE-PATTERN", "A date format is not understood", "{value!r}: {reason}.")
BAD_UNITS = _rule(
    "UNIT-PAIR",
    "A pair of units is not understood",
    "{value!r} is no FROM -> TO whose exact factor is known.",
    "docs/mapping.md lists the units.",
)
BAD_NUMBER = _rule("TABLE-NUMBER", "A number is none", "{field} is {value!r}, no number.")
NO_LABEL = _rule(
    "NO-LABEL",
    "A supplemental qualifier has no label",
    "{value} is no variable of {domain}, so it becomes a supplemental qualifier and needs a label."
    "{meant}",
    "Fill `label` (QLABEL, at most 40 characters), or correct the variable's name.",
)
BAD_QNAM = _rule(
    "QNAM",
    "A supplemental qualifier's name is none",
    "{value!r} is no QNAM.",
    "Use at most 8 upper-case letters and digits, starting with a letter (CG0417).",
)
LONG_LABEL = _rule(
    "QLABEL", "A label is too long", "the label {value!r} has more than 40 characters (CG0416)."
)
NO_USUBJID_LINE = _rule(
    "USUBJID-LINE",
    "Nothing says what USUBJID is",
    "dm.csv has no line for USUBJID.",
    "Add one, for example: USUBJID, compute, STUDYID || '-' || subjid.",
)
BAD_BOXES = _rule(
    "TICK-BOXES",
    "Tick boxes and columns do not match",
    "{value} is in source and not in value, or the reverse.",
    "Write value as COLUMN=TERM for each column, separated by ;.",
)


class TableReader:
    """Reads the tables of one study; `problems` collects everything that is wrong."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.study = study
        self.terminology = terminology(study.sdtm.ct)
        self.tables, found = read_all(folder)
        self.problems = Problems(found)
        home = folder / study.records.folder
        self.known_forms = set(study.records.forms)
        self.known_forms |= {path.stem for path in home.iterdir()} if home.is_dir() else set()
        self.blocks: list[Block] = []
        self.lines: list[Line] = []
        self.not_submitted: list[NotSubmitted] = []
        self.supplemental: dict[tuple[str, str], Supplemental] = {}

    def read(self) -> MappingTables:
        """The tables. Raises `Unusable` with every error."""
        codelists = dict(self._codelists())
        self.blocks = list(self._blocks())
        self.known_forms |= {block.form for block in self.blocks}
        visits = tuple(self._visits())
        items = tuple(self._items())
        relations = tuple(self._relations())
        self.words = MappingTables((), (), (), (), (), codelists, {}, (), ())
        for name in dict.fromkeys(block.domain for block in self.blocks):
            if name.lower() in self.tables:
                self._domain(name, self.tables[name.lower()])
        self._strangers()
        self._usubjid()
        self.problems.stop_on_errors()
        whole = MappingTables(
            blocks=tuple(self.blocks),
            lines=tuple(self.lines),
            items=items,
            visits=visits,
            relations=relations,
            codelists=codelists,
            supplemental=self.supplemental,
            not_submitted=tuple(self.not_submitted),
            provenance=(),
            problems=self.problems,
            keys=frozenset(self._keys()),
        )
        return replace(whole, provenance=tuple(provenance(whole)))

    def _keys(self) -> Iterator[str]:
        """The columns by which forms are joined; nobody needs to mention them."""
        records = self.study.records
        yield from filter(None, (records.subject, records.visit))
        for form in records.forms.values():
            yield from filter(None, (form.subject, form.visit))

    def _tell(self, declared: Rule, line: TableLine | None, field: str, **given: Any) -> None:
        place = {"file": line.table, "row": line.number} if line else {}
        self.problems.add(declared.problem(**place, field=field, **given))

    def _cell(self, line: TableLine, column: str) -> str:
        text = line.get(column)
        if text is None:
            self._tell(EMPTY_CELL, line, column)
        return text or ""

    def _word(self, line: TableLine, column: str, known: Iterable[str], default: str) -> str:
        text = line.get(column) or default
        if text not in known:
            listed = ", ".join(known)
            self._tell(
                UNKNOWN_WORD,
                line,
                column,
                value=text,
                what=column,
                meant=meant(text, known),
                known=listed,
            )
        return text

    def _expression(self, line: TableLine, column: str) -> str | None:
        text = line.get(column)
        if text is not None:
            try:
                names_in(text)
            except ExpressionError as error:
                self._tell(EXPRESSION, line, column, expression=text, reason=error, value=text)
        return text

    def _number(self, line: TableLine, column: str) -> float | None:
        text = line.get(column)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError:
            self._tell(BAD_NUMBER, line, column, value=text)
            return None

    def _table(self, name: str, known: tuple[str, ...], required: tuple[str, ...]) -> Table | None:
        table = self.tables.get(name)
        if table is not None:
            self.problems.extend(check_header(table, known, required))
        return table

    def _codelists(self) -> Iterator[tuple[str, Words]]:
        for name in self.tables:
            if not name.startswith("codelists/"):
                continue
            table = self._table(name, CODELIST, ("source", "term"))
            terms: dict[str, str] = {}
            decodes: dict[str, str] = {}
            for line in table.lines if table else ():
                source, term = self._cell(line, "source"), self._cell(line, "term")
                terms[source] = term
                terms.setdefault(source.casefold(), term)
                if decode := line.get("decode"):
                    decodes[term] = decode
            yield Path(self.tables[name].name).name, Words(terms, decodes)

    def _blocks(self) -> Iterator[Block]:
        table = self._table("sources", SOURCES, ("domain", "block", "from"))
        seen: dict[str, int] = {}
        for line in table.lines if table else ():
            domain, name = self._cell(line, "domain").upper(), self._cell(line, "block")
            if domain and dataset(domain) is None:
                close = meant(domain, datasets())
                self._tell(UNKNOWN_DOMAIN, line, "domain", value=domain, meant=close)
                continue
            if name in seen:
                self._tell(BLOCK_TWICE, line, "block", value=name, first=seen[name])
            seen.setdefault(name, line.number)
            yield Block(
                domain=domain,
                name=name,
                form=self._cell(line, "from"),
                where=self._expression(line, "where"),
                records=self._word(line, "records", RECORDS, "row"),
                table=line.table,
                line=line.number,
            )

    def _visits(self) -> Iterator[VisitCode]:
        table = self._table("visits", VISITS, ("code", "VISITNUM", "VISIT"))
        for line in table.lines if table else ():
            yield VisitCode(
                form=line.get("form"),
                code=self._cell(line, "code"),
                num=self._number(line, "VISITNUM") or 0.0,
                name=self._cell(line, "VISIT"),
                day=self._number(line, "VISITDY"),
                epoch=line.get("EPOCH"),
            )

    def _items(self) -> Iterator[Item]:
        table = self.tables.get("items")
        if table is None:
            return
        variables = {v.name for block in self.blocks for v in self._variables(block.domain)}
        known = (*ITEMS, *sorted(variables))
        self.problems.extend(check_header(table, known, ("block", "column", "testcd", "test")))
        blocks = {block.name: block for block in self.blocks if block.records == "item"}
        extra = [column for column in table.header if column not in ITEMS]
        for line in table.lines:
            name = self._cell(line, "block")
            if name and name not in blocks:
                close = meant(name, blocks)
                domain = "records = item"
                self._tell(UNKNOWN_BLOCK, line, "block", value=name, domain=domain, meant=close)
            column = self._cell(line, "column")
            computed = column[1:].strip() if column.startswith("=") else None
            if computed is not None:
                try:
                    names_in(computed)
                except ExpressionError as error:
                    self._tell(EXPRESSION, line, "column", expression=computed, reason=error)
            yield Item(
                block=name,
                column=column,
                expression=computed,
                testcd=self._cell(line, "testcd"),
                test=self._cell(line, "test"),
                unit=line.get("unit"),
                not_done=line.get("not_done"),
                reason=line.get("reason"),
                loinc=line.get("loinc"),
                snomed=line.get("snomed"),
                when=self._expression(line, "when"),
                fixed=tuple((c, v) for c in extra if (v := line.get(c)) is not None),
                table=line.table,
                line=line.number,
            )
            for variable in self._variables(blocks[name].domain) if name in blocks else ():
                if variable.type == "Num" and line.get(variable.name) is not None:
                    self._number(line, variable.name)

    @staticmethod
    def _variables(domain: str) -> tuple[Variable, ...]:
        model = dataset(domain)
        return model.variables if model else ()

    def _relations(self) -> Iterator[Relation]:
        table = self._table("relations", RELATIONS, ("relation", "role", "domain"))
        for line in table.lines if table else ():
            yield Relation(
                relation=self._cell(line, "relation"),
                role=self._word(line, "role", ("anchor", "related"), "related"),
                domain=self._cell(line, "domain").upper(),
                where=self._expression(line, "where"),
                by=tuple(word for word in line.list("by") if word.lower() != "subject"),
                reltype=line.get("reltype"),
                table=line.table,
                line=line.number,
            )

    def _strangers(self) -> None:
        """Tables that belong to nothing."""
        domains = {block.domain.lower() for block in self.blocks}
        known = {"sources", "items", "visits", "relations", *domains}
        for name, table in self.tables.items():
            if name not in known and not name.startswith("codelists/"):
                self.problems.add(
                    UNKNOWN_TABLE.problem(file=table.file, value=name, meant=meant(name, known))
                )

    def _usubjid(self) -> None:
        dm = [block for block in self.blocks if block.domain == "DM"]
        lines = [line for line in self.lines if line.domain == "DM"]
        if dm and not any(line.target == "USUBJID" for line in lines):
            table = self.tables.get("dm")
            self.problems.add(NO_USUBJID_LINE.problem(file=table.file if table else dm[0].table))

    def _domain(self, domain: str, table: Table) -> None:
        self.problems.extend(check_header(table, LINES, ("target", "verb")))
        blocks = [block.name for block in self.blocks if block.domain == domain]
        for line in table.lines:
            for name in line.list("block"):
                if name not in blocks:
                    close = meant(name, blocks)
                    self._tell(UNKNOWN_BLOCK, line, "block", value=name, domain=domain, meant=close)
            verb = VERBS.get(self._cell(line, "verb"))
            if verb is None:
                word = line.get("verb") or ""
                self._tell(
                    UNKNOWN_VERB,
                    line,
                    "verb",
                    value=word,
                    meant=meant(word, VERBS),
                    known=", ".join(VERBS),
                )
                continue
            self._line(domain, blocks, verb, line)

    def _line(self, domain: str, blocks: list[str], verb: Verb, line: TableLine) -> None:
        columns = tuple(self._column(word) for word in line.list("source"))
        for column, need in (
            ("value", verb.value),
            ("codelist", verb.codelist),
            ("format", verb.format),
        ):
            if need == "required" and line.get(column) is None:
                self._tell(EMPTY_CELL, line, column)
            elif need == "none" and line.get(column) is not None:
                self._tell(EXTRA_CELL, line, column, verb=verb.name, value=line.get(column))
        least, most = verb.sources
        if len(columns) < least or (most is not None and len(columns) > most):
            shown = (
                str(least) if most == least else f"{least} to {most if most else 'any number of'}"
            )
            self._tell(
                SOURCE_COUNT,
                line,
                "source",
                verb=verb.name,
                expected=f"{shown} columns",
                found=len(columns),
            )
        if verb.looks and not all(column.form for column in columns):
            self._tell(NEEDS_FORM, line, "source", verb=verb.name, value=line.get("source"))
        if verb.name == "not_submitted":
            names = tuple(str(column) for column in columns)
            for block in line.list("block") or blocks:
                self.not_submitted.append(
                    NotSubmitted(block, names, line.get("value") or "", line.table, line.number)
                )
            return
        target = "VISIT" if verb.name == "visit" else self._cell(line, "target")
        variable = self._target(domain, target, verb, line)
        made = Line(
            domain=domain,
            blocks=line.list("block"),
            target=target,
            verb=verb.name,
            source=columns,
            value=line.get("value"),
            codelist=line.list("codelist"),
            format=line.list("format"),
            where=self._expression(line, "where"),
            by=tuple(
                word.lower() if word.lower() in ("subject", "visit") else word
                for word in line.list("by")
            ),
            when=self._expression(line, "when"),
            label=line.get("label"),
            origin=self._word(line, "origin", ORIGINS, verb.origin.type),
            note=line.get("note"),
            table=line.table,
            line=line.number,
        )
        self.lines.append(made)
        self._value(made, variable, line)

    def _column(self, word: str) -> Column:
        """`form.column` where the first part is a form, else a column of the block's own form
        (whose name may have dots, and may be quoted).
        """
        form, dot, name = word.partition(".")
        if dot and form in self.known_forms:
            return Column(name, form)
        return Column(word.strip('"'))

    def _target(self, domain: str, target: str, verb: Verb, line: TableLine) -> Variable | None:
        model = dataset(domain)
        variable = model.variable(target) if model else None
        if variable is not None or target.startswith("_") or not target:
            return variable
        names = [v.name for v in self._variables(domain)]
        if line.get("label") is None:
            if (domain, target) not in self.supplemental:
                close = meant(target, names)
                self._tell(NO_LABEL, line, "target", value=target, domain=domain, meant=close)
            return None
        self._qualifier(domain, target, line, line.get("label") or "", verb)
        return None

    def _qualifier(self, domain: str, name: str, line: TableLine, label: str, verb: Verb) -> None:
        if not (
            name.isascii()
            and name.isalnum()
            and name.isupper()
            and len(name) <= 8
            and name[0].isalpha()
        ):
            self._tell(BAD_QNAM, line, "target", value=name)
        if len(label) > 40:
            self._tell(LONG_LABEL, line, "label", value=label)
        origin = line.get("origin") or verb.origin.type
        self.supplemental.setdefault((domain, name), Supplemental(label, origin))

    def _value(self, made: Line, variable: Variable | None, line: TableLine) -> None:
        """What a verb's value, formats and codelists say, held against what they may say."""
        for written in made.format:
            try:
                check_format(written)
            except DateFormatError as error:
                self._tell(BAD_FORMAT, line, "format", value=written, reason=error)
        for name in made.codelist:
            if name not in self.words.codelists and self.terminology.codelist(name) is None:
                self._tell(
                    UNKNOWN_CODELIST,
                    line,
                    "codelist",
                    value=name,
                    version=self.study.sdtm.ct,
                    meant=meant(name, self.words.codelists),
                )
        if made.value is None:
            return
        if made.verb in ("compute", "first", "last"):
            self._expression(line, "value")
        elif made.verb == "convert_unit":
            start, end = pair(made.value)
            if not end or not (start.startswith("@") or units.known(start, end)):
                self._tell(BAD_UNITS, line, "value", value=made.value)
        elif made.verb == "derive" and made.value not in named():
            self._tell(
                UNKNOWN_WORD,
                line,
                "value",
                value=made.value,
                what="derivation that is installed",
                meant=meant(made.value, named()),
                known=", ".join(named()) or "those of packages with trialect.derivations",
            )
        elif made.verb == "assign_multiple":
            self._answers(made, variable, line)
        elif made.verb == "hardcode_ct":
            self._fixed_term(made, variable, line)
        elif made.verb == "hardcode" and variable is not None and variable.type == "Num":
            self._number(line, "value")

    def _answers(self, made: Line, variable: Variable | None, line: TableLine) -> None:
        named_boxes = boxes(made.value or "")
        most = MOST_ANSWERS
        if named_boxes is not None:
            most = len(named_boxes)
            for name in {column.name for column in made.source} ^ set(named_boxes):
                self._tell(BAD_BOXES, line, "value", value=name)
        label = made.label or (variable.label if variable else made.target)
        for number in range(1, most + 1):
            self.supplemental.setdefault(
                (made.domain, f"{made.target[: 8 - len(str(number))]}{number}"),
                Supplemental(f"{label[:37]} {number}", made.origin or "Collected"),
            )

    def _fixed_term(self, made: Line, variable: Variable | None, line: TableLine) -> None:
        words, codelists = codelists_of(made, variable, self.words, self.terminology)
        value = made.value or ""
        known = any(value in one.terms.values() for _, one in words) or any(
            value in codelist.by_value for codelist in codelists
        )
        if not known and codelists and not any(codelist.extensible for codelist in codelists):
            names = " or ".join(f"{c.name} ({c.code})" for c in codelists)
            close = nearest(value, codelists)
            self._tell(NOT_A_TERM, line, "value", value=value, codelist=names, nearest=close)


def provenance(tables: MappingTables) -> Iterator[Provenance]:
    """How each block fills each variable, for trace and Define-XML."""
    for block in tables.blocks:
        for line in tables.lines_of(block):
            yield from _of_line(block, line)
        for item in tables.items_of(block):
            yield from _of_item(block, item)


def _of_line(block: Block, line: Line) -> Iterator[Provenance]:
    if line.target.startswith("_"):
        return
    verb = VERBS[line.verb]
    origin = verb.origin
    if line.origin and line.origin != origin.type:
        source = "Investigator" if line.origin == "Collected" else "Sponsor"
        origin = Origin(line.origin, source)  # type: ignore[arg-type] # checked against ORIGINS
    method = None
    if origin.type == "Derived":
        source = "; ".join(map(str, line.source))
        method = (verb.method or "Made of {source}").format(value=line.value, source=source)
        if line.where:
            method += f" where {line.where}"
        if line.note:
            method += f". {line.note}"
    targets = ["VISITNUM", "VISIT", "VISITDY", "EPOCH"] if line.verb == "visit" else [line.target]
    if line.verb == "assign_multiple":
        boxed = boxes(line.value or "")
        most = len(boxed) if boxed else MOST_ANSWERS
        targets += [f"{line.target[: 8 - len(str(n))]}{n}" for n in range(1, most + 1)]
    for target in targets:
        yield Provenance(
            domain=line.domain,
            variable=target,
            block=block.name,
            verb=line.verb,
            form=line.form or block.form,
            columns=tuple(column.name for column in line.source),
            table=line.table,
            line=line.line,
            origin=origin,
            method=method,
            note=line.note,
        )


def _of_item(block: Block, item: Item) -> Iterator[Provenance]:
    prefix = block.domain[:2]
    collected = Origin("Collected", "Investigator")
    derived = Origin("Derived", "Sponsor")
    drv = dict(item.fixed).get(f"{prefix}DRVFL") == "Y"
    said = {
        f"{prefix}TESTCD": (Origin("Assigned", "Sponsor"), (), None),
        f"{prefix}TEST": (Origin("Assigned", "Sponsor"), (), None),
        f"{prefix}ORRES": (
            derived if drv or item.expression else collected,
            () if item.expression else (item.column,),
            f"Computed as {item.expression}" if item.expression else None,
        ),
    }
    if item.unit:
        said[f"{prefix}ORRESU"] = (Origin("Assigned", "Sponsor"), (), None)
    if item.not_done:
        said[f"{prefix}STAT"] = (collected, (item.not_done,), None)
    if item.reason:
        said[f"{prefix}REASND"] = (collected, (item.reason,), None)
    for name, _ in item.fixed:
        said.setdefault(name, (Origin("Assigned", "Sponsor"), (), None))
    for name, (origin, columns, method) in said.items():
        yield Provenance(
            domain=block.domain,
            variable=name,
            block=block.name,
            verb="item",
            form=block.form,
            columns=columns,
            table=item.table,
            line=item.line,
            origin=origin,
            method=method,
            note=None,
        )

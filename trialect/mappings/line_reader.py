"""The lines of a domain's table (dm.csv, qs.csv, ...): what each says, held against its verb."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from trialect.converters.did_you_mean import meant
from trialect.mappings import table_rules as rules
from trialect.mappings.cells import Cells
from trialect.mappings.dates import DateFormatError, check_format
from trialect.mappings.lines import Table, TableLine
from trialect.mappings.tables import (
    Block,
    Column,
    Line,
    MappingTables,
    NotSubmitted,
    Supplemental,
)
from trialect.mappings.terms import codelists_of
from trialect.mappings.units import Converter, UnknownUnitsError, wanted
from trialect.mappings.values import visit_column
from trialect.mappings.verbs import VERBS, Verb
from trialect.mappings.verbs.assign_multiple import MOST_ANSWERS, boxes, numbered
from trialect.mappings.verbs.derive import named
from trialect.mappings.verbs.visit import targets as visit_targets
from trialect.schemas.sdtm import Variable, dataset
from trialect.trial import Study

COLUMNS = (
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
    "evaluator",
    "origin",
    "note",
)
EVALUATOR = "C78735"
LONGEST_LABEL = 40

_IDENTIFIERS = {
    "STUDYID": "study.yaml says it once",
    "DOMAIN": "the table's name says it",
    "USUBJID": "dm.csv says what it is, and other domains take it by the subject",
}
_QNAM = re.compile(r"[A-Z][A-Z0-9]{0,7}")
_DATE_VERBS = ("assign_date", "assign_datetime")


class LineReader:
    """Reads the tables of domains; gathers lines, supplemental qualifiers and what is left out.

    `known` holds what other tables say: the study's codelists, units and visits.
    """

    def __init__(
        self, cells: Cells, study: Study, known: MappingTables, forms: Collection[str]
    ) -> None:
        self.cells = cells
        self.study = study
        self.known = known
        self.forms = forms
        self.lines: list[Line] = []
        self.not_submitted: list[NotSubmitted] = []
        self.supplemental: dict[tuple[str, str], Supplemental] = {}

    def read(self, domain: str, table: Table, blocks: Sequence[Block]) -> None:
        """The lines of one domain's table."""
        self.cells.table(domain.lower(), COLUMNS, ("target", "verb"))
        names = [block.name for block in blocks]
        first = len(self.lines)
        for line in table.lines:
            for name in line.list("block"):
                if name not in names:
                    given = {"value": name, "domain": domain, "meant": meant(name, names)}
                    self.cells.tell(rules.UNKNOWN_BLOCK, line, "block", **given)
            verb = VERBS.get(self.cells.text(line, "verb"))
            if verb is not None:
                self._line(domain, blocks, verb, line)
            elif word := line.get("verb"):
                given = {"value": word, "meant": meant(word, VERBS), "known": ", ".join(VERBS)}
                self.cells.tell(rules.UNKNOWN_VERB, line, "verb", **given)
        self._undone(names, self.lines[first:], table)

    def _line(self, domain: str, blocks: Sequence[Block], verb: Verb, line: TableLine) -> None:
        columns = tuple(self._column(word) for word in line.list("source"))
        self._signature(verb, line, columns)
        if verb.name == "not_submitted":
            for block in line.list("block") or [block.name for block in blocks]:
                reason = line.get("value") or ""
                self.not_submitted.append(
                    NotSubmitted(block, columns, reason, line.table, line.number)
                )
            return
        target = "VISIT" if verb.name == "visit" else self.cells.text(line, "target")
        value = line.get("value")
        if verb.name == "concat":
            value = _separator(line.raw.get("value", ""))
        elif verb.name in ("compute", "first", "last"):
            self.cells.expression(line, "value")
        made = Line(
            domain=domain,
            blocks=line.list("block"),
            target=target,
            verb=verb.name,
            source=columns,
            value=value,
            codelist=self.cells.codelists(line, "codelist"),
            format=line.list("format"),
            where=self.cells.expression(line, "where"),
            by=tuple(
                word.lower() if word.lower() in ("subject", "visit") else word
                for word in line.list("by")
            ),
            when=self.cells.expression(line, "when"),
            label=line.get("label"),
            origin=self.cells.origin(line, verb.origin),
            note=line.get("note"),
            table=line.table,
            line=line.number,
        )
        self.lines.append(made)
        variable = None if verb.name == "visit" else self._target(made, line)
        self._lookup(made, blocks, line)
        self._formats(made, line)
        self._value(made, variable, line)

    def _column(self, word: str) -> Column:
        """`form.column` where the first part is a form, else a column of the block's own form
        (whose name may have dots, and may be quoted).
        """
        if word.startswith('"') and word.endswith('"'):
            return Column(word.strip('"'))
        for place, sign in enumerate(word):
            if sign == "." and word[:place] in self.forms:
                return Column(word[place + 1 :].strip('"'), word[:place])
        return Column(word)

    def _signature(self, verb: Verb, line: TableLine, columns: Sequence[Column]) -> None:
        """The cells that the verb reads must be filled, the others empty."""
        lookup = "optional" if any(column.form for column in columns) else "none"
        for cell, need in (
            ("value", verb.value),
            ("codelist", verb.codelist),
            ("format", verb.format),
            ("where", lookup),
            ("by", lookup),
        ):
            if need == "required" and line.get(cell) is None:
                self.cells.tell(rules.EMPTY_CELL, line, cell)
            elif need == "none" and line.get(cell) is not None:
                given = {"verb": verb.name, "value": line.get(cell)}
                self.cells.tell(rules.EXTRA_CELL, line, cell, **given)
        least, most = verb.sources
        if len(columns) < least or (most is not None and len(columns) > most):
            range_ = f"{least} to {most}" if most else f"{least} or more"
            number = str(least) if most == least else range_
            wanted_ = "1 column" if number == "1" else f"{number} columns"
            count = {"expected": wanted_, "found": len(columns)}
            self.cells.tell(rules.SOURCE_COUNT, line, "source", verb=verb.name, **count)
        if verb.looks and not all(column.form for column in columns):
            given = {"verb": verb.name, "value": line.get("source")}
            self.cells.tell(rules.NEEDS_FORM, line, "source", **given)
        if len({column.form for column in columns if column.form}) > 1:
            self.cells.tell(rules.TWO_FORMS, line, "source", value=line.get("source"))

    def _target(self, made: Line, line: TableLine) -> Variable | None:
        """The variable, or the supplemental qualifier that the line makes."""
        domain, target = made.domain, made.target
        reason = _IDENTIFIERS.get(target)
        if reason is not None and (domain, target) != ("DM", "USUBJID"):
            self.cells.tell(rules.IDENTIFIER, line, "target", value=target, reason=reason)
        model = dataset(domain)
        variable = model.allowed(target) if model else None
        if variable is not None or target.startswith("_") or not target:
            return variable
        if made.label is None:
            if (domain, target) not in self.supplemental:
                names = [one.name for one in model.variables] if model else []
                given = {"value": target, "domain": domain, "meant": meant(target, names)}
                self.cells.tell(rules.NO_LABEL, line, "target", **given)
            return None
        if not _QNAM.fullmatch(target):
            self.cells.tell(rules.BAD_QNAM, line, "target", value=target)
        if len(made.label) > LONGEST_LABEL:
            self.cells.tell(rules.LONG_LABEL, line, "label", value=made.label)
        evaluator = line.get("evaluator")
        if evaluator is not None and (terms := self.cells.terminology.codelist(EVALUATOR)):
            self.cells.term(line, "evaluator", evaluator, [terms])
        self.supplemental.setdefault(
            (domain, target), Supplemental(made.label, made.origin.type, evaluator)
        )
        return None

    def _lookup(self, made: Line, blocks: Sequence[Block], line: TableLine) -> None:
        """What a line joins another form by must be there."""
        if made.form is None:
            return
        declared = self.study.records.forms.get(made.form)
        words = made.by or ("subject",)
        if declared is not None and not declared.per_subject and "subject" in words:
            self.cells.tell(rules.NO_COMMON_KEY, line, "by", form=made.form, value=made.form)
        if "visit" not in words:
            return
        own = [block.form for block in blocks if not made.blocks or block.name in made.blocks]
        for form in dict.fromkeys([*own, made.form]):
            if visit_column(self.study, form) is None:
                self.cells.tell(rules.NO_VISIT_COLUMN, line, "by", form=form, value="visit")

    def _formats(self, made: Line, line: TableLine) -> None:
        for written in made.format:
            try:
                check_format(written)
            except DateFormatError as error:
                self.cells.tell(rules.BAD_FORMAT, line, "format", value=written, reason=error)
        columns = len(made.source)
        counts = {"expected": columns, "found": len(made.format)}
        is_unsaid = made.verb in _DATE_VERBS and not made.format and columns > 2
        if is_unsaid or (made.format and columns and len(made.format) != columns):
            self.cells.tell(rules.FORMAT_COUNT, line, "format", **counts)

    def _value(self, made: Line, variable: Variable | None, line: TableLine) -> None:
        """What a verb's value and codelists say, held against what they may say."""
        value = made.value or ""
        words, codelists = codelists_of(
            made, variable, self.known.codelists, self.cells.terminology
        )
        if made.verb in ("assign_ct", "hardcode_ct") and not words and not codelists:
            self.cells.tell(rules.NO_CODELIST, line, "codelist", value=made.target)
        if made.verb == "assign_ct":
            for name, one in words:
                for term in dict.fromkeys(one.terms.values()):
                    self.cells.term(line, f"codelist {name}", term, codelists)
        elif made.verb == "hardcode_ct" and value:
            self.cells.term(line, "value", value, codelists)
            if words and not codelists and not any(value in one.terms.values() for _, one in words):
                names = " or ".join(name for name, _ in words)
                given = {"value": value, "codelist": names, "nearest": ""}
                self.cells.tell(rules.NOT_A_TERM, line, "value", **given)
        elif made.verb == "hardcode" and variable is not None and variable.type == "Num":
            self.cells.number(line, "value")
        elif made.verb == "convert_unit" and value:
            self._units(value, line)
        elif made.verb == "derive" and value and value not in named():
            close = meant(value, named())
            self.cells.tell(rules.UNKNOWN_DERIVATION, line, "value", value=value, meant=close)
        elif made.verb == "assign_multiple" and value:
            self._answers(made, variable, line)
            for term in (boxes(value) or {}).values():
                if not any(one.find(term) for _, one in words):
                    known = [one for one in codelists if one.find(term) is None]
                    self.cells.term(line, "value", term, known)
        elif made.verb == "visit" and not visit_targets(made.domain):
            self.cells.tell(rules.WITHOUT_VISITS, line, "verb", value=made.domain)
        elif made.verb == "visit" and not self.known.visits:
            self.cells.tell(rules.NO_VISITS, line, "verb")

    def _units(self, value: str, line: TableLine) -> None:
        try:
            want = wanted(value)
            if not want.start.startswith("@"):
                converter = Converter(self.cells.terminology, self.known.units)
                converter.rule(want.start, want.end)
        except (UnknownUnitsError, ValueError):
            self.cells.tell(rules.BAD_UNITS, line, "value", value=value)

    def _answers(self, made: Line, variable: Variable | None, line: TableLine) -> None:
        """The supplemental qualifiers of several answers."""
        named_boxes = boxes(made.value or "")
        most = MOST_ANSWERS
        if named_boxes is not None:
            most = len(named_boxes)
            strange = {column.name for column in made.source} ^ set(named_boxes)
            for name in sorted(strange):
                self.cells.tell(rules.BAD_BOXES, line, "value", value=name)
        label = made.label or (variable.label if variable else made.target)
        longest = f"{label} {most}"
        if len(longest) > LONGEST_LABEL:
            self.cells.tell(rules.LONG_LABEL, line, "label", value=longest)
        for number in range(1, most + 1):
            self.supplemental.setdefault(
                (made.domain, numbered(made.target, number)),
                Supplemental(f"{label} {number}", made.origin.type),
            )

    def _undone(self, names: Sequence[str], lines: Sequence[Line], table: Table) -> None:
        """Lines that a later one without `when` fills anew, so that they say nothing."""
        places = {line.number: line for line in table.lines}
        told: set[int] = set()
        for name in names:
            seen: dict[str, int] = {}
            for line in lines:
                if line.blocks and name not in line.blocks:
                    continue
                if line.target in seen and line.when is None and line.line not in told:
                    told.add(line.line)
                    given = {"value": line.target, "first": seen[line.target], "block": name}
                    self.cells.tell(rules.TARGET_TWICE, places[line.line], "target", **given)
                seen.setdefault(line.target, line.line)


def _separator(raw: str) -> str:
    """The text between joined texts, with its blanks; quotes around it are taken away."""
    text = raw.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return raw

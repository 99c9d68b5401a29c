"""The tables held against the forms' columns, once the forms are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from trialect.converters.did_you_mean import meant
from trialect.mappings.expressions import ExpressionError, names_in, result_type
from trialect.mappings.items import stems
from trialect.mappings.tables import Block, Column, Line, MappingTables
from trialect.mappings.units import wanted
from trialect.mappings.values import EXPRESSION
from trialect.mappings.verbs.visit import targets as visit_targets
from trialect.problems import Problem, rule
from trialect.schemas.sdtm import Dataset, dataset

UNKNOWN_COLUMN = rule(
    "MAP-UNKNOWN-COLUMN",
    "error",
    "A form has no such column",
    "form {form} has no column {value!r}.{meant}",
    "Its columns are {known}.",
)
UNKNOWN_FORM = rule(
    "MAP-UNKNOWN-FORM",
    "error",
    "A form is not known",
    "{value!r} is no form of the study.{meant}",
    "The forms are {known}.",
)
UNMENTIONED = rule(
    "MAP-UNMENTIONED-COLUMN",
    "warning",
    "Nobody says what becomes of a column",
    "no line reads column {field!r} of form {form}.",
    "Map it, or say why not with a line not_submitted.",
)
LEFT_OUT = rule(
    "MAP-NOT-SUBMITTED",
    "note",
    "A column is left out on purpose",
    "{reason}",
)
RECORD_WORDS = ("@value", "@column", "@not_done", "@reason")


class ColumnCheck:
    """Walks the tables with the columns that each form has."""

    def __init__(self, tables: MappingTables, forms: Mapping[str, Sequence[str]]) -> None:
        self.tables = tables
        self.forms = forms
        self.read: dict[str, set[str]] = {form: set() for form in forms}
        self.found: list[Problem] = []

    def problems(self) -> list[Problem]:
        """Errors of columns and expressions, then what nobody mentions."""
        for block in (*self.tables.blocks, *self.tables.left_out):
            if block.form not in self.forms:
                self._unknown_form(block.form, block.table, block.line, "from")
                continue
            self._block(block)
        self._left_out()
        self.found += self._unmentioned()
        return list(dict.fromkeys(self.found))

    def _block(self, block: Block) -> None:
        schema: dict[str, pl.DataType] = {name: pl.String() for name in self.forms[block.form]}
        schema.setdefault("STUDYID", pl.String())
        place = (block.table, block.line)
        self._condition(block.where, schema, block.form, place, "where")
        if block.records == "item":
            for item in self.tables.items_of(block):
                place = (item.table, item.line)
                for name, field in (
                    (None if item.expression else item.column, "column"),
                    (item.not_done, "not_done"),
                    (item.reason, "reason"),
                ):
                    if name is not None:
                        self._column(Column(name), block.form, place, field)
                self._expression(item.expression, schema, block.form, place, "column")
                self._condition(item.when, schema, block.form, place, "when")
            schema |= {word: pl.String() for word in (*RECORD_WORDS, "testcd")}
            model = dataset(block.domain)
            for item in self.tables.items_of(block):
                for name, _ in item.fixed:
                    schema.setdefault(name, _type(model, name))
        self._lines(block, schema)

    def _lines(self, block: Block, schema: dict[str, pl.DataType]) -> None:
        model = dataset(block.domain)
        prefix = block.domain[:2]
        if block.records == "item":
            for stem in ("TESTCD", "TEST", *stems(self.tables.items_of(block))):
                schema.setdefault(prefix + stem, pl.String())
        for line in self.tables.lines_of(block):
            place = (line.table, line.line)
            for column in line.source:
                self._column(column, block.form, place, "source", schema)
            self._condition(line.when, schema, block.form, place, "when")
            if line.verb == "compute":
                self._expression(line.value, schema, block.form, place, "value")
            elif line.verb in ("first", "last") and line.value and line.form:
                other = {name: pl.String() for name in self.forms.get(line.form, ())}
                self._expression(line.value, other, line.form, place, "value")
            if line.where:
                form = line.form or block.form
                other = {name: pl.String() for name in self.forms.get(form, ())}
                self._condition(line.where, other, form, place, "where")
            if line.verb == "convert_unit":
                start = wanted(line.value or "").start
                if start.startswith("@"):
                    self._column(Column(start[1:]), block.form, place, "value", schema)
            for word in line.by:
                if word == "visit":
                    self._visit(block.form, place)
                    self._visit(line.form or block.form, place)
                elif word != "subject":
                    mine, _, theirs = word.partition("=")
                    self._column(Column(mine.strip()), block.form, place, "by")
                    there = Column((theirs or mine).strip(), line.form)
                    self._column(there, block.form, place, "by")
            self._made(line, model, schema)

    @staticmethod
    def _made(line: Line, model: Dataset | None, schema: dict[str, pl.DataType]) -> None:
        """The targets that a line adds to what later lines see."""
        for name in visit_targets(line.domain) if line.verb == "visit" else (line.target,):
            schema.setdefault(name, _type(model, name))

    def _condition(
        self,
        text: str | None,
        schema: Mapping[str, pl.DataType],
        form: str,
        place: tuple[str, int],
        field: str,
    ) -> None:
        """An expression whose value is true or false."""
        self._expression(text, schema, form, place, field, is_condition=True)

    def _expression(
        self,
        text: str | None,
        schema: Mapping[str, pl.DataType],
        form: str,
        place: tuple[str, int],
        field: str,
        *,
        is_condition: bool = False,
    ) -> None:
        if text is None:
            return
        try:
            found = result_type(text, dict(schema))
            names = names_in(text)
            if is_condition and found not in (pl.Boolean(), pl.Null()):
                raise ExpressionError("it is no condition, which is true or false")
        except ExpressionError as error:
            self.found.append(
                EXPRESSION.problem(
                    file=place[0], row=place[1], field=field, expression=text, reason=error
                )
            )
            return
        self.read.setdefault(form, set()).update(names)

    def _column(
        self,
        column: Column,
        own: str,
        place: tuple[str, int],
        field: str,
        also: Iterable[str] = (),
    ) -> None:
        form = column.form or own
        if form not in self.forms:
            self._unknown_form(form, *place, field)
            return
        known = self.forms[form]
        if column.name in known:
            self.read[form].add(column.name)
        elif column.form is not None or column.name not in also:
            self.found.append(
                UNKNOWN_COLUMN.problem(
                    file=place[0],
                    row=place[1],
                    field=field,
                    form=form,
                    value=column.name,
                    meant=meant(column.name, known),
                    known=", ".join(known),
                )
            )

    def _visit(self, form: str, place: tuple[str, int]) -> None:
        """A form that is joined by visit has the column that names it."""
        name = self.tables.visit_columns.get(form, self.tables.visit_columns.get(None))
        if name is not None:
            self._column(Column(name), form, place, "by")

    def _unknown_form(self, form: str, table: str, line: int, field: str) -> None:
        known = ", ".join(self.forms)
        self.found.append(
            UNKNOWN_FORM.problem(
                file=table,
                row=line,
                field=field,
                value=form,
                meant=meant(form, self.forms),
                known=known,
            )
        )

    def _left_out(self) -> None:
        blocks = {block.name: block for block in self.tables.blocks}
        for one in self.tables.not_submitted:
            block = blocks.get(one.block)
            if block is None or block.form not in self.forms:
                continue
            for column in one.columns:
                form = column.form or block.form
                self._column(column, block.form, (one.table, one.line), "source")
                if column.name in self.forms.get(form, ()):
                    self.found.append(
                        LEFT_OUT.problem(file=form, field=column.name, reason=one.reason)
                    )

    def _unmentioned(self) -> Iterator[Problem]:
        for form, columns in self.forms.items():
            for name in columns:
                if name not in self.read[form] and name not in self.tables.keys:
                    yield UNMENTIONED.problem(file=form, field=name, form=form)


def _type(model: Dataset | None, target: str) -> pl.DataType:
    """What a target holds while lines work on it."""
    variable = model.allowed(target) if model else None
    return pl.Float64() if variable is not None and variable.type == "Num" else pl.String()

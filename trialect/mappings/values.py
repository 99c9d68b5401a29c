"""What a verb is given and gives back, and how it reads its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trialect.converters.readers.csv import decimal_text
from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.shortest import to_texts
from trialect.mappings.tables import Block, Column, Line, MappingTables
from trialect.problems import Problem, Rule, Unusable, rule
from trialect.schemas.ct import Terminology
from trialect.schemas.sdtm import Variable
from trialect.study_options import FormFile
from trialect.trial import ROW, Study

SUBJECT = "@subject"
PLACE = "@place"

AMBIGUOUS = rule(
    "MAP-AMBIGUOUS",
    "error",
    "Several rows of another form fit",
    "{count} rows of {form} that say different things fit subject {subject}; which one gives "
    "{variable} is not said.",
    "Use first, last, earliest, latest, minimum, maximum, sum or count, or narrow `where`.",
)
EXPRESSION_ROW = rule(
    "MAP-EXPRESSION-VALUE",
    "error",
    "An expression fails on a row",
    "{expression!r} has no value here: {reason}.",
    "Correct the row, or write TRY_CAST where such a text is to count as none.",
)
EXPRESSION = rule(
    "MAP-EXPRESSION",
    "error",
    "An expression is not understood",
    "{expression!r}: {reason}.",
    "docs/mapping.md lists what an expression may use.",
)
RESULTS = ("ORRES", "STRESC", "ORNRLO", "ORNRHI")
"""Endings of Char variables that hold results, whose numbers are written with a decimal point."""


@dataclass(frozen=True, slots=True)
class Context:
    """What does not change while a partition is mapped; the forms' texts are clean."""

    tables: MappingTables
    study: Study
    forms: Mapping[str, pl.DataFrame]
    terminology: Terminology


@dataclass(frozen=True, slots=True)
class Call:
    """One line at work on the rows of one block that its `when` leaves.

    `rows` holds the form's columns (String), the targets of earlier lines, `@row`, `@subject`;
    `variable` is the target in SDTMIG, None for a supplemental qualifier or a working value.
    """

    context: Context
    block: Block
    line: Line
    rows: pl.DataFrame
    variable: Variable | None

    @property
    def is_number(self) -> bool:
        """Whether the target is a Num variable."""
        return self.variable is not None and self.variable.type == "Num"

    @property
    def is_result(self) -> bool:
        """Whether the target holds a number as text: a Num variable or a result."""
        return self.is_number or (self.variable is not None and self.variable.name[2:] in RESULTS)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem of one row (its place in `Call.rows`); `given` may name another file and row."""

    place: int
    rule: Rule
    given: Mapping[str, Any]


@dataclass(slots=True)
class Filled:
    """What a verb made: values by target, each as long as the rows; problems; and where a value
    stands in another form's row, that row (Int64) by target.
    """

    values: dict[str, pl.Series]
    problems: list[RowProblem] = field(default_factory=list)
    rows: dict[str, pl.Series] = field(default_factory=dict)


def clean(texts: pl.Series) -> pl.Series:
    """Values as texts, trimmed, empty ones null."""
    trimmed = to_texts(texts).str.strip_chars().alias("text").to_frame()
    return trimmed.select(pl.when(pl.col("text") != "").then(pl.col("text")).alias("text"))["text"]


def clean_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """A form whose texts are trimmed and whose empty ones are null."""
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String and name[:1] != "@"]
    trimmed = pl.col(texts).str.strip_chars()
    return rows.with_columns(pl.when(trimmed != "").then(trimmed)) if texts else rows


def numerals(texts: pl.Series, form: FormFile | None) -> pl.Series:
    """Clean texts in which the numbers of a form with a decimal comma have a point."""
    if form is None or form.decimal != ",":
        return texts
    return texts.alias("text").to_frame().select(decimal_text(pl.col("text")))["text"]


def seen_as_numerals(rows: pl.DataFrame, form: FormFile | None) -> pl.DataFrame:
    """Rows as expressions see them: a declared decimal comma is a point."""
    if form is None or form.decimal != ",":
        return rows
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String and name[:1] != "@"]
    return rows.with_columns(decimal_text(pl.col(name)).alias(name) for name in texts)


def own_texts(call: Call, column: str, *, numeral: bool | None = None) -> pl.Series:
    """A column of the rows, or a target of an earlier line, as clean text."""
    is_clean = column in call.context.forms[call.block.form].columns or column[:1] == "@"
    values = call.rows[column] if is_clean else clean(call.rows[column])
    if call.is_result if numeral is None else numeral:
        return numerals(values, call.context.study.records.forms.get(call.block.form))
    return values


def texts(
    call: Call, column: Column, *, numeral: bool | None = None
) -> tuple[pl.Series, pl.Series | None, list[RowProblem]]:
    """A source as clean text; of another form what the rows that fit say, with the first's number.

    Rows that say different things are a problem, and the value stays empty.
    """
    if column.form is None:
        return own_texts(call, column.name, numeral=numeral), None, []
    found, problems = matches(call, column, numeral=numeral)
    one = found.group_by(PLACE, maintain_order=True).agg(
        pl.col("value").first(),
        pl.col(ROW).first(),
        pl.col("value").n_unique().alias("n"),
        pl.len(),
    )
    several = one.filter(pl.col("n") > 1)
    for place, count in several.select(PLACE, "len").iter_rows():
        subject = call.rows[SUBJECT][place] if SUBJECT in call.rows.columns else ""
        given = {"form": column.form, "count": count, "subject": subject}
        problems.append(RowProblem(place, AMBIGUOUS, given))
    single = one.filter(pl.col("n") == 1)
    return *spread(call, single, "value"), problems


def spread(call: Call, found: pl.DataFrame, value: str) -> tuple[pl.Series, pl.Series]:
    """Values found for some places as series over all rows: the value, and its source row."""
    places = pl.DataFrame({PLACE: pl.int_range(call.rows.height, dtype=pl.UInt32, eager=True)})
    rows = pl.col(ROW) if ROW in found.columns else pl.lit(None, pl.Int64).alias(ROW)
    joined = places.join(
        found.select(PLACE, pl.col(value).alias("value"), rows),
        on=PLACE,
        how="left",
        maintain_order="left",
    )
    return joined["value"], joined[ROW]


def matches(
    call: Call, column: Column, *, numeral: bool | None = None
) -> tuple[pl.DataFrame, list[RowProblem]]:
    """The rows of another form that fit each row: `@place`, `value` (clean text), `@row`.

    They fit by subject, and by the visit or other columns that `by` names; `where` narrows them.
    In the order of the other form; rows without a value in the column are left out.
    """
    form = column.form or call.block.form
    declared = call.context.study.records.forms.get(form)
    other = call.context.forms[form]
    problems: list[RowProblem] = []
    if call.line.where:
        wanted, failed = condition(seen_as_numerals(other, declared), call.line.where)
        problems = elsewhere(form, other, call.line.where, failed)
        other = other.filter(wanted)
    value = other[column.name]
    if call.is_result if numeral is None else numeral:
        value = numerals(value, declared)
    there = other.select(
        value.alias("value"),
        ROW,
        *(expr.alias(f"key:{n}") for n, expr in enumerate(keys(call, form))),
    ).drop_nulls("value")
    here = call.rows.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(PLACE),
        *(expr.alias(f"key:{n}") for n, expr in enumerate(keys(call, call.block.form, own=True))),
    )
    on = [name for name in here.columns if name != PLACE]
    joined = here.join(there, on=on, how="inner", maintain_order="left_right")
    return joined.select(PLACE, "value", ROW), problems


def keys(call: Call, form: str, *, own: bool = False) -> list[pl.Expr]:
    """The values by which rows of two forms are joined: `by`, as one of the forms has them."""
    found = []
    for word in call.line.by or ("subject",):
        if word == "subject":
            found.append(pl.col(SUBJECT))
        elif word == "visit":
            found.append(_visit(call.context, form))
        else:
            mine, _, theirs = word.partition("=")
            found.append(pl.col((mine if own else theirs or mine).strip()).str.strip_chars())
    return found


def visit_column(study: Study, form: str) -> str | None:
    """The column of a form that names the visit, as study.yaml says."""
    declared = study.records.forms.get(form)
    return (declared.visit if declared else None) or study.records.visit


def _visit(context: Context, form: str) -> pl.Expr:
    """The visit of a row: its VISITNUM where visits.csv knows the code, else the code itself."""
    code = pl.col(visit_column(context.study, form) or "").str.strip_chars()
    nums = {code: str(visit.num) for code, visit in context.tables.visits_of(form).items()}
    return code.replace(nums) if nums else code


def condition(frame: pl.DataFrame, text: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    """A condition as a Boolean series (unknown is false), and the rows on which it fails.

    Raises `Unusable` when it is no condition over these columns.
    """
    values, failed = values_of(frame, text)
    if values.dtype not in (pl.Boolean, pl.Null):
        reason = "it is no condition, which is true or false"
        raise Unusable(EXPRESSION.problem(expression=text, reason=reason))
    return values.cast(pl.Boolean).fill_null(value=False), failed


def values_of(frame: pl.DataFrame, text: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    """An expression's values, and the rows on which it fails. Raises `Unusable`."""
    try:
        return evaluate(frame, text)
    except ExpressionError as error:
        raise Unusable(EXPRESSION.problem(expression=text, reason=error)) from error


def elsewhere(
    form: str, rows: pl.DataFrame, text: str, failed: Iterable[tuple[int, str]]
) -> list[RowProblem]:
    """Failures of an expression over another form's rows, each told of that form's row."""
    return [
        RowProblem(
            0,
            EXPRESSION_ROW,
            {"file": form, "row": rows[ROW][at], "expression": text, "reason": reason},
        )
        for at, reason in failed
    ]


def failure(form: str, row: int, text: str, reason: str, **place: Any) -> Problem:
    """The problem of a row on which an expression fails."""
    return EXPRESSION_ROW.problem(file=form, row=row, expression=text, reason=reason, **place)

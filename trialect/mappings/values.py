"""What a verb is given and gives back, and how it reads its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trialect.converters.readers.csv import decimal_text
from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.tables import Block, Column, Line, MappingTables
from trialect.problems import Rule, Unusable, rule
from trialect.schemas.ct import Terminology
from trialect.schemas.sdtm import Variable
from trialect.trial import ROW, FormFile, Study

SUBJECT = "@subject"
PLACE = "@place"

AMBIGUOUS = rule(
    "MAP-AMBIGUOUS",
    "error",
    "Several rows of another form fit",
    "{count} rows of {form} fit subject {subject}; which one gives {variable} is not said.",
    "Use first, last, earliest, latest, minimum, maximum, sum or count, or narrow `where`.",
)
EXPRESSION_ROW = rule(
    "MAP-EXPRESSION-VALUE",
    "error",
    "An expression fails on a row",
    "{expression!r} has no value here: {reason}.",
    "Correct the row, or guard the expression (TRY_CAST, CASE WHEN ...).",
)
EXPRESSION = rule(
    "MAP-EXPRESSION",
    "error",
    "An expression is not understood",
    "{expression!r}: {reason}.",
    "docs/mapping.md lists what an expression may use.",
)


@dataclass(frozen=True, slots=True)
class Context:
    """What does not change while a partition is mapped."""

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


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem of one row (its place in `Call.rows`)."""

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


def clean(texts: pl.Series, form: FormFile | None) -> pl.Series:
    """Texts trimmed, empty ones null, numbers with a declared decimal comma with a point."""
    trimmed = texts.cast(pl.String).str.strip_chars()
    frame = pl.DataFrame({"text": trimmed})
    text = pl.when(pl.col("text") != "").then(pl.col("text"))
    if form is not None and form.decimal == ",":
        text = decimal_text(text)
    return frame.select(text.alias("text"))["text"]


def own_texts(call: Call, column: str) -> pl.Series:
    """A column of the rows as clean text."""
    return clean(call.rows[column], call.context.study.records.forms.get(call.block.form))


def texts(call: Call, column: Column) -> tuple[pl.Series, pl.Series | None, list[RowProblem]]:
    """A source as clean text; of another form the one row that fits, with its row number.

    A subject with several rows that fit is a problem and has no value.
    """
    if column.form is None:
        return own_texts(call, column.name), None, []
    found = matches(call, column)
    one = found.group_by(PLACE, maintain_order=True).agg(
        pl.col("value").first(),
        pl.col(ROW).first(),
        pl.col("value").n_unique().alias("n"),
        pl.len(),
    )
    several = one.filter(pl.col("n") > 1)
    problems = [
        RowProblem(
            place,
            AMBIGUOUS,
            {
                "form": column.form,
                "count": count,
                "subject": call.rows[SUBJECT][place] if SUBJECT in call.rows.columns else "",
                "variable": call.line.target,
            },
        )
        for place, count in several.select(PLACE, "len").iter_rows()
    ]
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


def matches(call: Call, column: Column) -> pl.DataFrame:
    """The rows of another form that fit each row: `@place`, `value` (clean text), `@row`.

    They fit by subject, and by the visit or other columns that `by` names; `where` narrows them.
    In the order of the other form; rows without a value are left out, unless the value is not
    asked for.
    """
    form = column.form or call.block.form
    declared = call.context.study.records.forms.get(form)
    other = call.context.forms[form]
    if call.line.where:
        other = other.filter(condition(other, call.line.where))
    left, right = _keys(call, form)
    here = call.rows.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(PLACE),
        *(pl.col(name).alias(f"key:{n}") for n, name in enumerate(left)),
    )
    there = other.select(
        pl.Series("value", clean(other[column.name], declared)),
        ROW,
        *(pl.col(name).alias(f"key:{n}") for n, name in enumerate(right)),
    ).drop_nulls("value")
    keys = [f"key:{n}" for n in range(len(left))]
    if not keys:
        return here.join(there, how="cross").select(PLACE, "value", ROW)
    return here.join(there, on=keys, how="inner", maintain_order="left_right").select(
        PLACE, "value", ROW
    )


def _keys(call: Call, form: str) -> tuple[list[str], list[str]]:
    """The columns of the rows and of the other form that must be equal."""
    left: list[str] = []
    right: list[str] = []
    records = call.context.study.records
    for word in call.line.by or ("subject",):
        if word == "subject":
            if SUBJECT in call.context.forms[form].columns:
                left.append(SUBJECT)
                right.append(SUBJECT)
        elif word == "visit":
            own, other = records.forms.get(call.block.form), records.forms.get(form)
            left.append((own and own.visit) or records.visit or "VISIT")
            right.append((other and other.visit) or records.visit or "VISIT")
        else:
            left.append(word)
            right.append(word)
    return left, right


def condition(frame: pl.DataFrame, text: str) -> pl.Series:
    """A condition as a Boolean series; unknown is false. Raises `Unusable` when it is none."""
    try:
        values, _ = evaluate(frame, text)
    except ExpressionError as error:
        raise Unusable(EXPRESSION.problem(expression=text, reason=error)) from error
    return values.cast(pl.Boolean, strict=False).fill_null(value=False)

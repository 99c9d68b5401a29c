"""SQL expressions of the mapping tables, with nothing in reach but columns and scalar functions.

Polars parses and evaluates them. What would make a row's result depend on other rows (aggregates,
windows) or reach beyond the row (subqueries, table functions) is refused before anything runs:
subjects are mapped in partitions, and no value may depend on how they were split.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache

import polars as pl

FUNCTIONS = frozenset(
    "ABS CEIL CEILING FLOOR ROUND SIGN SQRT CBRT POW POWER EXP LN LOG LOG2 LOG10 MOD DIV "  # noqa: SIM905 # a list of words reads better
    "COALESCE NULLIF IFNULL IF GREATEST LEAST CAST TRY_CAST "
    "CONCAT CONCAT_WS LEFT RIGHT SUBSTR SUBSTRING LENGTH CHAR_LENGTH CHARACTER_LENGTH LOWER "
    "UPPER INITCAP LTRIM RTRIM TRIM REPLACE REVERSE STARTS_WITH ENDS_WITH STRPOS POSITION "
    "REGEXP_LIKE SPLIT_PART DATE STRFTIME DATE_PART EXTRACT".split()
)
"""The functions that an expression may call."""

LONGEST = 10_000
"""Characters of an expression."""

_BEFORE_PARENTHESIS = frozenset(
    "AND OR NOT IN IS LIKE ILIKE RLIKE REGEXP BETWEEN CASE WHEN THEN ELSE END AS FROM FOR "  # noqa: SIM905 # as above
    "VARCHAR CHAR DECIMAL NUMERIC FLOAT".split()
)
_FORBIDDEN = frozenset(
    "SELECT OVER WINDOW PARTITION UNION JOIN EXISTS ANY ALL ARRAY WITH VALUES TABLE".split()  # noqa: SIM905 # as above
)
_LITERAL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_COMMENT = re.compile(r"--|/\*|;")
_CALL = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)\s*\(")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class ExpressionError(ValueError):
    """An expression that is not understood or reaches for what it may not; says why."""


@cache
def _parsed(text: str) -> pl.Expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"it is longer than {LONGEST} characters")
    bare = _LITERAL.sub(" ", text)
    if _COMMENT.search(bare):
        raise ExpressionError("comments and semicolons have no place in it")
    for word in _WORD.findall(bare):
        if word.upper() in _FORBIDDEN:
            raise ExpressionError(f"{word} is not allowed; an expression sees one row only")
    for name in _CALL.findall(bare):
        if name.upper() not in FUNCTIONS and name.upper() not in _BEFORE_PARENTHESIS:
            near = get_close_matches(name.upper(), FUNCTIONS, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            raise ExpressionError(f"{name} is no function that it may call{hint}")
    try:
        parsed = pl.sql_expr(text)
        several = parsed.meta.has_multiple_outputs()
    except BaseException as error:  # a panic of the parser is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise ExpressionError(_first_line(error)) from None
    if several:
        raise ExpressionError("it must give one value")
    return parsed


def expression(text: str, columns: Collection[str]) -> pl.Expr:
    """The expression over these columns. Raises `ExpressionError` saying what is wrong with it."""
    parsed = _parsed(text)
    for name in parsed.meta.root_names():
        if name not in columns:
            near = get_close_matches(name, list(columns), n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            raise ExpressionError(f"{name} is no column in reach{hint}")
    return parsed


def names_in(text: str) -> set[str]:
    """The columns that an expression reads. Raises `ExpressionError`."""
    return set(_parsed(text).meta.root_names())


def result_type(text: str, schema: dict[str, pl.DataType]) -> pl.DataType:
    """The type of the result over columns of these types. Raises `ExpressionError`."""
    parsed = expression(text, schema)
    try:
        result = pl.DataFrame(schema=schema).select(parsed.alias("result"))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise ExpressionError(_first_line(error)) from None
    return result.schema["result"]


def evaluate(frame: pl.DataFrame, text: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    """The expression's value for each row, and the rows (with the reason) that have none.

    A row on which it fails (a text that is to be a number, say) is null and named. Raises
    `ExpressionError` when it can be evaluated on no row at all.
    """
    parsed = expression(text, frame.columns).alias("result")
    failed: list[tuple[int, str]] = []
    values = pl.concat(_pieces(frame, parsed, 0, failed), how="vertical_relaxed")["result"]
    if values.len() != frame.height:
        values = values.extend_constant(values[0], frame.height - 1)[: frame.height]
    return values, failed


def _pieces(
    frame: pl.DataFrame, parsed: pl.Expr, start: int, failed: list[tuple[int, str]]
) -> list[pl.DataFrame]:
    """The result in pieces; a failing piece is halved until the failing row is alone."""
    try:
        return [frame.select(parsed if parsed.meta.root_names() else _repeat(parsed, frame.height))]
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        if frame.height == 0:
            raise ExpressionError(_first_line(error)) from None
        if frame.height == 1:
            failed.append((start, _first_line(error)))
            return [pl.DataFrame({"result": [None]})]
    middle = frame.height // 2
    return [
        *_pieces(frame[:middle], parsed, start, failed),
        *_pieces(frame[middle:], parsed, start + middle, failed),
    ]


def _repeat(constant: pl.Expr, height: int) -> pl.Expr:
    return constant.repeat_by(height).explode() if height else constant.limit(0)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__

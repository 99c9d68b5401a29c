"""SQL expressions of the mapping tables, with nothing in reach but columns and scalar functions.

`sql_text` allows the words, Polars parses and evaluates them. An expression sees one row: subjects
are mapped in partitions, and no value may depend on how they were split.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

import polars as pl

from trialect.mappings.sql_text import FUNCTIONS, Cast, ExpressionError, read_words

__all__ = [
    "FUNCTIONS",
    "ExpressionError",
    "evaluate",
    "expression",
    "names_in",
    "result_type",
]

_RESULT = "@result"
_LONGEST_REASON = 200
_NO_VALUE = {"DOUBLE": "number", "BIGINT": "whole number"}


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The value, the columns, and for each CAST an expression that tells the rows it fails on."""

    value: pl.Expr
    columns: tuple[str, ...]
    failing: tuple[tuple[Cast, pl.Expr], ...]

    def outputs(self) -> list[pl.Expr]:
        masks = [mask.alias(f"@cast:{n}") for n, (_, mask) in enumerate(self.failing)]
        return [self.value.alias(_RESULT), *masks]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Parsed:
    words = read_words(text)
    value = _sql(words.sql)
    if value.meta.has_multiple_outputs() or set(value.meta.root_names()) != set(words.columns):
        raise ExpressionError("it must give one value, of all the columns that it names")
    failing = []
    for cast in words.casts:
        outer = _sql(cast.outer)
        mask = _sql(cast.inner).is_not_null() & outer.is_null() if cast.strict else pl.lit(False)
        if cast.to == "DOUBLE":
            # Texts such as NaN and 1e999 are read as what is no number and compares as one.
            mask |= outer.is_finite().not_().fill_null(value=False)
        failing.append((cast, mask))
    return _Parsed(value, words.columns, tuple(failing))


def _sql(text: str) -> pl.Expr:
    try:
        return pl.sql_expr(text)
    except BaseException as error:
        raise _explained(error) from None


def expression(text: str, columns: Collection[str]) -> pl.Expr:
    """The expression over these columns; a CAST that fails on a row gives null there.

    Raises `ExpressionError` saying what is wrong with it.
    """
    parsed = _parsed(text)
    for name in parsed.columns:
        if name not in columns:
            near = get_close_matches(name, list(columns), n=1) or [
                one for one in columns if one.casefold() == name.casefold()
            ]
            hint = f"; did you mean {near[0]}" if near else ""
            raise ExpressionError(f"{name} is no column in reach{hint}")
    return parsed.value


def names_in(text: str) -> set[str]:
    """The columns that an expression reads. Raises `ExpressionError`."""
    return set(_parsed(text).columns)


def result_type(text: str, schema: Mapping[str, pl.DataType]) -> pl.DataType:
    """The type of the result over columns of these types. Raises `ExpressionError`."""
    expression(text, schema)
    parsed = _parsed(text)
    read = {name: schema[name] for name in parsed.columns}
    out = _on_nothing(pl.DataFrame(schema=read), parsed)
    if out[_RESULT].dtype.is_temporal():
        raise ExpressionError("its value is neither text nor number nor truth")
    for number, (cast, _) in enumerate(parsed.failing):
        if out[f"@cast:{number}"][0]:
            raise ExpressionError(f"{cast.inner} is no {_NO_VALUE.get(cast.to, 'text')}")
    return out.schema[_RESULT]


def evaluate(frame: pl.DataFrame, text: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    """The expression's value for each row, and the rows (with the reason) that have none.

    A row on which a CAST fails is null and named. Raises `ExpressionError` when the expression
    does not fit the frame's columns.
    """
    expression(text, frame.columns)
    parsed = _parsed(text)
    if not parsed.columns:
        result_type(text, frame.schema)
        one = pl.select(parsed.value.alias("result"))["result"]
        return one.new_from_index(0, frame.height), []
    seen = frame.select(parsed.columns)
    failed: dict[int, str] = {}
    out = pl.concat(_pieces(seen, parsed, 0, failed), how="vertical_relaxed")
    values = out[_RESULT]
    for number, (cast, _) in enumerate(parsed.failing):
        places = out[f"@cast:{number}"].fill_null(value=False).arg_true()
        if places.len():
            texts = seen[places.to_list()].select(_sql(cast.inner).alias("text"))["text"]
            what = _NO_VALUE.get(cast.to, "text")
            for place, shown in zip(places, texts, strict=True):
                failed.setdefault(place, f"{shown!r} is no {what}")
    if failed:
        held = pl.Series([place not in failed for place in range(frame.height)])
        values = pl.select(pl.when(held).then(values).alias("result"))["result"]
    return values.alias("result"), sorted(failed.items())


def _on_nothing(frame: pl.DataFrame, parsed: _Parsed) -> pl.DataFrame:
    """The outputs on a row without any value, and on one whose texts are all `x`, which no CAST
    and no condition takes. Raises `ExpressionError` when there are none.
    """
    nothing = frame.clear(1) if frame.width else pl.DataFrame({"@": [None]})
    texts = [name for name, dtype in nothing.schema.items() if dtype == pl.String]
    some = nothing.with_columns(pl.lit("x").alias(name) for name in texts)
    try:
        return pl.concat([nothing, some]).select(parsed.outputs())
    except BaseException as error:
        raise _explained(error) from None


def _pieces(
    frame: pl.DataFrame, parsed: _Parsed, start: int, failed: dict[int, str]
) -> list[pl.DataFrame]:
    """The outputs in pieces; a piece that raises is halved until the row is alone.

    Raises `ExpressionError` when it is not a row that is at fault.
    """
    try:
        return [frame.select(parsed.outputs())]
    except BaseException as error:
        reason = _explained(error)
    _on_nothing(frame, parsed)
    if frame.height <= 1:
        failed[start] = str(reason)
        masks = {f"@cast:{n}": [False] for n in range(len(parsed.failing))}
        return [pl.DataFrame({_RESULT: [None], **masks})]
    middle = frame.height // 2
    return [
        *_pieces(frame[:middle], parsed, start, failed),
        *_pieces(frame[middle:], parsed, start + middle, failed),
    ]


def _explained(error: BaseException) -> ExpressionError:
    """Polars's complaint in a line; its panics, which are no `Exception`, included."""
    if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
        raise error
    told = str(error).split("This error occurred in")[0]
    reason = " ".join(told.split())[:_LONGEST_REASON] or type(error).__name__
    if "string" in reason and "numeric" in reason:
        reason += "; columns are text, so write CAST(column AS DOUBLE)"
    return ExpressionError(reason)

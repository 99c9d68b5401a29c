"""Values that a regular expression matches, from their beginning (`match` of Python).

A missing value neither matches nor fails to match. Numbers are matched as people write them:
1.0 is `1`. Of a prefix or suffix the expression may be found anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import polars as pl

from trialect.schemas.core.operators.ask import Asked, operator
from trialect.schemas.core.patterns import Pattern, pattern
from trialect.schemas.core.table import Column, Mask, Same, Table, both, certain, opposite


def _match(table: Table, asked: Asked) -> tuple[Mask, Mask]:
    return _asked_of(table, asked, lambda texts: texts, lambda rust: rust.at_start)


def _prefix(table: Table, asked: Asked) -> tuple[Mask, Mask]:
    length = asked.number("prefix")
    return _asked_of(table, asked, lambda t: t.str.head(length), lambda rust: rust.found)


def _suffix(table: Table, asked: Asked) -> tuple[Mask, Mask]:
    length = asked.number("suffix")
    return _asked_of(table, asked, lambda t: t.str.tail(length), lambda rust: rust.found)


def _asked_of(
    table: Table,
    asked: Asked,
    part: Callable[[pl.Series], pl.Series],
    kind: Callable[[Pattern], str],
) -> tuple[Mask, Mask]:
    """Where there is a value, and where it matches."""
    texts = as_texts(table.column(asked.target))
    rust = kind(pattern(str(asked.value)))
    if isinstance(texts, Same):
        if texts.value is None:
            return False, False
        return True, _found(part(pl.Series([texts.value]))[0], rust)
    there = texts.is_not_null() if texts.null_count() else True
    found = certain(part(texts).str.contains(rust))
    return there, found


@lru_cache(maxsize=4096)
def _found(text: str, rust: str) -> bool:
    return bool(pl.Series([text]).str.contains(rust)[0])


def as_texts(column: Column) -> Column:
    """Values as texts, whole numbers without a decimal point."""
    if isinstance(column, Same):
        value = column.value
        if isinstance(value, float):
            value = f"{value:.0f}" if value.is_integer() else str(value)
        return Same(None if value is None or isinstance(value, list | dict) else str(value))
    if column.dtype == pl.String:
        return column
    if column.dtype.is_float():
        known = column.unique().drop_nulls()
        if not len(known):
            return column.cast(pl.String)
        shown = [f"{one:.0f}" if one.is_integer() else str(one) for one in known.to_list()]
        return column.replace_strict(
            known, pl.Series(shown, dtype=pl.String), default=None, return_dtype=pl.String
        )
    if isinstance(column.dtype, pl.List):
        return Same(None)
    return column.cast(pl.String)


@operator("matches_regex", "value", value_is_pattern=True)
def matches_regex(table: Table, asked: Asked) -> Mask:
    """The value matches from its beginning."""
    return _match(table, asked)[1]


@operator("not_matches_regex", "value", value_is_pattern=True)
def not_matches_regex(table: Table, asked: Asked) -> Mask:
    """There is a value, and it does not match."""
    there, found = _match(table, asked)
    return both(there, opposite(found))


@operator("prefix_matches_regex", "value", "prefix", value_is_pattern=True)
def prefix_matches_regex(table: Table, asked: Asked) -> Mask:
    """The first characters match."""
    return _prefix(table, asked)[1]


@operator("not_prefix_matches_regex", "value", "prefix", value_is_pattern=True)
def not_prefix_matches_regex(table: Table, asked: Asked) -> Mask:
    """There is a value, and its first characters do not match."""
    there, found = _prefix(table, asked)
    return both(there, opposite(found))


@operator("suffix_matches_regex", "value", "suffix", value_is_pattern=True)
def suffix_matches_regex(table: Table, asked: Asked) -> Mask:
    """The last characters match."""
    return _suffix(table, asked)[1]


@operator("not_suffix_matches_regex", "value", "suffix", value_is_pattern=True)
def not_suffix_matches_regex(table: Table, asked: Asked) -> Mask:
    """There is a value, and its last characters do not match."""
    there, found = _suffix(table, asked)
    return both(there, opposite(found))

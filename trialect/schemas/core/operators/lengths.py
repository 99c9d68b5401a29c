"""How long a text is, in characters. What is missing has no length."""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any

import polars as pl

from trialect.schemas.core.operators.ask import Asked, negation, operator, text_column
from trialect.schemas.core.operators.regex import as_texts
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.table import Mask, Same, Table, certain


def _declare(name: str, compare: Callable[[Any, Any], pl.Series], said: str) -> None:
    def answer(table: Table, asked: Asked) -> Mask:
        lengths = text_column(table, asked.target, asked.operator).str.len_chars()
        value = asked.comparator(table)
        if isinstance(value, Same):
            if isinstance(value.value, bool) or not isinstance(value.value, int | float):
                raise NotAsked(f"{name} needs a number, and {value.value!r} is none")
            return certain(compare(lengths, value.value))
        other = value.str.len_chars() if value.dtype == pl.String else value
        if not other.dtype.is_numeric():
            raise NotAsked(f"{name} needs a number, and {asked.value} is none")
        return certain(compare(lengths.cast(pl.Float64), other.cast(pl.Float64)))

    answer.__doc__ = f"The text has {said} characters; of a column of texts, as theirs."
    operator(name, "value")(answer)


_declare("has_equal_length", op.eq, "just as many")
_declare("longer_than", op.gt, "more")
_declare("longer_than_or_equal_to", op.ge, "as many or more")
negation("has_not_equal_length", of="has_equal_length")
negation("shorter_than", of="longer_than_or_equal_to")
negation("shorter_than_or_equal_to", of="longer_than")


@operator("split_parts_have_equal_length")
def split_parts_have_equal_length(table: Table, asked: Asked) -> Mask:
    """The two parts around the separator (`/`) are of one length; one part is fine, three not."""
    separator = str(asked.options.get("separator") or "/")
    texts = table.spread(as_texts(table.column(asked.target))).cast(pl.String)
    parts = texts.str.split(separator)
    first = parts.list.get(0, null_on_oob=True).str.len_chars()
    second = parts.list.get(1, null_on_oob=True).str.len_chars()
    count = parts.list.len()
    fine = (count == 1) | ((count == 2) & certain(first == second))
    return certain(fine, unknown=True)


negation("split_parts_have_unequal_length", of="split_parts_have_equal_length")

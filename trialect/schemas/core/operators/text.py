"""Parts of texts: beginnings, ends, what an expression finds, and title case."""

from __future__ import annotations

import re

import polars as pl

from trialect.schemas.core.operators.ask import Asked, negation, operator, text_column
from trialect.schemas.core.operators.equality import canonical, same
from trialect.schemas.core.operators.membership import contained
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.patterns import pattern
from trialect.schemas.core.table import Column, Mask, Same, Table, certain


def _part(table: Table, asked: Asked, which: str) -> Column:
    """The first or last characters of the target, which must be text."""
    column = table.column(asked.target)
    length = asked.number(which)
    if isinstance(column, Same):
        if not isinstance(column.value, str):
            raise NotAsked(f"{asked.operator} needs text, and {asked.target} is none")
        return Same(column.value[:length] if which == "prefix" else column.value[-length:])
    texts = text_column(table, asked.target, asked.operator)
    if texts.null_count():
        raise NotAsked(f"{asked.operator} needs a text in each row, and {asked.target} is missing")
    return texts.str.head(length) if which == "prefix" else texts.str.tail(length)


@operator("prefix_equal_to", "value", "prefix")
def prefix_equal_to(table: Table, asked: Asked) -> Mask:
    """The first characters are the value; `DOMAIN` is what `--` stands for here."""
    value = Same(table.prefix) if asked.value == "DOMAIN" else asked.comparator(table)
    return same(_part(table, asked, "prefix"), value)


negation("prefix_not_equal_to", of="prefix_equal_to")


@operator("suffix_equal_to", "value", "suffix")
def suffix_equal_to(table: Table, asked: Asked) -> Mask:
    """The last characters are the value."""
    return same(_part(table, asked, "suffix"), asked.comparator(table))


negation("suffix_not_equal_to", of="suffix_equal_to")


@operator("prefix_is_contained_by", "value", "prefix")
def prefix_is_contained_by(table: Table, asked: Asked) -> Mask:
    """The first characters are one of the values."""
    return contained(table, _part(table, asked, "prefix"), asked.comparator(table), asked)


negation("prefix_is_not_contained_by", of="prefix_is_contained_by")


@operator("suffix_is_contained_by", "value", "suffix")
def suffix_is_contained_by(table: Table, asked: Asked) -> Mask:
    """The last characters are one of the values."""
    return contained(table, _part(table, asked, "suffix"), asked.comparator(table), asked)


negation("suffix_is_not_contained_by", of="suffix_is_contained_by")


@operator("starts_with", "value")
def starts_with(table: Table, asked: Asked) -> Mask:
    """The text begins with the value, or with one of a column's values."""
    texts = text_column(table, asked.target, asked.operator)
    found = [texts.str.starts_with(one) for one in _ends(table, asked)]
    return _any(found)


@operator("ends_with", "value")
def ends_with(table: Table, asked: Asked) -> Mask:
    """The text ends with the value, or with one of a column's values."""
    texts = text_column(table, asked.target, asked.operator)
    return _any([texts.str.ends_with(one) for one in _ends(table, asked)])


def _ends(table: Table, asked: Asked) -> list[str]:
    value = asked.comparator(table)
    if isinstance(value, Same):
        given = value.value if isinstance(value.value, list) else [value.value]
    else:
        given = value.drop_nulls().unique(maintain_order=True).to_list()
    if not all(isinstance(one, str) for one in given):
        raise NotAsked(f"{asked.operator} needs text, and {asked.value!r} is none")
    return list(given)


def _any(masks: list[pl.Series]) -> Mask:
    found: pl.Series | None = None
    for mask in masks:
        found = mask if found is None else found | mask
    return False if found is None else certain(found)


@operator("equals_string_part", "value", "regex")
def equals_string_part(table: Table, asked: Asked) -> Mask:
    """The target is what the expression finds first in the value (its group, if it has one)."""
    rust = pattern(str(asked.options["regex"]))
    if rust.groups > 1:
        raise NotAsked(f"regex of {asked.operator} has {rust.groups} groups; one is allowed")
    value = asked.comparator(table)
    series = pl.Series([value.value]) if isinstance(value, Same) else value
    if series.dtype != pl.String:
        raise NotAsked(f"{asked.operator} needs text, and {asked.value!r} is none")
    found = series.str.extract(rust.found, rust.groups)
    part: Column = Same(found[0]) if isinstance(value, Same) else found
    target = table.column(asked.target)
    if asked.options.get("type_insensitive"):
        target, part = canonical(target), canonical(part)
    return same(target, part)


negation("does_not_equal_string_part", of="equals_string_part")

_SMALL = frozenset(
    {
        *("a", "an", "and", "as", "at", "but", "by", "en", "for", "if", "in", "of", "on", "or"),
        *("the", "to", "v", "v.", "via", "vs", "vs."),
    }
)
_ALWAYS_SMALL = frozenset({"and/or", "is", "per", "with"})
_WORD = re.compile(r"[^\s]+")


@operator("is_title_case")
def is_title_case(table: Table, asked: Asked) -> Mask:
    """Each word begins with a capital, but for short words between others. Missing is fine."""
    texts = text_column(table, asked.target, asked.operator)
    known = texts.drop_nulls().unique()
    wrong = [one for one in known.to_list() if one and one.strip() != title(one.strip())]
    return ~certain(texts.is_in(pl.Series(wrong, dtype=pl.String).implode()))


negation("is_not_title_case", of="is_title_case")


def title(text: str) -> str:
    """A text in title case; in a text of small and capital letters words like mRNA stay."""
    shouted = text.isupper()
    words = text.split()
    titled = [
        _titled(word.lower() if shouted else word, inner=0 < at < len(words) - 1)
        for at, word in enumerate(words)
    ]
    found = iter(titled)
    whole = _WORD.sub(lambda _: next(found), text)
    return whole[:1].upper() + whole[1:]


def _titled(word: str, *, inner: bool) -> str:
    """One word; `inner` says that others stand before and behind it."""
    bare = word.lower()
    if bare in _ALWAYS_SMALL or (inner and bare in _SMALL):
        return bare
    if bare == "id":
        return "ID"
    if any(letter.isupper() for letter in word[1:]):
        return word
    parts = word.split("-")
    return "-".join(_capital(part) for part in parts)


def _capital(word: str) -> str:
    """A word with its first letter as a capital, behind quotes and brackets."""
    at = next((at for at, letter in enumerate(word) if letter.isalnum()), None)
    return word if at is None else word[:at] + word[at].upper() + word[at + 1 :]

"""Whether a code is a unit of UCUM: its grammar, its atoms and its prefixes.

The atoms are facts of ucum-essence (`ucum.json`, made by scripts/build_ucum_table.py; provenance
and UCUM's notice stand in it). Beyond the grammar of the specification (https://ucum.org/ucum,
section 2) we take what readers of UCUM take: several annotations in a row, several slashes in a
row, blanks and an opening brace in an annotation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

SYSTEM = "http://unitsofmeasure.org"

QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
"""The data types whose `code` is a unit where their `system` is UCUM."""

_TOKEN = re.compile(
    r"(?P<annotation>\{[^}\x00-\x1f\x7f-\U0010ffff]*\})"
    r"|(?P<operator>[./])"
    r"|(?P<open>\()|(?P<close>\))"
    r"|(?P<factor>[+-]?[0-9]++(?![A-Za-z*^%'\"_\[]))"
    r"|(?P<symbol>(?:10[*^]|(?:[A-Za-z%'\"_*^]|\[[^\[\]{}\s]*\])++)(?:[+-]?[0-9]++)?)"
)
_EXPONENT = re.compile(r"[+-]?[0-9]+$")


class NotAUnitError(Exception):
    """Says why a code is no unit."""


@lru_cache(maxsize=4096)
def unit_fault(code: str) -> str | None:
    """Why a code is no unit of UCUM, as the end of a sentence; None for a unit."""
    try:
        _check(code)
    except NotAUnitError as why:
        return str(why)
    return None


def _check(code: str) -> None:
    """Term by term: components with a dot or a slash between them. Raises NotAUnitError."""
    depth, wanted, last = 0, True, ""
    for kind, text in _tokens(code):
        if kind == "operator":
            if wanted and text == ".":
                raise NotAUnitError("a factor is missing before '.'")
            wanted = True
        elif kind == "close":
            if wanted or not depth:
                raise NotAUnitError("')' closes nothing")
            depth -= 1
        elif kind == "annotation":
            wanted = False
        else:
            if not wanted:
                raise NotAUnitError(f"'.' or '/' is missing before {text!r}")
            if kind == "open":
                depth += 1
            elif kind == "symbol":
                _known(_EXPONENT.sub("", text))
            wanted = kind == "open"
        last = kind
    if depth:
        raise NotAUnitError("'(' is not closed")
    if wanted or last == "operator":
        raise NotAUnitError("a unit is missing at its end")


def _tokens(code: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(code):
        found = _TOKEN.match(code, at)
        if found is None:
            raise NotAUnitError(f"{code[at:][:40]!r} cannot be read")
        yield str(found.lastgroup), found[0]
        at = found.end()


def _known(symbol: str) -> None:
    """A symbol is an atom, or a prefix and an atom that may have one. Raises NotAUnitError."""
    prefixes, metric, other = _table()
    if symbol in metric or symbol in other:
        return
    for prefix in prefixes:
        if symbol.startswith(prefix):
            atom = symbol[len(prefix) :]
            if atom in metric:
                return
            if atom in other:
                raise NotAUnitError(f"{atom!r} takes no prefix")
    raise NotAUnitError(f"it has no {symbol!r}")


@cache
def _table() -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """The prefixes, the atoms that take one, and the others."""
    facts = json.loads(resources.files(__package__).joinpath("ucum.json").read_bytes())
    kinds = (facts[kind].split() for kind in ("prefixes", "metric", "other"))
    prefixes, metric, other = kinds
    return tuple(prefixes), frozenset(metric), frozenset(other)

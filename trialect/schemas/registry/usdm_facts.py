"""USDM 4.0 as facts: its classes with their attributes, and the terms that their codes are from.

`usdm_classes.csv` has a line an attribute, made by scripts/build_usdm_tables.py from the API
definition that CDISC publishes; `usdm_terms.csv` a line a term of the codelists that it names
(CDISC terminology of 2025-09-26, NCI EVS, public domain; C66781, C127259, C201264, C215479,
C215484 and C215486 as in that of 2026-03-27).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERSION = "4.0.0"
"""The version of USDM that the tables describe and that is written."""

EXTENSIONS = "ExtensionAttribute"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a class: the types of its values and how many it has.

    `types` are string, date, number, integer, boolean or classes; `refers_to` the classes of the
    instances whose ids it names (`*` any); `codelist` the list that its code is from.
    """

    name: str
    types: tuple[str, ...]
    is_required: bool
    is_list: bool
    at_most: int | None = None
    refers_to: tuple[str, ...] = ()
    codelist: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term: NCI's code, the submission value, and NCI's name, which is USDM's decode."""

    code: str
    name: str
    decode: str


@cache
def classes() -> Mapping[str, Mapping[str, Attribute]]:
    """The attributes of each class by name, those that all classes have with them."""
    found: dict[str, dict[str, Attribute]] = {}
    for line in _table("usdm_classes.csv"):
        own = found.setdefault(line["class"], {})
        if line["attribute"]:
            own[line["attribute"]] = _attribute(line)
    for name, own in found.items():
        if name != "Wrapper":
            own.setdefault("id", Attribute("id", ("string",), True, False))
            extensions = Attribute("extensionAttributes", (EXTENSIONS,), False, True)
            own.setdefault("extensionAttributes", extensions)
            own["instanceType"] = Attribute("instanceType", ("string",), True, False)
    return found


def _attribute(line: Mapping[str, str]) -> Attribute:
    low, _, high = line["cardinality"].partition("..")
    return Attribute(
        name=line["attribute"],
        types=tuple(line["type"].split("|")),
        is_required=low == "1",
        is_list=high not in ("", "1"),
        at_most=int(high) if high.isdigit() and high != "1" else None,
        refers_to=tuple(line["refers_to"].split("|")) if line["refers_to"] else (),
        codelist=line["codelist"] or None,
    )


@cache
def codelists() -> Mapping[str, tuple[Term, ...]]:
    """The terms of each codelist by the list's code."""
    found: dict[str, list[Term]] = {}
    for line in _table("usdm_terms.csv"):
        term = Term(line["code"], line["term"], line["decode"])
        found.setdefault(line["codelist"], []).append(term)
    return {code: tuple(terms) for code, terms in found.items()}


def terms(codelist: str) -> tuple[Term, ...]:
    """The terms of a codelist; none of one that is not in the table."""
    return codelists().get(codelist, ())


@cache
def extensible() -> frozenset[str]:
    """The codelists to which further terms may be added."""
    return frozenset(
        one["codelist"] for one in _table("usdm_terms.csv") if one["extensible"] == "Y"
    )


@cache
def _table(name: str) -> tuple[Mapping[str, str], ...]:
    with files(__package__).joinpath(name).open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))

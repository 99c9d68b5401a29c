"""What SDTMIG says of a variable, also where the variable is only allowed: one of the model that
SDTMIG lists elsewhere (AELNKID as LBLNKID), or the continuation of a text (COVAL1 of COVAL).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Literal

from trialect.schemas.sdtm import Dataset, Variable, datasets

_MANY = 5
"""Datasets that must agree on what a variable means before others take it over."""

_MODEL: dict[str, tuple[str, Literal["Char", "Num"], str]] = {
    "--DTC": ("Date/Time of Collection", "Char", "ISO 8601 datetime or interval"),
    "--STDTC": ("Start Date/Time of Observation", "Char", "ISO 8601 datetime or interval"),
    "--ENDTC": ("End Date/Time of Observation", "Char", "ISO 8601 datetime or interval"),
    "--DY": ("Study Day of Visit/Collection/Exam", "Num", ""),
    "--STDY": ("Study Day of Start of Observation", "Num", ""),
    "--ENDY": ("Study Day of End of Observation", "Num", ""),
}
"""Timing variables that SDTMIG words anew in every dataset, as the SDTM 2.0 itself labels them."""


def facts(model: Dataset, column: str, version: str = "3.4") -> Variable | None:
    """What SDTMIG says of a variable of a dataset; None when it says nothing."""
    known = model.variable(column)
    if known is not None:
        return known
    base = model.variable(column.rstrip("0123456789"))
    if base is not None:
        label = f"{base.label} {column[len(base.name) :]}"
        return replace(base, name=column, label=label, core="Perm")
    stem = _stem(model.name, column)
    if stem in _MODEL:
        label, kind, domain = _MODEL[stem]
        return Variable(column, label, kind, "Timing", "Perm", (), domain, 0)
    alike = _of_class(version, model.observation_class).get(stem) or _of_all(version).get(stem)
    return None if alike is None else replace(alike, name=column, core="Perm")


def place(model: Dataset, column: str) -> tuple[int, int, str]:
    """Where a variable stands among those of its dataset: in SDTMIG's order, continuations behind
    their variable, others last.
    """
    known = model.variable(column) or model.variable(column.rstrip("0123456789"))
    return (known.order if known else len(model.variables) + 1, len(column), column)


def _stem(dataset: str, column: str) -> str:
    """The variable without its domain: --LNKID for AELNKID."""
    return "--" + column[2:] if column[:2] == dataset[:2] and len(column) > 3 else column


@cache
def _of_class(version: str, observation_class: str) -> dict[str, Variable]:
    """What a stem means in most datasets of a class."""
    models = [m for m in datasets(version).values() if m.observation_class == observation_class]
    return _meanings(models, at_least=1)


@cache
def _of_all(version: str) -> dict[str, Variable]:
    """What a stem means in most datasets, when it is in many."""
    return _meanings(datasets(version).values(), at_least=_MANY)


def _meanings(models: Iterable[Dataset], at_least: int) -> dict[str, Variable]:
    found: dict[str, list[Variable]] = {}
    for model in models:
        for variable in model.variables:
            found.setdefault(_stem(model.name, variable.name), []).append(variable)
    most: dict[str, Variable] = {}
    for stem, variables in found.items():
        counts = Counter(map(_meaning, variables))
        meaning, count = counts.most_common(1)[0]
        if count >= at_least and count * 2 > len(variables):
            most[stem] = next(one for one in variables if _meaning(one) == meaning)
    return most


def _meaning(variable: Variable) -> tuple[str, str, str, tuple[str, ...]]:
    return (variable.label, variable.type, variable.role, variable.codelists)

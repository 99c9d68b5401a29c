"""Where each fact of a Study stands in a target: the tables of places, and a Study's set facts.

A table is `places/<name>.csv` beside this module. Its lines name facts by their dotted paths, `*`
for the items of a list: `fact,place,how,note`. The loss report is made of them, so each line is
held to be true by the tests, which change the fact and look at what is written.
"""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from trialect.trial import Study

How = Literal["kept", "words", "part", "none"]
"""As it is; the same in the target's words, and back; with something lost; no place."""

HOWS: tuple[How, ...] = ("kept", "words", "part", "none")

TABLES = Path(__file__).parent / "places"

NO_FACTS = frozenset(
    (
        *("records", "sdtm", "fhir", "registry", "outputs", "sources", "assumptions", "invented"),
        "undefined",
    )
)
"""Fields of Study that are no facts of the trial: how its records are read and written, what the
study file says of itself, and what nobody knows the meaning of."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact stands in a target, how it gets there, and what is lost or why it has none."""

    place: str
    how: How
    note: str = ""


@cache
def places(table: str) -> dict[str, Place]:
    """The places of the facts in a target, by the fact's path; empty where no table tells.

    Raises ValueError, with the line, when the table is not in order.
    """
    file = TABLES / f"{table}.csv"
    if not file.is_file():
        return {}
    found: dict[str, Place] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            fact, how = line["fact"], line["how"]
            if how not in HOWS or fact in found:
                raise ValueError(f"{table}.csv: {fact} ({how}) stands twice, or is not {HOWS}")
            found[fact] = Place(line["place"], how, line["note"] or "")
    return found


@cache
def facts() -> tuple[str, ...]:
    """Every leaf of Study that is a fact of the trial, in the order of its fields."""
    return tuple(path for path in _leaves(Study, "") if path.split(".", 1)[0] not in NO_FACTS)


def item_of(hint: Any) -> Any:
    """What an annotation holds: X of `X | None`."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _leaves(cls: type, before: str) -> Iterator[str]:
    for name, annotated in get_type_hints(cls).items():
        hint, path = item_of(annotated), before + name
        if get_origin(hint) is tuple:
            hint, path = item_of(get_args(hint)[0]), f"{path}.*"
        if is_dataclass(hint) and isinstance(hint, type):
            yield from _leaves(hint, f"{path}.")
        else:
            yield path


_Steps = tuple[Callable[[Any], tuple[Any, ...]], tuple[tuple[str, bool, Any], ...]]


@cache
def _steps(cls: type, before: str) -> _Steps:
    """How all fields of a class are got at once, and of each `(fact, is a list, class within)`."""
    names, steps = [], []
    for name, annotated in get_type_hints(cls).items():
        if not before and name in NO_FACTS:
            continue
        hint, path = item_of(annotated), before + name
        many = get_origin(hint) is tuple
        if many:
            hint, path = item_of(get_args(hint)[0]), f"{path}.*"
        within = hint if is_dataclass(hint) and isinstance(hint, type) else None
        names.append(name)
        steps.append((f"{path}." if within else path, many, within))
    if len(names) == 1:
        get = attrgetter(names[0])
        return lambda value: (get(value),), tuple(steps)
    return attrgetter(*names), tuple(steps)


def set_facts(study: Study) -> dict[str, int]:
    """How many values each fact of the Study has, in the order of `facts`; only those with any."""
    counts: dict[str, int] = {}
    _count((study,), Study, "", counts)
    return counts


def _count(items: Sequence[Any], cls: type, before: str, counts: dict[str, int]) -> None:
    get, steps = _steps(cls, before)
    if len(items) == 1:
        _count_one(zip(get(items[0]), steps, strict=True), counts)
        return
    for column, (fact, many, within) in zip(zip(*map(get, items), strict=True), steps, strict=True):
        if within is not None:
            parts = chain.from_iterable(column) if many else column
            if held := [one for one in parts if one is not None]:
                _count(held, within, fact, counts)
        elif number := (
            sum(map(len, column)) if many else len(column) - column.count(None) - column.count("")
        ):
            counts[fact] = counts.get(fact, 0) + number


def _count_one(fields: Iterable[tuple[Any, tuple[str, bool, Any]]], counts: dict[str, int]) -> None:
    for one, (fact, many, within) in fields:
        if one is None or one == () or one == "":
            continue
        if within is not None:
            _count(one if many else (one,), within, fact, counts)
        else:
            counts[fact] = counts.get(fact, 0) + (len(one) if many else 1)


def fact_of(path: str | None) -> str | None:
    """The fact that a Study's path is a value of: `arms.0.type` is one of `arms.*.type`.

    A path that stops above its leaves (`design`) is its own fact; None where it leads to none.
    """
    if not path:
        return None
    return _fact_of(path) if len(path) < 200 else None


@cache
def places_of_facts() -> dict[str, int]:
    """The place of each fact among all."""
    return {fact: place for place, fact in enumerate(facts())}


@cache
def _known() -> frozenset[str]:
    known: set[str] = set()
    for fact in facts():
        steps = fact.split(".")
        known.update(".".join(steps[:end]) for end in range(1, len(steps) + 1))
    return frozenset(known)


def _fact_of(path: str) -> str | None:
    steps = ["*" if step.isdigit() else step for step in path.split(".")]
    fact = ".".join(steps)
    if f"{fact}.*" in places_of_facts():
        return f"{fact}.*"
    return fact if fact in _known() else None

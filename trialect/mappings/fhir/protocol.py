"""The study as its FHIR resources see it: names, references, and the instruments in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import polars as pl

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.opening import meta
from trialect.mappings.fhir.partition import Codes
from trialect.problems import Problems
from trialect.trial import Study

Resource = dict[str, Any]
"""A FHIR resource as plain JSON values, with its id; references are `Type/id`."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A question of an instrument (QSCAT) as the records show it.

    `numeric` and `textual` say which kinds of answers were seen, `interval` whether an evaluation
    interval was given.
    """

    instrument: str
    testcd: str
    test: str
    numeric: bool = False
    textual: bool = False
    interval: bool = False


def items_of(qs: pl.DataFrame) -> list[Item]:
    """The items in the rows of Observation."""
    seen = (
        qs.filter(pl.col("QSCAT").is_not_null() & pl.col("QSTESTCD").is_not_null())
        .filter(pl.col("response").is_not_null() | pl.col("absent").is_not_null())
        .group_by("QSCAT", "QSTESTCD", pl.col("QSTEST").fill_null(pl.col("QSTESTCD")))
        .agg(
            numeric=pl.col("number").is_not_null().any(),
            textual=(pl.col("number").is_null() & pl.col("value").is_not_null()).any(),
            interval=pl.col("interval").is_not_null().any(),
        )
    )
    return sorted(Item(*row) for row in seen.iter_rows())


def merge_items(parts: Iterable[Iterable[Item]]) -> list[Item]:
    """The items of the whole trial from those of its partitions."""
    found: dict[tuple[str, str, str], Item] = {}
    for item in (item for part in parts for item in part):
        key = (item.instrument, item.testcd, item.test)
        other = found.get(key, item)
        found[key] = Item(
            *key,
            numeric=item.numeric or other.numeric,
            textual=item.textual or other.textual,
            interval=item.interval or other.interval,
        )
    return sorted(found.values())


class Protocol:
    """What the study's resources are made of. Raises `Unusable` without a base URL."""

    def __init__(
        self,
        study: Study,
        codes: Codes,
        items: Iterable[Item] = (),
        frames: Mapping[str, pl.DataFrame] = MappingProxyType({}),
        *,
        unblinded: bool = False,
    ) -> None:
        self.frames = frames
        self.unblinded = unblinded
        self.study = study
        self.codes = codes
        self.items = merge_items([items])
        self.identity = Identity(study)
        self.problems = Problems()
        self._mark = meta(study, self.identity)

    def open(self, type: str, value: str, more: Iterable[dict[str, str]] = ()) -> Resource:
        """The first elements of a resource of the study; `value` is that of its identifier."""
        found: Resource = {"resourceType": type, "id": self.identity.id(type, value)}
        if self._mark:
            found["meta"] = self._mark
        found["identifier"] = [{"system": self.identity.system(type), "value": value}, *more]
        return found

    def define(self, type: str, value: str) -> Resource:
        """As `open`, for a type that has a canonical URL, which stands before the identifier."""
        found = self.open(type, value)
        identifier = found.pop("identifier")
        return {**found, "url": self.identity.canonical(type, value), "identifier": identifier}

    def reference(self, type: str, value: str) -> dict[str, str]:
        """A reference to a resource of the study."""
        return {"reference": f"{type}/{self.identity.id(type, value)}"}


def without_empty(resource: Resource) -> Resource:
    """Without the elements that have no value."""
    return {key: value for key, value in resource.items() if value not in (None, [], {}, "")}

"""The invariants that no function is written for: their FHIRPath expression is asked.

Functions are written for those that are asked very often, whose expression does not say what its
sentence says, or whose answer depends on values that differ from resource to resource (shapes.py).
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from trialect.schemas.fhir.fhirpath import Expressions
from trialect.schemas.fhir.fhirpath.items import Item
from trialect.schemas.fhir.invariants import INVARIANTS, Invariant, Place
from trialect.schemas.fhir.table import table

NOT_ASKED: dict[str, dict[str, str]] = {
    "R4": {
        "con-3": "the expression asks for a text that no category can be",
    },
    "R5": {
        "exs-1": "memberOf a value set that no package here lists; the binding is checked",
        "opd-3": "memberOf a value set that no package here lists; the binding is checked",
    },
}
"""The invariants of a release that are not asked, with the reason."""

EVERYWHERE = {
    "dom-6": "a recommendation (a narrative) that data made for machines does not follow; it would "
    "be told once per resource",
}
"""Invariants of all releases that are not asked, with the reason."""


@cache
def invariants_of(release: str) -> dict[str, Invariant]:
    """Every invariant of a release that is asked, by its key in the table."""
    known = dict(INVARIANTS[release])
    expressions = Expressions(table(release))
    for key, (_, _, expression) in table(release).invariants.items():
        if key not in known and key not in NOT_ASKED[release] and key not in EVERYWHERE:
            holds = partial(_holds, expressions, expression)
            known[key] = Invariant(key, holds, traced=True)
    return known


def _holds(expressions: Expressions, expression: str, item: Any, place: Place) -> bool:
    return expressions.holds(expression, Item(item, place.type), place.resource, place.root)

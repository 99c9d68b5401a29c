# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of every resource (http://hl7.org/fhir/R4/domainresource.html).

dom-6 (a resource should have a narrative) is left out: it is a recommendation that data made for
machines does not follow, and would be reported once per resource.
"""

from __future__ import annotations

from typing import Any

from trialect.schemas.fhir.invariants import Json, Place, invariant


@invariant("dom-2")
def contained_contains_nothing(item: Json, _: Place) -> bool:
    return not any("contained" in one for one in item.get("contained", ()))


@invariant("dom-3")
def contained_is_referred_to(item: Json, _: Place) -> bool:
    contained = item.get("contained", ())
    if not contained:
        return True
    named = _local_names(item)
    return all("#" + str(one.get("id")) in named or "#" in _local_names(one) for one in contained)


@invariant("dom-4")
def contained_has_no_version(item: Json, _: Place) -> bool:
    metas = [one.get("meta", {}) for one in item.get("contained", ())]
    return not any("versionId" in meta or "lastUpdated" in meta for meta in metas)


@invariant("dom-5")
def contained_has_no_security_label(item: Json, _: Place) -> bool:
    return not any("security" in one.get("meta", {}) for one in item.get("contained", ()))


def _local_names(value: Any) -> set[str]:
    """Every text below a value that starts with #: references and URIs of contained resources."""
    if isinstance(value, str):
        return {value} if value.startswith("#") else set()
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return set()
    return set().union(*(_local_names(one) for one in inner))

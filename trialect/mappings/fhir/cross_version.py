"""Elements that only another release has, as the extensions that HL7 defines for them.

A data type is the extension's value, the parts of an element are extensions of their names
(http://hl7.org/fhir/R5/versions.html#extensions). Codes of HL7's systems are told in their words:
a server of this release knows these systems without the codes, or not at all, and refuses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from trialect.mappings.fhir.identity import Identity
from trialect.schemas.fhir.table import table

_HL7 = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")


def as_extension(identity: Identity, release: str, element: str, value: Any) -> dict[str, Any]:
    """The extension for an element (`ResearchStudy.label`) of `release` that has this value."""
    return {"url": identity.element(release, element), **_told(_element(release, element), value)}


@cache
def _element(release: str, element: str) -> _Form:
    resource, _, path = element.partition(".")
    facts = table(release)
    node = facts.node(resource)
    steps = path.split(".")
    for step in steps[:-1]:
        node = facts.node(node.properties[step].type)
    return _form(release, node.properties[steps[-1]].type)


@dataclass(frozen=True, slots=True)
class _Form:
    """How a value is told: under the key of its data type, or by its parts."""

    key: str
    parts: Mapping[str, _Form]


@cache
def _form(release: str, type: str) -> _Form:
    if "." not in type:
        return _Form(f"value{type[0].upper()}{type[1:]}", {})
    properties = table(release).node(type).properties
    kept = {name: one for name, one in properties.items() if one.kind != "sibling"}
    # Extensions of a part would be those of its value.
    names = [name for name in kept if name not in ("extension", "modifierExtension")]
    return _Form("", {name: _form(release, kept[name].type) for name in names})


def _told(form: _Form, value: Any) -> dict[str, Any]:
    if form.key:
        return {form.key: _in_words(value)}
    found = []
    for name, given in value.items():
        inner = form.parts[name]
        for one in given if type(given) is list else (given,):
            if inner.key:
                found.append({"url": name, inner.key: _in_words(one)})
            else:
                found.append({"url": name, **_told(inner, one)})
    return {"extension": found}


def _in_words(value: Any) -> Any:
    if type(value) is not dict or "coding" not in value:
        return value
    codings = value["coding"]
    kept = [one for one in codings if not one["system"].startswith(_HL7)]
    text = value.get("text") or next((one["display"] for one in codings if "display" in one), None)
    found: dict[str, Any] = {"coding": kept} if kept else {}
    if text:
        found["text"] = text
    return found

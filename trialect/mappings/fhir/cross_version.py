"""Elements that only another release has, as the extensions that HL7 defines for them.

A data type is the extension's value, the parts of an element are extensions of their names
(http://hl7.org/fhir/R5/versions.html#extensions). Codes of HL7's systems are told in their words:
a server of this release knows these systems without the codes, or not at all, and refuses them.
"""

from __future__ import annotations

from typing import Any

from trialect.mappings.fhir.identity import Identity
from trialect.schemas.fhir.table import table

_HL7 = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")


def as_extension(identity: Identity, release: str, element: str, value: Any) -> dict[str, Any]:
    """The extension for an element (`ResearchStudy.label`) of `release` that has this value."""
    resource, _, path = element.partition(".")
    facts = table(release)
    node = facts.node(resource)
    steps = path.split(".")
    for step in steps[:-1]:
        node = facts.node(node.properties[step].type)
    known = node.properties[steps[-1]]
    return {"url": identity.element(release, element), **_told(release, known.type, value)}


def _told(release: str, type: str, value: Any) -> dict[str, Any]:
    if "." not in type:
        return {f"value{type[0].upper()}{type[1:]}": _in_words(value)}
    node = table(release).node(type)
    return {
        "extension": [
            {"url": name, **_told(release, node.properties[name].type, one)}
            for name, given in value.items()
            for one in (given if isinstance(given, list) else [given])
        ]
    }


def _in_words(value: Any) -> Any:
    if not isinstance(value, dict) or "coding" not in value:
        return value
    kept = [one for one in value["coding"] if not one["system"].startswith(_HL7)]
    words = [value.get("text"), *(one.get("display") for one in value["coding"])]
    text = next((word for word in words if word), None)
    found = {"coding": kept, "text": text}
    return {name: one for name, one in found.items() if one}

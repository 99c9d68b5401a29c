"""A ResearchStudy as R5 would have it: R4's extensions for elements of R5 are in their places."""

from __future__ import annotations

from typing import Any

from trialect.mappings.fhir.to_study.values import (
    Json,
    first_of,
    name_of,
    object_of,
    objects_of,
    text_of,
)
from trialect.mappings.fhir.told_facts import plain

_RENAMED = {
    "category": "studyDesign",
    "reasonStopped": "whyStopped",
    "arm": "comparisonGroup",
    "enrollment": "recruitment",
}
"""Elements of R4 that R5 has under another name."""


def as_r5(resource: Json) -> dict[str, Any]:
    """The resource as R5 would have it: extensions for its elements are in their places."""
    found = {_RENAMED.get(key, key): value for key, value in resource.items()}
    if "enrollment" in resource:
        found["recruitment"] = {"eligibility": first_of(resource["enrollment"])}
    r4 = "studyDesign" not in resource and "associatedParty" not in resource
    for extension in objects_of(resource.get("extension")):
        name = name_of(extension)
        if not name.startswith("extension-ResearchStudy.") or name.endswith(".contact"):
            continue
        element = name.removeprefix("extension-ResearchStudy.")
        value = _told(extension)
        if element == "recruitment":
            found[element] = {**object_of(found.get(element)), **object_of(value)}
        elif element == "descriptionSummary":
            found[element] = value
        else:
            found.setdefault(element, []).append(value)
    if r4 and "descriptionSummary" not in found and "description" in found:
        found["descriptionSummary"] = found.pop("description")
    if r4:
        named = objects_of(found.get("objective"))
        aims = len(named) - len(objects_of(found.get("outcomeMeasure")))
        found["objective"] = named[: max(aims, 0)]
    return found


def _told(extension: Json) -> Any:
    """The value of an extension, or its parts by their names; further ones are kept."""
    parts = objects_of(extension.get("extension"))
    if not parts:
        return plain(extension)
    found: dict[str, Any] = {}
    for part in parts:
        name = name_of(part)
        if ":" in (text_of(part.get("url")) or ""):
            found.setdefault("extension", []).append(part)
        elif name in ("type", "classifier") and name in found:
            continue
        else:
            found[name] = _told(part)
    return found

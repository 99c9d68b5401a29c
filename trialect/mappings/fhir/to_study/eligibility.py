"""Who may take part, from a Group: the registry's facts and the criteria one by one."""

from __future__ import annotations

from typing import Any

from trialect.mappings.fhir import group
from trialect.mappings.fhir.to_study.values import (
    Json,
    extension_text,
    facts_heard,
    first_of,
    object_of,
    objects_of,
    text_of,
    words_of,
)
from trialect.protocol import Criterion, Eligibility


def eligibility(found: Json) -> dict[str, Any]:
    """The Study's `eligibility` and `criteria`; nothing where no Group is referred to."""
    if not found:
        return {}
    told: dict[str, Any] = {**facts_heard(found, group.ELIGIBILITY, Eligibility)}
    text = text_of(found.get("description"))
    told["criteria"] = text or extension_text(found, "extension-Group.description")
    criteria: list[Criterion] = []
    for one in objects_of(found.get("characteristic")):
        coding = first_of(object_of(one.get("code")).get("coding"))
        words = words_of(one.get("code"))
        if words == "Sex":
            told["sex"] = words_of(one.get("valueCodeableConcept"))
        elif words == group.HEALTHY:
            told["healthy_volunteers"] = one.get("valueBoolean")
        elif words in ("Minimum age", "Maximum age"):
            name = words.lower().replace(" ", "_")
            told[name] = words_of(one.get("valueCodeableConcept"))
        elif "valueRange" in one:
            limits = object_of(one["valueRange"])
            for end, name in (("low", "minimum_age"), ("high", "maximum_age")):
                if end in limits:
                    told[name] = _age(object_of(limits[end]))
        elif (text_of(coding.get("system")) or "").endswith("/criterion"):
            category = "EXCLUSION" if one.get("exclude") is True else "INCLUSION"
            code = text_of(coding.get("code")) or ""
            heading = extension_text(one, group.HEADING)
            read = Criterion(code, category, words or "", group=heading)  # type: ignore[arg-type]
            criteria.append(read)
    return {"eligibility": Eligibility(**told), "criteria": tuple(criteria)}


def _age(quantity: Json) -> str | None:
    """An age as a registry writes it: `1 Year`, `18 Years`."""
    number, unit = quantity.get("value"), (text_of(quantity.get("unit")) or "").capitalize()
    if number is None or not unit:
        return None
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"

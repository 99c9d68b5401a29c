"""The resources that a Study is read from, by what refers to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trialect.mappings.fhir.to_study.values import Json, object_of, text_of


class Read:
    """The resources by what refers to them: `Type/id` and the fullUrl of an entry."""

    def __init__(self, resources: Iterable[tuple[str | None, Json]]) -> None:
        self._known: dict[str, Json] = {}
        self.studies: list[Json] = []
        for full_url, one in resources:
            if full_url:
                self._known[full_url] = one
            self._known[f"{one.get('resourceType')}/{one.get('id')}"] = one
            if one.get("resourceType") == "ResearchStudy":
                self.studies.append(one)

    def at(self, reference: Any) -> Json:
        """What a Reference leads to; an empty resource where it leads nowhere."""
        return self._known.get(text_of(object_of(reference).get("reference")) or "", {})

"""Group in R5: that it describes who may take part is its membership, where R4 has actual."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import group
from trialect.mappings.fhir.protocol import Protocol, Resource


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The eligible population, if the study says anything of it."""
    for found in group.resources(protocol):
        yield {
            "membership" if key == "actual" else key: "definitional" if key == "actual" else value
            for key, value in found.items()
        }

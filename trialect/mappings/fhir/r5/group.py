"""Group in R5: that it describes who may take part is its membership, where R4 has actual; the
criteria as one text are its description.
"""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import group
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The eligible population, if the study says anything of it."""
    description = protocol.identity.element("R5", "Group.description")
    for found in group.resources(protocol):
        written: Resource = {}
        for key, value in found.items():
            if key == "actual":
                written["membership"] = "definitional"
            elif key == "extension":
                written[key] = [one for one in value if one["url"] != description]
            else:
                written[key] = value
            if key == "name" and protocol.study.eligibility.criteria:
                written["description"] = protocol.study.eligibility.criteria
        yield without_empty(written)

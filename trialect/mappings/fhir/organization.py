"""The sponsor, the sites, and who else takes part or is named as an affiliation."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import people
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty

TYPE = "Organization"

SPONSOR = people.SPONSOR


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The sponsor, then the sites in the study's order, then the others, each name once."""
    study = protocol.study
    sponsor = study.sponsor
    kind = [{"text": sponsor.type}] if sponsor.type else []
    yield without_empty({**protocol.open(TYPE, SPONSOR), "type": kind, "name": sponsor.name})
    for site in study.sites:
        yield {**protocol.open(TYPE, f"site-{site.id}"), "name": site.name}
    types = {one.name: one.type for one in (study.organization, *study.collaborators) if one}
    for name, value in people.organizations(study).items():
        if value != SPONSOR:
            kind = [{"text": known}] if (known := types.get(name)) else []
            yield without_empty({**protocol.open(TYPE, value), "type": kind, "name": name})

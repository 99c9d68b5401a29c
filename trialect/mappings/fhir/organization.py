"""The sponsor and the sites as Organizations."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty

TYPE = "Organization"

SPONSOR = "sponsor"


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The sponsor, then the sites in the study's order."""
    sponsor = protocol.study.sponsor
    kind = [{"text": sponsor.type}] if sponsor.type else []
    yield without_empty({**protocol.open(TYPE, SPONSOR), "type": kind, "name": sponsor.name})
    for site in protocol.study.sites:
        yield {**protocol.open(TYPE, f"site-{site.id}"), "name": site.name}

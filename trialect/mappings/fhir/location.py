"""The sites as Locations: where subjects are seen."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty

TYPE = "Location"


def resources(protocol: Protocol) -> Iterator[Resource]:
    """One Location a site."""
    for site in protocol.study.sites:
        yield {
            **protocol.open(TYPE, f"site-{site.id}"),
            "name": site.name,
            "address": without_empty({"city": site.city, "country": site.country}),
            "managingOrganization": protocol.reference("Organization", f"site-{site.id}"),
        }

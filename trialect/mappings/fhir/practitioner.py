"""The sites' investigators as Practitioner and PractitionerRole, where the study names them."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.protocol import Site

TYPE = "Practitioner"
ROLE = "PractitionerRole"


def resources(protocol: Protocol) -> Iterator[Resource]:
    """A Practitioner for each investigator, then a role for each site that has one."""
    named = [site for site in protocol.study.sites if site.investigator]
    yield from {value_of(site): _person(protocol, site) for site in named}.values()
    for site in named:
        value = f"site-{site.id}"
        yield {
            **protocol.open(ROLE, value),
            "practitioner": protocol.reference(TYPE, value_of(site)),
            "organization": protocol.reference("Organization", value),
            "code": [{"text": "Investigator"}],
            "location": [protocol.reference("Location", value)],
        }


def value_of(site: Site) -> str:
    """The value of an investigator's identifier: their own, else the site's."""
    return f"investigator-{site.investigator_id or site.id}"


def _person(protocol: Protocol, site: Site) -> Resource:
    return without_empty(
        {**protocol.open(TYPE, value_of(site)), "name": [{"text": site.investigator}]}
    )

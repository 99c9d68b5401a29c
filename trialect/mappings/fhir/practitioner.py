"""Persons whom the protocol names: the sites' investigators, the officials, who is responsible."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import people
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.protocol import Site

TYPE = "Practitioner"


def resources(protocol: Protocol) -> Iterator[Resource]:
    """A Practitioner for each investigator, then one for each other name."""
    named = [site for site in protocol.study.sites if site.investigator]
    yield from {value_of(site): _person(protocol, site) for site in named}.values()
    for name, value in people.persons(protocol.study).items():
        yield {**protocol.open(TYPE, value), "name": [{"text": name}]}


def value_of(site: Site) -> str:
    """The value of an investigator's identifier: their own, else the site's."""
    return f"investigator-{site.investigator_id or site.id}"


def _person(protocol: Protocol, site: Site) -> Resource:
    return without_empty(
        {**protocol.open(TYPE, value_of(site)), "name": [{"text": site.investigator}]}
    )

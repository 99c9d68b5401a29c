"""Where the study takes place: the sites as the data know them, and the places of the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.people import contact_detail, telecom
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.told_facts import value_of as value_of_fact
from trialect.protocol import Contact
from trialect.registry_facts import Location

TYPE = "Location"

RECRUITMENT = "recruitment-status"
"""Extension of ours (string): whether the place recruits, in the registry's word.
Location.status is whether the place itself is in use."""

CONTACT = "contact"
"""Extension of ours in R4 (ContactDetail): whom to ask at a place; R5 has Location.contact."""

CONTACT_ROLE = "contact-role"
"""Extension of ours on it (string)."""


def resources(protocol: Protocol) -> Iterator[Resource]:
    """One Location a site, then one a place of the registry."""
    for site in protocol.study.sites:
        yield {
            **protocol.open(TYPE, f"site-{site.id}"),
            "name": site.name,
            "address": without_empty({"city": site.city, "country": site.country}),
            "managingOrganization": protocol.reference("Organization", f"site-{site.id}"),
        }
    contacts = _contacts_of_r5 if protocol.study.fhir.release == "R5" else _contacts_of_r4
    recruitment = protocol.identity.extension(RECRUITMENT)
    for number, place in enumerate(protocol.study.locations, start=1):
        found = protocol.open(TYPE, value_of(number))
        told = [{"url": recruitment, "valueString": place.status}] if place.status else []
        if place.contacts:
            more = contacts(protocol, place.contacts)
            told += more.pop("extension", ())
        else:
            more = {}
        half = place.latitude is None or place.longitude is None
        if half:
            told += _half(protocol, place)
        if told:
            identifier = found.pop("identifier")
            found["extension"] = told
            found["identifier"] = identifier
        if place.facility:
            found["name"] = place.facility
        found.update(more)
        if address := _address(place):
            found["address"] = address
        if not half:
            found["position"] = {"longitude": place.longitude, "latitude": place.latitude}
        yield found


def value_of(number: int) -> str:
    """The value of the identifier of a place of the registry, numbered from 1."""
    return f"location-{number}"


def _address(place: Location) -> dict[str, str]:
    found = {}
    if place.city:
        found["city"] = place.city
    if place.state:
        found["state"] = place.state
    if place.zip:
        found["postalCode"] = place.zip
    if place.country:
        found["country"] = place.country
    return found


def _half(protocol: Protocol, place: Location) -> Iterator[dict[str, Any]]:
    """A latitude without a longitude, or the other way round: a position asks for both."""
    for name, degrees in (("latitude", place.latitude), ("longitude", place.longitude)):
        if degrees is not None:
            yield {"url": protocol.identity.extension(name), **value_of_fact(degrees)}


def _contacts_of_r4(protocol: Protocol, contacts: tuple[Contact, ...]) -> dict[str, Any]:
    """How to reach the place as telecom, and by an extension who it is that is reached."""
    url, role = protocol.identity.extension(CONTACT), protocol.identity.extension(CONTACT_ROLE)
    told = []
    for one in contacts:
        detail = contact_detail(protocol, one)
        if one.role:
            detail = {"extension": [{"url": role, "valueString": one.role}], **detail}
        if detail:
            told.append({"url": url, "valueContactDetail": detail})
    ways = [way for one in contacts for way in telecom(protocol, one)]
    return {"extension": told, **({"telecom": ways} if ways else {})}


def _contacts_of_r5(protocol: Protocol, contacts: tuple[Contact, ...]) -> dict[str, Any]:
    found = [
        without_empty(
            {
                "purpose": {"text": one.role} if one.role else None,
                "name": [{"text": one.name}] if one.name else None,
                "telecom": telecom(protocol, one),
            }
        )
        for one in contacts
    ]
    return {"contact": [one for one in found if one]}

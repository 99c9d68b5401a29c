"""Who a study is of and who is reached: sponsor, collaborators, officials, contacts, places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from trialect.mappings.fhir import people
from trialect.mappings.fhir.location import CONTACT, CONTACT_ROLE, RECRUITMENT
from trialect.mappings.fhir.people import PHONE_EXTENSION
from trialect.mappings.fhir.to_study.resources import Read
from trialect.mappings.fhir.to_study.values import (
    Json,
    code_of,
    extension_text,
    extension_value,
    facts_heard,
    first_of,
    name_of,
    number_of,
    object_of,
    objects_of,
    text_of,
    words_of,
)
from trialect.mappings.fhir.told_facts import plain
from trialect.protocol import Contact, Sponsor
from trialect.registry_facts import Location, Official, ResponsibleParty


def sponsor(read: Read, one: Json, parties: list[Json]) -> Sponsor:
    """The sponsor: the party of that role, else the element `sponsor` of R4."""
    named = one.get("sponsor")
    for party in parties:
        if code_of(party.get("role")) == "sponsor":
            named = party.get("party")
    organization = read.at(named)
    kind = words_of(first_of(organization.get("type")))
    return Sponsor(text_of(organization.get("name")) or "", kind)


def people_of(read: Read, one: Json, parties: list[Json]) -> dict[str, Any]:
    """The Study's fields of people and houses: collaborators, officials, contacts and others."""
    found: dict[str, Any] = {"collaborators": (), "officials": ()}
    contacts = [_contact(detail) for detail in objects_of(one.get("contact"))]
    roles: dict[str, str] = {}
    reached = [
        _contact(object_of(extension.get("valueContactDetail")))
        for extension in objects_of(one.get("extension"))
        if name_of(extension) == "extension-ResearchStudy.contact"
    ]
    # Of several of one name each is reached in its turn.
    by_name: dict[str, list[dict[str, Any]]] = {}
    for contact in reached:
        by_name.setdefault(contact["name"], []).append(contact)
    for party in parties:
        name = text_of(party.get("name")) or ""
        words = words_of(party.get("role")) or ""
        code = code_of(party.get("role"))
        role = read.at(party.get("party"))
        kind = words_of(first_of(party.get("classifier")) or party.get("classifier"))
        if code == "collaborator" or words == "collaborator":
            found["collaborators"] += (Sponsor(name, kind),)
        elif words == people.HOLDER_ROLE:
            found["organization"] = Sponsor(name, kind)
        elif words.startswith(people.RESPONSIBLE_ROLE):
            found["responsible"] = _responsible(read, role, name, words)
        elif code == "general-contact":
            text = text_of(object_of(party.get("role")).get("text"))
            ways = by_name.get(name)
            contacts.append({**(ways.pop(0) if ways else {}), "name": name, "role": text})
        elif role.get("resourceType") == "PractitionerRole" and role.get("code") != _SITE:
            house = text_of(read.at(role.get("organization")).get("name"))
            found["officials"] += (Official(name, house, words_of(first_of(role.get("code")))),)
        elif "party" not in party:
            roles[name] = words
    told = [Contact(**{"role": roles.get(contact["name"]), **contact}) for contact in contacts]
    old = facts_heard(one, "responsible", ResponsibleParty)
    if old:
        known = found.get("responsible") or ResponsibleParty()
        parts = {field.name: getattr(known, field.name) for field in fields(ResponsibleParty)}
        found["responsible"] = ResponsibleParty(**{**parts, **old})
    return {**found, "contacts": tuple(told)}


_SITE = [{"text": "Investigator"}]


def _responsible(read: Read, role: Json, name: str, words: str) -> ResponsibleParty:
    kind = words.removeprefix(people.RESPONSIBLE_ROLE).removeprefix(": ") or None
    if role.get("resourceType") != "PractitionerRole":
        return ResponsibleParty(kind, name or None)
    house = text_of(read.at(role.get("organization")).get("name"))
    return ResponsibleParty(kind, name or None, words_of(first_of(role.get("code"))), house)


def _contact(detail: Json) -> dict[str, Any]:
    """The facts of a Contact that a ContactDetail, or R5's contact of a place, tells."""
    found: dict[str, Any] = {"name": text_of(detail.get("name")) or ""}
    if isinstance(detail.get("name"), list):
        found["name"] = words_of(first_of(detail["name"])) or ""
    for way in objects_of(detail.get("telecom")):
        system = text_of(way.get("system")) or ""
        if system in ("phone", "email") and text_of(way.get("value")):
            found[system] = way["value"]
        further = objects_of(way.get("extension"))
        if system == "phone" and further:
            found["phone_ext"] = next(
                (
                    text_of(plain(one))
                    for one in further
                    if name_of(one) in ("contactpoint-extension", PHONE_EXTENSION)
                ),
                None,
            )
    role = extension_text(detail, CONTACT_ROLE) or words_of(detail.get("purpose"))
    return {**found, "role": role} if role else found


def locations(read: Read, one: Json) -> Iterator[Location]:
    """The places of a registry; sites of the study file are places of another kind."""
    for reference in objects_of(one.get("site")):
        place = read.at(reference)
        value = text_of(first_of(place.get("identifier")).get("value")) or ""
        if not place or value.startswith("site-"):
            continue
        address, position = object_of(place.get("address")), object_of(place.get("position"))
        details = [
            object_of(extension.get("valueContactDetail"))
            for extension in objects_of(place.get("extension"))
            if name_of(extension) == CONTACT
        ]
        people_there = details or objects_of(place.get("contact"))
        yield Location(
            text_of(place.get("name")),
            extension_text(place, RECRUITMENT),
            text_of(address.get("city")),
            text_of(address.get("state")),
            text_of(address.get("postalCode")),
            text_of(address.get("country")),
            tuple(Contact(**_contact(detail)) for detail in people_there),
            number_of(position.get("latitude", extension_value(place, "latitude"))),
            number_of(position.get("longitude", extension_value(place, "longitude"))),
        )

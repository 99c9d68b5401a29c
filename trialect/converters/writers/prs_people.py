"""The people and places of a PRS upload: officials, contacts, locations, investigators."""

from __future__ import annotations

from trialect.converters.writers.prs_parts import DEFINITIONS, Writing, put
from trialect.mappings.registry.countries import country_name
from trialect.problems import rule
from trialect.protocol import Contact, Site
from trialect.registry_facts import Location
from trialect.schemas.registry.nodes import Node

NO_ROOM = rule(
    "PRS-NO-ROOM",
    "warning",
    "PRS takes fewer contacts than the study names",
    "{value} is not written{times}: PRS takes a contact and one backup for the study, and for each "
    "location.",
    "Say in the study file which two are to be asked.",
    f"{DEFINITIONS}, 11",
)
NO_PLACE = rule(
    "PRS-INVESTIGATOR-CONTACT",
    "note",
    "An investigator's telephone and e-mail have no place in PRS",
    "{value} cannot be written with the investigator of a location{times}.",
    "Name a contact for the location, if people are to reach it.",
    "PRS ProtocolRecordSchema, LocationInvestigator",
)

_INVESTIGATORS = ("PRINCIPAL_INVESTIGATOR", "SUB_INVESTIGATOR", "STUDY_CHAIR", "STUDY_DIRECTOR")


def officials(writing: Writing) -> list[Node]:
    """Who is responsible for the study as a whole."""
    found = []
    for place, one in enumerate(writing.study.officials):
        fact = f"officials.{place}"
        parts = writing.name(f"{fact}.name", one.name)
        if one.role is not None:
            word = writing.word("officials.*.role", f"{fact}.role", one.role)
            put(parts, "role", word)
        put(parts, "affiliation", one.affiliation)
        found.append(Node("overall_official", parts=parts, fact=fact))
    return found


def contacts(writing: Writing) -> list[Node]:
    """Whom to ask: one contact and its backup; more are told."""
    found = []
    names = ("overall_contact", "overall_contact_backup")
    for place, one in enumerate(writing.study.contacts):
        fact = f"contacts.{place}"
        if place < len(names):
            parts = [] if one.name else [Node("last_name")]
            found.append(Node(names[place], parts=parts + _contact(writing, fact, one), fact=fact))
        else:
            writing.losses.add(NO_ROOM, f"{fact}.name", one.name)
    return found


def locations(writing: Writing) -> list[Node]:
    """Where the study takes place; of a study without locations its sites."""
    study = writing.study
    if study.locations:
        return [_location(writing, place, one) for place, one in enumerate(study.locations)]
    return [_site(writing, place, one) for place, one in enumerate(study.sites)]


def _contact(writing: Writing, fact: str, one: Contact) -> list[Node]:
    parts = writing.name(f"{fact}.name", one.name) if one.name else []
    put(parts, "phone", one.phone)
    put(parts, "phone_ext", one.phone_ext)
    put(parts, "email", one.email)
    return parts


def _location(writing: Writing, place: int, one: Location) -> Node:
    fact = f"locations.{place}"
    address: list[Node] = []
    put(address, "city", one.city)
    put(address, "state", one.state)
    put(address, "country", one.country)
    put(address, "zip", one.zip)
    facility = [Node("name", one.facility or ""), Node("address", parts=address)]
    parts = [Node("facility", parts=facility)]
    if one.status is not None:
        put(parts, "status", writing.word("locations.*.status", f"{fact}.status", one.status))
    names, taken = ("contact", "contact_backup"), 0
    investigators = []
    for number, person in enumerate(one.contacts):
        who = f"{fact}.contacts.{number}"
        if person.role in _INVESTIGATORS:
            investigators.append(_investigator(writing, who, person))
        elif taken < len(names):
            if known := _contact(writing, who, person):
                parts.append(Node(names[taken], parts=known, fact=who))
                taken += 1
        else:
            writing.losses.add(NO_ROOM, f"{who}.name", person.name)
    parts += investigators
    return Node("location", parts=parts, fact=fact)


def _investigator(writing: Writing, fact: str, one: Contact) -> Node:
    parts = writing.name(f"{fact}.name", one.name) if one.name else []
    put(parts, "role", writing.word("investigator.role", f"{fact}.role", one.role))
    for name in ("phone", "phone_ext", "email"):
        if value := getattr(one, name):
            writing.losses.add(NO_PLACE, f"{fact}.{name}", value)
    return Node("investigator", parts=parts, fact=fact)


def _site(writing: Writing, place: int, one: Site) -> Node:
    fact = f"sites.{place}"
    address: list[Node] = []
    put(address, "city", one.city)
    put(address, "country", country_name(one.country) or one.country)
    facility = [Node("name", one.facility or ""), Node("address", parts=address)]
    parts = [Node("facility", parts=facility)]
    if one.investigator:
        name = writing.name(f"{fact}.investigator", one.investigator)
        parts.append(Node("investigator", parts=name))
    return Node("location", parts=parts, fact=fact)

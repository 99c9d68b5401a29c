"""What the persons of the protocol do, and for whom: PractitionerRole."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import people, practitioner
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty

TYPE = "PractitionerRole"


def resources(protocol: Protocol) -> Iterator[Resource]:
    """A role for each site that has an investigator, for each official, for who is responsible."""
    study = protocol.study
    for site in study.sites:
        if not site.investigator:
            continue
        value = f"site-{site.id}"
        yield {
            **protocol.open(TYPE, value),
            "practitioner": protocol.reference(practitioner.TYPE, practitioner.value_of(site)),
            "organization": protocol.reference("Organization", value),
            "code": [{"text": "Investigator"}],
            "location": [protocol.reference("Location", value)],
        }
    for number, one in enumerate(study.officials, start=1):
        yield _role(protocol, f"official-{number}", one.name, one.affiliation, one.role)
    responsible = study.responsible
    if responsible and (responsible.name or responsible.title or responsible.affiliation):
        told = (responsible.name, responsible.affiliation, responsible.title)
        yield _role(protocol, people.RESPONSIBLE, *told)


def _role(
    protocol: Protocol, value: str, name: str | None, affiliation: str | None, role: str | None
) -> Resource:
    person = people.persons(protocol.study).get(name or "")
    organization = people.organizations(protocol.study).get(affiliation or "")
    return without_empty(
        {
            **protocol.open(TYPE, value),
            "practitioner": protocol.reference("Practitioner", person) if person else None,
            "organization": protocol.reference("Organization", organization)
            if organization
            else None,
            "code": [{"text": role}] if role else [],
        }
    )

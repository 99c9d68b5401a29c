"""What the study is called elsewhere: identifiers of registries, sponsors, funders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.terms import coding, concept
from trialect.protocol import Registration

REGISTRIES = {"ClinicalTrials.gov": "http://clinicaltrials.gov"}
"""Systems of registries' identifiers (HL7 terminology: NamingSystem); others by name."""

SPONSOR_ID, SECONDARY_ID, ALIAS = "org-study-id", "secondary-id", "nct-alias"
"""Codes of ours for the kinds of identifiers, BASE/CodeSystem/identifier-type."""

IDENTIFIER_TYPE = "identifier-type"

LINK = "link"
"""Extension of ours (string): a page about what the identifier names."""

Identifier = dict[str, Any]


def identifiers(protocol: Protocol) -> list[Identifier]:
    """Those beside the study's own: of registries, the sponsor's, further ones, former ones."""
    study = protocol.study
    found: list[Identifier] = [dict(_registered(one)) for one in study.registrations]
    own = study.identifier
    if own is not None and own.id:
        found.append(_identifier(protocol, SPONSOR_ID, own.id, own.type, own.link))
    for one in study.secondary_ids:
        other = _identifier(protocol, SECONDARY_ID, one.id, one.type, one.link)
        if one.domain:
            other["assigner"] = {"display": one.domain}
        found.append(other)
    for alias in study.nct_aliases:
        other = _identifier(protocol, ALIAS, alias, None, None)
        found.append({**other, "use": "old", "system": REGISTRIES["ClinicalTrials.gov"]})
    return found


def _registered(registration: Registration) -> Iterator[tuple[str, str]]:
    system = REGISTRIES.get(registration.registry)
    if system:
        yield "system", system
        yield "value", registration.id
    else:
        yield "value", f"{registration.registry} {registration.id}"


def _identifier(
    protocol: Protocol, kind: str, value: str, type: str | None, link: str | None
) -> Identifier:
    code = coding(protocol.identity.code_system(IDENTIFIER_TYPE), kind)
    found: Identifier = {"type": concept(type, [code])}
    if value:
        found["value"] = value
    if link:
        url = protocol.identity.extension(LINK)
        found["extension"] = [{"url": url, "valueString": link}]
    return found

"""Who takes part in the study and answers for it: organizations, officials, who is responsible.

R5 holds them as associatedParty of ResearchStudy; in R4 these are extensions beside the elements
that R4 has (sponsor, principalInvestigator, contact). Organizations that are named alike are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.terms import Concept, coding, concept, values
from trialect.protocol import Contact
from trialect.trial import Study

SPONSOR = "sponsor"
RESPONSIBLE = "responsible"
HOLDER = "record-holder"
BOARD = "review-board"

HOLDER_ROLE = "Holder of the registry's record"
RESPONSIBLE_ROLE = "Responsible party"

_ROLES = "http://hl7.org/fhir/research-study-party-role"

Party = dict[str, Any]
"""An associatedParty as R5 has it."""


def organizations(study: Study) -> dict[str, str]:
    """The value of the identifier of each organization by its name, in the order of the Study."""
    found: dict[str, str] = {}
    if study.sponsor.name:
        found[study.sponsor.name] = SPONSOR
    for number, one in enumerate(study.collaborators, start=1):
        found.setdefault(one.name, f"collaborator-{number}")
    if study.organization is not None:
        found.setdefault(study.organization.name, HOLDER)
    for number, official in enumerate(study.officials, start=1):
        if official.affiliation:
            found.setdefault(official.affiliation, f"affiliation-{number}")
    if study.responsible is not None and study.responsible.affiliation:
        found.setdefault(study.responsible.affiliation, "affiliation-responsible")
    if study.ethics_review is not None and study.ethics_review.board:
        found.setdefault(study.ethics_review.board, BOARD)
    found.pop("", None)
    return found


def persons(study: Study) -> dict[str, str]:
    """The value of the identifier of each person who answers for the study, by the name."""
    found: dict[str, str] = {}
    for number, official in enumerate(study.officials, start=1):
        found.setdefault(official.name, f"official-{number}")
    if study.responsible is not None and study.responsible.name:
        found.setdefault(study.responsible.name, RESPONSIBLE)
    found.pop("", None)
    return found


def parties(protocol: Protocol) -> Iterator[Party]:
    """Collaborators, who holds the record, officials, who is responsible, the review board."""
    study = protocol.study
    known = organizations(study)

    def of_organization(name: str) -> dict[str, Any]:
        value = known.get(name)
        return {"party": protocol.reference("Organization", value)} if value else {}

    for one in study.collaborators:
        yield party("collaborator", name=one.name, type=one.type, **of_organization(one.name))
    if study.organization is not None:
        holder = study.organization
        more = of_organization(holder.name)
        yield party(None, HOLDER_ROLE, name=holder.name, type=holder.type, **more)
    for number, official in enumerate(study.officials, start=1):
        role = values("party_role").get(official.role or "")
        more = {"party": protocol.reference("PractitionerRole", f"official-{number}")}
        words = None if role else official.role or "Official"
        yield party(role["code"] if role else None, words, name=official.name, **more)
    if study.responsible is not None and (study.responsible.type or study.responsible.name):
        yield _responsible(protocol, of_organization(study.sponsor.name))
    if study.ethics_review is not None and study.ethics_review.board:
        board = study.ethics_review.board
        yield party("irb", name=board, **of_organization(board))


def _responsible(protocol: Protocol, sponsor: dict[str, Any]) -> Party:
    responsible = protocol.study.responsible
    assert responsible is not None
    kind = responsible.type
    words = f"{RESPONSIBLE_ROLE}: {kind}" if kind else RESPONSIBLE_ROLE
    role = values("party_role").get(kind or "")
    more = {"party": protocol.reference("PractitionerRole", RESPONSIBLE)}
    if not (responsible.name or responsible.title or responsible.affiliation):
        more = sponsor if kind == "SPONSOR" else {}
    return party(role["code"] if role else None, words, name=responsible.name, **more)


def party(
    code: str | None, words: str | None = None, *, name: str | None = None, **more: Any
) -> Party:
    """Somebody's part in the study: a code of R5's, or words; `type` is of an organization."""
    role = [coding(_ROLES, code, _DISPLAYS.get(code, code))] if code else []
    found: Party = {"name": name} if name else {}
    found["role"] = concept(words, role)
    if kind := more.pop("type", None):
        found["classifier"] = [organization_type(kind)]
    return {**found, **more}


_DISPLAYS = {"irb": "Institutional Review Board"}
"""Words of the roles that are not the code itself."""


def organization_type(kind: str) -> Concept | None:
    """What kind of organization it is: R5's code where it has one, and the registry's word."""
    known = values("party_type").get(kind)
    return concept(kind, [known] if known else [])


def contact_party(contact: Contact) -> Party:
    """A contact of the study; R5 has no place for a telephone or an address of e-mail here."""
    return party("general-contact", contact.role, name=contact.name)


def contact_detail(protocol: Protocol, contact: Contact) -> dict[str, Any]:
    """A person and how to reach them, as ContactDetail."""
    found: dict[str, Any] = {"name": contact.name} if contact.name else {}
    if ways := telecom(protocol, contact):
        found["telecom"] = ways
    return found


_PHONE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/contactpoint-extension"

PHONE_EXTENSION = "phone-extension"
"""Extension of ours in R5 (string): HL7's definitions of its own differ in where it may stand."""


def telecom(protocol: Protocol, contact: Contact) -> list[dict[str, Any]]:
    """How to reach somebody; what is dialled behind a number is HL7's extension in R4."""
    found: list[dict[str, Any]] = []
    if contact.phone and not contact.phone_ext:
        found.append({"system": "phone", "value": contact.phone})
    elif contact.phone_ext:
        way: dict[str, Any] = {"system": "phone"}
        if contact.phone:
            way["value"] = contact.phone
        own = protocol.study.fhir.release == "R5"
        url = protocol.identity.extension(PHONE_EXTENSION) if own else _PHONE_EXTENSION
        way["extension"] = [{"url": url, "valueString": contact.phone_ext}]
        found.append(way)
    if contact.email:
        found.append({"system": "email", "value": contact.email})
    return found

"""The facts of a Study that USDM's StudyVersion tells: titles, identifiers, parties, dates."""

from __future__ import annotations

from typing import Any

from trialect.mappings.registry.countries import country_name
from trialect.mappings.registry.usdm.graph import Node
from trialect.mappings.registry.usdm.terms import COUNTRIES, NOT_STATED, word
from trialect.protocol import Contact, Registration, Sponsor, StudyDate
from trialect.registry_facts import Location, Official, SecondaryId

NO_PARTY = Sponsor("")

SPONSOR = "C70793"
NO_SPONSORS = ("C93453", "C188863")
"""Kinds of organizations that are no sponsors: registries and regulatory agencies."""


def sponsor_of(version: Node) -> tuple[Node | None, bool]:
    """The sponsor's organization, and whether a role or its kind says that it is the sponsor.

    Else it is the one organization that gave an identifier and is no registry or agency.
    """
    for role in version.nodes("roles"):
        if _is(role, "code", "parties", "SPONSOR"):
            for one in role.all_referred("organizationIds", "Organization"):
                return one, True
    scopes: dict[str | None, Node] = {}
    for identifier in version.nodes("studyIdentifiers"):
        scope = identifier.referred("scopeId", "Organization")
        code = scope.coding("type") if scope is not None else None
        if scope is not None and code is not None and code.code == SPONSOR:
            return scope, True
        if scope is not None and (code is None or code.code not in NO_SPONSORS):
            scopes[scope.id] = scope
    return (next(iter(scopes.values())) if len(scopes) == 1 else None), False


def stated(text: str | None) -> str | None:
    """A text that is not there only because USDM asks for one."""
    return text if text and text != NOT_STATED else None


class VersionFacts:
    """The facts of a version; `study` is the Study that contains it."""

    def __init__(self, study: Node, version: Node) -> None:
        self.study = study
        self.version = version
        self.roles = version.nodes("roles")

    def facts(self) -> dict[str, Any]:
        """The Study's fields that are read here."""
        sponsor, _ = sponsor_of(self.version)
        titles = self._titles()
        return {
            "studyid": self._studyid(sponsor),
            "title": titles.get("title"),
            "brief_title": titles.get("brief_title"),
            "acronym": titles.get("acronym"),
            "sponsor": _party(sponsor) if sponsor else NO_PARTY,
            "registrations": self._registrations(),
            "secondary_ids": self._secondary_ids(sponsor),
            "collaborators": self._collaborators(),
            "contacts": self._contacts(),
            "officials": self._officials(),
            "summary": self.study.text("description"),
            "description": self._note("DETAILED_DESCRIPTION"),
            "invented": self._note("INVENTED_RECORDS"),
            "locations": self._locations(),
            **self._dates(),
        }

    def _with_code(self, word_: str) -> list[Node]:
        return [one for one in self.roles if _is(one, "code", "parties", word_)]

    def _studyid(self, sponsor: Node | None) -> str:
        for one in self.version.nodes("studyIdentifiers"):
            scope = one.referred("scopeId", "Organization")
            is_own = sponsor is not None and scope is not None and scope.id == sponsor.id
            if is_own and (text := one.text("text")):
                return text
        return stated(self.study.text("name")) or NOT_STATED

    def _titles(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self.version.nodes("titles"):
            fact = _word(one, "type", "titles")
            text = one.text("text")
            if fact is not None and text is not None:
                found.setdefault(fact, text)
        return found

    def _registrations(self) -> tuple[Registration, ...]:
        found = []
        for one in self.version.nodes("studyIdentifiers"):
            scope = one.referred("scopeId", "Organization")
            text = one.text("text")
            if scope is None or text is None or not _is(scope, "type", "parties", "REGISTRY"):
                continue
            found.append(Registration(text, scope.called or ""))
        return tuple(found)

    def _secondary_ids(self, sponsor: Node | None) -> tuple[SecondaryId, ...]:
        found = []
        for one in self.version.nodes("studyIdentifiers"):
            scope = one.referred("scopeId", "Organization")
            text = one.text("text")
            is_registry = scope is not None and _is(scope, "type", "parties", "REGISTRY")
            is_own = scope is not None and sponsor is not None and scope.id == sponsor.id
            if text is None or is_registry or is_own:
                continue
            domain = stated(scope.called) if scope is not None else None
            found.append(SecondaryId(text, domain=domain))
        return tuple(found)

    def _collaborators(self) -> tuple[Sponsor, ...]:
        found = [
            _party(one)
            for role in self._with_code("COLLABORATOR")
            for one in role.all_referred("organizationIds", "Organization")
        ]
        return tuple(found)

    def _contacts(self) -> tuple[Contact, ...]:
        return tuple(
            Contact(_name(person) or "", stated(person.text("jobTitle")))
            for role in self._with_code("CONTACT")
            for person in role.nodes("assignedPersons")
        )

    def _officials(self) -> tuple[Official, ...]:
        found = []
        for role in self.roles:
            kind = _word(role, "code", "officials.*.role")
            if kind is None and role.coding("code") is not None:
                continue
            for person in role.nodes("assignedPersons"):
                home = person.referred("organizationId", "Organization")
                name = _name(person) or ""
                found.append(Official(name, home.called if home else None, kind))
        return tuple(found)

    def _note(self, word_: str) -> str | None:
        for one in self.version.nodes("notes"):
            if any(
                word("notes", code.code, code.system, code.decode) == word_
                for code in one.codings("codes")
            ):
                return one.text("text")
        return None

    def _dates(self) -> dict[str, StudyDate]:
        found: dict[str, StudyDate] = {}
        for one in self.version.nodes("dateValues"):
            fact = _word(one, "type", "dates")
            date = one.text("dateValue")
            if fact in ("start", "completion") and date is not None:
                found.setdefault(fact, StudyDate(date, None))
        return found

    def _locations(self) -> tuple[Location, ...]:
        """Where sites are, of which every organization that manages any tells."""
        found = []
        for one in self.version.nodes("organizations"):
            sites = one.nodes("managedSites")
            address = one.node("legalAddress")
            for site in sites:
                alone = len(sites) == 1
                home = address if alone and address is not None else None
                name = one.called if alone else site.called
                place = Location(
                    facility=stated(name),
                    city=home.text("city") if home else None,
                    state=home.text("state") if home else None,
                    zip=home.text("postalCode") if home else None,
                    country=_country(site) or (_country(home) if home else None),
                )
                found.append(place)
        return tuple(found)


def _country(node: Node) -> str | None:
    code = node.coding("country")
    if code is None:
        return None
    return (country_name(code.code) if code.system == COUNTRIES else None) or code.decode


def _party(node: Node) -> Sponsor:
    return Sponsor(stated(node.called) or "", _word(node, "type", "sponsor.type"))


def _name(person: Node) -> str | None:
    name = person.node("personName")
    if name is None:
        return stated(person.called)
    if (text := name.text("text")) is not None:
        return stated(text)
    parts = [*name.texts("prefixes"), *name.texts("givenNames"), name.text("familyName") or ""]
    whole = " ".join(part for part in [*parts, *name.texts("suffixes")] if part)
    return whole or stated(person.called)


def _word(node: Node, attribute: str, fact: str) -> str | None:
    code = node.coding(attribute)
    return word(fact, code.code, code.system, code.decode) if code is not None else None


def _is(node: Node, attribute: str, fact: str, expected: str) -> bool:
    return _word(node, attribute, fact) == expected


def version_facts(study: Node, version: Node) -> dict[str, Any]:
    """The facts that a version tells, by the Study's fields."""
    return VersionFacts(study, version).facts()

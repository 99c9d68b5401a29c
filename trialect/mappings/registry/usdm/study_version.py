"""A Study's titles, identifiers, parties, dates and texts as USDM's StudyVersion."""

from __future__ import annotations

from trialect.mappings.registry.countries import country
from trialect.mappings.registry.usdm.instances import Instance, Instances
from trialect.mappings.registry.usdm.terms import (
    COUNTRIES,
    COUNTRIES_VERSION,
    NOT_STATED,
    Coding,
    coding,
    unknown,
)
from trialect.protocol import Sponsor
from trialect.registry_facts import SecondaryId
from trialect.trial import Study

GRANTS = ("NIH", "FDA", "VA", "CDC", "AHRQ", "SAMHSA")


def titles(study: Study, make: Instances) -> list[Instance]:
    """The official title, the brief one and the acronym."""
    return [
        make.make("StudyTitle", text=text, type=make.code(coding("titles", fact)))
        for fact in ("title", "brief_title", "acronym")
        if (text := getattr(study, fact))
    ]


class Parties:
    """Organizations and the roles they have, each organization once by its name."""

    def __init__(self, study: Study, make: Instances) -> None:
        self.study = study
        self.make = make
        self.organizations: list[Instance] = []
        self._by_name: dict[str, Instance] = {}
        self.sponsor = self.organization(study.sponsor.name, sponsor_coding(study.sponsor))

    def organization(self, name: str, type: Coding | None) -> Instance:
        """The organization of a name; its identifier is the name, by which alone it is known."""
        found = self._by_name.get(name)
        if found is None:
            found = self.make.named(
                "Organization",
                name or NOT_STATED,
                type=self.make.code_or_unknown(type, "Organization.type"),
                identifierScheme="name",
                identifier=name or NOT_STATED,
            )
            self._by_name[name] = found
            self.organizations.append(found)
        return found

    def identifiers(self) -> list[Instance]:
        """The sponsor's identifier, those of registries, then the others.

        The sponsor has one alone and no organization gives one twice (DDF00172, DDF00173): what
        else a study says is carried.
        """
        study = self.study
        own = study.identifier.id if study.identifier is not None else None
        told = [(own or study.studyid, self.sponsor)]
        for one in study.registrations:
            registry = coding("parties", "REGISTRY")
            told.append((one.id, self.organization(one.registry, registry)))
        for other in study.secondary_ids:
            told.append((other.id, self.organization(*scope_of(other))))
        found: dict[tuple[str, str], Instance] = {}
        for text, scope in told:
            key = (text, scope["id"])
            if text and key not in found and not (found and scope is self.sponsor):
                found[key] = self.make.make("StudyIdentifier", text=text, scopeId=scope["id"])
        return list(found.values())

    def roles(self, version: str, design: str) -> list[Instance]:
        """The sponsor, collaborators, officials, contacts and, of the design, who is masked."""
        found = [self._role("Sponsor", coding("parties", "SPONSOR"), version, [self.sponsor])]
        if self.study.collaborators:
            them = [self.organization(o.name, sponsor_coding(o)) for o in self.study.collaborators]
            collaborator = coding("parties", "COLLABORATOR")
            found.append(self._role("Collaborators", collaborator, version, them))
        found += self._officials(version)
        found += self._contacts(version)
        found += self._masked(design)
        sites = self._sites()
        if sites:
            site = coding("parties", "STUDY_SITE")
            found.append(self._role("Study sites", site, design, sites))
        return found

    def _role(self, name: str, code: Coding, applies: str, of: list[Instance]) -> Instance:
        return self.make.named(
            "StudyRole",
            name,
            code=self.make.code(code),
            appliesToIds=[applies],
            organizationIds=list(dict.fromkeys(one["id"] for one in of)),
        )

    def _officials(self, version: str) -> list[Instance]:
        found = []
        for one in self.study.officials:
            code = coding("officials.*.role", one.role) if one.role else None
            home = self.organization(one.affiliation, None) if one.affiliation else None
            person = self._person(one.name, (code or unknown()).decode, home)
            role = self.make.named(
                "StudyRole",
                code.decode if code else "Official",
                code=self.make.code_or_unknown(code, "StudyRole.code"),
                appliesToIds=[version],
                assignedPersons=[person],
            )
            found.append(role)
        return found

    def _contacts(self, version: str) -> list[Instance]:
        persons = [self._person(one.name, one.role) for one in self.study.contacts]
        if not persons:
            return []
        code = self.make.code(coding("parties", "CONTACT"))
        role = self.make.named(
            "StudyRole", "Contacts", code=code, appliesToIds=[version], assignedPersons=persons
        )
        return [role]

    def _person(self, name: str, title: str | None, home: Instance | None = None) -> Instance:
        if title is None:
            self.make.not_stated.append("AssignedPerson.jobTitle")
        return self.make.named(
            "AssignedPerson",
            name or NOT_STATED,
            personName=self.make.make("PersonName", text=name or NOT_STATED),
            jobTitle=title or NOT_STATED,
            organizationId=home["id"] if home else None,
        )

    def _masked(self, design: str) -> list[Instance]:
        text = self.study.design.masking_description or "Masked"
        return [
            self.make.named(
                "StudyRole",
                f"Masked: {(code := coding('design.masked.*', who)).decode}",
                code=self.make.code(code),
                appliesToIds=[design],
                masking=self.make.make("Masking", text=text, isMasked=True),
            )
            for who in self.study.design.masked
        ]

    def _sites(self) -> list[Instance]:
        make, found = self.make, []
        for site in self.study.sites:
            home = self._country(site.country)
            managed = make.named("StudySite", site.id, site.name, country=home)
            found.append(self._facility(site.name, managed, city=site.city, country=site.country))
        for place in self.study.locations:
            managed = make.named(
                "StudySite", place.facility or NOT_STATED, country=self._country(place.country)
            )
            found.append(
                self._facility(
                    place.facility,
                    managed,
                    city=place.city,
                    state=place.state,
                    postalCode=place.zip,
                    country=place.country,
                )
            )
        return found

    def _facility(
        self, name: str | None, site: Instance, country: str | None, **address: str | None
    ) -> Instance:
        make = self.make
        home = make.code(found) if (found := country_coding(country)) else None
        has_address = home is not None or any(address.values())
        organization = make.named(
            "Organization",
            name or NOT_STATED,
            type=make.code(coding("parties", "FACILITY")),
            identifierScheme="name",
            identifier=name or NOT_STATED,
            legalAddress=make.make("Address", **address, country=home) if has_address else None,
            managedSites=[site],
        )
        self.organizations.append(organization)
        return organization

    def _country(self, name: str | None) -> Instance:
        return self.make.code_or_unknown(country_coding(name), "StudySite.country")


def country_coding(name: str | None) -> Coding | None:
    """A country, in a registry's words or as its alpha-3 code, as USDM codes it."""
    found = country(name) if name else None
    if found is None or found.code is None:
        return None
    return Coding(found.code, COUNTRIES, COUNTRIES_VERSION, found.name)


def sponsor_coding(sponsor: Sponsor) -> Coding | None:
    """The kind of an organization, where a record says it."""
    return coding("sponsor.type", sponsor.type) if sponsor.type else None


def scope_of(identifier: SecondaryId) -> tuple[str, Coding | None]:
    """Who gave a secondary identifier, and what kind of organization that is."""
    if identifier.type == "EUDRACT_NUMBER":
        return identifier.domain or "EudraCT", coding("parties", "REGISTRY")
    if identifier.type in GRANTS:
        return identifier.domain or identifier.type, coding("sponsor.type", "FED")
    is_registry = identifier.type == "REGISTRY"
    kind = coding("parties", "REGISTRY") if is_registry else None
    return identifier.domain or NOT_STATED, kind


def dates(study: Study, make: Instances) -> list[Instance]:
    """Start and completion where they are days; USDM's dates have no months alone."""
    found = []
    for fact, name in (("start", "Study start"), ("completion", "Study completion")):
        date = getattr(study, fact)
        if date is None or len(date.date) != len("YYYY-MM-DD"):
            continue
        scope = make.make("GeographicScope", type=make.code(coding("dates", "GLOBAL")))
        found.append(
            make.named(
                "GovernanceDate",
                name,
                type=make.code(coding("dates", fact)),
                dateValue=date.date,
                geographicScopes=[scope],
            )
        )
    return found


def notes(study: Study, make: Instances) -> list[Instance]:
    """The detailed description, and that the records are invented where they are."""
    texts = (("DETAILED_DESCRIPTION", study.description), ("INVENTED_RECORDS", study.invented))
    return [
        make.make("CommentAnnotation", text=text, codes=[make.code(coding("notes", word))])
        for word, text in texts
        if text
    ]

"""Study to ResearchStudy.

R4 has no place for outcome measures; they stand as objectives, as registries' R4 exports write
them. The arms are the protocol's own and public; which arm a subject is in is not told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir import group, organization, plan_definition, practitioner
from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.opening import DATA_ABSENT
from trialect.mappings.fhir.periods import Period, of_study
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.study_progress import labels, numbers, states
from trialect.mappings.fhir.terms import ISO3166, Coding, Concept, coding, concept, values
from trialect.problems import rule
from trialect.protocol import Arm, Contact, Outcome, Registration
from trialect.trial import Study

TYPE = "ResearchStudy"

NO_STATUS = rule(
    "FHIR-STUDY-STATUS",
    "error",
    "The state of the trial is not known",
    "status is {value!r}, for which FHIR R4 has no code; the ResearchStudy's status is given as"
    " unknown, which servers refuse.",
    "Set status in study.yaml to a value of ClinicalTrials.gov (RECRUITING, COMPLETED, ...).",
    "http://hl7.org/fhir/R4/valueset-research-study-status.html",
)

_LINK_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""The data type id."""

REGISTRIES = {"ClinicalTrials.gov": "http://clinicaltrials.gov"}
"""Systems of registries' identifiers (HL7 terminology: NamingSystem); others by name."""


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The one ResearchStudy."""
    study = protocol.study
    planned = study.visits or study.arms
    yield without_empty(
        {
            **opened(protocol, list(_of_r5(protocol))),
            "title": study.name,
            "protocol": [protocol.reference(plan_definition.TYPE, plan_definition.SCHEDULE)]
            if planned
            else [],
            **_status(protocol),
            "primaryPurposeType": _coded("purpose", study.design.purpose),
            "phase": _coded("phase", " ".join(study.design.phases)),
            "category": _design(study),
            "focus": focus(study),
            "condition": [concept(text) for text in study.conditions],
            "contact": [contact_detail(one) for one in study.contacts],
            "keyword": [concept(text) for text in study.keywords],
            "location": countries(study),
            "description": study.description or study.summary,
            "enrollment": [protocol.reference(group.TYPE, group.ELIGIBILITY)]
            if group.is_described(study)
            else [],
            "period": period(protocol, cut=True),
            "sponsor": protocol.reference(organization.TYPE, organization.SPONSOR),
            "principalInvestigator": investigator(protocol),
            "site": sites(protocol),
            "arm": [
                without_empty(
                    {
                        "extension": [_link(protocol, arm)],
                        "name": arm.name,
                        "type": concept(arm.type),
                        "description": arm.description,
                    }
                )
                for arm in study.arms
            ],
            "objective": [_objective(outcome) for outcome in study.outcomes],
        }
    )


def opened(protocol: Protocol, extension: list[dict[str, Any]] | None = None) -> Resource:
    """The first elements, with the identifiers of registries."""
    study = protocol.study
    registered = [_registered(one) for one in study.registrations]
    found = protocol.open(TYPE, study.studyid, registered)
    identifier = found.pop("identifier")
    stated = [*_summary(protocol), *_relations(protocol)]
    return {**found, "extension": [*(extension or []), *stated], "identifier": identifier}


def link_ids(study: Study) -> dict[str, str]:
    """The linkId of each arm by its ARMCD: the code itself where it is an id, else its number."""
    return {
        arm.code: arm.code if _LINK_ID.fullmatch(arm.code) else f"arm-{number}"
        for number, arm in enumerate(study.arms, start=1)
    }


def focus(study: Study) -> list[Concept | None]:
    """What the study is about: its interventions, by the names that the protocol gives them."""
    return [concept(one.name) for one in study.interventions]


def sites(protocol: Protocol) -> list[dict[str, str]]:
    """Where subjects are seen."""
    return [protocol.reference("Location", f"site-{site.id}") for site in protocol.study.sites]


def _summary(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """The parameters of TS that a package states and no element holds."""
    if not protocol.study.fhir.all_variables:
        return
    for one in protocol.study.parameters:
        told = {
            "TSPARMCD": one.code,
            "TSVAL": one.value,
            "TSVALNF": one.null_flavor,
            "TSVALCD": one.value_code,
            "TSVCDREF": one.dictionary,
            "TSVCDVER": one.dictionary_version,
        }
        yield _several(protocol, "TS", told)


def _relations(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """Relations between whole datasets (RELREC without subject)."""
    relations = protocol.frames.get("RELREC")
    if relations is None:
        return
    names = ("RDOMAIN", "IDVAR", "RELTYPE", "RELID")
    known = [name for name in names if name in relations.columns]
    for row in relations.select(known).iter_rows(named=True):
        yield _several(protocol, "RELREC", row)


def _several(protocol: Protocol, name: str, told: dict[str, str | None]) -> dict[str, Any]:
    parts = [{"url": part, "valueString": text} for part, text in told.items() if text]
    return {"url": protocol.identity.extension(name), "extension": parts}


def _registered(registration: Registration) -> dict[str, str]:
    system = REGISTRIES.get(registration.registry)
    if system:
        return {"system": system, "value": registration.id}
    return {"value": f"{registration.registry} {registration.id}"}


def _status(protocol: Protocol) -> dict[str, Any]:
    status = protocol.study.status
    known = values("trial_status").get(status or "")
    if known:
        return {"status": known["code"]}
    protocol.problems.add(NO_STATUS.problem(file="study.yaml", field="status", value=status))
    return {"_status": {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}}


def _coded(table: str, value: str | None) -> Concept | None:
    """The code of a registry's value; its own words where R4 has none."""
    if not value:
        return None
    known = values(table).get(value)
    return concept(None if known else value, [known] if known else [])


def _design(study: Study) -> list[Concept | None]:
    """Type, allocation, model and masking: R4 has no elements of their own for them."""
    return [concept(text, codings) for _, text, codings in design_words(study)]


def design_words(study: Study) -> Iterator[tuple[str, str, list[Coding]]]:
    """The registry's words for the design, as they are told, and their NCI Thesaurus codes."""
    design = study.design
    table = values("design")
    for word in (design.type, design.allocation, design.model):
        if word:
            yield word, word.replace("_", " "), [table[word]] if word in table else []
    if design.masking:
        found = [table[design.masking]] if design.masking in table else []
        yield design.masking, f"Masking: {design.masking}", found
    for role in design.masked:
        yield role, f"Masked: {role}", []


def contact_detail(contact: Contact) -> dict[str, Any]:
    """A person and how to reach them."""
    ways = [("phone", contact.phone), ("email", contact.email)]
    telecom = [{"system": system, "value": value} for system, value in ways if value]
    return without_empty({"name": contact.name, "telecom": telecom})


def countries(study: Study) -> list[Concept | None]:
    """The countries of the sites, each once."""
    return [_country(country) for country in dict.fromkeys(site.country for site in study.sites)]


def _country(country: str) -> Concept | None:
    is_code = len(country) in (2, 3) and country.isascii() and country.isupper()
    return concept(None, [coding(ISO3166, country)]) if is_code else concept(country)


def period(protocol: Protocol, *, cut: bool) -> Period:
    """When the study starts and ends, planned or reached; `cut` to what R4 can compare."""
    ends = (protocol.study.start, protocol.study.completion)
    start, end = (one.date if one else None for one in ends)
    return of_study(protocol.identity, start, end, cut=cut)


def investigator(protocol: Protocol) -> dict[str, str] | None:
    """The investigator, where the whole study has one."""
    named = {practitioner.value_of(site) for site in protocol.study.sites if site.investigator}
    return protocol.reference(practitioner.TYPE, named.pop()) if len(named) == 1 else None


def _of_r5(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """What only R5 has elements for."""
    study = protocol.study

    def told(element: str, value: Any) -> dict[str, Any]:
        return as_extension(protocol.identity, "R5", f"{TYPE}.{element}", value)

    for label in labels(study):
        yield told("label", label)
    if study.description and study.summary:
        yield told("descriptionSummary", study.summary)
    for contact in study.contacts:
        if contact.role:
            party = {"name": contact.name, "role": concept(contact.role)}
            yield told("associatedParty", party)
    for state in states(protocol, cut=True):
        yield told("progressStatus", state)
    if found := numbers(study):
        yield told("recruitment", found)


def _link(protocol: Protocol, arm: Arm) -> dict[str, Any]:
    """What R5's ResearchSubject calls the arm by."""
    link = link_ids(protocol.study)[arm.code]
    return as_extension(protocol.identity, "R5", f"{TYPE}.comparisonGroup.linkId", link)


def _objective(outcome: Outcome) -> dict[str, Any]:
    parts = [outcome.measure, outcome.description, outcome.time_frame and f"[{outcome.time_frame}]"]
    kind = [values("objective")[outcome.type]] if outcome.type else []
    return without_empty(
        {"name": " ".join(part for part in parts if part), "type": concept(None, kind)}
    )

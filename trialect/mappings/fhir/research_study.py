"""Study to ResearchStudy.

R4 has no place for outcome measures; they stand as objectives, as registries' R4 exports write
them. The arms are the protocol's own and public; which arm a subject is in is not told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir import group, organization, plan_definition, practitioner
from trialect.mappings.fhir.opening import DATA_ABSENT
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.terms import ISO3166, Concept, coding, concept, values
from trialect.problems import rule
from trialect.trial import Contact, Outcome, Registration, Study

TYPE = "ResearchStudy"

NO_STATUS = rule(
    "FHIR-STUDY-STATUS",
    "warning",
    "The state of the trial is not known",
    "status is {value!r}, for which FHIR R4 has no code; the ResearchStudy's status is given as"
    " unknown.",
    "Set status in study.yaml to a value of ClinicalTrials.gov (RECRUITING, COMPLETED, ...).",
    "http://hl7.org/fhir/R4/valueset-research-study-status.html",
)

REGISTRIES = {"ClinicalTrials.gov": "http://clinicaltrials.gov"}
"""Systems of registries' identifiers (HL7 terminology: NamingSystem); others by name."""


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The one ResearchStudy."""
    study = protocol.study
    registered = [_registered(one) for one in study.registrations]
    opened = protocol.open(TYPE, study.studyid, registered)
    planned = study.visits or study.arms
    yield without_empty(
        {
            **opened,
            "title": study.title,
            "protocol": [protocol.reference(plan_definition.TYPE, plan_definition.SCHEDULE)]
            if planned
            else [],
            **_status(protocol),
            "primaryPurposeType": _coded("purpose", study.design.purpose),
            "phase": _coded("phase", " ".join(study.design.phases)),
            "category": _design(study),
            "condition": [concept(text) for text in study.conditions],
            "contact": [_contact(study.contact)] if study.contact else [],
            "keyword": [concept(text) for text in study.keywords],
            "location": [
                _country(country) for country in dict.fromkeys(site.country for site in study.sites)
            ],
            "description": study.description or study.summary,
            "enrollment": [protocol.reference(group.TYPE, group.ELIGIBILITY)]
            if group.is_described(study)
            else [],
            "period": _period(study),
            "sponsor": protocol.reference(organization.TYPE, organization.SPONSOR),
            "principalInvestigator": _investigator(protocol),
            "site": [protocol.reference("Location", f"site-{site.id}") for site in study.sites],
            "arm": [
                without_empty(
                    {
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
    design = study.design
    table = values("design")
    words = [
        (design.type, design.type),
        (design.allocation, design.allocation),
        (design.model, design.model),
        (design.masking, f"Masking: {design.masking}"),
    ]
    found = [
        concept(text.replace("_", " "), [table[word]] if word in table else [])
        for word, text in words
        if word and text
    ]
    return found + [concept(f"Masked: {role}") for role in design.masked]


def _contact(contact: Contact) -> dict[str, Any]:
    ways = [("phone", contact.phone), ("email", contact.email)]
    telecom = [{"system": system, "value": value} for system, value in ways if value]
    return without_empty({"name": contact.name, "telecom": telecom})


def _country(country: str) -> Concept | None:
    is_code = len(country) in (2, 3) and country.isascii() and country.isupper()
    return concept(None, [coding(ISO3166, country)]) if is_code else concept(country)


def _period(study: Study) -> dict[str, str]:
    ends = {"start": study.start, "end": study.completion}
    return {name: one.date for name, one in ends.items() if one}


def _investigator(protocol: Protocol) -> dict[str, str] | None:
    """The investigator, where the whole study has one."""
    named = {practitioner.value_of(site) for site in protocol.study.sites if site.investigator}
    return protocol.reference(practitioner.TYPE, named.pop()) if len(named) == 1 else None


def _objective(outcome: Outcome) -> dict[str, Any]:
    parts = [outcome.measure, outcome.description, outcome.time_frame and f"[{outcome.time_frame}]"]
    return {
        "name": " ".join(part for part in parts if part),
        "type": concept(None, [values("objective")[outcome.type]]),
    }

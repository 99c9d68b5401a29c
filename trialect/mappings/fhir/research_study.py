"""Study to ResearchStudy.

What HL7 maps ClinicalTrials.gov's facts to in R5's ResearchStudy stands in R4's element where R4
has one, else in the extension for R5's. R4 has no place for outcome measures; they stand as
objectives, as registries' R4 exports write them, and with their parts in the extension for
outcomeMeasure. The arms are the protocol's own and public; which arm a subject is in is not told
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir import (
    group,
    location,
    organization,
    people,
    plan_definition,
    practitioner,
    practitioner_role,
)
from trialect.mappings.fhir.artifacts import artifacts
from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.opening import DATA_ABSENT
from trialect.mappings.fhir.people import contact_detail
from trialect.mappings.fhir.periods import Period, of_study
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.study_extensions import unplaced
from trialect.mappings.fhir.study_identifiers import identifiers
from trialect.mappings.fhir.study_progress import labels, numbers, states, title
from trialect.mappings.fhir.terms import ISO3166, Coding, Concept, coding, concept, values
from trialect.mappings.registry.countries import country_code
from trialect.problems import rule
from trialect.protocol import Arm, Objective, Outcome
from trialect.trial import Study

TYPE = "ResearchStudy"

NO_STATUS = rule(
    "FHIR-STUDY-STATUS",
    "error",
    "The state of the trial is not known",
    "status is {value}, for which FHIR R4 has no code; the ResearchStudy's status is given as"
    " unknown, which servers refuse.",
    "Set status in study.yaml to a value of ClinicalTrials.gov (RECRUITING, COMPLETED, ...).",
    "http://hl7.org/fhir/R4/valueset-research-study-status.html",
)

_LINK_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""The data type id."""

NEAR_STATUS = rule(
    "FHIR-STUDY-STATUS-NEAR",
    "warning",
    "The state of the trial has no code of its own",
    "FHIR R4 has no code for the status {value}; {code} is written, and the word itself in the"
    " extension for R5's progressStatus.",
    "Nothing to mend; with release R5 the state is told in its own words.",
    "http://hl7.org/fhir/R4/valueset-research-study-status.html",
)

FILE = "study.yaml"

UNKNOWN = "UNKNOWN"
"""The registry's word for a trial that is not kept up to date: its last known state is told too."""

R4 = "http://terminology.hl7.org/CodeSystem/"


STUDY_TYPE = "Study type"
ALLOCATION = "Allocation"
MODEL = "Intervention model"
OBSERVATIONAL_MODEL = "Observational model"
TIME_PERSPECTIVE = "Time perspective"
MASKING = "Masking"
MASKED = "Masked"
BIOSPECIMEN = "Biospecimen retention"
"""What a word of the design is about, before it in the text."""

CODED = frozenset({STUDY_TYPE, ALLOCATION, MODEL, MASKING})
"""What NCI Thesaurus has codes for; NONE of masking is open label."""


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The one ResearchStudy."""
    study = protocol.study
    yield without_empty(
        {
            **opened(protocol, list(_of_r5(protocol))),
            "title": title(study),
            "protocol": protocol_reference(protocol),
            **_status(protocol),
            "primaryPurposeType": _coded("purpose", study.design.purpose),
            "phase": _coded("phase", " ".join(study.design.phases)),
            "category": _design(study),
            "focus": focus(study),
            "condition": [concept(text) for text in study.conditions],
            "contact": [
                detail for one in study.contacts if (detail := contact_detail(protocol, one))
            ],
            "relatedArtifact": list(artifacts(protocol)),
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
            "reasonStopped": concept(study.why_stopped),
            "arm": [
                without_empty(
                    {
                        "extension": [_link(protocol, arm)],
                        **arm_name(arm),
                        "type": concept(arm.type),
                        "description": arm.description,
                    }
                )
                for arm in study.arms
            ],
            "objective": [
                *(objective(one, R4) for one in study.objectives),
                *(_aim(outcome) for outcome in study.outcomes),
            ],
        }
    )


def opened(protocol: Protocol, extension: list[dict[str, Any]] | None = None) -> Resource:
    """The first elements, with the identifiers of registries."""
    study = protocol.study
    # A study that no source names yet is named by its kind, as the sponsor and the criteria are.
    found = protocol.open(TYPE, study.studyid or "study", identifiers(protocol))
    identifier = found.pop("identifier")
    stated = [*_summary(protocol), *_relations(protocol), *unplaced(protocol)]
    return {**found, "extension": [*(extension or []), *stated], "identifier": identifier}


def arm_name(arm: Arm) -> dict[str, Any]:
    """The name, which each release requires of an arm, or that nobody said one."""
    if arm.name:
        return {"name": arm.name}
    return {"_name": {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}}


def link_ids(study: Study) -> dict[str, str]:
    """The linkId of each arm by its ARMCD: the code itself where it is an id, else its number."""
    return {
        arm.code: arm.code if _LINK_ID.fullmatch(arm.code) else f"arm-{number}"
        for number, arm in enumerate(study.arms, start=1)
    }


def focus(study: Study) -> list[Concept]:
    """What the study is about: its interventions, by the names that the protocol gives them."""
    named = (concept(one.name) for one in study.interventions)
    return [one for one in named if one is not None]


def sites(protocol: Protocol) -> list[dict[str, str]]:
    """Where subjects are seen: the sites of the data, and the places of the registry."""
    study = protocol.study
    values = [f"site-{site.id}" for site in study.sites]
    values += [location.value_of(number + 1) for number in range(len(study.locations))]
    return [protocol.reference(location.TYPE, value) for value in values]


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


def _status(protocol: Protocol) -> dict[str, Any]:
    """A code of R4's, which R4 asks for; the registry's own word stands in progressStatus."""
    study = protocol.study
    status = study.status or ""
    known = values("trial_status").get(status)
    if known is None and status == UNKNOWN:
        known = values("trial_status").get(study.last_known_status or "")
        status = study.last_known_status or ""
    if known is None:
        value = study.status or "not said"
        protocol.problems.add(NO_STATUS.problem(file=FILE, field="status", value=value))
        return {"_status": {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}}
    if study.status == UNKNOWN or status not in values("progress_status"):
        near = {"value": study.status, "code": known["code"], "field": "status"}
        protocol.problems.add(NEAR_STATUS.problem(**near))
    return {"status": known["code"]}


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
    observed = design.type == "OBSERVATIONAL"
    kept = study.biospecimen.retention if study.biospecimen else None
    for about, word in (
        (STUDY_TYPE, design.type),
        (ALLOCATION, design.allocation),
        (OBSERVATIONAL_MODEL if observed else MODEL, design.model),
        (TIME_PERSPECTIVE, design.time_perspective),
        (MASKING, design.masking),
        *((MASKED, role) for role in design.masked),
        (BIOSPECIMEN, kept),
    ):
        if word:
            known = table.get(word) if about in CODED else None
            yield word, f"{about}: {word.replace('_', ' ')}", [known] if known else []


def objective(one: Objective, system: str) -> dict[str, Any]:
    """An aim of the trial, in the codes of R4 or of R5."""
    return without_empty({"type": objective_type(one.type, system), "name": one.text})


def objective_type(type: str | None, system: str) -> Concept | None:
    """Whether an aim or an outcome is primary, with the code system of R4 or of R5."""
    known = values("objective").get(type or "")
    if known is None:
        return concept(type)
    code = {**known, "system": system + known["system"].rpartition("/")[2]}
    return concept(None, [code])


def protocol_reference(protocol: Protocol) -> list[dict[str, str]]:
    """The plan, where there is one."""
    if not plan_definition.is_planned(protocol.study):
        return []
    return [protocol.reference(plan_definition.TYPE, plan_definition.SCHEDULE)]


def countries(study: Study) -> list[Concept | None]:
    """The countries of the sites and places, each once."""
    named = [site.country for site in study.sites]
    named += [place.country for place in study.locations if place.country]
    return [_country(country) for country in dict.fromkeys(named)]


def _country(country: str) -> Concept | None:
    """A code of ISO 3166 as it stands; a registry's word with its code, where it is one's."""
    is_code = len(country) in (2, 3) and country.isascii() and country.isupper()
    if is_code:
        return concept(None, [coding(ISO3166, country)])
    code = country_code(country)
    return concept(country, [coding(ISO3166, code)] if code else [])


def period(protocol: Protocol, *, cut: bool) -> Period:
    """When the study starts and ends, planned or reached; `cut` to what R4 can compare."""
    ends = (protocol.study.start, protocol.study.completion)
    start, end = (one.date if one else None for one in ends)
    return of_study(protocol.identity, start, end, cut=cut)


def investigator(protocol: Protocol) -> dict[str, str] | None:
    """The investigator, where the whole study has one: of the officials, else of the sites."""
    study = protocol.study
    leading = [n for n, one in enumerate(study.officials, 1) if one.role == INVESTIGATOR]
    if len(leading) == 1:
        return protocol.reference(practitioner_role.TYPE, f"official-{leading[0]}")
    named = {practitioner.value_of(site) for site in study.sites if site.investigator}
    if leading or len(named) != 1:
        return None
    return protocol.reference(practitioner.TYPE, named.pop())


INVESTIGATOR = "PRINCIPAL_INVESTIGATOR"


def _of_r5(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """What only R5 has elements for."""
    study = protocol.study

    def told(element: str, value: Any) -> dict[str, Any]:
        return as_extension(protocol.identity, "R5", f"{TYPE}.{element}", value)

    for label in labels(study):
        yield told("label", label)
    if study.description and study.summary:
        yield told("descriptionSummary", study.summary)
    for party in people.parties(protocol):
        yield told("associatedParty", party)
    for contact in study.contacts:
        if contact.role:
            named = {"name": contact.name} if contact.name else {}
            yield told("associatedParty", {**named, "role": concept(contact.role)})
    for state in states(protocol, cut=True):
        yield told("progressStatus", state)
    if found := numbers(study):
        yield told("recruitment", found)
    for outcome in study.outcomes:
        yield _measure(protocol, outcome)


def _link(protocol: Protocol, arm: Arm) -> dict[str, Any]:
    """What R5's ResearchSubject calls the arm by."""
    link = link_ids(protocol.study)[arm.code]
    return as_extension(protocol.identity, "R5", f"{TYPE}.comparisonGroup.linkId", link)


def _aim(outcome: Outcome) -> dict[str, Any]:
    """An outcome measure as an objective: what is measured and when."""
    frame = f" [{outcome.time_frame}]" if outcome.time_frame else ""
    return without_empty(
        {"name": f"{outcome.measure}{frame}", "type": objective_type(outcome.type, R4)}
    )


def _measure(protocol: Protocol, outcome: Outcome) -> dict[str, Any]:
    """An outcome measure with its parts, as R5 has them."""
    kind = values("objective").get(outcome.type or "")
    told = {
        "name": outcome.measure,
        "type": concept(outcome.type, [kind] if kind else []),
        "description": outcome.description,
    }
    given = {name: one for name, one in told.items() if one}
    found = as_extension(protocol.identity, "R5", f"{TYPE}.outcomeMeasure", given)
    found["extension"] += time_frame(protocol, outcome)
    return found


def time_frame(protocol: Protocol, outcome: Outcome) -> list[dict[str, str]]:
    """When an outcome is measured, for which neither release has an element."""
    if not outcome.time_frame:
        return []
    return [{"url": protocol.identity.extension(TIME_FRAME), "valueString": outcome.time_frame}]


TIME_FRAME = "time-frame"
"""Extension of ours (string)."""

"""ResearchStudy in R5: `status` is that of the resource, the trial's own is a progressStatus.

Who takes part in the study stands in associatedParty, arms are comparison groups that a
ResearchSubject refers to by their linkId, and outcome measures have their own element. The arms
are the protocol's and public; which of them a subject is in is not told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir import group, organization, people, research_study
from trialect.mappings.fhir.artifacts import artifacts
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.study_progress import HL7, labels, numbers, states, title
from trialect.mappings.fhir.terms import Coding, Concept, coding, concept, values
from trialect.protocol import Arm, Outcome
from trialect.trial import Study


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The one ResearchStudy."""
    study = protocol.study
    yield without_empty(
        {
            **research_study.opened(protocol, _contact(protocol)),
            "title": title(study),
            "label": list(labels(study)),
            "protocol": research_study.protocol_reference(protocol),
            "relatedArtifact": list(artifacts(protocol)),
            "status": "active",
            "primaryPurposeType": _coded("purpose", study.design.purpose),
            "phase": _coded("phase", " ".join(study.design.phases)),
            "studyDesign": _design(study),
            "focus": [{"concept": one} for one in research_study.focus(study)],
            "condition": [concept(text) for text in study.conditions],
            "keyword": [concept(text) for text in study.keywords],
            "region": research_study.countries(study),
            "descriptionSummary": study.summary,
            "description": study.description,
            "period": research_study.period(protocol, cut=False),
            "site": research_study.sites(protocol),
            "classifier": list(_classifiers(study)),
            "associatedParty": list(_parties(protocol)),
            "progressStatus": list(states(protocol, cut=False)),
            "whyStopped": concept(study.why_stopped),
            "recruitment": recruitment(protocol),
            "comparisonGroup": [_group(study, arm) for arm in study.arms],
            "objective": [research_study.objective(one, HL7) for one in study.objectives],
            "outcomeMeasure": [_outcome(protocol, outcome) for outcome in study.outcomes],
        }
    )


def recruitment(protocol: Protocol) -> dict[str, Any]:
    """How many subjects are planned and took part, and who may."""
    study = protocol.study
    found: dict[str, Any] = {**numbers(study)}
    if group.is_described(study):
        found["eligibility"] = protocol.reference(group.TYPE, group.ELIGIBILITY)
    return found


def _classifiers(study: Study) -> Iterator[Concept | None]:
    """What R5 has codes for of what the FDA regulates; all that is said is in an extension."""
    for code, display, holds in (
        ("fda-regulated-drug", "FDA regulated drug", study.oversight.fda_regulated_drug),
        ("fda-regulated-device", "FDA regulated device", study.oversight.fda_regulated_device),
    ):
        if holds:
            yield concept(None, [coding(f"{HL7}research-study-classifiers", code, display)])


def _parties(protocol: Protocol) -> Iterator[dict[str, Any]]:
    study = protocol.study
    sponsor = protocol.reference(organization.TYPE, organization.SPONSOR)
    yield people.party("sponsor", type=study.sponsor.type, party=sponsor)
    investigator = research_study.investigator(protocol)
    if investigator and not study.officials:
        yield people.party("primary-investigator", party=investigator)
    yield from people.parties(protocol)
    yield from (people.contact_party(contact) for contact in study.contacts)


def _contact(protocol: Protocol) -> list[dict[str, Any]]:
    """How to reach the contact, in R4's element."""
    url = protocol.identity.element("R4", "ResearchStudy.contact")
    return [
        {"url": url, "valueContactDetail": people.contact_detail(protocol, contact)}
        for contact in protocol.study.contacts
        if contact.phone or contact.email or contact.phone_ext
    ]


def _coded(table: str, value: str | None) -> Concept | None:
    """The code of a registry's value, in R5's own system; its words where R5 has none."""
    if not value:
        return None
    known = values(table).get(value)
    return concept(None if known else value, [_in_r5(known)] if known else [])


def _in_r5(code: Coding) -> Coding:
    """A code of a system that R4 has on terminology.hl7.org and R5 beside its definitions."""
    return {**code, "system": HL7 + code["system"].rpartition("/")[2]}


def _design(study: Study) -> list[Concept | None]:
    """Type, allocation, model and masking, in SEVCO's codes and NCI Thesaurus."""
    sevco = values("study_design")
    found = []
    for word, text, codings in research_study.design_words(study):
        own = [sevco[word]] if word in sevco else []
        found.append(concept(text, [*own, *codings]))
    return found


def _group(study: Study, arm: Arm) -> dict[str, Any]:
    kind = values("arm_type").get(arm.type or "")
    return without_empty(
        {
            "linkId": research_study.link_ids(study)[arm.code],
            **research_study.arm_name(arm),
            "type": concept(None if kind else arm.type, [kind] if kind else []),
            "description": arm.description,
        }
    )


def _outcome(protocol: Protocol, outcome: Outcome) -> dict[str, Any]:
    """R5 has no element for the time frame; it stands behind the description, and by itself in an
    extension of ours, so that it can be told from it.
    """
    told = [outcome.description, outcome.time_frame and f"[{outcome.time_frame}]"]
    kind = research_study.objective_type(outcome.type, HL7)
    return without_empty(
        {
            "extension": research_study.time_frame(protocol, outcome),
            "name": outcome.measure,
            "type": [kind] if kind else [],
            "description": " ".join(part for part in told if part),
        }
    )

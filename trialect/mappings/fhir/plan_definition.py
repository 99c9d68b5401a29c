"""The schedule (TV), the interventions and the arms' elements (TA, TE) as a PlanDefinition.

HL7's mapping of ClinicalTrials.gov has interventions and their cross-reference to arms in
ResearchStudy.protocol. All are the protocol's, public and the same for everybody: they do not break
the blind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.partition import shown
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.terms import UCUM, coding, concept
from trialect.protocol import Arm, Intervention, Visit
from trialect.trial import Study

TYPE = "PlanDefinition"

SCHEDULE = "schedule"


INTERVENTIONS = "Interventions"

PLANNED_DAY = "planned-day"
"""Extension of ours (integer): the planned study day, where no visit is of day 1 to count from."""

OTHER_NAME, ARM, INTERVENTION = "other-name", "arm", "intervention"
"""Extensions of ours (string): what else an intervention is called, the arm that it says it
belongs to, and the intervention that an arm says is done in it."""


def is_planned(study: Study) -> bool:
    """Whether the study says what is done when, to whom."""
    return bool(study.visits or study.arms or study.interventions)


def resources(protocol: Protocol) -> Iterator[Resource]:
    """One PlanDefinition, if the study has visits, arms or interventions."""
    study = protocol.study
    if not is_planned(study):
        return
    kind = coding(
        "http://terminology.hl7.org/CodeSystem/plan-definition-type",
        "clinical-protocol",
        "Clinical Protocol",
    )
    actions = [_schedule(protocol)] if study.visits else []
    if study.interventions:
        done = [_intervention(protocol, one) for one in study.interventions]
        actions.append({"title": INTERVENTIONS, "action": done})
    actions += [_arm(protocol, arm) for arm in study.arms]
    yield {
        **protocol.define(TYPE, SCHEDULE),
        "name": "Schedule",
        "title": f"Schedule of study {study.studyid}".rstrip(),
        "type": concept(None, [kind]),
        "status": "active",
        "experimental": study.invented is not None,
        **({"publisher": study.sponsor.name} if study.sponsor.name else {}),
        "action": actions,
    }


def _schedule(protocol: Protocol) -> dict[str, Any]:
    visits = protocol.study.visits
    first = next((visit for visit in visits if visit.day == 1), None)
    return {"title": "Visits", "action": [_visit(protocol, visit, first) for visit in visits]}


def _visit(protocol: Protocol, visit: Visit, first: Visit | None) -> dict[str, Any]:
    """A visit; planned days count from the visit of study day 1."""
    code = coding(protocol.identity.code_system("visit"), shown(visit.num), visit.name)
    related: list[dict[str, Any]] = []
    if first is not None and visit is not first and visit.day is not None:
        # There is no day 0: day -7 is seven days before day 1.
        offset = visit.day - 1 if visit.day > 0 else -visit.day
        duration = {"value": offset, "unit": "days", "system": UCUM, "code": "d"}
        related = [
            {
                "actionId": _action_id(first),
                "relationship": "after-start" if visit.day > 0 else "before-start",
                "offsetDuration": duration,
            }
        ]
    rules = [("Starts: ", visit.start_rule), ("Ends: ", visit.end_rule)]
    alone: list[dict[str, Any]] = []
    if first is None and visit.day is not None:
        alone = [{"url": protocol.identity.extension(PLANNED_DAY), "valueInteger": visit.day}]
    return without_empty(
        {
            "id": _action_id(visit),
            "extension": alone,
            "title": visit.name,
            "description": " ".join(word + text for word, text in rules if text),
            "code": [concept(visit.name, [code])],
            "relatedAction": related,
        }
    )


def _action_id(visit: Visit) -> str:
    """FHIR's id of an action: letters, digits, `-` and `.`."""
    suffix = f"-{visit.arm}" if visit.arm else ""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in suffix)
    return f"visit-{shown(visit.num)}{kept}"


def _intervention(protocol: Protocol, one: Intervention) -> dict[str, Any]:
    return without_empty(
        {
            "extension": [
                *_named(protocol, OTHER_NAME, one.other_names),
                *_named(protocol, ARM, one.arms),
            ],
            "title": one.name,
            "description": one.description,
            "code": [concept(one.type)] if one.type else [],
        }
    )


def _named(protocol: Protocol, extension: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    url = protocol.identity.extension(extension)
    return [{"url": url, "valueString": name} for name in names if name]


def _arm(protocol: Protocol, arm: Arm) -> dict[str, Any]:
    elements = {element.code: element for element in protocol.study.elements}
    steps = []
    for place in arm.elements:
        element = elements.get(place.element)
        rules = [
            ("Starts: ", element and element.start_rule),
            ("Ends: ", element and element.end_rule),
            ("Lasts: ", element and element.duration),
            ("Then: ", place.branch),
            ("", place.transition),
        ]
        code = coding(protocol.identity.code_system("element"), place.element)
        steps.append(
            without_empty(
                {
                    "title": element.name if element else place.element,
                    "description": " ".join(word + text for word, text in rules if text),
                    "code": [concept(place.epoch, [code])],
                }
            )
        )
    code = coding(protocol.identity.code_system("arm"), arm.code, arm.name)
    return without_empty(
        {
            "extension": _named(protocol, INTERVENTION, arm.interventions),
            "title": arm.name,
            "description": arm.description,
            "code": [concept(arm.name, [code])],
            "action": steps,
        }
    )

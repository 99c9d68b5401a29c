"""PlanDefinition in R5: an action has one code, and related actions are targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir import plan_definition
from trialect.mappings.fhir.protocol import Protocol, Resource


def resources(protocol: Protocol) -> Iterator[Resource]:
    """One PlanDefinition, if the study has visits or arms."""
    for found in plan_definition.resources(protocol):
        yield {**found, "action": [_action(one) for one in found["action"]]}


def _action(action: dict[str, Any]) -> dict[str, Any]:
    found = dict(action)
    if "code" in found:
        (found["code"],) = found["code"]
    if "relatedAction" in found:
        found["relatedAction"] = [_related(one) for one in found["relatedAction"]]
    if "action" in found:
        found["action"] = [_action(one) for one in found["action"]]
    return found


def _related(related: dict[str, Any]) -> dict[str, Any]:
    return {"targetId" if key == "actionId" else key: value for key, value in related.items()}

"""What stands in a document of USDM and has no place in a Study, counted by where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from trialect.mappings.registry.usdm.carried import SAID, URN
from trialect.mappings.registry.usdm.graph import DEPTH, Graph, Node
from trialect.mappings.registry.usdm.terms import word

_NAMED = {"name", "label"}
_CODE = {"code", "decode", "codeSystem", "standardCode"}

TAKEN: Mapping[str, set[str]] = {
    "Wrapper": {"study", "usdmVersion", "systemName", "systemVersion"},
    "Study": {"name", "description", "versions", "id"},
    "StudyVersion": {
        *("versionIdentifier", "dateValues", "studyIdentifiers", "studyDesigns", "titles"),
        *("eligibilityCriterionItems", "roles", "organizations", "studyInterventions", "notes"),
        *("extensionAttributes", "dictionaries"),
    },
    "StudyTitle": {"text", "type"},
    "StudyIdentifier": {"text", "scopeId"},
    "Organization": {*_NAMED, "type", "legalAddress", "managedSites"},
    "Address": {"city", "state", "postalCode", "country"},
    "StudySite": {*_NAMED, "country"},
    "StudyRole": {
        *_NAMED,
        *("code", "appliesToIds", "assignedPersons", "organizationIds", "masking"),
    },
    "AssignedPerson": {*_NAMED, "personName", "jobTitle", "organizationId"},
    "PersonName": {"text", "familyName", "givenNames", "prefixes", "suffixes"},
    "Masking": {"text", "isMasked"},
    "GovernanceDate": {*_NAMED, "type", "dateValue"},
    "InterventionalStudyDesign": {
        *("description", "studyType", "studyPhase", "characteristics", "encounters", "arms"),
        *("studyCells", "epochs", "elements", "indications", "studyInterventionIds", "model"),
        *("objectives", "population", "scheduleTimelines", "biospecimenRetentions"),
        *("eligibilityCriteria", "intentTypes", "blindingSchema"),
    },
    "ObservationalStudyDesign": {
        *("description", "studyType", "studyPhase", "characteristics", "encounters", "arms"),
        *("studyCells", "epochs", "elements", "indications", "studyInterventionIds", "model"),
        *("objectives", "population", "scheduleTimelines", "biospecimenRetentions"),
        *("eligibilityCriteria", "timePerspective", "samplingMethod"),
    },
    "StudyDesignPopulation": {
        *("description", "includesHealthySubjects", "plannedEnrollmentNumber", "plannedSex"),
        *("criterionIds", "plannedAge"),
    },
    "Range": {"minValue", "maxValue"},
    "Quantity": {"value", "unit"},
    "Indication": _NAMED,
    "BiospecimenRetention": {"name", "description", "isRetained", "includesDNA"},
    "StudyArm": {*_NAMED, "type", "description"},
    "StudyCell": {"armId", "epochId", "elementIds"},
    "StudyEpoch": {"name", "previousId", "nextId"},
    "StudyElement": {
        *_NAMED,
        "description",
        "transitionStartRule",
        "transitionEndRule",
        "studyInterventionIds",
    },
    "TransitionRule": {"name", "text"},
    "StudyIntervention": {*_NAMED, "type", "description"},
    "Objective": {"name", "text", "level", "endpoints", "dictionaryId"},
    "Endpoint": {*_NAMED, "text", "level", "description", "dictionaryId"},
    "EligibilityCriterion": {
        *("name", "identifier", "category", "criterionItemId", "nextId", "previousId"),
    },
    "EligibilityCriterionItem": {"name", "text", "dictionaryId"},
    "SyntaxTemplateDictionary": {"name", "parameterMaps"},
    "ParameterMap": {"tag", "reference"},
    "Encounter": {
        *_NAMED,
        *("previousId", "nextId", "scheduledAtId", "transitionStartRule", "transitionEndRule"),
    },
    "ScheduleTimeline": {"name", "mainTimeline", "timings", "instances", "entryId"},
    "ScheduledActivityInstance": {"name", "epochId", "encounterId", "defaultConditionId"},
    "Timing": {
        *("name", "type", "value", "relativeFromScheduledInstanceId"),
        "relativeToScheduledInstanceId",
    },
    "CommentAnnotation": {"text", "codes"},
    "Code": {*_CODE, "codeSystemVersion"},
    "AliasCode": _CODE,
}
"""The attributes of each class that are read; of ids and classes each is."""

KINDS: Mapping[str, str] = {
    "StudyTitle": "titles",
    "GovernanceDate": "dates",
    "characteristics": "design.allocation",
}
"""Classes, and a list of codes, of which some kinds alone are read: the fact that these are."""


def left_of(document: Any) -> dict[str, int]:
    """How many values of each `Class.attribute` no Study holds, what is within with them."""
    counts: Counter[str] = Counter()
    _count(document, "Wrapper", counts, 0)
    return dict(sorted(counts.items()))


def _count(value: dict[str, Any], of: str, counts: Counter[str], depth: int) -> None:
    if of == "ExtensionAttribute" and str(value.get("url")).startswith((URN, SAID)):
        return
    taken: set[str] = TAKEN.get(of, set())
    for name, one in value.items():
        if name in ("id", "instanceType"):
            continue
        if name == "description" and of == "StudyElement" and value.get("label"):
            counts[f"{of}.{name}"] += _leaves(one, depth)
            continue
        if name not in taken:
            leaves = _leaves(one, depth)
            if leaves:
                counts[f"{of}.{name}"] += leaves
            continue
        for inner in one if isinstance(one, list) else [one]:
            if isinstance(inner, dict) and depth < DEPTH:
                within = inner.get("instanceType")
                named = within if isinstance(within, str) else "Study"
                kind = inner if name == "characteristics" else inner.get("type")
                if not _is_read(name if name in KINDS else named, kind):
                    counts[f"{of}.{name}"] += 1
                    continue
                _count(inner, named, counts, depth + 1)


def _is_read(of: str, kind: Any) -> bool:
    """Whether what is of a kind is read, by its code."""
    if of not in KINDS:
        return True
    found = Node(Graph(None), kind).as_coding() if isinstance(kind, dict) else None
    if found is None:
        return False
    return word(KINDS[of], found.code, found.system, found.decode) is not None


def _leaves(value: Any, depth: int) -> int:
    if depth > DEPTH:
        return 1
    if isinstance(value, dict):
        return sum(
            _leaves(one, depth + 1)
            for name, one in value.items()
            if name not in ("id", "instanceType")
        )
    if isinstance(value, list):
        return sum(_leaves(one, depth + 1) for one in value)
    return int(value is not None and value != "")

"""Builds the table of USDM's classes and attributes that the package ships.

Usage: python scripts/build_usdm_tables.py USDM_API.json

USDM_API.json is the API definition of USDM 4.0 that CDISC publishes (repository cdisc-org/DDF-RA,
Deliverables/API). Taken are facts: the names of classes and attributes, types, what is required.
What an attribute refers to, and which codelist its code is from, stands below: facts of the model
(Deliverables/UML) and of its controlled terminology. The output is the same bytes for the same
input.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "trialect" / "schemas" / "registry" / "usdm_classes.csv"

EVERYWHERE = ("id", "extensionAttributes", "instanceType")
"""Attributes that are alike in all classes; the check knows them."""

DESIGNS = ("InterventionalStudyDesign", "ObservationalStudyDesign")
INSTANCES = "ScheduledActivityInstance|ScheduledDecisionInstance"
POPULATIONS = "StudyDesignPopulation|StudyCohort"

REFERENCES: dict[str, str] = {
    "previousId": "@",
    "nextId": "@",
    "childIds": "@",
    "memberIds": "BiomedicalConcept",
    "timelineId": "ScheduleTimeline",
    "biomedicalConceptIds": "BiomedicalConcept",
    "bcCategoryIds": "BiomedicalConceptCategory",
    "bcSurrogateIds": "BiomedicalConceptSurrogate",
    "scopeId": "Organization",
    "administrableProductId": "AdministrableProduct",
    "medicalDeviceId": "MedicalDevice",
    "embeddedProductId": "AdministrableProduct",
    "organizationId": "Organization",
    "organizationIds": "Organization",
    "dictionaryId": "SyntaxTemplateDictionary",
    "contextIds": "Activity|ScheduledActivityInstance",
    "Condition.appliesToIds": "Procedure|Activity|BiomedicalConcept|BiomedicalConceptCategory"
    "|BiomedicalConceptSurrogate",
    "StudyRole.appliesToIds": "StudyVersion|" + "|".join(DESIGNS),
    "ProductOrganizationRole.appliesToIds": "AdministrableProduct|MedicalDevice",
    "conditionTargetId": INSTANCES,
    "appliesToId": "StudyDefinitionDocument",
    "criterionItemId": "EligibilityCriterionItem",
    "scheduledAtId": "Timing",
    "analysisPopulationId": "AnalysisPopulation",
    "interventionIds": "StudyIntervention",
    "variableOfInterestId": "Endpoint",
    "subsetOfIds": "AnalysisPopulation|" + POPULATIONS,
    "contentItemId": "NarrativeContentItem",
    "studyInterventionId": "StudyIntervention",
    "studyInterventionIds": "StudyIntervention",
    "documentVersionIds": "StudyDefinitionDocumentVersion",
    "defaultConditionId": INSTANCES,
    "epochId": "StudyEpoch",
    "timelineExitId": "ScheduleTimelineExit",
    "activityIds": "Activity",
    "encounterId": "Encounter",
    "relativeFromScheduledInstanceId": INSTANCES,
    "relativeToScheduledInstanceId": INSTANCES,
    "entryId": INSTANCES,
    "forStudyCohortId": "StudyCohort",
    "forStudySiteId": "StudySite",
    "populationIds": POPULATIONS,
    "armId": "StudyArm",
    "elementIds": "StudyElement",
    "criterionIds": "EligibilityCriterion",
    "indicationIds": "Indication",
    "valueId": "*",
}
"""The classes that an attribute refers to by id: its own (@), any (*), or those named."""

CODELISTS: dict[str, str] = {
    "Objective.level": "C188725",
    "Endpoint.level": "C188726",
    "StudyArm.type": "C174222",
    "StudyArm.dataOriginType": "C188727",
    "StudyEpoch.type": "C99079",
    "Encounter.type": "C188728",
    "Encounter.environmentalSettings": "C127262",
    "Encounter.contactModes": "C171445",
    "InterventionalStudyDesign.studyType": "C99077",
    "InterventionalStudyDesign.studyPhase": "C66737",
    "InterventionalStudyDesign.characteristics": "C207416",
    "InterventionalStudyDesign.subTypes": "C66739",
    "InterventionalStudyDesign.model": "C99076",
    "InterventionalStudyDesign.intentTypes": "C66736",
    "InterventionalStudyDesign.blindingSchema": "C66735",
    "ObservationalStudyDesign.studyType": "C99077",
    "ObservationalStudyDesign.studyPhase": "C66737",
    "ObservationalStudyDesign.characteristics": "C207416",
    "ObservationalStudyDesign.subTypes": "C215486",
    "ObservationalStudyDesign.model": "C127259",
    "ObservationalStudyDesign.timePerspective": "C127261",
    "ObservationalStudyDesign.samplingMethod": "C127260",
    "StudyDesignPopulation.plannedSex": "C66732",
    "StudyCohort.plannedSex": "C66732",
    "Timing.type": "C201264",
    "Timing.relativeToFrom": "C201265",
    "GeographicScope.type": "C207412",
    "GovernanceDate.type": "C207413",
    "StudyAmendmentReason.code": "C207415",
    "StudyAmendmentImpact.type": "C215481",
    "EligibilityCriterion.category": "C66797",
    "StudyIntervention.type": "C99078",
    "StudyIntervention.role": "C207417",
    "StudyTitle.type": "C207419",
    "StudyRole.code": "C215480",
    "Organization.type": "C188724",
    "StudyDefinitionDocument.type": "C215477",
    "StudyDefinitionDocumentVersion.status": "C188723",
    "ReferenceIdentifier.type": "C215478",
    "AdministrableProduct.productDesignation": "C207418",
    "AdministrableProduct.sourcing": "C215483",
    "AdministrableProductProperty.type": "C215479",
    "MedicalDevice.sourcing": "C215483",
    "MedicalDeviceIdentifier.type": "C215484",
    "ProductOrganizationRole.code": "C215485",
}
"""The codelist that an attribute's code is from (USDM CT: mapping of attributes to codelists)."""


def type_of(given: dict[str, Any]) -> str:
    """The type of an attribute: string, date, number, integer, boolean, or classes with |."""
    if "$ref" in given:
        return str(given["$ref"]).rsplit("/", 1)[1].removesuffix("-Input")
    for union in ("anyOf", "oneOf"):
        if union in given:
            found = (type_of(one) for one in given[union])
            return "|".join(one for one in found if one != "null")
    if given["type"] == "array":
        return type_of(given["items"])
    return str(given.get("format", given["type"]))


def cardinality(given: dict[str, Any], is_required: bool) -> str:
    """How often it stands: 1, 0..1, 1..*, 0..* or 0..2."""
    low = "1" if is_required else "0"
    if given.get("type") == "array":
        return f"{low}..{given.get('maxItems', '*')}"
    return "1" if is_required else "0..1"


def lines(api: dict[str, Any]) -> list[dict[str, str]]:
    """A line an attribute, in the order of the definition."""
    found = []
    for name, schema in api["components"]["schemas"].items():
        if not name.endswith("-Input"):
            continue
        of = name.removesuffix("-Input")
        if "id" in schema["properties"] and "id" not in schema["required"]:
            found.append(line(of, "id", "0..1", "string"))
        if "extensionAttributes" in schema["required"]:
            found.append(line(of, "extensionAttributes", "1..*", "ExtensionAttribute"))
        own = [one for one in schema["properties"].items() if one[0] not in EVERYWHERE]
        if not own:
            found.append(line(of, "", "", ""))
        for attribute, given in own:
            often = cardinality(given, attribute in schema["required"])
            reference = REFERENCES.get(f"{of}.{attribute}") or REFERENCES.get(attribute, "")
            codes = CODELISTS.get(f"{of}.{attribute}", "")
            to = of if reference == "@" else reference
            found.append(line(of, attribute, often, type_of(given), to, codes))
    return found


def line(of: str, attribute: str, often: str, is_a: str, to: str = "", codes: str = "") -> Any:
    """A line of the table."""
    return {
        "class": of,
        "attribute": attribute,
        "cardinality": often,
        "type": is_a,
        "refers_to": to,
        "codelist": codes,
    }


def main() -> None:
    """Write the table."""
    api = json.loads(Path(sys.argv[1]).read_bytes())
    found = lines(api)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


if __name__ == "__main__":
    main()

"""What every resource begins with: meta, the study it belongs to, its identifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialect.mappings.fhir.identity import FOUND_BY_TAG, RECORD_TYPES, Identity
from trialect.mappings.fhir.partition import RECORD, Partition
from trialect.mappings.fhir.slots import StudyRef, Template, Text
from trialect.trial import Study

RESEARCH_STUDY = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

WITH_RESEARCH_STUDY = RECORD_TYPES - {"AdverseEvent", "Condition"}
"""Types on which R4 and R5 allow workflow-researchStudy; AdverseEvent has an element of its own."""

_ONE_IDENTIFIER = {
    "R4": frozenset({"QuestionnaireResponse", "AdverseEvent"}),
    "R5": frozenset[str](),
}
"""Types that have one identifier, where all others have a list of them."""


def meta(study: Study, identity: Identity, *, sentence: bool = True) -> dict[str, Any] | None:
    """Marks invented records: the security label HTEST and a tag.

    The tag of bundles and of the study's own resources has the study's sentence; that of a
    subject's many resources is the code alone, which says it in a tenth of the bytes.
    """
    if not study.invented:
        return None
    reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    tag = {"system": identity.code_system("origin"), "code": "invented"}
    if not sentence:
        return {"security": [{"system": reason, "code": "HTEST"}], "tag": [tag]}
    return {
        "security": [{"system": reason, "code": "HTEST", "display": "test health data"}],
        "tag": [{**tag, "display": study.invented}],
    }


def opening(part: Partition, type: str, extension: Sequence[Any] = ()) -> Template:
    """The first elements of a subject's resource, in the order of the specification."""
    found: Template = {"resourceType": type}
    mark = meta(part.study, part.identity, sentence=False) or {}
    if type in FOUND_BY_TAG:
        tag = {"system": part.identity.system(type), "code": Text(RECORD)}
        mark = {**mark, "tag": [*mark.get("tag", []), tag]}
    if mark:
        found["meta"] = mark
    extensions = list(extension)
    if type in WITH_RESEARCH_STUDY:
        study = StudyRef("ResearchStudy", part.study.studyid)
        extensions.insert(0, {"url": RESEARCH_STUDY, "valueReference": study})
    if extensions:
        found["extension"] = extensions
    identifier = {"system": part.identity.system(type), "value": Text(RECORD)}
    one = type in _ONE_IDENTIFIER[part.study.fhir.release]
    found["identifier"] = identifier if one else [identifier]
    return found

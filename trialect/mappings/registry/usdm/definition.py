"""A Study as a document of USDM: the wrapper around its study definition."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from trialect.mappings.registry.usdm import study_version as version
from trialect.mappings.registry.usdm.instances import Instances
from trialect.mappings.registry.usdm.study_design import interventions, study_design
from trialect.mappings.registry.usdm.terms import NOT_STATED
from trialect.protocol import Criterion
from trialect.schemas.registry.usdm_facts import VERSION
from trialect.trial import Study

SYSTEM = "trialect"


def definition(study: Study, make: Instances, criteria: tuple[Criterion, ...]) -> dict[str, Any]:
    """The wrapper of a study definition, without what is carried beside USDM's attributes.

    `criteria` are those of the study, or of the text in which it has them.

    `make.not_stated` says afterwards what USDM requires and the study does not say.
    """
    of_version = make.make("StudyVersion")
    treatments = interventions(study, make)
    design, items = study_design(study, make, treatments, criteria)
    parties = version.Parties(study, make)
    identifiers = parties.identifiers()
    roles = parties.roles(of_version["id"], design["id"])
    make.not_stated.append("StudyVersion.rationale")
    of_version |= {
        "versionIdentifier": _version_identifier(study, make),
        "rationale": NOT_STATED,
        "dateValues": version.dates(study, make),
        "studyIdentifiers": identifiers,
        "studyDesigns": [design],
        "titles": version.titles(study, make),
        "eligibilityCriterionItems": items,
        "roles": roles,
        "organizations": parties.organizations,
        "studyInterventions": list(treatments.values()),
        "notes": version.notes(study, make),
    }
    named = {"name": study.studyid or NOT_STATED, "description": study.summary or None}
    return {
        "study": {
            "id": str(uuid5(NAMESPACE_URL, f"urn:trialect:study/{study.studyid}")),
            **{name: value for name, value in named.items() if value is not None},
            "versions": [of_version],
            "instanceType": "Study",
        },
        "usdmVersion": VERSION,
        "systemName": SYSTEM,
    }


def _version_identifier(study: Study, make: Instances) -> str:
    """The protocol's version, which the criteria name (TIVERS), where they name one."""
    versions = {one.version for one in study.criteria}
    if len(versions) == 1 and (found := versions.pop()):
        return found
    make.not_stated.append("StudyVersion.versionIdentifier")
    return NOT_STATED

"""What conditions and paths of the tables may ask of a resource by `%name`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trialect.mappings.fhir_sdtm import values
from trialect.mappings.fhir_sdtm.cells import Cells
from trialect.mappings.fhir_sdtm.nodes import listed
from trialect.mappings.fhir_sdtm.subject import Read, Subject
from trialect.trial import Study


class KnownNames:
    """The names that are known of the resources of one subject after the other."""

    def __init__(self, study: Study, cells: Cells) -> None:
        self._cells = cells
        self._visits: dict[int, tuple[dict[str, Any], dict[str, Any] | None]] = {}
        self._treatments = frozenset(
            text.casefold()
            for one in study.interventions
            for text in (one.name, one.treatment)
            if text
        )

    def next_subject(self) -> None:
        """Forget the visits of the subject before."""
        self._visits.clear()

    def of(self, one: Read, subject: Subject, names: dict[str, Any]) -> dict[str, Any]:
        """What conditions and paths may ask of a resource by `%name`."""
        resource, type_ = one.resource, one.type
        known = {**names, "resource": resource}
        if type_ == "Observation":
            known["domain"] = self._cells.domain_of(resource)
        elif type_ == "QuestionnaireResponse":
            made = subject.referring(resource, "Observation", "derivedFrom")
            known["observed"] = known["looked_into"] = bool(made)
            known["questionnaire"] = self._questionnaire(resource)
        elif type_ == "Procedure":
            given = subject.referring(resource, "MedicationAdministration", "partOf")
            known["administration"] = given
        elif type_ == "MedicationAdministration":
            known["isTreatment"] = self._is_treatment(resource, subject)
            part = [subject.resolve(r, [resource]) for r in listed(resource.get("partOf"))]
            known["looked_into"] = any(p and p["resourceType"] == "Procedure" for p in part)
        if type_ == "Encounter":
            known["visit"] = self._visit_of(resource)
        else:
            met = resource.get("encounter") or resource.get("context")
            if met is not None:
                home = subject.resolve(met, [resource])
                known["visit"] = self._visit_of(home) if home else None
        return known

    def _visit_of(self, encounter: dict[str, Any]) -> dict[str, Any] | None:
        """The visit that an Encounter is, looked up once; the Encounter is kept with its id."""
        known = self._visits.get(id(encounter))
        if known is None:
            known = self._visits[id(encounter)] = encounter, self._cells.visit_of(encounter)
        return known[1]

    def _is_treatment(self, resource: dict[str, Any], subject: Subject) -> bool:
        urls = {e.get("url") for e in listed(resource.get("extension")) if isinstance(e, dict)}
        if "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy" in urls:
            return True
        named = [resource.get("medicationCodeableConcept"), resource.get("medication")]
        reference = resource.get("medicationReference")
        target = subject.resolve(reference, [resource]) if reference else None
        named += [reference, target and target.get("code")]
        texts = [values.words(one) for one in named if one]
        return any(text.casefold() in self._treatments for text in texts if text)

    def _questionnaire(self, resource: dict[str, Any]) -> dict[str, Any] | None:
        url = str(resource.get("questionnaire") or "").partition("|")[0]
        if not url:
            return None
        for one in self._cells.shared.of_type("Questionnaire"):
            if one.resource.get("url") == url:
                return one.resource
        return None

    def question(self, node: Any, known: Mapping[str, Any]) -> Any:
        """The question of the Questionnaire that an answer is to."""
        waiting = listed((known.get("questionnaire") or {}).get("item"))
        while waiting:
            one = waiting.pop()
            if one.get("linkId") == (node.get("linkId") if isinstance(node, dict) else None):
                return one
            waiting += listed(one.get("item"))
        return None

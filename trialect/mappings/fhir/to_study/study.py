"""A Study from a ResearchStudy that trialect wrote, R4 or R5, and the resources that it refers to.

What stands in R4's extensions for elements of R5 is put where R5 has it first, so that both are
read alike. Not read: sites (a Location says no time zone), visits and elements of arms (their rules
are sentences), and what `places/fhir-*.csv` says has no place. Of others' resources that is read
which is said in the same way; anything else is passed over.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from trialect.mappings.fhir import research_study as written
from trialect.mappings.fhir import study_extensions
from trialect.mappings.fhir.artifacts import AVAILABLE_DATA, PUBMED
from trialect.mappings.fhir.study_identifiers import (
    ALIAS,
    LINK,
    REGISTRIES,
    SECONDARY_ID,
    SPONSOR_ID,
)
from trialect.mappings.fhir.study_progress import PRIMARY_COMPLETION
from trialect.mappings.fhir.to_study.as_r5 import as_r5
from trialect.mappings.fhir.to_study.eligibility import eligibility
from trialect.mappings.fhir.to_study.people import locations, people_of, sponsor
from trialect.mappings.fhir.to_study.plan import arms, interventions, objectives, outcomes
from trialect.mappings.fhir.to_study.resources import Read
from trialect.mappings.fhir.to_study.values import (
    Json,
    code_of,
    extension_text,
    extension_value,
    extension_values,
    facts_heard,
    first_of,
    name_of,
    object_of,
    objects_of,
    text_of,
    texts_of,
    word_of,
    words_of,
)
from trialect.mappings.fhir.told_facts import heard, plain
from trialect.mappings.registry.places import item_of
from trialect.protocol import Design, Enrolment, Registration, StudyDate
from trialect.registry_facts import (
    AvailableData,
    Biospecimen,
    Link,
    Reference,
    Retraction,
    SecondaryId,
    StudyIdentifier,
)
from trialect.study_options import FhirOptions
from trialect.trial import Study


def study_of(read: Read, resource: Json) -> Study | None:
    """The Study of a ResearchStudy; None where it has no identifier."""
    own = first_of(resource.get("identifier"))
    studyid, system = text_of(own.get("value")), text_of(own.get("system")) or ""
    if not studyid:
        return None
    one = as_r5(resource)
    base = system.removesuffix("/study") if system.endswith("/study") else ""
    plan = read.at(first_of(one.get("protocol")))
    parties = objects_of(one.get("associatedParty"))
    found: dict[str, Any] = {
        **_titles(one, studyid),
        **_identifiers(one),
        **_design(one),
        **_dates(one),
        **people_of(read, one, parties),
        **_unplaced(one),
        "sponsor": sponsor(read, one, parties),
        "status": _status(one),
        "why_stopped": words_of(one.get("whyStopped")),
        "conditions": texts_of(one.get("condition")),
        "keywords": texts_of(one.get("keyword")),
        "summary": text_of(one.get("descriptionSummary")),
        "description": text_of(one.get("description")),
        "arms": tuple(arms(one, plan)),
        "interventions": tuple(interventions(one, plan)),
        "outcomes": tuple(outcomes(one)),
        "objectives": tuple(objectives(one)),
        "locations": tuple(locations(read, one)),
        **_artifacts(one),
        **eligibility(read.at(object_of(one.get("recruitment")).get("eligibility"))),
    }
    release = "R5" if "associatedParty" in resource or "studyDesign" in resource else "R4"
    return Study(studyid=studyid, fhir=FhirOptions(base=base, release=release), **found)  # type: ignore[arg-type]


def _titles(one: Json, studyid: str) -> dict[str, Any]:
    title = text_of(one.get("title"))
    by_kind: dict[str, str] = {}
    for label in objects_of(one.get("label")):
        by_kind[_kind(label.get("type"))] = text_of(label.get("value")) or ""
    found: dict[str, Any] = {"acronym": by_kind.get("acronym"), "title": title}
    if "official" in by_kind:
        found |= {"title": by_kind["official"], "brief_title": title}
    elif "short-title" in by_kind:
        found |= {"title": None, "brief_title": title}
    elif title == studyid:
        found["title"] = None
    return found


_KINDS = {"Official title": "official", "Short title": "short-title", "Acronym": "acronym"}


def _kind(concept: Any) -> str:
    return code_of(concept) or _KINDS.get(words_of(concept) or "", "")


def _identifiers(one: Json) -> dict[str, Any]:
    found: dict[str, Any] = {"registrations": (), "secondary_ids": (), "nct_aliases": ()}
    registries = {system: name for name, system in REGISTRIES.items()}
    for other in objects_of(one.get("identifier"))[1:]:
        value = text_of(other.get("value")) or ""
        kind = code_of(other.get("type"))
        type_ = text_of(object_of(other.get("type")).get("text"))
        link = extension_text(other, LINK)
        if kind == SPONSOR_ID:
            found["identifier"] = StudyIdentifier(value, type_, link)
        elif kind == SECONDARY_ID:
            domain = text_of(object_of(other.get("assigner")).get("display"))
            found["secondary_ids"] += (SecondaryId(value, type_, domain, link),)
        elif kind == ALIAS:
            found["nct_aliases"] += (value,)
        else:
            registry = registries.get(text_of(other.get("system")) or "")
            if registry is None:
                registry, _, value = value.rpartition(" ")
            found["registrations"] += (Registration(value, registry),)
    return found


def _design(one: Json) -> dict[str, Any]:
    told: dict[str, list[str]] = {}
    for concept in objects_of(one.get("studyDesign")):
        about, _, word = (words_of(concept) or "").partition(": ")
        told.setdefault(about, []).append(word.replace(" ", "_"))
    single = {about: words[0] for about, words in told.items()}
    phases = word_of(one.get("phase"), "phase")
    given = {
        "type": single.get(written.STUDY_TYPE, ""),
        "allocation": single.get(written.ALLOCATION),
        "model": single.get(written.MODEL, single.get(written.OBSERVATIONAL_MODEL)),
        "masking": single.get(written.MASKING),
        "masked": tuple(told.get(written.MASKED, ())),
        "time_perspective": single.get(written.TIME_PERSPECTIVE),
        "purpose": word_of(one.get("primaryPurposeType"), "purpose"),
        "phases": tuple(phases.split(" ")) if phases else (),
    }
    found: dict[str, Any] = {"design": Design(**{**given, **facts_heard(one, "design", Design)})}
    kept = single.get(written.BIOSPECIMEN)
    samples = facts_heard(one, "biospecimen", Biospecimen)
    if kept or samples:
        found["biospecimen"] = Biospecimen(kept, **samples)
    return found


def _status(one: Json) -> str | None:
    first = first_of(one.get("progressStatus"))
    if "period" in first:
        return None
    return word_of(first.get("state"), "progress_status")


def _dates(one: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for state in objects_of(one.get("progressStatus")):
        period = object_of(state.get("period"))
        said = state.get("actual")
        actual: Literal["ACTUAL", "ESTIMATED"] | None = None
        if said is True or said is False:
            actual = "ACTUAL" if said else "ESTIMATED"
        names = {"start": "start", "end": "completion"}
        if words_of(state.get("state")) == PRIMARY_COMPLETION:
            names = {"end": "primary_completion"}
        for end, field in names.items():
            date = _exact(period, end)
            if date:
                found[field] = StudyDate(date, actual)
    return found


def _exact(period: Json, end: str) -> str | None:
    """An end of a period, as it was before it was cut to what can be compared."""
    exact = first_of(object_of(period.get(f"_{end}")).get("extension"))
    return text_of(plain(exact)) or text_of(period.get(end))


def _artifacts(one: Json) -> dict[str, Any]:
    references: list[Reference] = []
    links: list[Link] = []
    data: list[AvailableData] = []
    for artifact in objects_of(one.get("relatedArtifact")):
        document = object_of(artifact.get("document"))
        url = text_of(artifact.get("url")) or text_of(document.get("url"))
        url = url or extension_text(artifact, "address")
        kind = words_of(first_of(artifact.get("classifier")))
        kind = kind or words_of(extension_value(artifact, "extension-RelatedArtifact.classifier"))
        if artifact.get("type") == "citation":
            pmid = url.removeprefix(PUBMED).removesuffix("/") if url else None
            back = tuple(
                Retraction(**heard(Retraction, objects_of(extension.get("extension"))))
                for extension in objects_of(artifact.get("extension"))
                if name_of(extension) == "retraction"
            )
            references.append(Reference(text_of(artifact.get("citation")), pmid, kind, back))
        elif kind == AVAILABLE_DATA:
            told = (text_of(artifact.get("display")), text_of(artifact.get("label")), url)
            data.append(AvailableData(*told, extension_text(artifact, "comment")))
        else:
            links.append(Link(url, text_of(artifact.get("display"))))
    return {
        "references": tuple(references),
        "links": tuple(links),
        "available_data": tuple(data),
    }


def _unplaced(one: Json) -> dict[str, Any]:
    """What the extensions of ours tell that are named as the Study's fields are."""
    found: dict[str, Any] = {}
    for field in study_extensions.RECORDS:
        if field in ("design", "biospecimen", "responsible"):
            continue
        cls = _holds(field)
        parts = facts_heard(one, field.replace("_", "-"), cls)
        if parts:
            found[field] = cls(**parts)
    for field in study_extensions.SINGLE:
        values_ = extension_values(one, field.replace("_", "-"))
        if values_:
            found[field] = tuple(values_) if field == "time_points" else values_[0]
    numbers = object_of(one.get("recruitment"))
    found["enrolment"] = Enrolment(
        numbers.get("targetNumber"),
        numbers.get("actualNumber"),
        extension_value(one, study_extensions.COUNT),
    )
    return found


@cache
def _holds(field: str) -> type[Any]:
    """The class of a field of Study."""
    from typing import get_type_hints

    cls: type[Any] = item_of(get_type_hints(Study)[field])
    return cls

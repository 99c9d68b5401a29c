"""A Study from a ResearchStudy that trialect wrote, R4 or R5, and the resources that it refers to.

What stands in R4's extensions for elements of R5 is put where R5 has it first, so that both are
read alike. Not read: sites (a Location says no time zone), visits and elements of arms (their rules
are sentences), and what `places/fhir-*.csv` says has no place. Of others' resources that is read
which is said in the same way; anything else is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal

from trialect.mappings.fhir import group, people, plan_definition, study_extensions
from trialect.mappings.fhir import research_study as written
from trialect.mappings.fhir.artifacts import AVAILABLE_DATA, PUBMED
from trialect.mappings.fhir.location import CONTACT, CONTACT_ROLE, RECRUITMENT
from trialect.mappings.fhir.people import PHONE_EXTENSION
from trialect.mappings.fhir.study_identifiers import (
    ALIAS,
    LINK,
    REGISTRIES,
    SECONDARY_ID,
    SPONSOR_ID,
)
from trialect.mappings.fhir.study_progress import PRIMARY_COMPLETION
from trialect.mappings.fhir.terms import values
from trialect.mappings.fhir.told_facts import heard, plain
from trialect.mappings.registry.places import item_of
from trialect.protocol import (
    Arm,
    Contact,
    Criterion,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
    Registration,
    Sponsor,
    StudyDate,
)
from trialect.registry_facts import (
    AvailableData,
    Biospecimen,
    Link,
    Location,
    Official,
    Reference,
    ResponsibleParty,
    Retraction,
    SecondaryId,
    StudyIdentifier,
)
from trialect.study_options import FhirOptions
from trialect.trial import Study

Json = Mapping[str, Any]


class Read:
    """The resources by what refers to them: `Type/id` and the fullUrl of an entry."""

    def __init__(self, resources: Iterable[tuple[str | None, Json]]) -> None:
        self._known: dict[str, Json] = {}
        self.studies: list[Json] = []
        for full_url, one in resources:
            if full_url:
                self._known[full_url] = one
            self._known[f"{one.get('resourceType')}/{one.get('id')}"] = one
            if one.get("resourceType") == "ResearchStudy":
                self.studies.append(one)

    def at(self, reference: Any) -> Json:
        """What a Reference leads to; an empty resource where it leads nowhere."""
        return self._known.get(_text(_object(reference).get("reference")) or "", {})


def study_of(read: Read, resource: Json) -> Study | None:
    """The Study of a ResearchStudy; None where it has no identifier."""
    own = _first(resource.get("identifier"))
    studyid, system = _text(own.get("value")), _text(own.get("system")) or ""
    if not studyid:
        return None
    one = _as_r5(resource)
    base = system.removesuffix("/study") if system.endswith("/study") else ""
    plan = read.at(_first(one.get("protocol")))
    parties = _list(one.get("associatedParty"))
    found: dict[str, Any] = {
        **_titles(one, studyid),
        **_identifiers(one),
        **_design(one),
        **_dates(one),
        **_people(read, one, parties),
        **_unplaced(one),
        "sponsor": _sponsor(read, one, parties),
        "status": _status(one),
        "why_stopped": _words(one.get("whyStopped")),
        "conditions": _texts(one.get("condition")),
        "keywords": _texts(one.get("keyword")),
        "summary": _text(one.get("descriptionSummary")),
        "description": _text(one.get("description")),
        "arms": tuple(_arms(one, plan)),
        "interventions": tuple(_interventions(one, plan)),
        "outcomes": tuple(_outcomes(one)),
        "objectives": tuple(_objectives(one)),
        "locations": tuple(_locations(read, one)),
        **_artifacts(one),
        **_eligibility(read.at(_object(one.get("recruitment")).get("eligibility"))),
    }
    release = "R5" if "associatedParty" in resource or "studyDesign" in resource else "R4"
    return Study(studyid=studyid, fhir=FhirOptions(base=base, release=release), **found)  # type: ignore[arg-type]


_RENAMED = {
    "category": "studyDesign",
    "reasonStopped": "whyStopped",
    "arm": "comparisonGroup",
    "enrollment": "recruitment",
}
"""Elements of R4 that R5 has under another name."""


def _as_r5(resource: Json) -> dict[str, Any]:
    """The resource as R5 would have it: extensions for its elements are in their places."""
    found = {_RENAMED.get(key, key): value for key, value in resource.items()}
    if "enrollment" in resource:
        found["recruitment"] = {"eligibility": _first(resource["enrollment"])}
    r4 = "studyDesign" not in resource and "associatedParty" not in resource
    for extension in _list(resource.get("extension")):
        name = _name(extension)
        if not name.startswith("extension-ResearchStudy.") or name.endswith(".contact"):
            continue
        element = name.removeprefix("extension-ResearchStudy.")
        value = _told(extension)
        if element == "recruitment":
            found[element] = {**_object(found.get(element)), **_object(value)}
        elif element == "descriptionSummary":
            found[element] = value
        else:
            found.setdefault(element, []).append(value)
    if r4 and "descriptionSummary" not in found and "description" in found:
        found["descriptionSummary"] = found.pop("description")
    if r4:
        named = _list(found.get("objective"))
        aims = len(named) - len(_list(found.get("outcomeMeasure")))
        found["objective"] = named[: max(aims, 0)]
    return found


def _told(extension: Json) -> Any:
    """The value of an extension, or its parts by their names; further ones are kept."""
    parts = _list(extension.get("extension"))
    if not parts:
        return plain(extension)
    found: dict[str, Any] = {}
    for part in parts:
        name = _name(part)
        if ":" in (_text(part.get("url")) or ""):
            found.setdefault("extension", []).append(part)
        elif name in ("type", "classifier") and name in found:
            continue
        else:
            found[name] = _told(part)
    return found


def _titles(one: Json, studyid: str) -> dict[str, Any]:
    title = _text(one.get("title"))
    by_kind: dict[str, str] = {}
    for label in _list(one.get("label")):
        by_kind[_kind(label.get("type"))] = _text(label.get("value")) or ""
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
    coding = _first(_object(concept).get("coding"))
    return _text(coding.get("code")) or _KINDS.get(_words(concept) or "", "")


def _identifiers(one: Json) -> dict[str, Any]:
    found: dict[str, Any] = {"registrations": (), "secondary_ids": (), "nct_aliases": ()}
    registries = {system: name for name, system in REGISTRIES.items()}
    for other in _list(one.get("identifier"))[1:]:
        value = _text(other.get("value")) or ""
        kind = _text(_first(_object(other.get("type")).get("coding")).get("code"))
        type_ = _text(_object(other.get("type")).get("text"))
        link = _extension(other, LINK)
        if kind == SPONSOR_ID:
            found["identifier"] = StudyIdentifier(value, type_, link)
        elif kind == SECONDARY_ID:
            domain = _text(_object(other.get("assigner")).get("display"))
            found["secondary_ids"] += (SecondaryId(value, type_, domain, link),)
        elif kind == ALIAS:
            found["nct_aliases"] += (value,)
        else:
            registry = registries.get(_text(other.get("system")) or "")
            if registry is None:
                registry, _, value = value.rpartition(" ")
            found["registrations"] += (Registration(value, registry),)
    return found


def _design(one: Json) -> dict[str, Any]:
    told: dict[str, list[str]] = {}
    for concept in _list(one.get("studyDesign")):
        about, _, word = (_words(concept) or "").partition(": ")
        told.setdefault(about, []).append(word.replace(" ", "_"))
    single = {about: words[0] for about, words in told.items()}
    phases = _back(one.get("phase"), "phase")
    given = {
        "type": single.get(written.STUDY_TYPE, ""),
        "allocation": single.get(written.ALLOCATION),
        "model": single.get(written.MODEL, single.get(written.OBSERVATIONAL_MODEL)),
        "masking": single.get(written.MASKING),
        "masked": tuple(told.get(written.MASKED, ())),
        "time_perspective": single.get(written.TIME_PERSPECTIVE),
        "purpose": _back(one.get("primaryPurposeType"), "purpose"),
        "phases": tuple(phases.split(" ")) if phases else (),
    }
    found: dict[str, Any] = {"design": Design(**{**given, **_heard(one, "design", Design)})}
    kept = single.get(written.BIOSPECIMEN)
    samples = _heard(one, "biospecimen", Biospecimen)
    if kept or samples:
        found["biospecimen"] = Biospecimen(kept, **samples)
    return found


def _status(one: Json) -> str | None:
    first = _first(one.get("progressStatus"))
    if "period" in first:
        return None
    return _back(first.get("state"), "progress_status")


def _dates(one: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for state in _list(one.get("progressStatus")):
        period = _object(state.get("period"))
        said = state.get("actual")
        actual: Literal["ACTUAL", "ESTIMATED"] | None = None
        if said is True or said is False:
            actual = "ACTUAL" if said else "ESTIMATED"
        names = {"start": "start", "end": "completion"}
        if _words(state.get("state")) == PRIMARY_COMPLETION:
            names = {"end": "primary_completion"}
        for end, field in names.items():
            date = _exact(period, end)
            if date:
                found[field] = StudyDate(date, actual)
    return found


def _exact(period: Json, end: str) -> str | None:
    """An end of a period, as it was before it was cut to what can be compared."""
    exact = _first(_object(period.get(f"_{end}")).get("extension"))
    return _text(plain(exact)) or _text(period.get(end))


def _sponsor(read: Read, one: Json, parties: list[Json]) -> Sponsor:
    named = one.get("sponsor")
    for party in parties:
        if _code(party.get("role")) == "sponsor":
            named = party.get("party")
    organization = read.at(named)
    kind = _words(_first(organization.get("type")))
    return Sponsor(_text(organization.get("name")) or "", kind)


def _people(read: Read, one: Json, parties: list[Json]) -> dict[str, Any]:
    found: dict[str, Any] = {"collaborators": (), "officials": ()}
    contacts = [_contact(detail) for detail in _list(one.get("contact"))]
    roles: dict[str, str] = {}
    reached = [
        _contact(_object(extension.get("valueContactDetail")))
        for extension in _list(one.get("extension"))
        if _name(extension) == "extension-ResearchStudy.contact"
    ]
    # Of several of one name each is reached in its turn.
    by_name: dict[str, list[dict[str, Any]]] = {}
    for contact in reached:
        by_name.setdefault(contact["name"], []).append(contact)
    for party in parties:
        name = _text(party.get("name")) or ""
        words = _words(party.get("role")) or ""
        code = _code(party.get("role"))
        role = read.at(party.get("party"))
        kind = _words(_first(party.get("classifier")) or party.get("classifier"))
        if code == "collaborator" or words == "collaborator":
            found["collaborators"] += (Sponsor(name, kind),)
        elif words == people.HOLDER_ROLE:
            found["organization"] = Sponsor(name, kind)
        elif words.startswith(people.RESPONSIBLE_ROLE):
            found["responsible"] = _responsible(read, role, name, words)
        elif code == "general-contact":
            text = _text(_object(party.get("role")).get("text"))
            ways = by_name.get(name)
            contacts.append({**(ways.pop(0) if ways else {}), "name": name, "role": text})
        elif role.get("resourceType") == "PractitionerRole" and role.get("code") != _SITE:
            house = _text(read.at(role.get("organization")).get("name"))
            found["officials"] += (Official(name, house, _words(_first(role.get("code")))),)
        elif "party" not in party:
            roles[name] = words
    told = [Contact(**{"role": roles.get(contact["name"]), **contact}) for contact in contacts]
    old = _heard(one, "responsible", ResponsibleParty)
    if old:
        known = found.get("responsible") or ResponsibleParty()
        parts = {field.name: getattr(known, field.name) for field in fields(ResponsibleParty)}
        found["responsible"] = ResponsibleParty(**{**parts, **old})
    return {**found, "contacts": tuple(told)}


_SITE = [{"text": "Investigator"}]


def _responsible(read: Read, role: Json, name: str, words: str) -> ResponsibleParty:
    kind = words.removeprefix(people.RESPONSIBLE_ROLE).removeprefix(": ") or None
    if role.get("resourceType") != "PractitionerRole":
        return ResponsibleParty(kind, name or None)
    house = _text(read.at(role.get("organization")).get("name"))
    return ResponsibleParty(kind, name or None, _words(_first(role.get("code"))), house)


def _contact(detail: Json) -> dict[str, Any]:
    """The facts of a Contact that a ContactDetail, or R5's contact of a place, tells."""
    found: dict[str, Any] = {"name": _text(detail.get("name")) or ""}
    if isinstance(detail.get("name"), list):
        found["name"] = _words(_first(detail["name"])) or ""
    for way in _list(detail.get("telecom")):
        system = _text(way.get("system")) or ""
        if system in ("phone", "email") and _text(way.get("value")):
            found[system] = way["value"]
        further = _list(way.get("extension"))
        if system == "phone" and further:
            found["phone_ext"] = next(
                (
                    _text(plain(one))
                    for one in further
                    if _name(one) in ("contactpoint-extension", PHONE_EXTENSION)
                ),
                None,
            )
    role = _extension(detail, CONTACT_ROLE) or _words(detail.get("purpose"))
    return {**found, "role": role} if role else found


def _arms(one: Json, plan: Json) -> Iterator[Arm]:
    done: dict[str, tuple[str, ...]] = {}
    for action in _list(plan.get("action")):
        coding = _first(_object(_first(action.get("code"))).get("coding"))
        if (_text(coding.get("system")) or "").endswith("/arm"):
            code = _text(coding.get("code")) or ""
            done[code] = _extensions(action, plan_definition.INTERVENTION)
    codes = list(done)
    for place, arm in enumerate(_list(one.get("comparisonGroup"))):
        code = codes[place] if place < len(codes) else _text(arm.get("linkId")) or f"A{place + 1}"
        yield Arm(
            code,
            _text(arm.get("name")) or "",
            _back(arm.get("type"), "arm_type"),
            _text(arm.get("description")),
            done.get(code, ()),
        )


def _interventions(one: Json, plan: Json) -> Iterator[Intervention]:
    listed = [
        action
        for action in _list(plan.get("action"))
        if action.get("title") == plan_definition.INTERVENTIONS and "code" not in action
    ]
    if listed:
        for action in _list(listed[0].get("action")):
            yield Intervention(
                _text(action.get("title")) or "",
                _words(_first(action.get("code"))),
                _text(action.get("description")),
                other_names=_extensions(action, plan_definition.OTHER_NAME),
                arms=_extensions(action, plan_definition.ARM),
            )
        return
    for focus in _list(one.get("focus")):
        name = _words(focus.get("concept", focus))
        if name:
            yield Intervention(name)


def _outcomes(one: Json) -> Iterator[Outcome]:
    for measure in _list(one.get("outcomeMeasure")):
        frame = _extension(measure, written.TIME_FRAME)
        description = _text(measure.get("description"))
        # R5 has it in brackets behind the description too.
        if frame and description and description.endswith(f"[{frame}]"):
            description = description.removesuffix(f"[{frame}]").removesuffix(" ") or None
        kind = _back(_first(measure.get("type")) or measure.get("type"), "objective")
        yield Outcome(kind, _text(measure.get("name")) or "", frame, description)  # type: ignore[arg-type]


def _objectives(one: Json) -> Iterator[Objective]:
    for aim in _list(one.get("objective")):
        kind = _back(aim.get("type"), "objective")
        kind = "EXPLORATORY" if kind == "OTHER" else kind
        yield Objective(kind, _text(aim.get("name")) or "")  # type: ignore[arg-type]


def _locations(read: Read, one: Json) -> Iterator[Location]:
    for reference in _list(one.get("site")):
        place = read.at(reference)
        value = _text(_first(place.get("identifier")).get("value")) or ""
        if not place or value.startswith("site-"):
            continue
        address, position = _object(place.get("address")), _object(place.get("position"))
        details = [
            _object(extension.get("valueContactDetail"))
            for extension in _list(place.get("extension"))
            if _name(extension) == CONTACT
        ]
        people_there = details or _list(place.get("contact"))
        yield Location(
            _text(place.get("name")),
            _extension(place, RECRUITMENT),
            _text(address.get("city")),
            _text(address.get("state")),
            _text(address.get("postalCode")),
            _text(address.get("country")),
            tuple(Contact(**_contact(detail)) for detail in people_there),
            _number(position.get("latitude", _extension_value(place, "latitude"))),
            _number(position.get("longitude", _extension_value(place, "longitude"))),
        )


def _artifacts(one: Json) -> dict[str, Any]:
    references: list[Reference] = []
    links: list[Link] = []
    data: list[AvailableData] = []
    for artifact in _list(one.get("relatedArtifact")):
        url = _text(artifact.get("url")) or _text(_object(artifact.get("document")).get("url"))
        url = url or _extension(artifact, "address")
        kind = _words(_first(artifact.get("classifier")))
        kind = kind or _words(_extension_value(artifact, "extension-RelatedArtifact.classifier"))
        if artifact.get("type") == "citation":
            pmid = url.removeprefix(PUBMED).removesuffix("/") if url else None
            back = tuple(
                Retraction(**heard(Retraction, _list(extension.get("extension"))))
                for extension in _list(artifact.get("extension"))
                if _name(extension) == "retraction"
            )
            references.append(Reference(_text(artifact.get("citation")), pmid, kind, back))
        elif kind == AVAILABLE_DATA:
            told = (_text(artifact.get("display")), _text(artifact.get("label")), url)
            data.append(AvailableData(*told, _extension(artifact, "comment")))
        else:
            links.append(Link(url, _text(artifact.get("display"))))
    return {
        "references": tuple(references),
        "links": tuple(links),
        "available_data": tuple(data),
    }


def _eligibility(found: Json) -> dict[str, Any]:
    if not found:
        return {}
    told: dict[str, Any] = {**_heard(found, group.ELIGIBILITY, Eligibility)}
    text = _text(found.get("description"))
    told["criteria"] = text or _extension(found, "extension-Group.description")
    criteria: list[Criterion] = []
    for one in _list(found.get("characteristic")):
        coding = _first(_object(one.get("code")).get("coding"))
        words = _words(one.get("code"))
        if words == "Sex":
            told["sex"] = _words(one.get("valueCodeableConcept"))
        elif words == group.HEALTHY:
            told["healthy_volunteers"] = one.get("valueBoolean")
        elif words in ("Minimum age", "Maximum age"):
            name = words.lower().replace(" ", "_")
            told[name] = _words(one.get("valueCodeableConcept"))
        elif "valueRange" in one:
            limits = _object(one["valueRange"])
            for end, name in (("low", "minimum_age"), ("high", "maximum_age")):
                if end in limits:
                    told[name] = _age(_object(limits[end]))
        elif (_text(coding.get("system")) or "").endswith("/criterion"):
            category = "EXCLUSION" if one.get("exclude") is True else "INCLUSION"
            code = _text(coding.get("code")) or ""
            heading = _extension(one, group.HEADING)
            read = Criterion(code, category, words or "", group=heading)  # type: ignore[arg-type]
            criteria.append(read)
    return {"eligibility": Eligibility(**told), "criteria": tuple(criteria)}


def _age(quantity: Json) -> str | None:
    """An age as a registry writes it: `1 Year`, `18 Years`."""
    number, unit = quantity.get("value"), (_text(quantity.get("unit")) or "").capitalize()
    if number is None or not unit:
        return None
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def _unplaced(one: Json) -> dict[str, Any]:
    """What the extensions of ours tell that are named as the Study's fields are."""
    found: dict[str, Any] = {}
    for field in study_extensions.RECORDS:
        if field in ("design", "biospecimen", "responsible"):
            continue
        cls = _holds(field)
        parts = _heard(one, field.replace("_", "-"), cls)
        if parts:
            found[field] = cls(**parts)
    for field in study_extensions.SINGLE:
        values_ = _extension_values(one, field.replace("_", "-"))
        if values_:
            found[field] = tuple(values_) if field == "time_points" else values_[0]
    numbers = _object(one.get("recruitment"))
    found["enrolment"] = Enrolment(
        numbers.get("targetNumber"),
        numbers.get("actualNumber"),
        _extension_value(one, study_extensions.COUNT),
    )
    return found


@cache
def _holds(field: str) -> type[Any]:
    """The class of a field of Study."""
    from typing import get_type_hints

    cls: type[Any] = item_of(get_type_hints(Study)[field])
    return cls


def _heard(one: Json, name: str, cls: type[Any]) -> dict[str, Any]:
    parts = [
        part
        for extension in _list(one.get("extension"))
        if _name(extension) == name
        for part in _list(extension.get("extension"))
    ]
    return heard(cls, parts)


@cache
def _by_code(table: str) -> dict[str, str]:
    """The registry's words by code and by the code's words; of several the first."""
    found: dict[str, str] = {}
    for word, coding in values(table).items():
        found.setdefault(coding["code"], word)
        found.setdefault(coding.get("display", word), word)
    return found


def _back(concept: Any, table: str) -> str | None:
    """The registry's word for a concept: by its code, else by its words."""
    known = _by_code(table)
    code, words = _code(concept), _words(concept)
    return known.get(code) or known.get(words or "") or words


def _code(concept: Any) -> str:
    return _text(_first(_object(concept).get("coding")).get("code")) or ""


def _words(concept: Any) -> str | None:
    found = _object(concept)
    return _text(found.get("text")) or _text(_first(found.get("coding")).get("display"))


def _texts(concepts: Any) -> tuple[str, ...]:
    return tuple(text for one in _list(concepts) if (text := _words(one)))


def _name(extension: Json) -> str:
    return (_text(extension.get("url")) or "").rpartition("/")[2]


def _extension_values(one: Json, name: str) -> list[Any]:
    return [plain(e) for e in _list(one.get("extension")) if _name(e) == name]


def _extension_value(one: Json, name: str) -> Any:
    return next(iter(_extension_values(one, name)), None)


def _extension(one: Json, name: str) -> str | None:
    return _text(_extension_value(one, name))


def _extensions(one: Json, name: str) -> tuple[str, ...]:
    return tuple(text for value in _extension_values(one, name) if (text := _text(value)))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value is not True else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _first(value: Any) -> Json:
    """The first object of a list; an object alone is itself."""
    return next(iter(_list(value)), {}) if isinstance(value, list) else _object(value)

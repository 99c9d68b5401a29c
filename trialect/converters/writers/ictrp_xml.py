"""A Study as WHO's ICTRP takes trials from registries (XML, trials/trial).

Elements and their order are those of `schemas/registry/ictrp.csv`; WHO wants elements without
content too. Lists stand as they are or joined to one text, where the format has one; nothing is
cut, and no day is added to a month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from trialect.converters.study_targets import StudyFile, Tell
from trialect.converters.writers.ictrp_parts import (
    NOT_SAID,
    Writing,
    age,
    contact,
    dated,
    design_text,
    outcome_text,
    phase,
)
from trialect.converters.writers.registry_fields import field_of
from trialect.mappings.registry.countries import country_name
from trialect.mappings.registry.criteria import Parts, split_criteria
from trialect.mappings.registry.criteria_list import criteria_text
from trialect.mappings.registry.markup import plain_text
from trialect.problems import Problem, rule
from trialect.schemas.registry.ictrp import RECORD, ROOT, check_record
from trialect.schemas.registry.nodes import Node
from trialect.trial import Study

FILE = "registry/ictrp.xml"

REGISTERED = rule(
    "ICTRP-REGISTERED",
    "note",
    "The date of first submission is written as the date of registration",
    "The trial was first submitted to its registry on {value}; that is written as the date of "
    "registration.",
    "",
    "WHO Trial Registration Data Set, item 2",
)
COMPLETION_PLANNED = rule(
    "ICTRP-COMPLETION-PLANNED",
    "note",
    "A completion date that is not reached is written",
    "The completion date {value} is not said to be reached; ICTRP does not tell planned dates "
    "from others.",
    "",
    "WHO Trial Registration Data Set, item 22",
)
IDENTIFIER_KIND = rule(
    "ICTRP-IDENTIFIER-KIND",
    "note",
    "ICTRP asks who issued an identifier, not what kind it is",
    "That an identifier is of the kind {value} is not written{times}.",
    "",
    "WHO Trial Registration Data Set, item 3",
)
SIZE_KIND = rule(
    "ICTRP-SIZE-KIND",
    "warning",
    "Whether the number of participants is planned is not said",
    "{value} participants are written as the target size; whether they were planned or enrolled "
    "is not said.",
    "Say in the study file enrolment.planned or enrolment.actual.",
    "WHO Trial Registration Data Set, item 17",
)
OTHER_OUTCOME = rule(
    "ICTRP-OUTCOME-OTHER",
    "note",
    "ICTRP asks for primary and secondary outcomes alone",
    "{value} is neither a primary nor a secondary outcome and is not written{times}.",
    "",
    "WHO Trial Registration Data Set, items 19 and 20",
)
CRITERIA_WHOLE = rule(
    "ICTRP-CRITERIA-WHOLE",
    "warning",
    "The criteria are not known one by one",
    "Which criteria include and which exclude is not known; all of them are written as inclusion "
    "criteria.",
    "Give them in the study file under criteria.",
    "WHO Trial Registration Data Set, item 14",
)

CRITERIA_OTHER = rule(
    "ICTRP-CRITERIA-OTHER",
    "note",
    "A passage among the criteria is neither of inclusion nor of exclusion",
    "{value} stands under no heading of criteria; it is written before the inclusion "
    "criteria{times}.",
    "Look where it belongs.",
    "WHO Trial Registration Data Set, item 14",
)

UTN = "U1111-"
"""How WHO's Universal Trial Numbers begin."""

_AUTHORITIES = {
    "NIH": "National Institutes of Health",
    "FDA": "Food and Drug Administration",
    "VA": "Department of Veterans Affairs",
    "CDC": "Centers for Disease Control and Prevention",
    "AHRQ": "Agency for Healthcare Research and Quality",
    "SAMHSA": "Substance Abuse and Mental Health Services Administration",
    "EUDRACT_NUMBER": "EudraCT",
}
"""Who issues the identifiers of a type, in the words of ClinicalTrials.gov's API."""


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """`registry/ictrp.xml`; what it lacks and what ICTRP cannot say is told."""
    writing = Writing(study)
    node = trial(writing)
    document = writing.document(node, f"<{ROOT}>", f"</{ROOT}>")
    writing.losses.tell(tell)
    for problem in check_record(node, field=_field(), merges=True):
        tell(problem)
    yield StudyFile(FILE, document)


def trial(writing: Writing) -> Node:
    """The study as the elements of an ICTRP trial, in their order."""
    study = writing.study
    primary, secondary = _outcomes(writing)
    names = dict.fromkeys(_types(writing))
    parts = [
        _main(writing),
        Node("contacts", parts=_contacts(writing)),
        _list("countries", "country2", _countries(study)),
        _criteria(writing),
        _list("health_condition_code", "hc_code", ()),
        _list("health_condition_keyword", "hc_keyword", study.keywords),
        _list("intervention_code", "i_code", names),
        _list("intervention_keyword", "i_keyword", ()),
        _list("primary_outcome", "prim_outcome", primary),
        _list("secondary_outcome", "sec_outcome", secondary),
        _list("secondary_sponsor", "sponsor_name", [one.name for one in study.collaborators]),
        Node("secondary_ids", parts=_secondary_ids(writing) or [_secondary_id("", "")]),
        _list("source_support", "source_name", ()),
    ]
    if (review := study.ethics_review) is not None:
        status = writing.word("ethics_review.status", "ethics_review.status", review.status)
        board = ", ".join(filter(None, [review.board, review.affiliation]))
        phone = " ext. ".join(filter(None, [review.phone, review.phone_ext]))
        told = {"contact_name": board, "contact_address": review.address}
        told |= {"contact_phone": phone, "contact_email": review.email}
        said = [Node("status", status), *(Node(key, text) for key, text in told.items() if text)]
        parts.append(Node("ethics_reviews", parts=[Node("ethics_review", parts=said)]))
    return Node(RECORD, parts=parts)


@cache
def _field() -> Callable[[str, str | None], str | None]:
    """The Study's path of a finding in the file."""
    return field_of("ictrp", {}, {"contacts": "contacts", "countries": "locations"})


def _main(writing: Writing) -> Node:
    study = writing.study
    registered = _registered(writing)
    trial_id, registry = _primary(study)
    utrn = next((one for one in _identifiers(study) if one.startswith(UTN)), None)
    type_ = writing.word("design.type", "design.type", study.design.type)
    start = study.start
    kind = writing.word("date.type", "start.type", start.type) if start is not None else ""
    given = "; ".join(one.name for one in study.interventions)
    parts = [
        Node("trial_id", trial_id),
        *([Node("utrn", utrn)] if utrn else []),
        Node("reg_name", registry),
        Node("date_registration", registered),
        Node("primary_sponsor", study.sponsor.name),
        Node("public_title", study.brief_title or ""),
        Node("acronym", study.acronym or ""),
        Node("scientific_title", study.title or ""),
        Node("scientific_acronym"),
        Node("date_enrolment", dated(start.date if start else None)),
        Node("type_enrolment", kind),
        Node("target_size", _size(writing)),
        Node("recruitment_status", writing.word("status", "status", study.status)),
        Node("url", f"https://clinicaltrials.gov/study/{trial_id}" if _is_nct(registry) else ""),
        Node("study_type", type_),
        Node("study_design", design_text(writing)),
        Node("phase", phase(study.design.phases)),
        Node("hc_freetext", "; ".join(study.conditions)),
        Node("i_freetext", given),
    ]
    return Node("main", parts=parts + _results(writing))


def _is_nct(registry: str) -> bool:
    return registry == "ClinicalTrials.gov"


def _primary(study: Study) -> tuple[str, str]:
    """The registry that the trial is registered with: the first that the study names."""
    for one in study.registrations:
        if not one.id.startswith(UTN):
            return one.id, one.registry
    return "", ""


def _identifiers(study: Study) -> Iterator[str]:
    yield from (one.id for one in study.registrations)
    yield from (one.id for one in study.secondary_ids)


def _registered(writing: Writing) -> str:
    first = writing.study.posting.first_submitted
    if first:
        writing.losses.add(REGISTERED, "posting.first_submitted", first)
    return dated(first)


def _size(writing: Writing) -> str:
    how = writing.study.enrolment
    if how.planned is not None:
        return str(how.planned)
    if how.count is not None and how.actual is None:
        writing.losses.add(SIZE_KIND, "enrolment.count", how.count)
        return str(how.count)
    return ""


def _results(writing: Writing) -> list[Node]:
    """What the data set asks since 1.3: numbers and dates reached, the sharing of data."""
    study = writing.study
    parts = []
    if study.enrolment.actual is not None:
        parts.append(Node("results_actual_enrolment", str(study.enrolment.actual)))
    end = study.completion
    if end is not None:
        if end.type != "ACTUAL":
            writing.losses.add(COMPLETION_PLANNED, "completion.type", end.date)
        parts.append(Node("results_date_completed", dated(end.date)))
    how = study.data_sharing
    if how is not None:
        plan = writing.word("data_sharing.sharing", "data_sharing.sharing", how.sharing)
        if plan:
            parts.append(Node("results_IPD_plan", plan))
        kinds = [
            writing.word("data_sharing.information", f"data_sharing.information.{place}", one)
            for place, one in enumerate(how.information)
        ]
        shared = f"Shared: {', '.join(filter(None, kinds))}." if any(kinds) else None
        texts = [how.description, shared, how.time_frame, how.access, how.url]
        if told := "\n\n".join(plain_text(one) for one in texts if one):
            parts.append(Node("results_IPD_description", told))
    return parts


def _contacts(writing: Writing) -> list[Node]:
    """Contacts for the public, the officials as scientific ones; a blank one where none is."""
    study = writing.study
    public = [
        contact(writing, "public", f"contacts.{place}", one.name, one)
        for place, one in enumerate(study.contacts)
    ]
    scientific = [
        contact(writing, "scientific", f"officials.{place}", one.name, None, one.affiliation)
        for place, one in enumerate(study.officials)
    ]
    blank = NOT_SAID if not public or not scientific else ""
    public = public or [contact(writing, "public", blank, "", None)]
    return public + (scientific or [contact(writing, "scientific", blank, "", None)])


def _countries(study: Study) -> list[str]:
    if study.locations:
        found = (one.country for one in study.locations)
    else:
        found = (country_name(one.country) or one.country for one in study.sites)
    return list(dict.fromkeys(one for one in found if one))


def _criteria(writing: Writing) -> Node:
    study = writing.study
    who = study.eligibility
    read = split_criteria(who.criteria, _untold) if who.criteria else Parts()
    criteria = study.criteria or read.criteria
    lists = {category: criteria_text(criteria, category) for category in ("INCLUSION", "EXCLUSION")}
    if not criteria and who.criteria:
        writing.losses.add(CRITERIA_WHOLE, "eligibility.criteria")
        lists["INCLUSION"] = plain_text(who.criteria)
    elif others := [plain_text(one) for one in (*read.unplaced, *read.remarks)]:
        for one in others:
            writing.losses.add(CRITERIA_OTHER, "eligibility.criteria", one[:80])
        lists["INCLUSION"] = "\n\n".join(filter(None, [*others, lists["INCLUSION"]]))
    parts = [
        Node("inclusion_criteria", lists["INCLUSION"]),
        Node("agemin", age(writing, "minimum", who.minimum_age)),
        Node("agemax", age(writing, "maximum", who.maximum_age)),
        Node("gender", writing.word("eligibility.sex", "eligibility.sex", who.sex)),
        Node("exclusion_criteria", lists["EXCLUSION"]),
    ]
    return Node("criteria", parts=parts)


def _untold(_: Problem) -> None:
    """What is odd in the text of the criteria is told where the trial design is made of it."""


def _types(writing: Writing) -> Iterator[str]:
    for place, one in enumerate(writing.study.interventions):
        field = f"interventions.{place}.type"
        if word := writing.word("interventions.*.type", field, one.type):
            yield word


def _outcomes(writing: Writing) -> tuple[list[str], list[str]]:
    found: dict[str | None, list[str]] = {"PRIMARY": [], "SECONDARY": []}
    for place, one in enumerate(writing.study.outcomes):
        if one.type in found:
            found[one.type].append(outcome_text(one))
        else:
            writing.losses.add(OTHER_OUTCOME, f"outcomes.{place}.type", one.measure)
    return found["PRIMARY"], found["SECONDARY"]


def _secondary_ids(writing: Writing) -> list[Node]:
    """The sponsor's own identifier, other registries, grants."""
    study = writing.study
    primary, _ = _primary(study)
    own = (study.identifier.id if study.identifier is not None else None) or study.studyid
    found = {own: study.sponsor.name} if own != primary else {}
    for known_as in study.registrations:
        found.setdefault(known_as.id, known_as.registry)
    for place, one in enumerate(study.secondary_ids):
        agency = _AUTHORITIES.get(one.type or "")
        if one.type and agency is None:
            field = f"secondary_ids.{place}.type"
            writing.losses.add(IDENTIFIER_KIND, field, one.type, each=True)
        issuer = f"{agency} ({one.domain})" if agency and one.domain else agency or one.domain
        found.setdefault(one.id, issuer or "")
    return [
        _secondary_id(id_, issuer)
        for id_, issuer in found.items()
        if id_ != primary and not id_.startswith(UTN)
    ]


def _secondary_id(id_: str, issuer: str) -> Node:
    return Node("secondary_id", parts=[Node("sec_id", id_), Node("issuing_authority", issuer)])


def _list(around: str, name: str, texts: Iterable[str]) -> Node:
    """A list, with one blank element where it is empty, which WHO wants."""
    return Node(around, parts=[Node(name, text) for text in texts] or [Node(name)])

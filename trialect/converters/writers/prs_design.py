"""The design of a PRS upload: type, masking, arms and interventions, outcomes, eligibility."""

from __future__ import annotations

import re

from trialect.converters.writers.prs_parts import DEFINITIONS, EMPTY, Writing, block, put, yes_no
from trialect.mappings.registry.criteria_list import criteria_text
from trialect.mappings.registry.markup import plain_text
from trialect.problems import rule
from trialect.protocol import Design
from trialect.schemas.registry.nodes import Node
from trialect.trial import Study

ROLES = {
    "PARTICIPANT": "masked_subject",
    "CARE_PROVIDER": "masked_caregiver",
    "INVESTIGATOR": "masked_investigator",
    "OUTCOMES_ASSESSOR": "masked_assessor",
}
"""The elements of PRS that say who is masked."""

_ROLES_MASKED = {"NONE": 0, "SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}

PHASES = {
    ("NA",): "N/A",
    ("EARLY_PHASE1",): "Early Phase 1",
    ("PHASE1",): "Phase 1",
    ("PHASE1", "PHASE2"): "Phase 1/2",
    ("PHASE2",): "Phase 2",
    ("PHASE2", "PHASE3"): "Phase 2/3",
    ("PHASE3",): "Phase 3",
    ("PHASE4",): "Phase 4",
}

MASKING_ROLES = rule(
    "PRS-MASKING-ROLES",
    "warning",
    "Masking is said without the roles that PRS asks for",
    "Masking is {value}, and who is masked is not said: PRS asks it of four roles. It is written "
    "that there is masking, and of no role that it is masked.",
    "Say in design.masked who is masked.",
    f"{DEFINITIONS}, 7, Masking",
)
MASKING_ALL = rule(
    "PRS-MASKING-ALL",
    "note",
    "Quadruple masking is written as masking of all four roles",
    "Masking is {value} and no role is named; PRS knows four roles, so all four are written.",
    "Say in design.masked who is masked, if it is not so.",
    f"{DEFINITIONS}, 7, Masking",
)
MASKING_COUNT = rule(
    "PRS-MASKING-COUNT",
    "warning",
    "Masking does not fit the number of masked roles",
    "Masking is {value}, and {roles} masked; {written}.",
    "Correct design.masking or design.masked.",
    f"{DEFINITIONS}, 7, Masking",
)
NO_PHASE = rule(
    "PRS-NO-PHASE",
    "warning",
    "The phases together have no word in PRS",
    "The phases {value} have no word of PRS together; no phase is written.",
    "PRS has Early Phase 1, Phase 1, 1/2, 2, 2/3, 3, 4 and N/A.",
    f"{DEFINITIONS}, 7, Study Phase",
)
NO_DURATION = rule(
    "PRS-NO-DURATION",
    "warning",
    "A follow-up duration is no number with a unit",
    "The follow-up duration {value} is not a whole number with years, months, weeks or days; it "
    "is not written.",
    "Write it as `5 Years`.",
    f"{DEFINITIONS}, 7, Target Follow-Up Duration",
)
NO_LIMIT = rule(
    "PRS-AGE-NO-LIMIT",
    "note",
    "An age limit that is not said is written as none",
    "No {value} age is said; N/A (no limit) is written, as the registry shows it.",
    "Say the age in the study file, if there is a limit.",
    f"{DEFINITIONS}, 10, Age Limits",
)
ENROLMENT_ONE = rule(
    "PRS-ENROLMENT-ONE",
    "note",
    "PRS takes one number of participants",
    "{value} participants were planned; PRS takes one number, and the actual one is written.",
    "",
    f"{DEFINITIONS}, 7, Enrollment",
)
OUTCOME_KIND = rule(
    "PRS-OUTCOME-KIND",
    "warning",
    "An outcome is neither primary nor secondary nor other",
    "What kind of outcome {value} is, is not said; it is not written{times}.",
    "Say in the study file whether it is PRIMARY, SECONDARY or OTHER.",
    f"{DEFINITIONS}, 9",
)

OTHER_TYPE = rule(
    "PRS-OTHER-TYPE",
    "warning",
    "PRS asks a fact of another type of study alone",
    "{value} is not written: PRS does not ask for {field} of a study that is {type}.",
    "Look whether the type of the study is right.",
    "PRS ProtocolRecordSchema, StudyDesign",
)

_INTERVENTIONAL = (
    "design.allocation",
    "design.masking",
    "design.masked",
    "design.purpose",
    "design.phases",
    "design.model_description",
    "design.masking_description",
)
_OBSERVATIONAL = (
    "design.time_perspective",
    "design.patient_registry",
    "design.target_duration",
    "biospecimen.retention",
    "biospecimen.description",
)
_ACCESS = (
    "expanded_access.individual",
    "expanded_access.intermediate",
    "expanded_access.treatment",
)
_NOT_ASKED = {
    "INTERVENTIONAL": (*_OBSERVATIONAL, *_ACCESS),
    "OBSERVATIONAL": (*_INTERVENTIONAL, *_ACCESS),
    "EXPANDED_ACCESS": ("design.model", *_INTERVENTIONAL, *_OBSERVATIONAL),
}
"""Facts that PRS does not ask of a type of study."""

_DURATION = re.compile(r"^(\d+) (Year|Month|Week|Day)s?$")


def design(writing: Writing) -> Node:
    """The design by the type of the study."""
    study = writing.study
    how = study.design
    type_ = writing.word("design.type", "design.type", how.type)
    parts = [Node("study_type", type_, fact="design.type")]
    for fact in _NOT_ASKED.get(how.type, ()):
        holder, _, name = fact.partition(".")
        value = getattr(getattr(study, holder), name, None)
        if value:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            writing.losses.add(OTHER_TYPE, fact, shown, type=how.type)
    if how.type == "INTERVENTIONAL":
        parts.append(_interventional(writing, how))
    elif how.type == "OBSERVATIONAL":
        parts.append(_observational(writing, how))
    elif how.type == "EXPANDED_ACCESS":
        access = study.expanded_access
        yes_no(parts, "exp_acc_type_individual", access.individual)
        yes_no(parts, "exp_acc_type_intermediate", access.intermediate)
        yes_no(parts, "exp_acc_type_treatment", access.treatment)
    return Node("study_design", parts=parts)


def _interventional(writing: Writing, how: Design) -> Node:
    word = writing.word
    parts = [
        Node("interventional_subtype", word("design.purpose", "design.purpose", how.purpose)),
        Node("phase", _phase(writing, how)),
    ]
    put(parts, "assignment", word("assignment", "design.model", how.model))
    block(parts, "model_description", how.model_description)
    allocation = word("design.allocation", "design.allocation", how.allocation)
    parts.append(Node("allocation", allocation))
    parts += _masking(writing, how)
    block(parts, "masking_description", how.masking_description)
    if writing.study.arms:
        parts.append(Node("number_of_arms", str(len(writing.study.arms))))
    return Node("interventional_design", parts=parts)


def _phase(writing: Writing, how: Design) -> str:
    if not how.phases:
        return ""
    word = PHASES.get(tuple(sorted(set(how.phases))))
    if word is None:
        writing.losses.add(NO_PHASE, "design.phases", ", ".join(how.phases))
    return word or ""


def _masking(writing: Writing, how: Design) -> list[Node]:
    """Five answers: whether nobody is masked, and of each of four roles whether it is."""
    masked = how.masked
    if how.masking is None and not masked:
        return []
    if how.masking == "NONE" and not masked:
        return [Node("no_masking", "yes"), *(Node(name, "no") for name in ROLES.values())]
    if not masked and how.masking == "QUADRUPLE":
        writing.losses.add(MASKING_ALL, "design.masking", how.masking)
        masked = tuple(ROLES)
    if not masked:
        writing.losses.add(MASKING_ROLES, "design.masking", how.masking)
        return [Node("no_masking", "no")]
    count = len(set(masked))
    expected = _ROLES_MASKED.get(how.masking or "", count)
    if expected != count:
        roles = "one role is named as" if count == 1 else f"{count} roles are named as"
        written = (
            "of the other roles it is not written that they are not, since that is not known"
            if expected > count
            else "the roles are written, which is what PRS asks"
        )
        writing.losses.add(
            MASKING_COUNT, "design.masking", how.masking, roles=roles, written=written
        )
    for place, one in enumerate(masked):
        if one not in ROLES:
            writing.word("masked", f"design.masked.{place}", one)
    said = [
        Node(name, "yes" if role in masked else "no")
        for role, name in ROLES.items()
        if role in masked or expected <= count
    ]
    return [Node("no_masking", "no"), *said]


def _observational(writing: Writing, how: Design) -> Node:
    study, word = writing.study, writing.word
    samples = study.biospecimen
    kept = samples.retention if samples is not None else None
    if not kept:
        writing.losses.add(EMPTY, "biospecimen.retention", "biospecimen_retention")
    groups = str(len(study.arms)) if study.arms else ""
    parts = [
        Node("observational_study_design", word("model", "design.model", how.model)),
        Node("biospecimen_retention", word("biospecimen.retention", "biospecimen.retention", kept)),
    ]
    if samples is not None:
        block(parts, "biospecimen_description", samples.description)
    time = word("design.time_perspective", "design.time_perspective", how.time_perspective)
    parts += [Node("timing", time), Node("number_of_groups", groups)]
    yes_no(parts, "patient_registry", how.patient_registry)
    if how.target_duration:
        found = _DURATION.match(how.target_duration)
        if found is None:
            writing.losses.add(NO_DURATION, "design.target_duration", how.target_duration)
        else:
            parts.append(Node("target_duration_quantity", found[1]))
            parts.append(Node("target_duration_units", f"{found[2]}s"))
    return Node("observational_design", parts=parts)


_OUTCOMES = {
    "PRIMARY": "primary_outcome",
    "SECONDARY": "secondary_outcome",
    "OTHER": "other_outcome",
}


def outcomes(writing: Writing) -> list[Node]:
    """The outcome measures, primary ones first."""
    found: dict[str, list[Node]] = {name: [] for name in _OUTCOMES.values()}
    for place, one in enumerate(writing.study.outcomes):
        name = _OUTCOMES.get(one.type or "")
        if name is None:
            writing.losses.add(OUTCOME_KIND, f"outcomes.{place}.type", one.measure)
            continue
        parts = [Node("outcome_measure", one.measure)]
        put(parts, "outcome_time_frame", one.time_frame)
        block(parts, "outcome_description", one.description)
        found[name].append(Node(name, parts=parts, fact=f"outcomes.{place}"))
    return [one for name in _OUTCOMES.values() for one in found[name]]


def enrolment(writing: Writing) -> list[Node]:
    """How many participants, planned or actual."""
    how = writing.study.enrolment
    if how.actual is not None:
        number, type_, fact = how.actual, "Actual", "enrolment.actual"
        if how.planned is not None:
            writing.losses.add(ENROLMENT_ONE, "enrolment.planned", how.planned)
    elif how.planned is not None:
        number, type_, fact = how.planned, "Anticipated", "enrolment.planned"
    elif how.count is not None:
        return [Node("enrollment", str(how.count), fact="enrolment.count")]
    else:
        return []
    return [Node("enrollment", str(number), fact=fact), Node("enrollment_type", type_, fact=fact)]


def arms(writing: Writing) -> list[Node]:
    """The arms of a trial, the groups of an observational study."""
    found = []
    for place, one in enumerate(writing.study.arms):
        fact = f"arms.{place}"
        parts = [Node("arm_group_label", one.name)]
        if one.type is not None:
            put(parts, "arm_type", writing.word("arms.*.type", f"{fact}.type", one.type))
        block(parts, "arm_group_description", one.description)
        found.append(Node("arm_group", parts=parts, fact=fact))
    return found


def interventions(writing: Writing) -> list[Node]:
    """What is given, and to which arms: as the intervention says it, and as the arms do."""
    study = writing.study
    given = _arms_by_intervention(study)
    found = []
    for place, one in enumerate(study.interventions):
        fact = f"interventions.{place}"
        parts: list[Node] = []
        if one.type is not None:
            word = writing.word("interventions.*.type", f"{fact}.type", one.type)
            put(parts, "intervention_type", word)
        parts.append(Node("intervention_name", one.name))
        block(parts, "intervention_description", one.description)
        labels = dict.fromkeys(one.arms)
        labels.update(dict.fromkeys(given.get(one.name, ())))
        parts += [Node("arm_group_label", label) for label in labels]
        parts += [Node("intervention_other_name", name) for name in one.other_names]
        found.append(Node("intervention", parts=parts, fact=fact))
    return found


def _arms_by_intervention(study: Study) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for arm in study.arms:
        for name in arm.interventions:
            given.setdefault(name, []).append(arm.name)
    return given


def eligibility(writing: Writing) -> list[Node]:
    """Who may take part; an age without a limit is N/A, where anything is said of ages."""
    study = writing.study
    who = study.eligibility
    criteria = plain_text(who.criteria) if who.criteria else _criteria(study)
    said = (who.minimum_age, who.maximum_age, who.sex, who.healthy_volunteers, criteria)
    if all(one is None for one in said) and not who.population and not who.sampling:
        return []
    parts: list[Node] = []
    block(parts, "study_population", who.population)
    sampling = writing.word("eligibility.sampling", "eligibility.sampling", who.sampling)
    put(parts, "sampling_method", sampling)
    parts.append(Node("criteria", parts=[Node("textblock", criteria or "")]))
    yes_no(parts, "healthy_volunteers", who.healthy_volunteers)
    parts.append(Node("gender", writing.word("eligibility.sex", "eligibility.sex", who.sex)))
    yes_no(parts, "gender_based", who.gender_based)
    block(parts, "gender_description", who.gender_description)
    limited = who.says_ages
    for name, age in (("minimum", who.minimum_age), ("maximum", who.maximum_age)):
        if age is None and limited:
            writing.losses.add(NO_LIMIT, f"eligibility.{name}_age", name)
        parts.append(Node(f"{name}_age", age or ("N/A" if limited else "")))
    return [Node("eligibility", parts=parts)]


def _criteria(study: Study) -> str | None:
    """The criteria of a study that has them one by one, as PRS asks for them: under two heads."""
    texts = []
    for category in ("INCLUSION", "EXCLUSION"):
        if items := criteria_text(study.criteria, category):
            texts.append(f"{category.capitalize()} Criteria:\n\n{items}")
    return "\n\n".join(texts) or None

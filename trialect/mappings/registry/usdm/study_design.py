"""A Study's design, population, arms, interventions and objectives as USDM's study design."""

from __future__ import annotations

from typing import Any

from trialect.mappings.registry.usdm.instances import Instance, Instances, chained
from trialect.mappings.registry.usdm.study_schedule import Schedule
from trialect.mappings.registry.usdm.terms import NOT_STATED, Coding, coding, has_term
from trialect.mappings.registry.usdm.text import paragraph
from trialect.protocol import Criterion, Intervention, Outcome
from trialect.trial import Study

LEVEL_OF_OUTCOME = {"PRIMARY": "PRIMARY", "SECONDARY": "SECONDARY", "OTHER": "EXPLORATORY"}
"""The level of the objective that an outcome's endpoint belongs to."""


def interventions(study: Study, make: Instances) -> dict[str, Instance]:
    """The interventions by name, the first of those with one name."""
    found: dict[str, Instance] = {}
    for place, one in enumerate(study.interventions):
        role = role_of(one, study)
        kind = coding("interventions.*.type", one.type) if one.type else None
        made = make.named(
            "StudyIntervention",
            one.name or NOT_STATED,
            description=one.description,
            role=make.code_or_unknown(role, "StudyIntervention.role"),
            type=make.code_or_unknown(kind, "StudyIntervention.type"),
        )
        key = one.name if one.name not in found else f"{one.name}\0{place}"
        found[key] = made
    return found


def role_of(intervention: Intervention, study: Study) -> Coding | None:
    """Its role, where all arms that it belongs to are of one type that says it."""
    types = {
        arm.type
        for arm in study.arms
        if intervention.name in arm.interventions or arm.name in intervention.arms
    }
    type_ = types.pop() if len(types) == 1 else None
    if type_ is None or not has_term("interventions.*.role", type_):
        return None
    return coding("interventions.*.role", type_)


def study_design(
    study: Study,
    make: Instances,
    treatments: dict[str, Instance],
    criteria: tuple[Criterion, ...],
) -> tuple[Instance, list[Instance]]:
    """The study design, and the criterion items that lie beside it in the version."""
    design = study.design
    is_observational = design.type == "OBSERVATIONAL"
    of = "ObservationalStudyDesign" if is_observational else "InterventionalStudyDesign"
    model = coding("design.model", design.model) if design.model else None
    conditions, items = _criteria(criteria, make)
    population = _population(study, make, conditions)
    arms = _arms(study, make, population)
    schedule = Schedule(study, make, arms, treatments)
    make.not_stated.append(f"{of}.rationale")
    found = make.named(
        of,
        "Study design",
        description=design.model_description,
        studyType=make.code_or_unknown(study_type(study), f"{of}.studyType"),
        studyPhase=_phase(study, make),
        characteristics=_characteristics(study, make),
        encounters=schedule.encounters,
        arms=arms,
        studyCells=schedule.cells,
        rationale=NOT_STATED,
        epochs=schedule.epochs,
        elements=schedule.elements,
        indications=_indications(study, make),
        studyInterventionIds=[one["id"] for one in treatments.values()],
        objectives=_objectives(study, make),
        population=population,
        scheduleTimelines=schedule.timelines,
        biospecimenRetentions=_biospecimens(study, make),
        eligibilityCriteria=conditions,
        model=make.code_or_unknown(model, f"{of}.model"),
        **(_observational(study, make) if is_observational else _interventional(study, make)),
    )
    return found, items


def study_type(study: Study) -> Coding | None:
    """The type of study; an observational one may be a patient registry."""
    if study.design.type == "OBSERVATIONAL" and study.design.patient_registry:
        return coding("design.patient_registry", "REGISTRY")
    return coding("design.type", study.design.type) if study.design.type else None


def _interventional(study: Study, make: Instances) -> dict[str, Any]:
    design = study.design
    masking, purpose = design.masking, design.purpose
    return {
        "intentTypes": [make.code(coding("design.purpose", purpose))] if purpose else None,
        "blindingSchema": make.alias(coding("design.masking", masking)) if masking else None,
    }


def _observational(study: Study, make: Instances) -> dict[str, Any]:
    time, sampling = study.design.time_perspective, study.eligibility.sampling
    view = coding("design.time_perspective", time) if time else None
    return {
        "timePerspective": make.code_or_unknown(view, "ObservationalStudyDesign.timePerspective"),
        "samplingMethod": make.code(coding("eligibility.sampling", sampling)) if sampling else None,
    }


def _phase(study: Study, make: Instances) -> Instance | None:
    together = " ".join(study.design.phases)
    if not together or not has_term("design.phases", together):
        return None
    return make.alias(coding("design.phases", together))


def _characteristics(study: Study, make: Instances) -> list[Instance] | None:
    allocation = study.design.allocation
    if allocation is None or not has_term("design.allocation", allocation):
        return None
    return [make.code(coding("design.allocation", allocation))]


def _indications(study: Study, make: Instances) -> list[Instance]:
    if study.conditions:
        make.not_stated.append("Indication.isRareDisease")
    return [
        make.named("Indication", one or NOT_STATED, isRareDisease=False) for one in study.conditions
    ]


def _biospecimens(study: Study, make: Instances) -> list[Instance] | None:
    kept = study.biospecimen
    if kept is None or kept.retention is None:
        return None
    is_kept = kept.retention != "NONE_RETAINED"
    return [
        make.named(
            "BiospecimenRetention",
            "Biospecimens",
            description=kept.description,
            isRetained=is_kept,
            includesDNA=kept.retention == "SAMPLES_WITH_DNA" if is_kept else None,
        )
    ]


def _criteria(
    told: tuple[Criterion, ...], make: Instances
) -> tuple[list[Instance], list[Instance]]:
    criteria, items = [], []
    for one in told:
        item = make.named(
            "EligibilityCriterionItem", one.code or NOT_STATED, text=paragraph(one.text)
        )
        criterion = make.named(
            "EligibilityCriterion",
            one.code or NOT_STATED,
            category=make.code(coding("criteria.*.category", one.category)),
            identifier=one.code or NOT_STATED,
            criterionItemId=item["id"],
        )
        items.append(item)
        criteria.append(criterion)
    chained(criteria)
    return criteria, items


def _population(study: Study, make: Instances, criteria: list[Instance]) -> Instance:
    who = study.eligibility
    if who.healthy_volunteers is None:
        make.not_stated.append("StudyDesignPopulation.includesHealthySubjects")
    planned = study.enrolment.planned
    return make.named(
        "StudyDesignPopulation",
        "Study population",
        description=who.population,
        includesHealthySubjects=bool(who.healthy_volunteers),
        plannedEnrollmentNumber=make.quantity(planned) if planned is not None else None,
        plannedSex=_sexes(who.sex, make),
        criterionIds=[one["id"] for one in criteria],
        plannedAge=_ages(who.minimum_age, who.maximum_age, make),
    )


def _sexes(sex: str | None, make: Instances) -> list[Instance] | None:
    both = ("FEMALE", "MALE")
    words = both if sex == "ALL" else [one for one in both if one == sex]
    return [make.code(coding("eligibility.sex", word)) for word in words] or None


def _ages(low: str | None, high: str | None, make: Instances) -> Instance | None:
    """A range of ages; USDM has none of which one end is open."""
    ends = (age(low), age(high))
    if ends[0] is None or ends[1] is None:
        return None
    return make.make(
        "Range",
        minValue=make.quantity(*ends[0]),
        maxValue=make.quantity(*ends[1]),
        isApproximate=False,
    )


def age(text: str | None) -> tuple[int, Coding] | None:
    """The number and unit of an age, as `18 Years`; None where CDISC has no such unit of age."""
    number, _, unit = (text or "").partition(" ")
    word = unit if unit.endswith("s") else f"{unit}s"
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    if not has_term("eligibility.age_unit", word):
        return None
    return int(number), coding("eligibility.age_unit", word)


def _arms(study: Study, make: Instances, population: Instance) -> list[Instance]:
    is_trial = study.design.type == "INTERVENTIONAL"
    origin = coding("data_origin", "COLLECTED") if is_trial else None
    if study.arms and not is_trial:
        make.not_stated.append("StudyArm.dataOriginDescription")
    found = []
    for arm in study.arms:
        kind = coding("arms.*.type", arm.type) if arm.type else None
        made = make.named(
            "StudyArm",
            arm.code or NOT_STATED,
            arm.name or None,
            description=arm.description,
            type=make.code_or_unknown(kind, "StudyArm.type"),
            dataOriginDescription="Subjects of this study" if is_trial else NOT_STATED,
            dataOriginType=make.code_or_unknown(origin, "StudyArm.dataOriginType"),
            populationIds=[population["id"]],
        )
        found.append(made)
    return found


def _objectives(study: Study, make: Instances) -> list[Instance]:
    """The objectives with the endpoints of their level.

    Which of several objectives of a level an outcome serves is not said: the first has them. Where
    none of the level is known, one without a statement holds them, as USDM asks.
    """
    found: list[Instance] = []
    first: dict[str | None, Instance] = {}
    for one in study.objectives:
        made = _objective(make, one.type, paragraph(one.text) if one.text else NOT_STATED)
        first.setdefault(one.type, made)
        found.append(made)
    for outcome in study.outcomes:
        level = LEVEL_OF_OUTCOME.get(outcome.type or "")
        if level not in first:
            make.not_stated.append("Objective.text")
            first[level] = _objective(make, level, NOT_STATED)
            found.append(first[level])
        first[level]["endpoints"].append(_endpoint(make, outcome))
    return found


def _objective(make: Instances, level: str | None, text: str) -> Instance:
    code = coding("objectives.*.type", level) if level else None
    return make.named(
        "Objective",
        f"{(level or 'other').capitalize()} objective",
        text=text,
        level=make.code_or_unknown(code, "Objective.level"),
    )


def _endpoint(make: Instances, outcome: Outcome) -> Instance:
    make.not_stated.append("Endpoint.purpose")
    code = coding("outcomes.*.type", outcome.type) if outcome.type else None
    return make.named(
        "Endpoint",
        f"{(outcome.type or 'other').capitalize()} endpoint",
        outcome.measure or None,
        description=outcome.description,
        text=paragraph(endpoint_text(outcome.measure, outcome.time_frame)),
        purpose=NOT_STATED,
        level=make.code_or_unknown(code, "Endpoint.level"),
    )


def endpoint_text(measure: str, time_frame: str | None) -> str:
    """An endpoint in full: what is measured, and when."""
    return f"{measure} [Time frame: {time_frame}]" if time_frame else measure or NOT_STATED

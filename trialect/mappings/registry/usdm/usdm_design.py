"""The facts of a Study that a study design of USDM tells, and its version's interventions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, cast

from trialect.mappings.registry.usdm.graph import Node, in_order
from trialect.mappings.registry.usdm.references import referenced_text
from trialect.mappings.registry.usdm.terms import CDISC, Coding, word
from trialect.mappings.registry.usdm.text import plain
from trialect.mappings.registry.usdm.usdm_schedule import cells_of, schedule_facts
from trialect.mappings.registry.usdm.usdm_version import stated
from trialect.protocol import (
    Arm,
    Criterion,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
)
from trialect.registry_facts import Biospecimen

OBSERVATIONAL = "ObservationalStudyDesign"

MASKED_BY_COUNT = {3: "TRIPLE", 4: "QUADRUPLE"}
"""What double blind means where that many roles are masked."""

PARTS_OF_PHASES = {
    "C49686": ("PHASE2",),
    "C49688": ("PHASE2",),
    "C49687": ("PHASE3",),
    "C49689": ("PHASE3",),
    "C199990": ("PHASE1",),
    "C199989": ("PHASE1",),
}
"""Phases a and b (C66737), of which a Study knows the phase they are parts of."""

CLOSE_TYPES = {"C923": "BIOLOGICAL", "C15329": "PROCEDURE", "C218507": "PROCEDURE"}
"""Vaccine, surgery, non-surgical procedure (C99078): kinds of what a Study names more widely."""

TIME_FRAME = " [Time frame: "
LONGEST_ARMCD = 20
_IETESTCD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,7}", re.ASCII)


def design_facts(version: Node, node: Node) -> dict[str, Any]:
    """The facts that a study design tells, by the Study's fields."""
    treatments = version.nodes("studyInterventions")
    own = {one.id for one in node.all_referred("studyInterventionIds", "StudyIntervention")}
    given = [one for one in treatments if not own or one.id in own]
    names = {one.id: stated(one.called) or "" for one in given}
    arms = _arms(node, names)
    population = node.node("population")
    return {
        "design": _design(version, node),
        "conditions": _conditions(node),
        "enrolment": _enrolment(_populations(population, "plannedEnrollmentNumber")),
        "eligibility": _eligibility(node, population),
        "biospecimen": _biospecimen(node),
        "interventions": tuple(_intervention(one, names[one.id], arms) for one in given),
        "arms": arms,
        "criteria": _criteria(version, node),
        "objectives": _objectives(node),
        "outcomes": _outcomes(node),
        **schedule_facts(node),
    }


def _word(node: Node, attribute: str, fact: str) -> str | None:
    code = node.coding(attribute)
    return word(fact, code.code, code.system, code.decode) if code is not None else None


def _design(version: Node, node: Node) -> Design:
    masked, description = _masked(version, node)
    type_, is_registry = _type(node)
    characteristics = node.codings("characteristics")
    allocation = _first(characteristics, "design.allocation")
    return Design(
        type=type_,
        allocation=allocation,
        model=_word(node, "model", "design.model"),
        masking=_masking(node, len(masked)),
        masked=masked,
        purpose=_first(node.codings("intentTypes"), "design.purpose"),
        phases=_phases(node.coding("studyPhase")),
        model_description=node.text("description"),
        masking_description=description,
        time_perspective=_word(node, "timePerspective", "design.time_perspective"),
        patient_registry=is_registry,
    )


def _type(node: Node) -> tuple[str, bool | None]:
    code = node.coding("studyType")
    if code is not None and word("design.patient_registry", code.code, code.system, code.decode):
        return "OBSERVATIONAL", True
    by_class = "OBSERVATIONAL" if node.type == OBSERVATIONAL else "INTERVENTIONAL"
    said = word("design.type", code.code, code.system, code.decode) if code is not None else None
    return said or by_class, None


def _masking(node: Node, masked: int) -> str | None:
    found = _word(node, "blindingSchema", "design.masking")
    return MASKED_BY_COUNT.get(masked, found) if found == "DOUBLE" else found


def _masked(version: Node, node: Node) -> tuple[tuple[str, ...], str | None]:
    """Who is masked, of the roles of this design, and what is said of the masking."""
    found, texts = [], []
    for role in version.nodes("roles"):
        masking = role.node("masking")
        applies = role.texts("appliesToIds")
        if masking is None or not masking.flag("isMasked"):
            continue
        if node.id not in applies and version.id not in applies:
            continue
        who = _word(role, "code", "design.masked.*")
        if who is not None:
            found.append(who)
            texts.append(masking.text("text"))
    text = texts[0] if texts and len(set(texts)) == 1 and texts[0] != "Masked" else None
    return tuple(found), text


def _phases(code: Coding | None) -> tuple[str, ...]:
    if code is None or code.system != CDISC:
        return ()
    together = word("design.phases", code.code, code.system, code.decode)
    if together is not None:
        return tuple(together.split())
    return PARTS_OF_PHASES.get(code.code, ())


def _first(codes: list[Coding], fact: str) -> str | None:
    return next(
        (found for one in codes if (found := word(fact, one.code, one.system, one.decode))), None
    )


def _conditions(node: Node) -> tuple[str, ...]:
    found = (stated(one.called) for one in node.nodes("indications"))
    return tuple(one for one in found if one)


def _populations(population: Node | None, attribute: str) -> list[Node]:
    """Who says an attribute of all subjects: the population, or else every cohort of it.

    DDF00097 and DDF00133 have it said by the one or by each of the others.
    """
    if population is None:
        return []
    if population.values.get(attribute):
        return [population]
    cohorts = population.nodes("cohorts")
    return cohorts if all(one.values.get(attribute) for one in cohorts) else []


def _enrolment(those: Sequence[Node]) -> Enrolment:
    total = 0
    for one in those:
        planned = one.node("plannedEnrollmentNumber")
        number = planned.number("value") if planned is not None else None
        if number is None or number != int(number) or number < 0:
            return Enrolment()
        total += int(number)
    return Enrolment(planned=total) if those else Enrolment()


def _eligibility(node: Node, population: Node | None) -> Eligibility:
    sampling = _word(node, "samplingMethod", "eligibility.sampling")
    if population is None:
        return Eligibility(sampling=sampling)
    sexes = {
        word("eligibility.sex", one.code, one.system, one.decode)
        for those in _populations(population, "plannedSex")
        for one in those.codings("plannedSex")
    }
    sexes.discard(None)
    if "ALL" in sexes:
        sexes = {"FEMALE", "MALE"}
    minimum, maximum = _ages(_populations(population, "plannedAge"))
    return Eligibility(
        minimum_age=minimum,
        maximum_age=maximum,
        sex="ALL" if len(sexes) == 2 else next(iter(sexes), None),
        healthy_volunteers=population.flag("includesHealthySubjects"),
        population=population.text("description") if node.type == OBSERVATIONAL else None,
        sampling=sampling,
    )


def _ages(those: Sequence[Node]) -> tuple[str | None, str | None]:
    """The youngest and the oldest of all, where their ages can be compared."""
    ranges = [range_ for one in those if (range_ := one.node("plannedAge")) is not None]
    found = []
    for end, farthest in (("minValue", min), ("maxValue", max)):
        ages = [_age(one.node(end)) for one in ranges]
        known = [(float(age.split()[0]), age) for age in ages if age]
        units = {age.split()[1].rstrip("s") for _, age in known}
        is_said = len(known) == len(ranges) and len(units) == 1
        found.append(farthest(known)[1] if is_said else None)
    return found[0], found[1]


def _age(quantity: Node | None) -> str | None:
    if quantity is None:
        return None
    number = quantity.number("value")
    unit = _word(quantity, "unit", "eligibility.age_unit")
    if number is None or unit is None:
        return None
    return f"{number:g} {unit.removesuffix('s') if number == 1 else unit}"


def _biospecimen(node: Node) -> Biospecimen | None:
    kept = node.nodes("biospecimenRetentions")
    if not kept:
        return None
    flags = [(one.flag("isRetained"), one.flag("includesDNA")) for one in kept]
    if any(is_kept and dna for is_kept, dna in flags):
        retention: str | None = "SAMPLES_WITH_DNA"
    elif any(is_kept for is_kept, _ in flags):
        known = all(dna is False for is_kept, dna in flags if is_kept)
        retention = "SAMPLES_WITHOUT_DNA" if known else None
    else:
        retention = "NONE_RETAINED" if all(is_kept is False for is_kept, _ in flags) else None
    texts = [text for one in kept if (text := one.text("description"))]
    return Biospecimen(retention, "\n".join(texts) or None)


def _arms(node: Node, names: dict[str | None, str]) -> tuple[Arm, ...]:
    cells = cells_of(node)
    found: list[Arm] = []
    taken: set[str] = set()
    for number, one in enumerate(node.nodes("arms"), 1):
        name = one.text("name") or ""
        label = one.text("label")
        is_code = len(name) <= LONGEST_ARMCD and name.isascii() and name not in taken and name
        code = name if is_code else f"A{number}"
        taken.add(code)
        elements, treatments = cells.of_arm(one.id)
        given = [name for treatment, name in names.items() if treatment in treatments]
        arm = Arm(
            code=code,
            name=label or name,
            type=_word(one, "type", "arms.*.type"),
            description=one.text("description"),
            interventions=tuple(given),
            elements=elements,
        )
        found.append(arm)
    return tuple(found)


def _intervention(node: Node, name: str, arms: tuple[Arm, ...]) -> Intervention:
    code = node.coding("type")
    kind = (
        word("interventions.*.type", code.code, code.system, code.decode)
        if code is not None
        else None
    )
    if kind is None and code is not None and code.system == CDISC:
        kind = CLOSE_TYPES.get(code.code)
    return Intervention(
        name=name,
        type=kind,
        description=node.text("description"),
        arms=tuple(arm.name for arm in arms if name in arm.interventions),
    )


def _criteria(version: Node, node: Node) -> tuple[Criterion, ...]:
    protocol = stated(version.text("versionIdentifier"))
    found: list[Criterion] = []
    taken: set[str] = set()
    counts = {"INCLUSION": 0, "EXCLUSION": 0}
    for one in in_order(node.nodes("eligibilityCriteria")):
        category = _word(one, "category", "criteria.*.category")
        if category is None:
            continue
        counts[category] += 1
        name = one.text("name") or ""
        if not _IETESTCD.fullmatch(name) or name in taken:
            name = f"{category[:4]}{counts[category]:02}"
        taken.add(name)
        item = one.referred("criterionItemId", "EligibilityCriterionItem")
        text = _text(item) if item is not None else None
        criterion = Criterion(
            code=name,
            category=cast("Literal['INCLUSION', 'EXCLUSION']", category),
            text=text or one.text("description") or one.text("label") or "",
            version=protocol or "1",
        )
        found.append(criterion)
    return tuple(found)


def _text(node: Node) -> str | None:
    """The text of a template, each tag as the value that its dictionary refers to."""
    text = node.text("text")
    if text is None:
        return None
    return plain(text, lambda tag: tag_value(node, tag)) or None


def tag_value(node: Node, tag: str) -> str | None:
    """What a tag in a text stands for; None where its dictionary does not tell."""
    dictionary = node.referred("dictionaryId", "SyntaxTemplateDictionary")
    if dictionary is None:
        return None
    known = node.graph.tags
    if dictionary.id not in known:
        maps = ((m.text("tag"), m.text("reference")) for m in dictionary.nodes("parameterMaps"))
        known[dictionary.id] = {name: to for name, to in maps if name and to}
    reference = known[dictionary.id].get(tag)
    return referenced_text(node.graph, reference) if reference is not None else None


def _objectives(node: Node) -> tuple[Objective, ...]:
    found = []
    for one in node.nodes("objectives"):
        text = _text(one)
        level = _word(one, "level", "objectives.*.type")
        if text is not None and stated(text):
            found.append(Objective(cast("Any", level), text))
    return tuple(found)


def _outcomes(node: Node) -> tuple[Outcome, ...]:
    found = []
    for objective in node.nodes("objectives"):
        for one in objective.nodes("endpoints"):
            measure, time_frame = _measured(one)
            level = _word(one, "level", "outcomes.*.type")
            outcome = Outcome(cast("Any", level), measure, time_frame, one.text("description"))
            found.append(outcome)
    return tuple(found)


def _measured(endpoint: Node) -> tuple[str, str | None]:
    """What is measured and when: the label is the first part of the text, if it tells both."""
    text = stated(_text(endpoint)) or ""
    label = endpoint.text("label")
    start = f"{label}{TIME_FRAME}"
    if label and text.startswith(start) and text.endswith("]"):
        return label, text[len(start) : -1]
    return text or label or stated(endpoint.text("name")) or "", None

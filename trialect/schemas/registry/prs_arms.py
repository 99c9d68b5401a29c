"""Arms and interventions of a PRS record: references both ways, numbers, model, allocation."""

from __future__ import annotations

from collections import Counter

from trialect.problems import Rule, rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.nodes import Node

ARM_UNKNOWN = rule(
    "PRS-ARM-UNKNOWN",
    "error",
    "An intervention names an arm that is not there",
    "The intervention {intervention} belongs to the arm {value}, which is no arm of the study.",
    "Use the title of an arm as it stands there.",
    "PRS definitions 8, Arm or Group/Intervention Cross-Reference",
)
ARM_WITHOUT = rule(
    "PRS-ARM-WITHOUT",
    "error",
    "An arm has no intervention",
    "No intervention belongs to the arm {value}, which is {type}.",
    "Say which interventions its participants get, or that it has none (No Intervention).",
    "PRS definitions 8, Arm or Group/Intervention Cross-Reference",
)
ARM_NO_INTERVENTION = rule(
    "PRS-ARM-NO-INTERVENTION",
    "warning",
    "An arm without intervention has one",
    "The arm {value} is No Intervention, and {intervention} belongs to it.",
    "Correct the type of the arm, or what belongs to it.",
    "PRS definitions 8, Arm Type",
)
INTERVENTION_WITHOUT = rule(
    "PRS-INTERVENTION-WITHOUT",
    "error",
    "An intervention belongs to no arm",
    "The intervention {value} belongs to no arm.",
    "Say to which arms it belongs.",
    "PRS definitions 8, Arm or Group/Intervention Cross-Reference",
)
ARM_COUNT = rule(
    "PRS-ARM-COUNT",
    "error",
    "The number of arms is not the number said",
    "{name} is {value}, and there are {count} arms or groups.",
    "Correct the number, or complete the list.",
    "PRS definitions 7, Number of Arms",
)
ARM_MODEL = rule(
    "PRS-ARM-MODEL",
    "warning",
    "The number of arms does not fit the study model",
    "The model is {value}, and there {are}.",
    "Correct the model, or complete the list of arms.",
    "PRS definitions 7, Interventional Study Model",
)
ALLOCATION = rule(
    "PRS-ALLOCATION",
    "warning",
    "The allocation does not fit the number of arms",
    "The allocation is {value}, and there {are}.",
    "N/A is for trials with a single arm; others are randomized or not.",
    "PRS definitions 7, Allocation",
)
ARM_TWICE = rule(
    "PRS-ARM-TWICE",
    "error",
    "Two arms have one title",
    "The arm {value} stands {count} times.",
    "Give each its own title: interventions name it.",
    "PRS definitions 8, Arm Title",
)
INTERVENTION_TWICE = rule(
    "PRS-INTERVENTION-TWICE",
    "warning",
    "Two interventions have one name",
    "The intervention {value} stands {count} times.",
    "Give each its own name, or name its arms once.",
    "PRS definitions 8, Interventions",
)

DESIGN = "study_design/interventional_design"
GROUPS = "study_design/observational_design/number_of_groups"


def check_arms(study: Node, where: Where, asked: Asked) -> None:
    """References between arms and interventions, and what their number has to fit.

    With one arm nothing need be said of what belongs to it.
    """
    if not study.parts:
        return
    arms = study.all("arm_group")
    interventions = study.all("intervention")
    _duplicates(arms, "arm_group_label", ARM_TWICE, where, asked)
    _duplicates(interventions, "intervention_name", INTERVENTION_TWICE, where, asked)
    has: dict[str, str] = {}
    labels = {one.said("arm_group_label") for one in arms}
    is_whole = bool(arms) or not asked.is_partial
    for number, one in enumerate(interventions, 1):
        name = one.said("intervention_name")
        belongs = [part for part in one.all("arm_group_label") if part.text.strip()]
        for place, part in enumerate(belongs, 1):
            label = part.text.strip()
            if label in labels:
                has.setdefault(label, name)
            elif is_whole:
                at = step(step(where, "intervention", number, one.fact), part.name, place)
                asked.tell(ARM_UNKNOWN, part, at, intervention=name, value=label)
        if len(arms) > 1 and not belongs and "interventional" in asked.facts:
            at = step(where, "intervention", number, one.fact)
            asked.tell(INTERVENTION_WITHOUT, one, at, value=name)
    if "interventional" not in asked.facts:
        _count(study.at(GROUPS), len(arms), where, asked)
        return
    for number, one in enumerate(arms, 1):
        label, type_ = one.said("arm_group_label"), one.said("arm_type")
        at = step(where, "arm_group", number, one.fact)
        if type_ == "No Intervention":
            if label in has:
                asked.tell(ARM_NO_INTERVENTION, one, at, value=label, intervention=has[label])
        elif len(arms) > 1 and label not in has and (interventions or not asked.is_partial):
            shown = f"of the type {type_}" if type_ else "of no type"
            asked.tell(ARM_WITHOUT, one, at, value=label, type=shown)
    _model(study, len(arms), where, asked)


def _model(study: Node, count: int, where: Where, asked: Asked) -> None:
    _count(study.at(f"{DESIGN}/number_of_arms"), count, where, asked)
    if not count:
        return
    are = "is one arm" if count == 1 else f"are {count} arms"
    model, allocation = study.said(f"{DESIGN}/assignment"), study.said(f"{DESIGN}/allocation")
    place = step(step(where, "study_design"), "interventional_design")
    single = model == "Single Group Assignment"
    if (single and count > 1) or (model in _SEVERAL and count == 1):
        asked.tell(ARM_MODEL, study, step(place, "assignment"), value=model, are=are)
    if (allocation == "N/A" and count > 1) or (allocation == "Randomized" and count == 1):
        asked.tell(ALLOCATION, study, step(place, "allocation"), value=allocation, are=are)


_SEVERAL = ("Parallel Assignment", "Factorial Assignment")


def _count(node: Node | None, count: int, where: Where, asked: Asked) -> None:
    if node is None or (asked.is_partial and not count):
        return
    text = node.text.strip()
    if text.isascii() and text.isdigit() and count and int(text[:9]) != count:
        around = (
            "interventional_design" if node.name == "number_of_arms" else "observational_design"
        )
        at = step(step(step(where, "study_design"), around), node.name)
        asked.tell(ARM_COUNT, node, at, name=node.name, value=text[:9], count=count)


def _duplicates(nodes: list[Node], name: str, twice: Rule, where: Where, asked: Asked) -> None:
    texts = [one.said(name) for one in nodes]
    if len(set(texts)) == len(texts):
        return
    seen: Counter[str] = Counter()
    for number, (one, text) in enumerate(zip(nodes, texts, strict=True), 1):
        seen[text] += 1
        if text and seen[text] == 2:
            at = step(step(where, one.name, number, one.fact), name)
            asked.tell(twice, one, at, value=text, count=texts.count(text))

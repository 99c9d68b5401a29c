"""What is done and measured: arms, interventions, outcomes, objectives."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir import plan_definition
from trialect.mappings.fhir import research_study as written
from trialect.mappings.fhir.to_study.values import (
    Json,
    extension_text,
    extension_texts,
    first_of,
    object_of,
    objects_of,
    text_of,
    word_of,
    words_of,
)
from trialect.protocol import Arm, Intervention, Objective, Outcome


def arms(one: Json, plan: Json) -> Iterator[Arm]:
    """The arms, with the codes and interventions that the PlanDefinition tells."""
    done: dict[str, tuple[str, ...]] = {}
    for action in objects_of(plan.get("action")):
        coding = first_of(object_of(first_of(action.get("code"))).get("coding"))
        if (text_of(coding.get("system")) or "").endswith("/arm"):
            code = text_of(coding.get("code")) or ""
            done[code] = extension_texts(action, plan_definition.INTERVENTION)
    codes = list(done)
    for place, arm in enumerate(objects_of(one.get("comparisonGroup"))):
        code = codes[place] if place < len(codes) else text_of(arm.get("linkId")) or f"A{place + 1}"
        yield Arm(
            code,
            text_of(arm.get("name")) or "",
            word_of(arm.get("type"), "arm_type"),
            text_of(arm.get("description")),
            done.get(code, ()),
        )


def interventions(one: Json, plan: Json) -> Iterator[Intervention]:
    """The interventions of the PlanDefinition, else what the study's focus names."""
    listed = [
        action
        for action in objects_of(plan.get("action"))
        if action.get("title") == plan_definition.INTERVENTIONS and "code" not in action
    ]
    if listed:
        for action in objects_of(listed[0].get("action")):
            yield Intervention(
                text_of(action.get("title")) or "",
                words_of(first_of(action.get("code"))),
                text_of(action.get("description")),
                other_names=extension_texts(action, plan_definition.OTHER_NAME),
                arms=extension_texts(action, plan_definition.ARM),
            )
        return
    for focus in objects_of(one.get("focus")):
        name = words_of(focus.get("concept", focus))
        if name:
            yield Intervention(name)


def outcomes(one: Json) -> Iterator[Outcome]:
    """The outcome measures."""
    for measure in objects_of(one.get("outcomeMeasure")):
        frame = extension_text(measure, written.TIME_FRAME)
        description = text_of(measure.get("description"))
        # R5 has it in brackets behind the description too.
        if frame and description and description.endswith(f"[{frame}]"):
            description = description.removesuffix(f"[{frame}]").removesuffix(" ") or None
        kind = word_of(first_of(measure.get("type")) or measure.get("type"), "objective")
        yield Outcome(kind, text_of(measure.get("name")) or "", frame, description)  # type: ignore[arg-type]


def objectives(one: Json) -> Iterator[Objective]:
    """The objectives."""
    for aim in objects_of(one.get("objective")):
        kind = word_of(aim.get("type"), "objective")
        kind = "EXPLORATORY" if kind == "OTHER" else kind
        yield Objective(kind, text_of(aim.get("name")) or "")  # type: ignore[arg-type]

"""The epochs, elements and visits of a study design of USDM as those of a Study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trialect.mappings.registry.usdm.graph import Node, in_order
from trialect.mappings.registry.usdm.study_schedule import ANCHOR_DAY
from trialect.mappings.registry.usdm.terms import word
from trialect.mappings.registry.usdm.usdm_version import stated
from trialect.protocol import ArmElement, Element, Visit

LONGEST_ETCD = 8
INSTANCE = "ScheduledActivityInstance"

_DURATION = re.compile(
    r"P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:[0-9]+S)?)?"
)


@dataclass(frozen=True, slots=True)
class Cells:
    """What each arm has, epoch by epoch; `elements` are ETCDs by the id of the element."""

    elements: Mapping[str | None, str]
    epochs: Mapping[str | None, str]
    cells: Mapping[tuple[str | None, str | None], list[Node]]

    def of_arm(self, id: str | None) -> tuple[tuple[ArmElement, ...], set[str]]:
        """The elements of an arm in order, and the ids of the interventions given in them."""
        found: list[ArmElement] = []
        treatments: set[str] = set()
        for epoch in self.epochs if id is not None else ():
            for cell in self.cells.get((id, epoch), ()):
                for one in cell.all_referred("elementIds", "StudyElement"):
                    if one.id in self.elements:
                        found.append(ArmElement(self.elements[one.id], self.epochs[epoch]))
                    treatments.update(one.texts("studyInterventionIds"))
        return tuple(found), treatments


def cells_of(design: Node) -> Cells:
    """The cells of a study design."""
    epochs = {one.id: stated(one.text("name")) or "" for one in in_order(design.nodes("epochs"))}
    cells: dict[tuple[str | None, str | None], list[Node]] = {}
    for one in design.nodes("studyCells"):
        cells.setdefault((one.text("armId"), one.text("epochId")), []).append(one)
    return Cells(_codes(design), epochs, cells)


def _codes(design: Node) -> dict[str | None, str]:
    found: dict[str | None, str] = {}
    taken: set[str] = set()
    for number, one in enumerate(design.nodes("elements"), 1):
        name = one.text("name") or ""
        fits = name and len(name) <= LONGEST_ETCD and name.isascii()
        found[one.id] = name if fits and name not in taken else f"E{number}"
        taken.add(found[one.id])
    return found


def schedule_facts(design: Node) -> dict[str, Any]:
    """Elements and visits, by the Study's fields."""
    codes = _codes(design)
    elements = tuple(
        Element(
            code=codes[one.id],
            name=_element_name(one),
            start_rule=_rule(one, "transitionStartRule") or "",
            end_rule=_rule(one, "transitionEndRule"),
        )
        for one in design.nodes("elements")
    )
    return {"elements": elements, "visits": _visits(design)}


def _element_name(node: Node) -> str:
    """The label; of an element without one the description, where the name is but its code."""
    name = node.text("name") or ""
    is_code = len(name) <= LONGEST_ETCD
    return stated(node.text("label") or (is_code and node.text("description")) or name) or ""


def _rule(node: Node, name: str) -> str | None:
    rule = node.node(name)
    return stated(rule.text("text")) if rule is not None else None


def _visits(design: Node) -> tuple[Visit, ...]:
    timelines = design.nodes("scheduleTimelines")
    main = next((one for one in timelines if one.flag("mainTimeline")), None)
    scheduled: dict[str, Node] = {}
    for one in main.nodes("instances") if main is not None else []:
        encounter = one.text("encounterId")
        if one.type == INSTANCE and encounter is not None:
            scheduled.setdefault(encounter, one)
    days = planned_days(main) if main is not None else {}
    epochs = {one.id: stated(one.text("name")) for one in design.nodes("epochs")}
    found = []
    for number, one in enumerate(in_order(design.nodes("encounters")), 1):
        instance = scheduled.get(one.id or "")
        visit = Visit(
            num=float(number),
            name=stated(one.called) or "",
            day=days.get(instance.id) if instance is not None else None,
            start_rule=_rule(one, "transitionStartRule") or "",
            end_rule=_rule(one, "transitionEndRule"),
            epoch=epochs.get(instance.text("epochId")) if instance is not None else None,
        )
        found.append(visit)
    return tuple(found)


def planned_days(timeline: Node) -> dict[str | None, int]:
    """The study day of each instance, counted from the timeline's first fixed reference (day 1).

    Only durations of whole days and weeks count; an instance that is placed by other ones only,
    or in a circle, has none.
    """
    placed: dict[str | None, tuple[str | None, int]] = {}
    anchor: str | None = None
    for one in timeline.nodes("timings"):
        at = one.text("relativeFromScheduledInstanceId")
        kind = _kind(one)
        if kind == "FIXED":
            anchor = anchor or at
        elif at is not None and (days := whole_days(one.text("value"))) is not None:
            sign = -1 if kind == "BEFORE" else 1
            if kind in ("AFTER", "BEFORE") and at not in placed:
                placed[at] = (one.text("relativeToScheduledInstanceId"), sign * days)
    found: dict[str | None, int] = {}
    for at in [anchor, *placed] if anchor is not None else []:
        offset = _offset(at, anchor, placed)
        if offset is not None:
            found[at] = offset + ANCHOR_DAY if offset >= 0 else offset
    return found


def _kind(timing: Node) -> str | None:
    code = timing.coding("type")
    return word("schedule", code.code, code.system, code.decode) if code is not None else None


def _offset(
    instance: str | None, anchor: str | None, placed: Mapping[str | None, tuple[str | None, int]]
) -> int | None:
    days = 0
    for _ in range(len(placed) + 1):
        if instance == anchor:
            return days
        if instance not in placed:
            return None
        instance, step = placed[instance]
        days += step
    return None


def whole_days(duration: str | None) -> int | None:
    """The days of an ISO 8601 duration, where they are whole: years and months are not."""
    found = _DURATION.fullmatch(duration or "")
    if found is None or len(duration or "") > 20 or duration in ("P", "PT"):
        return None
    weeks, days, hours, minutes = (int(one or 0) for one in found.groups())
    if (hours * 60 + minutes) % 1440 or (duration or "").endswith("S"):
        return None
    return weeks * 7 + days + (hours * 60 + minutes) // 1440

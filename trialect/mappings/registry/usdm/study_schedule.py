"""A Study's epochs, elements and visits as USDM's cells, encounters and main timeline."""

from __future__ import annotations

from itertools import pairwise

from trialect.mappings.registry.usdm.instances import Instance, Instances, chained
from trialect.mappings.registry.usdm.terms import NOT_STATED, coding, epoch_coding
from trialect.protocol import Element, Visit
from trialect.trial import Study

ANCHOR_DAY = 1
"""The study day (--DY) on which the timeline's fixed reference stands."""


class Schedule:
    """What of a study design is in time; `arms` are the instances of the study's arms."""

    def __init__(
        self,
        study: Study,
        make: Instances,
        arms: list[Instance],
        treatments: dict[str, Instance],
    ) -> None:
        self.study = study
        self.make = make
        self.treatments = treatments
        self.epochs: list[Instance] = []
        self.elements: list[Instance] = []
        self.cells: list[Instance] = []
        self.encounters: list[Instance] = []
        self.timelines: list[Instance] = []
        self._epochs: dict[str, Instance] = {}
        if study.elements or study.epochs:
            self._planned(arms)
        elif arms:
            self._unplanned(arms)
        self._visits()
        chained(self.epochs)

    def _epoch(self, name: str) -> Instance:
        found = self._epochs.get(name)
        if found is None:
            kind = self.make.code_or_unknown(epoch_coding(name), "StudyEpoch.type")
            found = self.make.named("StudyEpoch", name or NOT_STATED, type=kind)
            self._epochs[name] = found
            self.epochs.append(found)
        return found

    def _planned(self, arms: list[Instance]) -> None:
        for name in self.study.epochs:
            self._epoch(name)
        codes: dict[str, Instance] = {}
        for one in self.study.elements:
            codes.setdefault(one.code, self._element(one))
        for arm, made in zip(self.study.arms, arms, strict=True):
            parts: dict[str, list[str]] = {}
            for place in arm.elements:
                if place.element in codes:
                    parts.setdefault(place.epoch, []).append(codes[place.element]["id"])
            for epoch, ids in parts.items():
                self._cell(made, self._epoch(epoch), ids)

    def _element(self, element: Element) -> Instance:
        make = self.make
        made = make.named(
            "StudyElement",
            element.code or NOT_STATED,
            element.name or None,
            transitionStartRule=self._rule("Start of element", element.start_rule),
            transitionEndRule=self._rule("End of element", element.end_rule),
            studyInterventionIds=self._given_in(element.code) or None,
        )
        self.elements.append(made)
        return made

    def _rule(self, name: str, text: str | None) -> Instance | None:
        return self.make.named("TransitionRule", name, text=text) if text else None

    def _given_in(self, element: str) -> list[str]:
        """Interventions of a treatment element: those of its arms, where there is no other one."""
        given: list[tuple[str, ...]] = []
        for arm in self.study.arms:
            codes = {one.element for one in arm.elements if "TREATMENT" in one.epoch.upper()}
            if element in codes:
                given.append(arm.interventions if len(codes) == 1 else ())
        if not given or any(one != given[0] for one in given):
            return []
        return [self.treatments[name]["id"] for name in given[0] if name in self.treatments]

    def _cell(self, arm: Instance, epoch: Instance, elements: list[str]) -> None:
        cell = self.make.make(
            "StudyCell", armId=arm["id"], epochId=epoch["id"], elementIds=elements
        )
        self.cells.append(cell)

    def _unplanned(self, arms: list[Instance]) -> None:
        """One epoch with an element for each arm, by which USDM says what an arm is given."""
        self.make.not_stated += ["StudyEpoch.name", "StudyElement.name"]
        is_trial = self.study.design.type == "INTERVENTIONAL"
        epoch = self._epoch("TREATMENT" if is_trial else "OBSERVATION")
        for arm, made in zip(self.study.arms, arms, strict=True):
            ids = [self.treatments[n]["id"] for n in arm.interventions if n in self.treatments]
            element = self.make.named(
                "StudyElement", made["name"], made["label"], studyInterventionIds=ids or None
            )
            self.elements.append(element)
            self._cell(made, epoch, [element["id"]])

    def _visits(self) -> None:
        visits = self.study.visits
        if not visits:
            return
        make = self.make
        timeline = make.named(
            "ScheduleTimeline", "Main timeline", mainTimeline=True, entryCondition=NOT_STATED
        )
        make.not_stated.append("ScheduleTimeline.entryCondition")
        self.encounters = [self._encounter(one) for one in visits]
        instances = [
            make.named(
                "ScheduledActivityInstance",
                one.name or NOT_STATED,
                epochId=self._epoch(one.epoch)["id"] if one.epoch else None,
                encounterId=encounter["id"],
            )
            for one, encounter in zip(visits, self.encounters, strict=True)
        ]
        days = [one.day for one in visits]
        anchor = next((i for i, day in enumerate(days) if day == ANCHOR_DAY), None)
        if anchor is None:
            anchor = next((i for i, day in enumerate(days) if day and day > 1), len(days))
            instances.insert(anchor, make.named("ScheduledActivityInstance", "Day 1"))
            days.insert(anchor, ANCHOR_DAY)
        exit_ = make.make("ScheduleTimelineExit")
        for one, following in pairwise(instances):
            one["defaultConditionId"] = following["id"]
        instances[-1]["timelineExitId"] = exit_["id"]
        timeline["entryId"] = instances[0]["id"]
        timeline["exits"] = [exit_]
        timeline["timings"] = [
            self._timing(one, day, instances[anchor])
            for one, day in zip(instances, days, strict=True)
            if day is not None
        ]
        timeline["instances"] = instances
        self._schedule_encounters(timeline)
        chained(self.encounters)
        self.timelines = [timeline]

    def _schedule_encounters(self, timeline: Instance) -> None:
        encounters = {one["id"]: one for one in self.encounters}
        at = {one["relativeFromScheduledInstanceId"]: one["id"] for one in timeline["timings"]}
        for one in timeline["instances"]:
            if one["id"] in at and one["encounterId"] in encounters:
                encounters[one["encounterId"]]["scheduledAtId"] = at[one["id"]]

    def _encounter(self, visit: Visit) -> Instance:
        return self.make.named(
            "Encounter",
            visit.name or NOT_STATED,
            type=self.make.code(coding("schedule", "VISIT")),
            transitionStartRule=self._rule("Start of visit", visit.start_rule),
            transitionEndRule=self._rule("End of visit", visit.end_rule),
        )

    def _timing(self, instance: Instance, day: int, anchor: Instance) -> Instance:
        """When an instance is, by whole days from the fixed reference (there is no day 0)."""
        make = self.make
        days = day - ANCHOR_DAY if day > 0 else day
        is_anchor = instance is anchor
        kind = "FIXED" if is_anchor else "AFTER" if days >= 0 else "BEFORE"
        return make.named(
            "Timing",
            f"Day {day}",
            type=make.code(coding("schedule", kind)),
            value=f"P{abs(days)}D",
            valueLabel=f"Day {day}",
            relativeToFrom=make.code(coding("schedule", "START_TO_START")),
            relativeFromScheduledInstanceId=instance["id"],
            relativeToScheduledInstanceId=anchor["id"],
        )

"""Rules of a study design of USDM: objectives, time, cells, populations (CORE, DDF000nn)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from trialect.problems import Problem, rule
from trialect.schemas.registry.usdm_asking import (
    DESIGNS,
    check,
    code_of,
    list_of,
    text_of,
    texts_of,
)
from trialect.schemas.registry.usdm_structure import Walked

POPULATIONS = ("StudyDesignPopulation", "StudyCohort")
PRIMARY_OBJECTIVE = "C85826"
PRIMARY_ENDPOINT = "C94496"
FIXED_REFERENCE = "C201358"
OPEN_LABEL = "C49659"
DOUBLE_BLIND = "C15228"
OBSERVATIONAL_TYPES = ("C16084", "C129000")

CONTRARY = (("C217006", "C217007"), ("C217004", "C217005"))
"""Characteristics that exclude each other: one and several countries, one and several centres."""


PRIMARY = rule(
    "USDM-PRIMARY",
    "warning",
    "A design does not have one primary objective with a primary endpoint",
    "The design has {count} {value}.",
    "Give it one primary objective (C85826) that holds its primary endpoints (C94496).",
    "DDF00041; DDF00084; DDF00096",
)


@check
def one_primary_objective(walked: Walked) -> Iterator[Problem]:
    """One primary objective, which has the primary endpoints."""
    for design in walked.of(*DESIGNS):
        objectives = list(walked.within(design, "Objective"))
        primary = [one for one in objectives if code_of(one.get("level")) == PRIMARY_OBJECTIVE]
        endpoints = [
            one
            for one in walked.within(design, "Endpoint")
            if code_of(one.get("level")) == PRIMARY_ENDPOINT
        ]
        within = [one for o in primary for one in walked.within(o, "Endpoint")]
        outside = len(endpoints) - sum(one in within for one in endpoints)
        given = {"path": f"{design.path}.objectives"}
        if len(primary) != 1:
            yield PRIMARY.problem(value="primary objectives", count=len(primary), **given)
        if not endpoints:
            yield PRIMARY.problem(value="primary endpoints", count=0, **given)
        elif outside:
            what = "primary endpoints outside of a primary objective"
            yield PRIMARY.problem(value=what, count=outside, **given)


TIMELINE = rule(
    "USDM-TIMELINE",
    "warning",
    "A design's main timeline does not stand as it should",
    "{value}.",
    "Give the design one main timeline, with an anchor (Fixed Reference) and an exit.",
    "DDF00009; DDF00012; DDF00037; DDF00108",
)


@check
def timelines(walked: Walked) -> Iterator[Problem]:
    """One main timeline in a design; an anchor and an exit in each timeline."""
    for design in walked.of(*DESIGNS):
        found = list(walked.within(design, "ScheduleTimeline"))
        main = sum(one.get("mainTimeline") is True for one in found)
        if main != 1:
            path = f"{design.path}.scheduleTimelines"
            yield TIMELINE.problem(path=path, value=f"The design has {main} main timelines")
        for one in found:
            kinds = {code_of(timing.get("type")) for timing in walked.within(one, "Timing")}
            if FIXED_REFERENCE not in kinds:
                yield TIMELINE.problem(path=one.path, value="The timeline has no anchor")
            instances = walked.within(one, "ScheduledActivityInstance")
            if not any(text_of(instance, "timelineExitId") for instance in instances):
                said = "No instance of the timeline leads to an exit"
                yield TIMELINE.problem(path=one.path, value=said)


NO_DURATION = rule(
    "USDM-DURATION",
    "error",
    "A duration of a timing is none",
    "{value!r} is no duration of ISO 8601 that is not negative.",
    "Write it as P2W, P14D or PT30M.",
    "DDF00060; DDF00061; DDF00062",
)
HALF_WINDOW = rule(
    "USDM-WINDOW",
    "warning",
    "A window of a timing is said in part",
    "The timing has {value} and not the whole window.",
    "Say windowLower, windowUpper and windowLabel, or none of them.",
    "DDF00006",
)

_DURATION = re.compile(
    r"P(?=[0-9T])([0-9]+(\.[0-9]+)?Y)?([0-9]+(\.[0-9]+)?M)?([0-9]+(\.[0-9]+)?W)?([0-9]+(\.[0-9]+)?D)?"
    r"(T(?=[0-9])([0-9]+(\.[0-9]+)?H)?([0-9]+(\.[0-9]+)?M)?([0-9]+(\.[0-9]+)?S)?)?"
)


@check
def durations_of_timings(walked: Walked) -> Iterator[Problem]:
    """Values and windows are durations; a window is whole or not there."""
    for timing in walked.of("Timing"):
        for name in ("value", "windowLower", "windowUpper"):
            text = text_of(timing, name)
            if text is not None and (len(text) > 60 or not _DURATION.fullmatch(text)):
                yield NO_DURATION.problem(path=f"{timing.path}.{name}", value=text)
        said = [n for n in ("windowLower", "windowUpper", "windowLabel") if text_of(timing, n)]
        if said and len(said) != 3:
            yield HALF_WINDOW.problem(path=timing.path, value=" and ".join(said))


CELLS = rule(
    "USDM-CELLS",
    "warning",
    "The cells of a design are not one for each arm and epoch",
    "Arm {value} has {count} cells for {epoch}.",
    "Give each arm one cell for each epoch.",
    "DDF00069; DDF00243",
)
UNUSED_ELEMENT = rule(
    "USDM-ELEMENT-UNUSED",
    "warning",
    "An element is in no cell",
    "No cell refers to the element {value}.",
    "Name it in a cell, or take it out.",
    "DDF00040",
)


@check
def cells_of_designs(walked: Walked) -> Iterator[Problem]:
    """A cell for each arm and epoch; each element in one."""
    for design in walked.of(*DESIGNS):
        cells = list(walked.within(design, "StudyCell"))
        counts: dict[str | None, Counter[str | None]] = defaultdict(Counter)
        for one in cells:
            counts[text_of(one, "armId")][text_of(one, "epochId")] += 1
        epochs = {one.id: text_of(one, "name") for one in walked.within(design, "StudyEpoch")}
        for arm in walked.within(design, "StudyArm"):
            those = counts[arm.id]
            given = {"path": f"{design.path}.studyCells", "value": text_of(arm, "name")}
            if none := [name for epoch, name in epochs.items() if epoch not in those]:
                yield CELLS.problem(count="no", epoch=_listed(none), **given)
            if several := [name for epoch, name in epochs.items() if those[epoch] > 1]:
                yield CELLS.problem(count="several", epoch=_listed(several), **given)
        used = {one for cell in cells for one in texts_of(cell, "elementIds")}
        for element in walked.within(design, "StudyElement"):
            if element.id not in used:
                called = text_of(element, "name")
                yield UNUSED_ELEMENT.problem(path=element.path, value=called)


def _listed(names: list[str | None]) -> str:
    shown = ", ".join(name or "an epoch without a name" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


RANGE = rule(
    "USDM-RANGE",
    "error",
    "A range's ends do not fit each other",
    "The range goes from {low} to {high} {value}.",
    "Let the first end be the smaller one, and give both a unit or none.",
    "DDF00241; DDF00242",
)


@check
def ends_of_ranges(walked: Walked) -> Iterator[Problem]:
    """Both with a unit or none; where that is the same, the first is not the larger one."""
    for one in walked.of("Range"):
        ends = [one.get("minValue"), one.get("maxValue")]
        if not all(isinstance(end, dict) for end in ends):
            continue
        low, high = (end.get("value") for end in ends)
        units = [code_of(end.get("unit")) for end in ends]
        numbers = all(
            isinstance(end, (int, float)) and not isinstance(end, bool) for end in (low, high)
        )
        if (units[0] is None) != (units[1] is None):
            said = "with a unit at one end alone"
            yield RANGE.problem(path=one.path, low=low, high=high, value=said)
        elif numbers and units[0] == units[1] and low > high:
            yield RANGE.problem(path=one.path, low=low, high=high, value="in one unit")


BLINDING = rule(
    "USDM-BLINDING",
    "warning",
    "Who is masked does not fit how the design is blinded",
    "{count} roles of the design are masked; {value}.",
    "Say of each role that is masked that it is, or mend the blinding.",
    "DDF00191; DDF00192; DDF00193",
)


@check
def masked_roles(walked: Walked) -> Iterator[Problem]:
    """None of an open design, two at least of a double-blind one, one of any other."""
    for version in walked.of("StudyVersion"):
        roles: Counter[str] = Counter()
        for role in walked.within(version, "StudyRole"):
            masking = role.get("masking")
            if isinstance(masking, dict) and masking.get("isMasked") is True:
                applies = set(texts_of(role, "appliesToIds"))
                roles.update({""} if version.id in applies else applies)
        for design in walked.within(version, *DESIGNS):
            blinding = code_of(design.get("blindingSchema"))
            if blinding is None:
                continue
            masked = roles[""] + roles[design.id or ""]
            said = {OPEN_LABEL: "it is open", DOUBLE_BLIND: "double blind asks for two"}
            least = {OPEN_LABEL: 0, DOUBLE_BLIND: 2}.get(blinding, 1)
            if masked < least or (blinding == OPEN_LABEL and masked):
                text = said.get(blinding, "it is not open, which asks for one")
                yield BLINDING.problem(path=design.path, count=masked, value=text)


DESIGN_CLASS = rule(
    "USDM-DESIGN-CLASS",
    "error",
    "A design is of the class of another type of study",
    "A {value} says that its type is {code}.",
    "Write an observational study as ObservationalStudyDesign, others as Interventional.",
    "DDF00227; DDF00228",
)


@check
def classes_of_designs(walked: Walked) -> Iterator[Problem]:
    """Observational studies and registries are of their class, others of the other."""
    for design in walked.of(*DESIGNS):
        code = code_of(design.get("studyType"))
        if code is None:
            continue
        is_observational = design.of == "ObservationalStudyDesign"
        wrong = (code in OBSERVATIONAL_TYPES) != is_observational
        if wrong and (is_observational or code in OBSERVATIONAL_TYPES):
            yield DESIGN_CLASS.problem(path=design.path, value=design.of, code=code)


CONTRARY_CHARACTERISTICS = rule(
    "USDM-CONTRARY",
    "error",
    "A design has characteristics that exclude each other",
    "{value} are both said of the design.",
    "Leave one of them.",
    "DDF00154; DDF00257",
)


@check
def characteristics(walked: Walked) -> Iterator[Problem]:
    """Not one country and several, not one centre and several."""
    for design in walked.of(*DESIGNS):
        codes = {code_of(one) for one in list_of(design, "characteristics")}
        for one, other in CONTRARY:
            if one in codes and other in codes:
                path = f"{design.path}.characteristics"
                yield CONTRARY_CHARACTERISTICS.problem(path=path, value=f"{one} and {other}")


POPULATION = rule(
    "USDM-POPULATION",
    "warning",
    "What is planned of a population is not as USDM has it",
    "{value}.",
    "Give numbers of subjects no unit, and ages a range that is not approximate.",
    "DDF00042; DDF00234; DDF00235",
)
UNUSED_CRITERION = rule(
    "USDM-CRITERION-UNUSED",
    "warning",
    "A criterion is of no population, or its text is used twice",
    "The criterion {value} {what}.",
    "Name it in criterionIds of the population or of a cohort, and give it a text of its own.",
    "DDF00158; DDF00248",
)


@check
def populations(walked: Walked) -> Iterator[Problem]:
    """Numbers without units, ages not approximate, each criterion of one of them."""
    for one in walked.of(*POPULATIONS):
        for name in ("plannedEnrollmentNumber", "plannedCompletionNumber"):
            number = one.get(name)
            if isinstance(number, dict) and number.get("unit") is not None:
                yield POPULATION.problem(path=f"{one.path}.{name}", value=f"{name} has a unit")
        ages = one.get("plannedAge")
        if isinstance(ages, dict) and ages.get("isApproximate") is True:
            yield POPULATION.problem(path=f"{one.path}.plannedAge", value="The age is approximate")
    for design in walked.of(*DESIGNS):
        used = {
            name
            for one in walked.within(design, *POPULATIONS)
            for name in texts_of(one, "criterionIds")
        }
        items: set[str] = set()
        for one in walked.within(design, "EligibilityCriterion"):
            item = text_of(one, "criterionItemId")
            said = "has the text of another one" if item in items else ""
            said = said or ("" if one.id in used else "is of no population")
            if said:
                given = {"value": text_of(one, "name"), "what": said}
                yield UNUSED_CRITERION.problem(path=one.path, **given)
            if item is not None:
                items.add(item)

"""Elements of arms that a study names and does not take apart: one in an epoch of treatment.

A registry's record has arms and what is given in them. In a parallel or single group design each
subject stays in one arm, so an arm has an element of treatment; that is what can honestly be said.
When it starts and ends, what comes before and after it, the record does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from trialect.problems import Problem, rule
from trialect.protocol import Arm, ArmElement, Element
from trialect.trial import Study

PATH_UNKNOWN = rule(
    "TA-NOT-SAID",
    "warning",
    "The elements of the arms are not said",
    "TA and TE are not made: {why}.",
    "Give `elements`, and the elements of each of `arms`, in study.yaml.",
    "SDTMIG 3.4, 7.2.1, 7.2.2",
)
FROM_ARMS_ALONE = rule(
    "TA-FROM-ARMS-ALONE",
    "warning",
    "TA and TE are made of the arms' names alone",
    "TA and TE have one element an arm ({count}), in epoch TREATMENT. When it starts and ends, "
    "and what precedes and follows it, is not said.",
    "Give `elements`, and the elements of each of `arms`, in study.yaml.",
    "SDTMIG 3.4, 7.2.1, 7.2.2",
)

EPOCH = "TREATMENT"
NOT_STATED = "Not stated in the registry record"
"""TESTRL, which TE cannot lack, of an arm in which nothing is given."""

_STAYING = ("SINGLE_GROUP", "PARALLEL")
_ETCD = 8
_TESTRL = 200

Tell = Callable[[Problem], None]


def planned(study: Study, tell: Tell) -> tuple[tuple[Element, ...], tuple[Arm, ...]]:
    """The elements and the arms with theirs, as TE and TA are made of them; none if unknown."""
    if study.elements or any(arm.elements for arm in study.arms):
        return study.elements, study.arms
    why = _why_not(study)
    if why is not None:
        tell(_unknown(why))
        return (), ()
    tell(_from_arms(len(study.arms)))
    elements, arms = [], []
    for place, arm in enumerate(study.arms, start=1):
        code = arm.code if len(arm.code) <= _ETCD else f"E{place}"
        elements.append(Element(code, arm.name, _start(study, arm)))
        arms.append(replace(arm, elements=(ArmElement(code, EPOCH),)))
    return tuple(elements), tuple(arms)


@lru_cache(maxsize=100)
def _unknown(why: str) -> Problem:
    return PATH_UNKNOWN.problem(field="arms", why=why)


@lru_cache(maxsize=100)
def _from_arms(count: int) -> Problem:
    return FROM_ARMS_ALONE.problem(field="arms", count=count)


def _why_not(study: Study) -> str | None:
    design = study.design
    if design.type != "INTERVENTIONAL":
        return "only an interventional study assigns subjects to arms"
    if not study.arms:
        return "the study names no arms"
    if design.model not in _STAYING:
        model = f"in a {design.model} design" if design.model else "where no model is said"
        return f"{model} an arm may have several elements, whose order is not said"
    return None


def _start(study: Study, arm: Arm) -> str:
    """TESTRL: an element of treatment starts with what is given in it."""
    given = arm.interventions or tuple(
        one.name for one in study.interventions if arm.name in one.arms
    )
    if not given:
        return NOT_STATED
    text = f"Start of {' + '.join(given)}"
    return text if len(text) <= _TESTRL else "Start of the interventions of the arm"

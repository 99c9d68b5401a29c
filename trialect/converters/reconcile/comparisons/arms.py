"""The arms: how many, what they are called, and who is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trialect.converters.reconcile.comparison import (
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, of_record, word
from trialect.converters.reconcile.names import all_names, by_name, plain
from trialect.converters.summary import plural
from trialect.protocol import Arm
from trialect.trial import Study

THEME = "Arms"


def _name(arm: Arm) -> str:
    return arm.name or arm.code


def _of_data(sides: Sides) -> dict[str, tuple[str, str]]:
    """ARMCD and ARM of TA and DM by the plain name of the arm that the study file has for it.

    An arm is one of the study's by ARMCD, where the study file and the package have the same.
    """
    known = {arm.code: arm.name for arm in sides.study.arms}
    found: dict[str, tuple[str, str]] = {}
    for code, name in (*sides.data.design_arms, *sides.data.arms):
        key = plain(name or known.get(code, code))
        found.setdefault(key, (code, name or code))
    return found


@comparison(
    "RECONCILE-ARM-COUNT",
    THEME,
    "error",
    "The number of arms differs",
    "Add the arm that is missing, or take out the one that is not in the protocol.",
    "ClinicalTrials.gov, Number of Arms; SDTM CT, TSPARMCD NARMS; SDTMIG 3.4, 7.2.1 (TA)",
)
def number(sides: Sides) -> Iterator[Row]:
    """How many arms there are in record, study file and data."""

    def count(study: Study) -> Value | None:
        return Value(str(len(study.arms)), len(study.arms)) if study.arms else None

    arms = len(_of_data(sides))
    yield from weigh(
        "Number of arms",
        registry=of_record(sides, count),
        study=count(sides.study),
        data=Value(str(arms), arms) if arms else None,
        expected=both(sides),
        field="arms",
        domain="TA",
    )


@comparison(
    "RECONCILE-ARM",
    THEME,
    "error",
    "An arm has no counterpart of its name",
    "Call the arm the same everywhere (names are not matched by likeness), or add what is missing.",
    "ClinicalTrials.gov, Arm Title; SDTMIG 3.4, 7.2.1 (TA), DM ARM",
)
def arm_names(sides: Sides) -> Iterator[Row]:
    """Each arm by its name: label of the record, name of the study file, ARM of TA and DM."""
    record = by_name(sides.record.arms, _name) if sides.record is not None else {}
    study = by_name(sides.study.arms, _name)
    data = _of_data(sides)
    lists = {"registry": record, "study": study, "data": data}
    asked = [side for side in (*both(sides), "data") if lists[side]]
    subjects = _subjects(sides)
    for name in all_names(study, record, data):
        texts = {
            "registry": _name(record[name]) if name in record else None,
            "study": f"{_name(study[name])} ({study[name].code})" if name in study else None,
            "data": f"{data[name][1]} ({data[name][0]})" if name in data else None,
        }
        if name in data and sides.data.subjects:
            texts["data"] = f"{texts['data']}: {plural(subjects[name], 'subject')}"
        without = [side for side in asked if texts[side] is None]
        some = next(text for text in texts.values() if text)
        yield Row(
            "Arm",
            _name(study[name]) if name in study else some.split(":")[0],
            texts["registry"],
            texts["study"],
            texts["data"],
            agreement=_agreement(asked, without),
            why=_without(without) if len(asked) > 1 else "there is nothing to compare it with",
            field="arms",
            domain="DM" if name in data else None,
            variable="ARM" if name in data else None,
            odd=tuple(without),
        )


def _agreement(asked: list[str], without: list[str]) -> Agreement:
    if without:
        return Agreement.DIFFER
    return Agreement.AGREE if len(asked) > 1 else Agreement.NOT_COMPARED


def _without(sides: list[str]) -> str:
    return f"{sides_named(sides, 'has', 'have')} no arm of this name" if sides else ""


def _subjects(sides: Sides) -> Counter[str]:
    known = {arm.code: arm.name for arm in sides.study.arms}
    found: Counter[str] = Counter()
    for (code, name), count in sides.data.arms.items():
        found[plain(name or known.get(code, code))] += count
    return found


@comparison(
    "RECONCILE-ARM-TYPE",
    THEME,
    "warning",
    "The type of an arm differs",
    "Write the type of the protocol in the record and the study file.",
    "ClinicalTrials.gov, Arm Type",
)
def arm_types(sides: Sides) -> Iterator[Row]:
    """The types of arms that have a counterpart of their name."""
    if sides.record is None:
        return
    record = by_name(sides.record.arms, _name)
    for name, arm in by_name(sides.study.arms, _name).items():
        if name in record:
            yield from weigh(
                "Arm type",
                arm.name,
                registry=word(record[name].type),
                study=word(arm.type),
                expected=both(sides),
                field="arms",
            )

"""Who may take part (TI, eligibility) as a Group by description, which ResearchStudy enrols."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.protocol import Protocol, Resource
from trialect.mappings.fhir.terms import UCUM, coding, concept, loinc, values
from trialect.problems import rule
from trialect.trial import Study

TYPE = "Group"

ELIGIBILITY = "eligibility"

AGE_TEXT = rule(
    "FHIR-AGE",
    "warning",
    "An age limit that cannot be read",
    "{value!r} is no age like `18 Years`; the Group tells it as text.",
    "Write eligibility ages as a number and Years, Months, Weeks or Days.",
)

AGE = "30525-0"
"""LOINC."""

_UNITS = {"year": "a", "month": "mo", "week": "wk", "day": "d"}
_AGE = re.compile(r"(\d+) (year|month|week|day)s?", re.IGNORECASE)


def is_described(study: Study) -> bool:
    """Whether the study says who may take part."""
    told = study.eligibility
    return bool(
        study.criteria or told.minimum_age or told.maximum_age or told.sex in ("FEMALE", "MALE")
    )


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The eligible population, if the study says anything of it."""
    if is_described(protocol.study):
        yield {
            **protocol.open(TYPE, ELIGIBILITY),
            "type": "person",
            "actual": False,
            "name": f"Eligible for study {protocol.study.studyid}",
            "characteristic": [*_limits(protocol), *_criteria(protocol)],
        }


def _limits(protocol: Protocol) -> Iterator[dict[str, Any]]:
    eligibility = protocol.study.eligibility
    ages = {"low": eligibility.minimum_age, "high": eligibility.maximum_age}
    limits = {name: quantity for name, age in ages.items() if age and (quantity := _age(age))}
    for age in ages.values():
        if age and _age(age) is None:
            protocol.problems.add(
                AGE_TEXT.problem(file="study.yaml", field="eligibility", value=age)
            )
            yield _characteristic(concept("Age limit"), {"valueCodeableConcept": {"text": age}})
    if limits:
        yield _characteristic(concept("Age", [loinc(AGE)]), {"valueRange": limits})
    if eligibility.sex in ("FEMALE", "MALE"):
        gender = values("gender")[eligibility.sex[0]]
        yield _characteristic(
            concept("Sex"), {"valueCodeableConcept": concept(eligibility.sex, [gender])}
        )


def _age(text: str) -> dict[str, Any] | None:
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return None
    unit = match[2].lower()
    return {"value": int(match[1]), "unit": f"{unit}s", "system": UCUM, "code": _UNITS[unit]}


def _criteria(protocol: Protocol) -> Iterator[dict[str, Any]]:
    system = protocol.identity.code_system("criterion")
    for criterion in protocol.study.criteria:
        what = concept(criterion.text, [coding(system, criterion.code)])
        exclude = criterion.category == "EXCLUSION"
        yield _characteristic(what, {"valueBoolean": True}, exclude=exclude)


def _characteristic(
    code: dict[str, Any] | None, value: dict[str, Any], *, exclude: bool = False
) -> dict[str, Any]:
    return {"code": code, **value, "exclude": exclude}

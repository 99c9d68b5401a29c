"""Who may take part (TI, eligibility) as a Group by description, which ResearchStudy enrols."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.protocol import Protocol, Resource, without_empty
from trialect.mappings.fhir.terms import UCUM, coding, concept, loinc, values
from trialect.mappings.fhir.told_facts import told
from trialect.problems import rule
from trialect.protocol import Eligibility
from trialect.trial import Study

TYPE = "Group"

ELIGIBILITY = "eligibility"

AGE_TEXT = rule(
    "FHIR-AGE",
    "warning",
    "An age limit that cannot be read",
    "{value!r} is no age like `18 Years`; the Group tells it as text.",
    "Write eligibility ages as a number and Years, Months, Weeks, Days, Hours or Minutes.",
)

AGE = "30525-0"
"""LOINC."""

_UNITS = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min"}
_AGE = re.compile(r"(\d+) (year|month|week|day|hour|minute)s?", re.IGNORECASE | re.ASCII)


ELSEWHERE = frozenset({"minimum_age", "maximum_age", "sex", "healthy_volunteers", "criteria"})
"""What the extension of ours for eligibility does not tell: there are characteristics for it, and
the criteria as one text are Group.description of R5."""

HEADING = "criterion-group"
"""Extension of ours on a characteristic (string): the heading that the criterion stands under."""

HEALTHY = "Accepts healthy volunteers"

_NOTHING = Eligibility()


def is_described(study: Study) -> bool:
    """Whether the study says who may take part."""
    return bool(study.criteria) or study.eligibility != _NOTHING


def resources(protocol: Protocol) -> Iterator[Resource]:
    """The eligible population, if the study says anything of it."""
    if not is_described(protocol.study):
        return
    identity, eligibility = protocol.identity, protocol.study.eligibility
    found = protocol.open(TYPE, ELIGIBILITY)
    identifier = found.pop("identifier")
    extension = list(told(identity.extension(ELIGIBILITY), eligibility, ELSEWHERE))
    if eligibility.criteria:
        extension.append(as_extension(identity, "R5", "Group.description", eligibility.criteria))
    yield without_empty(
        {
            **found,
            "extension": extension,
            "identifier": identifier,
            "type": "person",
            "actual": False,
            "name": f"Eligible for study {protocol.study.studyid}".rstrip(),
            "characteristic": [*_limits(protocol), *_criteria(protocol)],
        }
    )


def _limits(protocol: Protocol) -> Iterator[dict[str, Any]]:
    eligibility = protocol.study.eligibility
    limits = {}
    for name, field in (("low", "minimum_age"), ("high", "maximum_age")):
        age = getattr(eligibility, field)
        if age and (quantity := _age(age)):
            limits[name] = quantity
        elif age:
            path = f"eligibility.{field}"
            protocol.problems.add(AGE_TEXT.problem(file="study.yaml", field=path, value=age))
            words = concept("Minimum age" if name == "low" else "Maximum age")
            yield _characteristic(words, {"valueCodeableConcept": {"text": age}})
    # Invariant rng-2: no range whose low is above its high, nor one of months and years, which
    # HAPI FHIR cannot compare.
    apart = len({one["code"] for one in limits.values()}) > 1 or _crossed(**limits)
    for ends in [{name: one} for name, one in limits.items()] if apart else [limits]:
        if ends:
            yield _characteristic(concept("Age", [loinc(AGE)]), {"valueRange": ends})
    if eligibility.sex:
        known = {"FEMALE": "F", "MALE": "M"}.get(eligibility.sex)
        gender = [values("gender")[known]] if known else []
        sex = {"valueCodeableConcept": concept(eligibility.sex, gender)}
        yield _characteristic(concept("Sex"), sex)
    if eligibility.healthy_volunteers is not None:
        healthy = {"valueBoolean": eligibility.healthy_volunteers}
        yield _characteristic(concept(HEALTHY), healthy)


def _crossed(low: dict[str, Any] | None = None, high: dict[str, Any] | None = None) -> bool:
    """Whether the limits, of one unit, contradict each other."""
    return low is not None and high is not None and int(low["value"]) > int(high["value"])


def _age(text: str) -> dict[str, Any] | None:
    match = _AGE.fullmatch(text.strip())
    # No person's age has more digits, and FHIR's numbers have an end.
    if match is None or len(match[1]) > 9:
        return None
    unit = match[2].lower()
    return {"value": int(match[1]), "unit": f"{unit}s", "system": UCUM, "code": _UNITS[unit]}


def _criteria(protocol: Protocol) -> Iterator[dict[str, Any]]:
    system = protocol.identity.code_system("criterion")
    for criterion in protocol.study.criteria:
        what = concept(criterion.text, [coding(system, criterion.code)])
        exclude = criterion.category == "EXCLUSION"
        found = _characteristic(what, {"valueBoolean": True}, exclude=exclude)
        if criterion.group:
            url = protocol.identity.extension(HEADING)
            found = {"extension": [{"url": url, "valueString": criterion.group}], **found}
        yield found


def _characteristic(
    code: dict[str, Any] | None, value: dict[str, Any], *, exclude: bool = False
) -> dict[str, Any]:
    return {"code": code, **value, "exclude": exclude}

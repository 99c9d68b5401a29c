"""A Study becomes a ClinicalTrials.gov API v2 record: the tables of `ctgov_fields`, read back.

A Study that came of a record gives that record again. One that was written by hand (it has no
`identifier`) says some facts in another place than a record does; they stand in both: its STUDYID
is the sponsor's identifier, the sponsor its organization, sites are locations, interventions
belong to the arms that name them, and criteria are one text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from trialect.mappings.registry.countries import country_name
from trialect.mappings.registry.ctgov_fields import (
    INTERVENTION_LABELS,
    INTERVENTIONAL_MODELS,
    OBSERVATIONAL_MODELS,
    PROTOCOL,
)
from trialect.mappings.registry.ctgov_odds import Odds
from trialect.mappings.registry.ctgov_record import REGISTRY
from trialect.mappings.registry.ctgov_results import RESULTS
from trialect.problems import Problem, rule
from trialect.protocol import Arm, Contact, Intervention, Outcome, Site
from trialect.registry_facts import Location, SecondaryId, StudyIdentifier
from trialect.trial import Study

_API = "ClinicalTrials.gov API v2 (https://clinicaltrials.gov/data-api/api)"

NO_WORD = rule(
    "CTGOV-WRITE-WORD",
    "warning",
    "A record's enumeration does not have the study's word",
    "{value!r} is not {expected}; it is written as it stands.",
    "Say it in the study file with a word of the list, where one fits.",
    _API,
)
TWO_COUNTS = rule(
    "CTGOV-WRITE-PLANNED",
    "warning",
    "A record has one number of enrolment",
    "A record holds the actual enrolment or the planned one; the planned {value} is not written.",
    "",
    _API,
)
NO_KIND = rule(
    "CTGOV-WRITE-OUTCOME",
    "warning",
    "A record lists outcomes by their kind",
    "Nothing says whether {value!r} is primary, secondary or another outcome; it is not written.",
    "Give its type in the study file.",
    _API,
)

Tell = Callable[[Problem], None]


def record_of(study: Study, tell: Tell) -> dict[str, Any]:
    """The record of a Study, as the API gives it; what it cannot say as it stands is told.

    Problems have the Study's dotted path as `field`. Members are those of the API's definition,
    in the order in which the site writes them; what the Study does not say is not there.
    """
    own = _own(study, tell)

    def fact_of(fact: str) -> Any:
        if fact in own:
            return own[fact]
        head, _, name = fact.partition(".")
        value = getattr(study, head)
        return getattr(value, name) if name and value is not None else value if not name else None

    odds: Odds = []
    record: dict[str, Any] = {"protocolSection": PROTOCOL.write(fact_of, odds)}
    if results := RESULTS.write(fact_of, odds):
        record["resultsSection"] = results
    for odd in odds:
        fact = _FACTS.get(odd.path[1:], odd.path[1:])
        tell(NO_WORD.problem(value=str(odd.value), expected=odd.expected, field=fact))
    for one in study.undefined:
        _put(record, one.path, orjson.loads(one.value))
    record["hasResults"] = bool(results)
    return record


def _put(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a member of the record that the API does not define; what holds it is made."""
    within: Any = record
    for step in path[:-1]:
        if isinstance(within, list):
            within = within[int(step)] if step.isdigit() and int(step) < len(within) else {}
        elif isinstance(within, dict):
            within = within.setdefault(step, {})
    if isinstance(within, dict):
        within.setdefault(path[-1], value)


_FACTS = {"@interventional_model": "design.model", "@observational_model": "design.model"}


def _own(study: Study, tell: Tell) -> dict[str, Any]:
    """The facts that a record holds in another way than a Study."""
    by_hand = study.identifier is None
    nct = study.registration(REGISTRY)
    interventional, observational = _models(study)
    count, kind = _enrolment(study, tell)
    who = study.eligibility
    return {
        "@nct": nct,
        "identifier": StudyIdentifier(study.studyid) if by_hand else study.identifier,
        "organization": study.organization or (study.sponsor if by_hand else None),
        "secondary_ids": (*study.secondary_ids, *_registrations(study, nct)),
        "@interventional_model": interventional,
        "@observational_model": observational,
        "@enrolment_count": count,
        "@enrolment_type": kind,
        "@arms": _arms(study),
        "@interventions": [_of_arms(one, study.arms) for one in study.interventions]
        if by_hand
        else study.interventions,
        **_outcomes(study, tell),
        "eligibility.criteria": who.criteria or _criteria(study),
        "locations": study.locations or tuple(map(_location, study.sites)),
    }


def _registrations(study: Study, nct: str | None) -> Iterator[SecondaryId]:
    """The trial's identifiers in other registries, where they are no secondary ids already."""
    known = {one.id for one in study.secondary_ids} | {nct}
    for one in study.registrations:
        if one.id not in known:
            yield SecondaryId(one.id, "REGISTRY", one.registry)


def _models(study: Study) -> tuple[str | None, str | None]:
    """The model among those of the type of study that has it; an unknown one by the study's."""
    model, observational = study.design.model, study.design.type == "OBSERVATIONAL"
    if model in INTERVENTIONAL_MODELS:
        observational = False
    elif model in OBSERVATIONAL_MODELS:
        observational = True
    return (None, model) if observational else (model, None)


def _enrolment(study: Study, tell: Tell) -> tuple[int | None, str | None]:
    said = study.enrolment
    if said.actual is not None:
        if said.planned is not None:
            tell(TWO_COUNTS.problem(value=said.planned, field="enrolment.planned"))
        return said.actual, "ACTUAL"
    return (said.count, None) if said.planned is None else (said.planned, "ESTIMATED")


def _arms(study: Study) -> Iterator[Arm]:
    """The arms with their interventions' names as a record has them: `Drug: Aspirin`."""
    labels: dict[str, list[Intervention]] = {}
    for one in study.interventions:
        labels.setdefault(one.name, []).append(one)
    for arm in study.arms:
        seen: Counter[str] = Counter()
        names = []
        for name in arm.interventions:
            several = labels.get(name, [])
            if len(several) > 1:
                # Of several of one name those that say that they belong to the arm, in order.
                several = [one for one in several if arm.name in one.arms] or several
            if several:
                label = INTERVENTION_LABELS.get(several[seen[name] % len(several)].type or "")
                seen[name] += 1
                names.append(f"{label}: {name}" if label else name)
            else:
                names.append(name)
        yield replace(arm, interventions=tuple(names))


def _of_arms(one: Intervention, arms: tuple[Arm, ...]) -> Intervention:
    if one.arms:
        return one
    return replace(one, arms=tuple(arm.name for arm in arms if one.name in arm.interventions))


def _outcomes(study: Study, tell: Tell) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {
        f"@outcomes.{kind}": [] for kind in ("PRIMARY", "SECONDARY", "OTHER")
    }
    for place, one in enumerate(study.outcomes):
        if one.type is None:
            tell(NO_KIND.problem(value=one.measure, field=f"outcomes.{place}.type"))
        else:
            found[f"@outcomes.{one.type}"].append(one)
    return found


def _criteria(study: Study) -> str | None:
    """The criteria under their two headings, as records have them; each an item of a list."""
    parts = []
    for category in ("INCLUSION", "EXCLUSION"):
        group: str | None = None
        lines: list[str] = []
        for one in study.criteria:
            if one.category != category:
                continue
            if one.group != group:
                group = one.group
                lines += ["", group] if group else [""]
                lines.append("")
            lines.append("* " + one.text.replace("\n", "\n  "))
        if lines:
            text = "\n".join(lines).strip("\n")
            parts.append(f"{category.title()} Criteria:\n\n{text}")
    return "\n\n".join(parts) or None


def _location(site: Site) -> Location:
    leads = Contact(site.investigator, "PRINCIPAL_INVESTIGATOR") if site.investigator else None
    return Location(
        facility=site.facility,
        city=site.city,
        country=country_name(site.country) or site.country,
        contacts=(leads,) if leads else (),
    )

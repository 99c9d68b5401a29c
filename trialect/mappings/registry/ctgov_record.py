"""A ClinicalTrials.gov API v2 record becomes a Study; what a Study cannot hold is counted.

The facts are taken as they stand, with three exceptions, each of them told: arms get codes by
their place (A1, A2, ...), since SDTM needs ARMCD and a record has none; what an arm's list calls
"Drug: X" is called X, as the intervention is; a character that no text of XML, FHIR or SDTM may
have becomes U+FFFD. What is of the wrong type is not taken, and told; the rest of the record is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.registry.ctgov_characters import cleaned, json_text
from trialect.mappings.registry.ctgov_fields import INTERVENTION_LABELS, PROTOCOL
from trialect.mappings.registry.ctgov_odds import Odd, Odds, count_leaves, odd_at, prefix, unknown
from trialect.mappings.registry.ctgov_results import RESULTS
from trialect.mappings.registry.ctgov_shapes import Module
from trialect.mappings.registry.ctgov_told import NO_RECORD, told
from trialect.problems import Problem, Unusable
from trialect.protocol import (
    Arm,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Outcome,
    Registration,
    Sponsor,
)
from trialect.registry_facts import (
    Biospecimen,
    DataSharing,
    ExpandedAccess,
    Oversight,
    Posting,
    ResponsibleParty,
    StudyIdentifier,
    Undefined,
)
from trialect.registry_results import Results
from trialect.study_options import FhirOptions
from trialect.trial import Study

REGISTRY = "ClinicalTrials.gov"

Tell = Callable[[Problem], None]

_SECTIONS = {
    *("protocolSection", "resultsSection", "annotationSection", "documentSection"),
    *("derivedSection", "hasResults"),
}
_GROUPS: dict[str, Callable[..., Any]] = {
    "biospecimen": Biospecimen,
    "data_sharing": DataSharing,
    "design": Design,
    "eligibility": Eligibility,
    "expanded_access": ExpandedAccess,
    "oversight": Oversight,
    "posting": Posting,
    "responsible": ResponsibleParty,
    "results": Results,
}
_NCT = re.compile(r"NCT[0-9]{8}")
_OUTCOME_KINDS = ("PRIMARY", "SECONDARY", "OTHER")


def study_of(
    record: Mapping[str, Any],
    tell: Tell,
    *,
    file: str | None = None,
    row: int | None = None,
    left: MutableMapping[str, int] | None = None,
    plain: bool = False,
) -> Study:
    """The Study of a record, given as the JSON decoder gives it; the record is not changed.

    `tell` gets what is wrong, with `file`, `row` (the record's place in it), the trial and the
    JSON path. `left` counts the values that the Study does not hold, by their paths with `[]` for
    any item of a list; what is missing in it is in the Study. A text that a Study must have and
    the record lacks (`sponsor.name`, `design.type`, names) is "". `sites` stay empty: a record
    has no SITEID. `plain` says that no text has a character that none may have. Raises Unusable
    where it is no v2 record, or nothing in it names the trial.
    """
    odds: Odds = []
    left = {} if left is None else left
    where = {"file": file, "row": row}
    protocol = record.get("protocolSection") if isinstance(record, dict) else None
    if not isinstance(protocol, dict):
        found = "it has none" if protocol is None else "it is none"
        raise Unusable(NO_RECORD.problem(found=found, path="protocolSection", **where))
    if not plain:
        record = cleaned(record, odds)
    facts: dict[str, Any] = {}
    before = len(odds)
    PROTOCOL.read(record["protocolSection"], facts, odds)
    prefix(odds, before, "protocolSection")
    _other_sections(record, facts, odds, left)
    trial = _nct(facts, odds)
    of_criteria: list[Problem] = []
    study = _study(facts, trial, odds, of_criteria.append)
    if not study.studyid:
        raise Unusable(
            [
                NO_RECORD.problem(
                    found="nothing names the trial: neither nctId nor orgStudyIdInfo.id",
                    path="protocolSection.identificationModule",
                    **where,
                ),
                *told(odds, left, None, where),
            ]
        )
    if record.get("hasResults") is True and study.results is None:
        left["hasResults"] = 1
    name = trial or study.studyid
    for problem in told(odds, left, name, where):
        tell(problem)
    for problem in of_criteria:
        tell(problem.at(trial=name, **where))
    return study


def _other_sections(
    record: Mapping[str, Any], facts: dict[str, Any], odds: Odds, left: MutableMapping[str, int]
) -> None:
    for name, section in record.items():
        if name == "resultsSection" and section is not None:
            before = len(odds)
            RESULTS.read(section, facts, odds)
            prefix(odds, before, "resultsSection")
            _not_held(RESULTS, section, name, left)
        elif name not in _SECTIONS:
            unknown(name, section, odds)
        elif name == "hasResults":
            if section is not True and section is not False and section is not None:
                odds.append(odd_at(".hasResults", Odd("type", section, "true or false")))
        elif name != "protocolSection":
            count_leaves(section, name, left)


def _not_held(module: Module, value: object, path: str, left: MutableMapping[str, int]) -> None:
    """Count what the API knows and no fact of a Study is."""
    if not isinstance(value, dict):
        return
    for key, field in module.fields.items():
        if key not in value:
            continue
        if field is None:
            count_leaves(value[key], f"{path}.{key}", left)
        elif isinstance(field, Module):
            _not_held(field, value[key], f"{path}.{key}", left)


def _nct(facts: dict[str, Any], odds: Odds) -> str | None:
    """The trial's identifier in the registry, where it is one: folders are named by it."""
    nct: str | None = facts.pop("@nct", None)
    if nct is not None and not _NCT.fullmatch(nct):
        expected = "NCT and eight digits"
        path = ".protocolSection.identificationModule.nctId"
        odds.append(odd_at(path, Odd("form", nct, expected)))
        return None
    return nct


def _study(facts: dict[str, Any], nct: str | None, odds: Odds, tell: Tell) -> Study:
    given: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    outcomes: tuple[Outcome, ...] = ()
    for kind in _OUTCOME_KINDS:
        outcomes += facts.pop(f"@outcomes.{kind}", ())
    interventions = [Intervention(**one) for one in facts.pop("@interventions", ())]
    arms = tuple(_arms(facts.pop("@arms", ()), interventions, odds))
    enrolment = _enrolment(facts, odds)
    model = _model(facts, odds)
    for fact, value in facts.items():
        group, dot, name = fact.partition(".")
        if dot:
            groups.setdefault(group, {})[name] = value
        else:
            given[fact] = value
    groups["design"] = {"type": "", **groups.get("design", {}), "model": model}
    for group, values in groups.items():
        given[group] = _GROUPS[group](**values)
    identifier = given.setdefault("identifier", StudyIdentifier())
    studyid = identifier.id or nct or ""
    given.setdefault("sponsor", Sponsor(""))
    given.setdefault("title", None)
    for lacking, path in (
        (not nct, "identificationModule.nctId"),
        (not given.get("brief_title"), "identificationModule.briefTitle"),
        (not given["sponsor"].name, "sponsorCollaboratorsModule.leadSponsor.name"),
        (not given["design"].type, "designModule.studyType"),
    ):
        if lacking:
            odds.append(odd_at(f".protocolSection.{path}", Odd("absent", None)))
    given["undefined"] = tuple(_undefined(odds))
    slug = re.sub(r"[^a-z0-9]+", "-", (nct or studyid).lower()).strip("-") or "study"
    return Study(
        studyid=studyid,
        registrations=(Registration(nct, REGISTRY),) if nct else (),
        outcomes=outcomes,
        interventions=tuple(interventions),
        arms=arms,
        enrolment=enrolment,
        criteria=read_criteria(facts.get("eligibility.criteria"), tell),
        fhir=FhirOptions(base=f"https://{slug}.invalid"),
        **given,
    )


def _undefined(odds: Odds) -> Iterator[Undefined]:
    """Members that the API does not define, kept for the record alone."""
    for odd in odds:
        if odd.finding == "unknown" and odd.held is not None:
            text = json_text(odd.value)
            if text is not None:
                odd.kept = True
                yield Undefined(odd.held, text)


def _arms(
    groups: tuple[dict[str, Any], ...], interventions: list[Intervention], odds: Odds
) -> Iterator[Arm]:
    known = {
        f"{INTERVENTION_LABELS.get(one.type or '')}: {one.name}": one.name for one in interventions
    }
    path = ".protocolSection.armsInterventionsModule.armGroups"
    for number, group in enumerate(groups):
        names = group.get("interventions", ())
        for place, name in enumerate(names):
            if name not in known:
                at = f"{path}[{number}].interventionNames[{place}]"
                odds.append(odd_at(at, Odd("reference", name, "interventions", kept=True)))
        called = tuple(known.get(name, name) for name in names)
        yield Arm(**{**group, "code": f"A{number + 1}", "interventions": called})
    if groups:
        odds.append(odd_at(path, Odd("codes", len(groups), kept=True)))


def _enrolment(facts: dict[str, Any], odds: Odds) -> Enrolment:
    count, kind = facts.pop("@enrolment_count", None), facts.pop("@enrolment_type", None)
    path = ".protocolSection.designModule.enrollmentInfo.type"
    if kind is not None and kind not in ("ACTUAL", "ESTIMATED"):
        for odd in odds:
            if odd.path == path:
                odd.kept = False
    elif kind is not None and count is None:
        odds.append(odd_at(path, Odd("alone", kind, "'count' beside it")))
    if kind == "ACTUAL":
        return Enrolment(actual=count)
    return Enrolment(planned=count) if kind == "ESTIMATED" else Enrolment(count=count)


def _model(facts: dict[str, Any], odds: Odds) -> str | None:
    """The model of the design, of which a Study has one for both types of study."""
    interventional: str | None = facts.pop("@interventional_model", None)
    observational: str | None = facts.pop("@observational_model", None)
    if not interventional or not observational:
        return interventional or observational
    first = facts.get("design.type") != "OBSERVATIONAL"
    name = "observationalModel" if first else "interventionModel"
    path = f".protocolSection.designModule.designInfo.{name}"
    odds.append(odd_at(path, Odd("second", observational if first else interventional)))
    return interventional if first else observational

"""Every value of every enumeration of the API has a place in each target, or a named finding.

A value is silent where writing it gives the bytes that leaving it out gives, or those of another
value, and nothing is told of the fact. A fact whose table says that it has no place at all is
named in the loss report.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from study_changer import may_be_none, whole_study, with_value, words_of
from test_places import RELEASES, THERE, studies

from trialect.converters.readers.study_words import WORDS
from trialect.converters.study_targets import STUDY_TARGETS, writer_of
from trialect.mappings.registry.places import fact_of, facts, places
from trialect.problems import Problem
from trialect.trial import Study

API = Path(__file__).resolve().parents[3] / "shared" / "standards" / "ctgov-api-v2.yaml"

CHOSEN = [fact for fact in facts() if words_of(fact)]
"""Facts that are words of a closed list."""

NO_FACT_OF_STUDY = {
    "FilterType": "of the registry's search",
    "FieldStatsType": "of the registry's search",
    "BrowseLeafRelevance": "derived by the registry",
    "MeasureParam": "of measured results, which a Study does not hold",
    "MeasureDispersionType": "of measured results",
    "OutcomeMeasureType": "of measured results",
    "ReportingStatus": "of measured results",
    "EventAssessment": "of measured results",
    "AnalysisDispersionType": "of measured results",
    "ConfidenceIntervalNumSides": "of measured results",
    "NonInferiorityType": "of measured results",
    "UnpostedEventType": "of the registry's own notes",
    "ViolationEventType": "of the registry's own notes",
}
"""Enumerations of the API that are of no fact of a Study; their values are told as left."""


SAME_AS_NOTHING = {
    ("prs", "locations.*.contacts.*.role", "CONTACT"): "a contact of no role is a contact",
}
"""Values that a target says by saying nothing else, and why."""


def writing(table: str, study: Study, fact: str) -> tuple[tuple[tuple[str, bytes], ...], bool]:
    """What a target writes, and whether it tells of the fact."""
    told: list[Problem] = []
    target = "fhir" if table in RELEASES else table
    files = tuple((one.path, one.content) for one in writer_of(target)(study, told.append))
    group = fact.split(".")[0]
    return files, any((fact_of(one.field) or "") in (fact, group) for one in told)


def silent(table: str, base: Study, fact: str) -> list[str]:
    """The values of a fact that a target says nothing of."""
    found = []
    made = {word: writing(table, with_value(base, fact, word), fact) for word in words_of(fact)}
    if may_be_none(fact):
        nothing, _ = writing(table, with_value(base, fact, None), fact)
        found += [
            f"{fact} {word} is written as if it were not there"
            for word, (files, told) in made.items()
            if files == nothing and not told and (table, fact, word) not in SAME_AS_NOTHING
        ]
    for (one, (files, told)), (other, (others, also)) in combinations(made.items(), 2):
        if files == others and not told and not also:
            found.append(f"{fact} {one} is written as {other} is")
    return found


def bases(table: str, fact: str) -> list[Study]:
    """Studies in which a fact is looked at: of each type."""
    _, _, *made = studies(RELEASES.get(table, "R4"))
    if fact.startswith("design.masked"):
        made = [replace(one, design=replace(one.design, masking="SINGLE")) for one in made]
    if fact.startswith("criteria"):
        made = [replace(one, eligibility=replace(one.eligibility, criteria=None)) for one in made]
    if fact == "design.masking":
        made = [replace(one, design=replace(one.design, masked=())) for one in made]
    return made


@pytest.mark.parametrize(
    "table", [name for name in THERE if ("fhir" if name in RELEASES else name) in STUDY_TARGETS]
)
def test_no_value_is_silent(table: str) -> None:
    found: dict[str, None] = {}
    for fact in CHOSEN:
        line = places(table).get(fact)
        if line is not None and line.how == "none":
            continue
        for base in bases(table, fact):
            found |= dict.fromkeys(silent(table, base, fact))
    assert list(found) == []


def test_the_closed_lists_are_walked() -> None:
    walked = {fact for fact in CHOSEN if fact in WORDS}
    assert walked == {path for path in WORDS if not path.startswith("outputs")}
    assert {"start.type", "outcomes.*.type", "criteria.*.category"} <= set(CHOSEN)
    assert with_value(whole_study(), "design.phases.*", "PHASE4").design.phases == ("PHASE4",)
    assert with_value(whole_study(), "arms.*.type", "OTHER").arms[0].type == "OTHER"


@pytest.mark.skipif(not API.exists(), reason="the API's description is not beside the checkout")
def test_every_enumeration_of_the_api_is_a_closed_list() -> None:
    import yaml

    schemas = yaml.safe_load(API.read_text(encoding="utf-8"))["components"]["schemas"]
    ours = [set(words_of(fact)) for fact in CHOSEN]
    models = {"InterventionalAssignment", "ObservationalModel"}
    for name, schema in schemas.items():
        if "enum" not in schema or name in NO_FACT_OF_STUDY:
            continue
        values = set(schema["enum"])
        if name == "EnrollmentType":
            assert values == {"ACTUAL", "ESTIMATED"}, "enrolment.actual and enrolment.planned"
        elif name in models:
            assert values <= set(WORDS["design.model"])
        else:
            assert values in ours, name

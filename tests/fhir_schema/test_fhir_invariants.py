"""Each invariant is broken by a case and held by the same resource without the fault."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_examples import GOOD_R5, changed, load

from trialect.problems import Severity
from trialect.schemas.fhir import check_resource
from trialect.schemas.fhir.dates import after
from trialect.schemas.fhir.fhirpath import Expressions, NotUnderstoodError
from trialect.schemas.fhir.fhirpath.items import Item
from trialect.schemas.fhir.invariants import INVARIANTS, Place
from trialect.schemas.fhir.invariants.expressions import invariants_of
from trialect.schemas.fhir.structure import EXTRA, Walk
from trialect.schemas.fhir.table import table


def is_good_in_r5(case: dict[str, Any]) -> bool:
    try:
        good = changed(case["on"], case.get("holds", {}), release="R5")
        changed(case["on"], case.get("holds", {}), case, release="R5")
    except (KeyError, IndexError):
        return False
    return check_resource(good, "R5") == []


def cases() -> list[dict[str, Any]]:
    """The cases of R4, those of R5, and those of R4 that can be carried out in R5."""
    of_r4 = [{**case, "release": "R4"} for case in load("invariants.json")]
    of_r5 = [{**case, "release": "R5"} for case in load("invariants_r5.json")]
    written = {case["key"] for case in of_r5}
    shared = [
        {**case, "release": "R5"}
        for case in of_r4
        if case["key"] in INVARIANTS["R5"].keys() - written and is_good_in_r5(case)
    ]
    return of_r4 + of_r5 + shared


CASES = cases()
IDS = [f"{case['release']} {case['key']} {number}" for number, case in enumerate(CASES)]


def broken(resource: dict[str, Any], release: str) -> list[tuple[str, str | None]]:
    return [
        (problem.message.split(":")[0], problem.path)
        for problem in check_resource(resource, release)
        if problem.rule in ("FHIR-INVARIANT", "FHIR-GUIDELINE")
    ]


def with_fault(case: dict[str, Any]) -> dict[str, Any]:
    return changed(case["on"], case.get("holds", {}), case, release=case["release"])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_invariant_fires(case: dict[str, Any]) -> None:
    found = broken(with_fault(case), case["release"])
    assert found.count((case["key"], case["path"])) == 1, found


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_invariant_is_asked_and_holds(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = case["release"]
    known = invariants_of(release)
    key = case["key"] if case["key"] in known else f"{case['key']}@{case['on']}"
    declared = known[key]
    asked: list[str] = []

    def holds(item: Any, place: Place) -> bool:
        asked.append(place.path)
        return declared.holds(item, place)

    monkeypatch.setitem(known, key, replace(declared, holds=holds))
    good = changed(case["on"], case.get("holds", {}), release=release)
    assert check_resource(good, release) == []
    assert asked


@pytest.mark.parametrize("release", INVARIANTS)
def test_each_invariant_that_a_function_checks_has_a_case(release: str) -> None:
    seeded = {case["key"] for case in CASES if case["release"] == release}
    assert INVARIANTS[release].keys() - seeded == set()


READ_OR_WRITTEN = {
    *("Patient", "Consent", "ResearchSubject", "ResearchStudy", "Encounter", "Procedure"),
    *("MedicationAdministration", "MedicationStatement", "MedicationRequest", "Medication"),
    *("Questionnaire", "QuestionnaireResponse", "Observation", "AdverseEvent", "Condition"),
    *("Organization", "Location", "Practitioner", "PractitionerRole", "PlanDefinition", "Group"),
    *("ActivityDefinition", "List", "Bundle", "Immunization", "Specimen", "Resource"),
    *("DomainResource", "DiagnosticReport"),
}
"""The resources that the product reads or writes, and what they are derived from."""

NO_CASE = {
    "dom-6": "not asked",
    "con-3": "not asked in R4",
    "dgr-1": "follows references from one resource into another that are not at hand",
    "que-1a": "asks for a status that the value set does not have",
    "ratrng-1": "RatioRange, which no resource here has",
    "ratrng-2": "RatioRange, which no resource here has",
}


@pytest.mark.parametrize("release", INVARIANTS)
def test_each_invariant_of_the_resources_read_or_written_has_a_case(release: str) -> None:
    definitions = table(release)
    keys: set[str] = set()
    for path, found in definitions.constraints.items():
        name = path.split(".")[0]
        data_type = name not in definitions.resources and name != "ElementDefinition"
        if name in READ_OR_WRITTEN or (data_type and definitions.base_of(name) != "DomainResource"):
            keys |= {key.split("@")[0] for key in found}
    seeded = {case["key"] for case in CASES if case["release"] == release}
    assert keys - seeded <= NO_CASE.keys()


@pytest.mark.parametrize("name", GOOD_R5)
def test_a_good_resource_of_r5_has_no_problem(name: str) -> None:
    assert check_resource(GOOD_R5[name], "R5") == []


@pytest.mark.parametrize("release", INVARIANTS)
def test_each_invariant_is_documented(release: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "fhir-invariants.md").read_text("utf-8")
    listed = text.split(f"## {release}")[1].split("## ")[0]
    keys = {key.split("@")[0] for key in table(release).invariants}
    assert set(re.findall(r"^\| ([a-zA-Z]+-[0-9a-z-]+) \|", listed, re.M)) == keys | set(EXTRA)


def test_each_invariant_is_one_of_the_release() -> None:
    for release, declared in INVARIANTS.items():
        assert set(declared) <= set(table(release).invariants)


def test_a_recommendation_is_a_warning() -> None:
    case = next(case for case in CASES if case["key"] == "que-0")
    (problem,) = check_resource(with_fault(case))
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2026-02-02", "2026-02-01", True),
        ("2026-02-01", "2026-02-01", False),
        ("2026", "2026-02-01", False),
        ("2027", "2026-12-31", True),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T09:00:00Z", False),
        ("2026-02-01T12:00:00+02:00", "2026-02-01T09:00:00Z", True),
        ("2026-02-01T12:00:00-02:00", "2026-02-01T13:59:59Z", True),
        ("2026-02-01T12:00:00.5Z", "2026-02-01T12:00:00.25Z", True),
        ("2026-02-01T23:59:60Z", "2026-02-02T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", True),
        ("2026-02-01", "2026-02-01T09:00:00Z", False),
        ("2026-02-02", "2026-02-01T09:00:00Z", True),
    ],
)
def test_dates_are_compared_as_far_as_they_are_known(one: str, other: str, expected: bool) -> None:
    assert after(one, other) is expected


def test_ranges_compare_decimals_and_not_floats() -> None:
    text = '{"low":{"value":0.30000000000000004},"high":{"value":0.3}}'
    item = json.loads(text, parse_float=Decimal)
    assert not INVARIANTS["R4"]["rng-2"].holds(item, Place("", {}, {}))


OTHERWISE = {
    **dict.fromkeys(
        ("ppc-2", "ppc-3", "ppc-4", "ppc-5"), "the expression asks for a system that is none"
    ),
    **dict.fromkeys(("ref-1", "bdl-8"), "of nothing the expression of R4 gives no answer"),
}
"""Invariants that a function answers otherwise than their expression, with the reason."""


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_functions_answer_as_the_expressions_of_the_definitions_do(case: dict[str, Any]) -> None:
    definitions = table(case["release"])
    expressions = Expressions(definitions)
    known = invariants_of(case["release"])
    told: list[tuple[str, str, bool, bool]] = []

    class Both(Walk):
        def _later(self, key: str, item: Any, at: str, resource: Any, type: str) -> None:
            super()._later(key, item, at, resource, type)
            if key in OTHERWISE or key not in INVARIANTS[case["release"]]:
                return
            place = Place(at, resource, self._resources[-1], type)
            later.append((key, item, place))

    for resource in (
        with_fault(case),
        changed(case["on"], case.get("holds", {}), release=case["release"]),
    ):
        later: list[tuple[str, Any, Place]] = []
        Both(definitions).resource(resource, "", None)
        for key, item, place in later:
            expression = definitions.invariants[key][2]
            try:
                expressions.compile(expression)
            except NotUnderstoodError:
                continue
            asked = Item(item, place.type)
            answer = expressions.holds(expression, asked, place.resource, place.root)
            if answer != known[key].holds(item, place):
                told.append((key, place.path, answer, not answer))
    assert told == []

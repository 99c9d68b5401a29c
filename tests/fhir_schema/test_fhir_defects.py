"""Every seeded defect is found where it is; without it the same resource has no problem."""

import json
import sys
from typing import Any

import pytest
from fhir_examples import OF_RELEASE, changed, load

from trialect.mappings.fhir.study_resources import STUDY_RESOURCES
from trialect.mappings.fhir.subject_resources import subject_resources
from trialect.problems import Problem, Severity
from trialect.schemas.fhir import (
    check_bundle,
    check_bundle_text,
    check_ndjson,
    check_resource,
    rules,
)

CASES: list[dict[str, Any]] = [
    {**case, "release": release}
    for release, name in (("R4", "defects.json"), ("R5", "defects_r5.json"))
    for case in load(name)
]
TEXT_RULES = {rules.JSON, rules.DUPLICATE_KEY}  # tests/fhir_schema/test_fhir_stream.py
# test_fhir_references.py, test_fhir_hostile.py, test_fhir_streamed.py
FILE_RULES = {
    rules.DUPLICATE_ID,
    rules.DEPTH,
    rules.SIZE,
    rules.CIRCLE,
    rules.BUNDLE_INSIDE,
}


def named(case: dict[str, Any]) -> str:
    return f"{case['release']} {case['name']}"


def spoiled(case: dict[str, Any]) -> dict[str, Any]:
    return changed(case["on"], case, release=case["release"])


def problems(resource: dict[str, Any], release: str) -> list[Problem]:
    check = check_bundle if resource.get("resourceType") == "Bundle" else check_resource
    return check(resource, release)


@pytest.mark.parametrize(("release", "name"), [(r, n) for r, of in OF_RELEASE.items() for n in of])
def test_a_good_resource_has_no_problem(release: str, name: str) -> None:
    assert [str(problem) for problem in problems(OF_RELEASE[release][name], release)] == []


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_defect_is_found_where_it_is(case: dict[str, Any]) -> None:
    found = problems(spoiled(case), case["release"])
    assert (case["rule"], case["path"]) in [(p.rule, p.path) for p in found], found
    assert all("{" not in p.message.replace("'{score}'", "") for p in found), (
        "a template was not filled"
    )
    assert all(p.mend for p in found)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_file_gives_the_same_problems_as_the_resource(case: dict[str, Any]) -> None:
    resource, release = spoiled(case), case["release"]
    text = json.dumps(resource, default=float).encode()
    if resource.get("resourceType") == "Bundle":
        assert check_bundle_text(text, release=release) == check_bundle(resource, release)
        return
    good = json.dumps(OF_RELEASE[release][case["on"]], default=float).encode()
    lines = [good] * 40 + [text]
    found = list(check_ndjson(lines, release=release))
    assert [p.at(row=None) for p in found] == check_resource(resource, release)
    assert {p.row for p in found} == {41}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_defects_are_of_many_kinds_and_on_all_types_that_are_written(release: str) -> None:
    cases = [case for case in CASES if case["release"] == release]
    assert len({case["name"] for case in cases}) == len(cases) >= 60
    written = {one.type for one in subject_resources(release)}
    written |= {sys.modules[make.__module__].TYPE for make in STUDY_RESOURCES}
    assert len(written) >= 19
    on = {OF_RELEASE[release][case["on"]]["resourceType"] for case in cases}
    assert written | {"Bundle"} <= on


def test_each_rule_has_a_defect() -> None:
    declared = {rule for rule in vars(rules).values() if hasattr(rule, "severity")}
    seeded = {case["rule"] for case in CASES}
    assert {rule.id for rule in declared - TEXT_RULES - FILE_RULES} == seeded


def test_one_defect_gives_one_problem() -> None:
    several = {
        named(case): [str(p) for p in found]
        for case in CASES
        if len(found := problems(spoiled(case), case["release"])) > 1
    }
    assert set(several) <= {
        "R4 null without a companion",
        "R4 text where a code is required",
        "R4 same condition twice",
        "R4 fullUrl twice",
        "R4 request of another type",
        "R5 type of an item missing",
        "R5 type of an item of R4",
    }, several


def test_unknown_extensions_are_no_errors() -> None:
    case = next(case for case in CASES if case["rule"] == "FHIR-EXTENSION-UNKNOWN")
    (problem,) = problems(spoiled(case), case["release"])
    assert problem.severity is Severity.WARNING
    assert "workflow-researchStudy" in problem.message

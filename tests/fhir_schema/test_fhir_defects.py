"""Every seeded defect is found where it is; without it the same resource has no problem."""

import json
from typing import Any

import pytest
from fhir_examples import GOOD, changed, load

from trialect.problems import Problem, Severity
from trialect.schemas.fhir import (
    check_bundle,
    check_bundle_text,
    check_ndjson,
    check_resource,
    rules,
)

CASES: list[dict[str, Any]] = load("defects.json")
TEXT_RULES = {rules.JSON, rules.DUPLICATE_KEY}  # tests/fhir_schema/test_fhir_stream.py
# test_fhir_references.py, test_fhir_hostile.py, test_fhir_streamed.py
FILE_RULES = {
    rules.DUPLICATE_ID,
    rules.DEPTH,
    rules.SIZE,
}


def problems(resource: dict[str, Any]) -> list[Problem]:
    check = check_bundle if resource.get("resourceType") == "Bundle" else check_resource
    return check(resource)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_resource_has_no_problem(name: str) -> None:
    assert [str(problem) for problem in problems(GOOD[name])] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_defect_is_found_where_it_is(case: dict[str, Any]) -> None:
    found = problems(changed(case["on"], case))
    assert (case["rule"], case["path"]) in [(p.rule, p.path) for p in found], found
    assert all("{" not in p.message.replace("'{score}'", "") for p in found), (
        "a template was not filled"
    )
    assert all(p.mend for p in found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_file_gives_the_same_problems_as_the_resource(case: dict[str, Any]) -> None:
    resource = changed(case["on"], case)
    text = json.dumps(resource, default=float).encode()
    if resource.get("resourceType") == "Bundle":
        assert check_bundle_text(text) == check_bundle(resource)
        return
    good = json.dumps(GOOD[case["on"]], default=float).encode()
    lines = [good] * 40 + [text]
    assert [p.at(row=None) for p in check_ndjson(lines)] == check_resource(resource)
    assert {p.row for p in check_ndjson(lines)} == {41}


def test_each_rule_has_a_defect() -> None:
    declared = {rule for rule in vars(rules).values() if hasattr(rule, "severity")}
    seeded = {case["rule"] for case in CASES}
    assert {rule.id for rule in declared - TEXT_RULES - FILE_RULES} == seeded


def test_one_defect_gives_one_problem() -> None:
    several = {
        case["name"]: [str(p) for p in problems(changed(case["on"], case))]
        for case in CASES
        if len(problems(changed(case["on"], case))) > 1
    }
    assert set(several) <= {
        "null without a companion",
        "text where a code is required",
        "same condition twice",
        "fullUrl twice",
        "request of another type",
    }, several


def test_unknown_extensions_are_no_errors() -> None:
    case = next(case for case in CASES if case["rule"] == "FHIR-EXTENSION-UNKNOWN")
    (problem,) = problems(changed(case["on"], case))
    assert problem.severity is Severity.WARNING
    assert "workflow-researchStudy" in problem.message

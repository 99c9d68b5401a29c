"""CDISC's own rules, their cases and its sample submission, where they are beside the checkout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trialect.converters.readers.xpt import open_members
from trialect.schemas.core.cases import CaseResult, find_cases, run_cases
from trialect.schemas.core.engine import RuleResult, run
from trialect.schemas.core.load import load_rules
from trialect.schemas.core.package import Dataset, Datasets, VariableFacts
from trialect.schemas.core.rule import BrokenRule, CoreRule

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
OFFICIAL = SHARED / "conformance" / "cdisc-open-rules"
PAGE = ROOT / "docs" / "core-cases.md"

# What a reason begins with when an operator met values that it did not foresee.
UNFORESEEN = re.compile(r"\w+(Error|Exception): ")


@pytest.fixture(scope="module")
def rules() -> list[CoreRule | BrokenRule]:
    if not OFFICIAL.is_dir():
        pytest.skip("CDISC's rules are not beside the checkout (shared/conformance)")
    return load_rules(OFFICIAL / "rules")


@pytest.fixture(scope="module")
def results(rules: list[CoreRule | BrokenRule]) -> list[CaseResult]:
    return list(run_cases(find_cases(OFFICIAL / "cases"), rules))


@pytest.fixture(scope="module")
def submission(rules: list[CoreRule | BrokenRule]) -> list[RuleResult]:
    folder = SHARED / "data" / "sdtm-msg"
    if not folder.is_dir():
        pytest.skip("CDISC's sample submission is not beside the checkout (shared/data/sdtm-msg)")
    found = []
    for file in sorted(folder.glob("*.xpt")):
        for member in open_members(file):
            one = member.read()
            facts = [VariableFacts(v.name, v.label, v.type, v.length) for v in one.variables]
            size = file.stat().st_size
            found.append(Dataset(one.name, one.frame, one.label, file.name, size, tuple(facts)))
    return list(run(rules, Datasets.of(found)))


def listed(heading: str) -> list[str]:
    """The cases that the page names under a heading."""
    text = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (CORE-\d+ \w+/\d+) \|", text, flags=re.MULTILINE)


def named(results: list[CaseResult], status: str) -> list[str]:
    return [f"{one.case.rule} {one.case.name}" for one in results if one.status == status]


def test_every_rule_can_run(rules: list[CoreRule | BrokenRule]) -> None:
    assert len(rules) == 330
    assert [(one.id, one.reason) for one in rules if isinstance(one, BrokenRule)] == []


def test_cases_pass_but_for_those_that_the_page_explains(results: list[CaseResult]) -> None:
    assert named(results, "failed") == listed("Cases with other findings than expected")


def test_cases_without_expected_findings_are_on_the_page(results: list[CaseResult]) -> None:
    assert named(results, "untold") == listed("Cases without expected findings")


def test_the_page_counts_them(results: list[CaseResult]) -> None:
    passed = len(named(results, "passed"))
    assert f"Of the {len(results)} cases of the 330 rules" in PAGE.read_text("utf-8")
    assert f", {passed} give exactly the findings expected" in PAGE.read_text("utf-8")


def test_every_rule_is_run_on_the_sample_submission_or_says_why_not(
    submission: list[RuleResult],
) -> None:
    assert len(submission) == 330
    assert [one.rule.id for one in submission if one.status == "not_run"] == []
    assert all(one.reason for one in submission if one.status == "skipped")


def test_no_reason_on_the_sample_submission_is_a_python_error(
    submission: list[RuleResult],
) -> None:
    reasons = {out.reason for one in submission for out in one.outcomes}
    assert [reason for reason in reasons if UNFORESEEN.match(reason)] == []


def test_the_sample_submission_breaks_few_rules(submission: list[RuleResult]) -> None:
    found = {one.rule.id: len(one.findings) for one in submission if one.findings}
    # Of CORE-000356 (a Required variable without a value) most.
    assert sum(found.values()) == 175
    assert found["CORE-000356"] == 74


def test_a_number_and_the_text_beside_it_are_the_same_to_fifteen_digits(
    submission: list[RuleResult],
) -> None:
    (result,) = (one for one in submission if one.rule.id == "CORE-000542")
    assert (result.status, result.findings) == ("run", ())

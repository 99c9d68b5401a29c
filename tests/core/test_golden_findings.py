"""What CDISC's own rules find in CDISC's sample submission, finding by finding, each explained."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import trialect
from trialect.converters.validate import Validation

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SAMPLE = SHARED / "data" / "sdtm-msg"
RULES = SHARED / "conformance" / "cdisc-open-rules" / "rules"
GOLDEN = Path(__file__).parent / "golden" / "sdtm-msg.csv"

needs_sample = pytest.mark.skipif(
    not (SAMPLE.is_dir() and RULES.is_dir()),
    reason="CDISC's rules and sample submission are not beside the checkout (shared)",
)


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def validation() -> Validation:
    return trialect.validate(SAMPLE, rules=[RULES], pack=False)


@needs_sample
def test_the_findings_are_those_explained(validation: Validation) -> None:
    found = [
        {
            "rule": one.rule,
            "severity": one.severity.value,
            "file": one.file or "",
            "record": str(one.row or ""),
            "usubjid": one.usubjid or "",
            "seq": one.seq or "",
            "variable": one.variable or "",
            "value": one.value or "",
        }
        for one in validation.problems
        if one.rule.startswith("CORE-")
    ]
    expected = [{name: row[name] for name in row if name != "why"} for row in golden()]
    assert found == expected


def test_every_finding_is_explained() -> None:
    rows = golden()
    assert rows
    assert [row for row in rows if not row["why"].strip()] == []


@needs_sample
def test_every_rule_is_accounted_for(validation: Validation) -> None:
    runs = validation.review.runs
    assert len(runs) == 330
    assert [one.id for one in runs if one.status == "not_run"] == []
    assert all(one.reason for one in runs if one.status != "run")


@needs_sample
def test_known_faults_of_the_sample_are_found(validation: Validation) -> None:
    found = {(one.rule, one.file) for one in validation.problems}
    schema = [
        one
        for one in validation.problems
        if one.file == "define.xml" and "'STDTMIG' is not an element" in one.message
    ]
    assert [one.row for one in schema] == [63]
    # Its define.xml describes datasets that do not lie beside it, and a record of its DM is wrong.
    assert ("CORE-000238", "dm.xpt") in found
    assert {one.domain for one in validation.problems if "is not among the datasets" in one.message}

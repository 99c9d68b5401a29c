"""What the schemas in docs/ promise to programs is what the reports hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import trialect
from trialect.converters.account import Account
from trialect.converters.baseline import Baseline
from trialect.converters.explanations import Explanation
from trialect.converters.review import Checked, CheckedFile, Review, review
from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.converters.writers.report import CSV_COLUMNS, write_csv, write_json
from trialect.problems import Problem, Severity

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
TABLE: dict[str, Any] = json.loads((DOCS / "report-csv.schema.json").read_text(encoding="utf-8"))


def full() -> Review:
    """A review in which every key has something to say."""
    whole = Problem(
        *("R-1", Severity.ERROR, "m", "d", "ae.xpt", 3, "column", "v", "AE", "S-1", "1", "AETERM"),
        path="p",
        trial="NCT00000000",
    )
    return review(
        [whole, Problem("R-2", Severity.NOTE, "n", file="records/a.csv", row=4, field="c")],
        explanations=[
            Explanation("R-1", "because", 2, dataset="AE", usubjid="S-1", seq="1", value="*"),
            Explanation("R-9", "never", 3, variable="X", file="f"),
        ],
        baseline=Baseline("old.json", (whole, whole)),
        runs=[
            RuleRun("R-1", "One", Severity.ERROR, "CG1", seconds=0.25, datasets=("AE",)),
            RuleRun("R-3", "Three", Severity.WARNING, "", RunStatus.NOT_RUN, "broken"),
        ],
        checked=Checked((CheckedFile("ae.xpt", "xpt5"),), {"SDTMIG": "3.4"}),
    )


def checked(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(SCHEMA).validate(report)
    return report


def test_a_full_report_is_what_the_schema_says(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", full())
    report = checked(tmp_path / "report.json")
    assert report["summary"]["states"] == {"new": 2, "remaining": 1, "gone": 1}
    assert report["summary"]["explained"] == {"error": 1, "warning": 0, "note": 0}
    assert [one["findings"] for one in report["explanations"]] == [1, 0]
    assert [one["rule"] for one in report["rules_run"]] == ["EXPLAIN-UNUSED", "R-1", "R-2", "R-3"]
    assert report["problems"][0]["record"] == 3
    assert report["problems"][0]["explanation"] == "because"


def test_an_empty_report_is_too(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", review([]))
    assert checked(tmp_path / "report.json")["baseline"] is None


def test_the_reports_of_a_package_are_too(converted: trialect.Conversion, account: Account) -> None:
    report = checked(converted.out / "report.json")
    assert report["study"] == converted.account.study.studyid
    sources = [one["source"] for one in report["problems"] if "source" in one]
    assert sources
    assert {one["file"] for one in sources} <= {
        form.file for form in converted.account.forms.values()
    }


def test_the_schema_leaves_no_key_open(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", full())
    report = checked(tmp_path / "report.json")
    finding = SCHEMA["$defs"]["reviewed_finding"]["properties"]
    told = {key for one in report["problems"] for key in one}
    # The source of a finding on a dataset is told by the lineage of a package.
    assert set(finding) - told == {"source"}
    for bad in ({"more": 1}, {"problems": [{"rule": "R-1"}]}, {"study": 1}):
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validator_for(SCHEMA).validate({**report, **bad})


def test_the_csv_has_the_columns_of_its_schema(tmp_path: Path) -> None:
    write_csv(tmp_path / "found.csv", full())
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    fields = {one["name"]: one for one in TABLE["fields"]}
    assert list(fields) == list(CSV_COLUMNS) == list(rows[0])
    for row in rows:
        for name, text in row.items():
            limits = fields[name].get("constraints", {})
            assert text or not limits.get("required")
            assert not text or text in limits.get("enum", [text])
            assert not text or fields[name]["type"] == "string" or text.isdigit()
    assert [row["state"] for row in rows] == ["remaining", "new", "new", "gone"]

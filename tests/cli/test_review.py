"""Explanations and an earlier run, as people meet them on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from typer.testing import Result

from trialect.converters.review import review
from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.converters.validate import Validation
from trialect.problems import Severity

Run = Callable[..., Result]

WRONG = "id,sex\n1,F\n2,perhaps\n"


def read(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def wrong(study: Path, explanation: str = "") -> Path:
    """The study with a value that no term stands for, and perhaps an explanation of it."""
    (study / "records" / "people.csv").write_text(WRONG, encoding="utf-8")
    if explanation:
        text = f"rule,dataset,justification\n{explanation}\n"
        (study / "explanations.csv").write_text(text, encoding="utf-8")
    return study


def test_an_explained_error_does_not_fail_a_conversion(run: Run, tiny: Path) -> None:
    assert run("convert", wrong(tiny)).exit_code == 1
    result = run("convert", wrong(tiny, "MAP-TERM-UNKNOWN,DM,The site asks again."))
    assert result.exit_code == 0
    assert "Findings: 1 error, " in result.stdout
    assert "Explained: 1 error, 0 warnings, 0 notes" in result.stdout
    report = read(tiny / "out" / "report.json")
    told = [one for one in report["problems"] if one["rule"] == "MAP-TERM-UNKNOWN"]
    assert [one["explanation"] for one in told] == ["The site asks again."]
    manifest = read(tiny / "out" / "manifest.json")
    assert manifest["problems"]["explained"]["error"] == 1
    assert "explanations.csv" in {one["file"] for one in manifest["inputs"]["study"]}
    sheet = openpyxl.load_workbook(tiny / "out" / "report.xlsx")["Explanations"]
    assert [cell.value for cell in sheet[2]][:4] == [
        *("MAP-TERM-UNKNOWN", "dataset: DM", "The site asks again.", 1)
    ]


def test_the_guide_of_a_package_prints_explanations(run: Run, tiny: Path) -> None:
    wrong(tiny, "MAP-TERM-UNKNOWN,DM,The site asks again.")
    run("convert", tiny, "--to", "sdtm")
    (guide,) = (tiny / "out").rglob("csdrg.docx")
    cells = [
        cell.text
        for table in docx.Document(str(guide)).tables
        for row in table.rows
        for cell in row.cells
    ]
    assert "The site asks again." in cells


def test_an_explanation_that_explains_nothing_is_told(run: Run, tiny: Path) -> None:
    result = run("convert", wrong(tiny, "MAP-TERM-UNKNOWN,AE,Never."))
    assert result.exit_code == 1
    problems = read(tiny / "out" / "report.json")["problems"]
    (idle,) = [one for one in problems if one["rule"] == "EXPLAIN-UNUSED"]
    assert (idle["file"], idle["row"], idle["severity"]) == ("explanations.csv", 2, "warning")


def test_broken_explanations_stop_a_conversion_before_it_begins(run: Run, tiny: Path) -> None:
    result = run("convert", wrong(tiny, ",,\nMAP-*,DM,"))
    assert result.exit_code == 2
    assert "explanations.csv:3: justification: justification is empty." in result.stderr
    assert not (tiny / "out").exists()


def test_the_same_study_gives_the_same_workbook(run: Run, tiny: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("convert", wrong(tiny), "-o", tmp_path / name)
    for file in ("report.xlsx", "report.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_conversion_is_held_against_an_earlier_one(run: Run, tiny: Path, tmp_path: Path) -> None:
    run("convert", wrong(tiny))
    (tiny / "out" / "report.json").rename(tmp_path / "old.json")
    result = run("convert", tiny, "--baseline", tmp_path / "old.json")
    assert result.exit_code == 1
    assert "Against the earlier run: 0 new, " in result.stdout
    assert " remaining, 0 gone" in result.stdout
    (tiny / "records" / "people.csv").write_text("id,sex\n1,F\n2,M\n", encoding="utf-8")
    result = run("convert", tiny, "--baseline", tmp_path / "old.json")
    report = read(tiny / "out" / "report.json")
    gone = [one["rule"] for one in report["baseline"]["gone"]]
    assert "MAP-TERM-UNKNOWN" in gone
    assert report["summary"]["states"]["gone"] == len(gone)
    assert f"{len(gone)} gone" in result.stdout
    assert "Gone" in openpyxl.load_workbook(tiny / "out" / "report.xlsx").sheetnames


@pytest.fixture
def checked(run: Run, tiny: Path) -> Path:
    """A package with one dataset and an error."""
    run("convert", wrong(tiny), "--to", "sdtm")
    return tiny / "out"


def test_validate_writes_every_kind_of_report(run: Run, checked: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"found.{ending}" for ending in ("json", "html", "xlsx", "csv")]
    result = run("validate", checked, *(word for file in files for word in ("--report", file)))
    assert result.exit_code == 1
    report = read(files[0])
    assert report["checked"]["standards"] == {"SDTMIG": "3.4", "SDTM CT": "2025-03-28"}
    assert {one["kind"] for one in report["checked"]["files"]} >= {"xpt5"}
    details = openpyxl.load_workbook(files[2])["Issue details"]
    assert details.max_row == 1 + len(report["problems"])
    assert files[1].read_text(encoding="utf-8").startswith("<!doctype html>")
    rows = files[3].read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 1 + len(report["problems"])


def test_validate_marks_what_is_explained(run: Run, checked: Path, tmp_path: Path) -> None:
    file = tmp_path / "why.csv"
    file.write_text("rule;justification\ntrl-*;Agreed.\n", encoding="utf-8")
    before = run("validate", checked)
    result = run("validate", checked, "--explanations", file)
    assert (before.exit_code, result.exit_code) == (1, 0)
    assert "Explained: 1 error" in result.stdout
    # What is explained is counted and not listed.
    assert before.stdout.count("\nerror: ") == 1
    assert "\nerror: " not in result.stdout


def test_validate_tells_what_is_new(run: Run, checked: Path, tmp_path: Path) -> None:
    run("validate", checked, "--report", tmp_path / "old.json")
    old = read(tmp_path / "old.json")
    left = [one for one in old["problems"] if one["severity"] != "error"]
    (tmp_path / "old.json").write_text(
        json.dumps({**old, "problems": [*left, {**left[0], "domain": "ZZ"}]}), encoding="utf-8"
    )
    result = run("validate", checked, "--baseline", tmp_path / "old.json")
    assert f"Against the earlier run: 1 new, {len(left)} remaining, 1 gone" in result.stdout
    lines = result.stdout.splitlines()
    assert lines[3].startswith("new error: ")
    assert all(line.startswith("remaining ") for line in lines[4:])


def test_validate_counts_the_rules_that_were_run(
    run: Run, checked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [
        RuleRun("A-1", "t", Severity.ERROR),
        RuleRun("A-2", "t", Severity.ERROR),
        RuleRun("A-3", "t", Severity.NOTE, status=RunStatus.NOT_RUN, reason="It is broken."),
    ]
    assert "Rules: " not in run("validate", checked, "--no-pack").stdout
    told = Validation(review=review([], runs=runs))
    monkeypatch.setattr("trialect.converters.validate.validate", lambda *_, **__: told)
    assert "Rules: 2 run, 0 skipped, 1 not run\n" in run("validate", checked).stdout


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--explanations", "rule\nX\n", "the column 'justification' is missing"),
        ("--baseline", "{}", "is no report.json of trialect: problems is missing"),
    ],
)
def test_what_validate_cannot_use_stops_it(
    run: Run, checked: Path, tmp_path: Path, option: str, text: str, message: str
) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")
    result = run("validate", checked, option, tmp_path / "file")
    assert result.exit_code == 2
    assert message in result.stderr
    absent = run("validate", checked, option, tmp_path / "absent")
    assert absent.exit_code == 2
    assert "No such file" in absent.stderr

"""`trialect rules`: rules are listed, shown and put to their cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

RULE = """\
Authorities:
  - Organization: CDISC
    Standards:
      - Name: SDTMIG
        References:
          - Citations:
              - Document: IG v3.4
                Section: "5.2"
                Item: Specification
                Cited Guidance: The age of a subject.
            Rule Identifier: {Id: CG9999, Version: "1"}
        Version: "3.4"
Check:
  all:
    - {name: AGE, operator: non_empty}
    - {name: AGE, operator: less_than, value: 18}
Core: {Id: T-1, Status: Draft, Version: "1"}
Description: Subjects are adults.
Outcome:
  Message: The subject is a minor.
  Output Variables: [AGE]
Rule Type: Record Data
Scope:
  Classes: {Include: [ALL]}
  Domains: {Include: [DM], Exclude: [AE]}
Sensitivity: Record
Trialect: {Severity: warning, Mend: Look at the consent.}
"""
BROKEN = "Core: {Id: T-2}\nRule Type: Poetry\n"
DM = "STUDYID,DOMAIN,USUBJID,AGE\nS,DM,S-1,17\nS,DM,S-2,18\n"
FOUND = "Dataset,Record,Variable,Value\nDM,1,AGE,17\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "T-1.yml").write_text(RULE)
    return folder


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    for name, expected in (("negative/01", FOUND), ("negative/02", None)):
        case = tmp_path / "cases" / "T-1" / name
        (case / "data").mkdir(parents=True)
        (case / "data" / "dm.csv").write_text(DM)
        if expected is not None:
            (case / "results").mkdir()
            (case / "results" / "results.csv").write_text(expected)
    return tmp_path / "cases"


def last(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def test_rules_of_a_folder_are_listed(run: Run, rules: Path) -> None:
    result = run("rules", "list", "--rules", rules)
    assert result.exit_code == 0
    assert "T-1          CG9999                   Record Data: The subject is a minor." in (
        result.stdout
    )
    assert last(result) == "1 rules, 0 that cannot run"


def test_rules_of_trialect_are_listed_without_a_folder(run: Run) -> None:
    result = run("rules", "list")
    assert result.exit_code == 0
    assert last(result).endswith(" 0 that cannot run")
    assert len(result.stdout.splitlines()) > 100


def test_a_rule_that_cannot_run_is_listed_with_the_reason(run: Run, rules: Path) -> None:
    (rules / "T-2.yml").write_text(BROKEN)
    result = run("rules", "list", "--rules", rules)
    assert result.exit_code == 1
    assert "T-2          cannot run: " in result.stdout
    assert "Poetry" in result.stdout
    assert last(result) == "2 rules, 1 that cannot run"
    alone = run("rules", "list", "--broken", "--rules", rules)
    assert "T-1" not in alone.stdout


def test_a_rule_is_shown_by_its_id_or_by_its_authority(run: Run, rules: Path) -> None:
    for word in ("T-1", "t-1", "CG9999"):
        result = run("rules", "show", word, "--rules", rules)
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            "T-1  CG9999",
            "  Subjects are adults.",
            "  message: The subject is a minor.",
            "  type: Record Data, sensitivity Record, severity warning",
            "  classes: ALL",
            "  domains: DM",
            "  domains: not AE",
            "  a finding is where",
            "    all of",
            "      AGE non_empty",
            "      AGE less_than 18",
            "  shows: AGE",
            "  mend: Look at the consent.",
            "  CG9999 IG v3.4 5.2 Specification: The age of a subject.",
        ]


def test_a_rule_that_is_not_there_and_one_that_is_broken(run: Run, rules: Path) -> None:
    (rules / "T-2.yml").write_text(BROKEN)
    absent = run("rules", "show", "T-3", "--rules", rules)
    assert (absent.exit_code, "has no rule T-3" in absent.stderr) == (2, True)
    broken = run("rules", "show", "T-2", "--rules", rules)
    assert (broken.exit_code, "T-2 (T-2.yml) cannot run: " in broken.stdout) == (1, True)


def test_cases_that_pass(run: Run, rules: Path, cases: Path) -> None:
    result = run("rules", "test", cases, "--rules", rules)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "1 without results/results.csv, of which nothing is expected",
        "1 passed, 0 failed",
    ]


def test_a_case_that_fails_says_dataset_record_variable_and_value(
    run: Run, rules: Path, cases: Path
) -> None:
    results = cases / "T-1" / "negative" / "01" / "results" / "results.csv"
    results.write_text(FOUND.replace("17", "16"))
    result = run("rules", "test", cases, "--rules", rules)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "T-1 negative/01: failed",
        "  expected, not found: DM record 1, AGE = 16",
        "  not expected: DM record 1, AGE = 17",
        "1 without results/results.csv, of which nothing is expected",
        "0 passed, 1 failed",
    ]


def test_many_differences_are_cut_short_unless_all_are_asked_for(
    run: Run, rules: Path, cases: Path
) -> None:
    results = cases / "T-1" / "negative" / "01" / "results" / "results.csv"
    results.write_text(FOUND + "".join(f"DM,{at},AGE,1\n" for at in range(10, 20)))
    short = run("rules", "test", cases, "--rules", rules).stdout
    assert "expected, not found: 5 more" in short
    assert short.count("DM record 1") == 5
    every = run("rules", "test", cases, "--rules", rules, "--all").stdout
    assert every.count("DM record 1") == 10


def test_only_the_cases_of_one_rule(run: Run, rules: Path, cases: Path) -> None:
    (cases / "T-9" / "negative" / "01" / "data").mkdir(parents=True)
    assert last(run("rules", "test", cases, "--rules", rules)) == "1 passed, 1 failed"
    only = run("rules", "test", cases, "--rules", rules, "--only", "T-1")
    assert (only.exit_code, last(only)) == (0, "1 passed, 0 failed")


@pytest.mark.parametrize("command", [["list"], ["show", "T-1"]])
def test_a_folder_without_rules_is_no_success(run: Run, tmp_path: Path, command: list[str]) -> None:
    result = run("rules", *command, "--rules", tmp_path)
    assert (result.exit_code, "holds no rules" in result.stderr) == (2, True)


def test_a_folder_without_cases_is_no_success(run: Run, rules: Path, cases: Path) -> None:
    for words in ([rules], [cases, "--only", "T-7"]):
        result = run("rules", "test", *words, "--rules", rules)
        assert (result.exit_code, "holds no cases" in result.stderr) == (2, True)

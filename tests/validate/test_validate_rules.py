"""Rules of the CORE language in a validation: asked of every form of data, told like others."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_validate_datasets import write
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.converters.rules_run import RuleRun, RunStatus, timed
from trialect.converters.validate import write_report
from trialect.converters.xpt_format import XptVariable
from trialect.converters.xpt_values import ValueChecks, suspects
from trialect.problems import Problem, Severity, Unusable

AE: dict[str, list[str | float | None]] = {
    "STUDYID": ["S", "S"],
    "DOMAIN": ["AE", "AE"],
    "USUBJID": ["S-1", "S-2"],
    "AESEQ": [1.0, 2.0],
    "AETERM": ["Pain", None],
    "AESER": ["Y", "N"],
}
NO_TERM = {"all": [{"name": "--TERM", "operator": "empty"}]}


def rule(folder: Path, id: str = "T-1", **keys: Any) -> Path:
    """A rule in a file: that --TERM has a value, unless `keys` say otherwise."""
    given: dict[str, Any] = {
        "Core": {"Id": id},
        "Description": "Each event has a term.",
        "Rule Type": "Record Data",
        "Sensitivity": "Record",
        "Check": NO_TERM,
        "Outcome": {"Message": "--TERM is empty.", "Output Variables": ["--TERM", "--SER"]},
        **keys,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{id}.yml"
    path.write_text(yaml.safe_dump(given), encoding="utf-8")
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of one rule."""
    return rule(tmp_path / "rules").parent


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of one dataset."""
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", "AE", AE)
    return tmp_path / "data"


def found(*paths: Path, rules: Path, id: str = "T-1") -> list[Problem]:
    validation = trialect.validate(*paths, rules=[rules], pack=False)
    return [one for one in validation.problems if one.rule == id]


def run_of(*paths: Path, rules: Path, id: str = "T-1") -> RuleRun:
    validation = trialect.validate(*paths, rules=[rules], pack=False)
    return next(one for one in validation.review.runs if one.id == id)


def test_a_finding_names_its_record_and_values(data: Path, rules: Path) -> None:
    assert found(data, rules=rules) == [
        Problem(
            rule="T-1",
            severity=Severity.ERROR,
            message="AETERM is empty: AETERM is missing, AESER is 'N'.",
            file="ae.xpt",
            row=2,
            value=", N",
            domain="AE",
            usubjid="S-2",
            seq="2",
            variable="AETERM, AESER",
        )
    ]


def test_a_rule_says_how_bad_it_is_and_how_to_mend_it(data: Path, tmp_path: Path) -> None:
    own = {"Severity": "note", "Mend": "Ask the site."}
    one = rule(tmp_path / "own", Trialect=own)
    (problem,) = found(data, rules=one)
    assert (problem.severity, problem.mend) == (Severity.NOTE, "Ask the site.")


def test_what_no_define_describes_may_be_told_more_mildly(data: Path, tmp_path: Path) -> None:
    one = rule(tmp_path / "own", Trialect={"Severity": "error", "Alone": "note"})
    define = tmp_path / "define.xml"
    define.write_text(
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" '
        'xmlns:def="http://www.cdisc.org/ns/def/v2.1"><Study OID="S">'
        '<MetaDataVersion OID="M" Name="M" def:DefineVersion="2.1.0"/></Study></ODM>',
        encoding="utf-8",
    )
    for paths, severity in (((data,), Severity.NOTE), ((data, define), Severity.ERROR)):
        validation = trialect.validate(*paths, rules=[one], pack=False)
        assert {p.severity for p in validation.problems if p.rule == "T-1"} == {severity}
        assert [run.severity for run in validation.review.runs] == [severity]


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("Fully Executable", Severity.ERROR),
        ("Partially Executable - Possible Underreporting", Severity.ERROR),
        ("Partially Executable - Possible Overreporting", Severity.WARNING),
    ],
)
def test_a_rule_that_may_tell_too_much_warns(
    data: Path, tmp_path: Path, said: str, severity: Severity
) -> None:
    one = rule(tmp_path / "own", Executability=said)
    assert [problem.severity for problem in found(data, rules=one)] == [severity]
    assert run_of(data, rules=one).severity is severity


def test_what_a_rule_says_of_itself_is_not_made_less(data: Path, tmp_path: Path) -> None:
    said = "Partially Executable - Possible Overreporting"
    one = rule(tmp_path / "own", Executability=said, Trialect={"Severity": "error"})
    assert [problem.severity for problem in found(data, rules=one)] == [Severity.ERROR]
    assert run_of(data, rules=one).severity is Severity.ERROR


def test_a_rule_about_values_names_the_variable_and_the_subject(data: Path, tmp_path: Path) -> None:
    check = {
        "all": [
            {"name": "variable_name", "operator": "equal_to", "value": "AETERM"},
            {"name": "variable_value", "operator": "empty"},
        ]
    }
    keys: dict[str, Any] = {
        "Rule Type": "Value Check with Dataset Metadata",
        "Check": check,
        "Outcome": {
            "Message": "A value is missing.",
            "Output Variables": ["variable_name", "variable_value"],
        },
    }
    (problem,) = found(data, rules=rule(tmp_path / "own", **keys))
    assert (problem.variable, problem.value, problem.row) == ("AETERM", None, 2)
    assert (problem.usubjid, problem.seq) == ("S-2", "2")
    assert problem.message == "A value is missing: AETERM is missing."


def test_long_lists_are_told_by_their_number(data: Path, tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "Operations": [{"id": "$all", "operator": "get_model_column_order"}],
        "Outcome": {"Message": "No.", "Output Variables": ["--TERM", "$all"]},
    }
    (problem,) = found(data, rules=rule(tmp_path / "own", **keys))
    assert "$all" not in (problem.variable or "")
    assert " names)" in problem.message
    assert "all (" in problem.message


def test_how_to_mend_it_has_the_values_that_it_names(data: Path, tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "Operations": [{"id": "$last", "operator": "max", "name": "AESEQ"}],
        "Outcome": {"Message": "No.", "Output Variables": ["--TERM", "$last"]},
        "Trialect": {"Mend": "Look at record $last; $other stays."},
    }
    (problem,) = found(data, rules=rule(tmp_path / "own", **keys))
    assert problem.mend == "Look at record '2.0'; $other stays."


def csv_folder(folder: Path, seq: str = "2") -> Path:
    """The dataset as CSV with its metadata."""
    folder.mkdir()
    (folder / "_datasets.csv").write_text("Filename,Dataset Name,Label\nae,AE,Adverse Events\n")
    types = {name: "Num" if name == "AESEQ" else "Char" for name in AE}
    lines = [f"ae,{name},{name},{type_},8" for name, type_ in types.items()]
    head = "dataset,variable,label,type,length"
    (folder / "_variables.csv").write_text("\n".join([head, *lines]) + "\n")
    rows = [",".join(AE), "S,AE,S-1,1,Pain,Y", f"S,AE,S-2,{seq},,N"]
    (folder / "ae.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_csv_with_metadata_is_asked(tmp_path: Path, rules: Path) -> None:
    folder = csv_folder(tmp_path / "csv")
    for path in (folder, folder / "ae.csv"):
        (problem,) = found(path, rules=rules)
        assert (problem.file, problem.row, problem.seq) == ("ae.csv", 2, "2")
    assert trialect.validate(folder, pack=False).files == 1


def test_csv_without_metadata_is_no_dataset(tmp_path: Path, rules: Path) -> None:
    folder = csv_folder(tmp_path / "csv")
    (folder / "_datasets.csv").unlink()
    (folder / "_variables.csv").unlink()
    with pytest.raises(Unusable):
        found(folder / "ae.csv", rules=rules)


def test_text_among_numbers_is_told_and_nothing_is_asked_of_it(tmp_path: Path, rules: Path) -> None:
    folder = csv_folder(tmp_path / "csv", seq="two")
    told = trialect.validate(folder, rules=[rules], pack=False)
    assert "VALIDATE-NOT-NUMBERS" in {one.rule for one in told.problems}
    (run,) = told.review.runs
    assert (run.status, run.reason) == (RunStatus.NOT_RUN, "AE: AESEQ is Num and holds text")
    assert "VALIDATE-NOT-NUMBERS" not in {
        one.rule for one in trialect.validate(csv_folder(tmp_path / "fine"), pack=False).problems
    }


def test_csv_that_cannot_be_read_is_told(tmp_path: Path, rules: Path) -> None:
    folder = csv_folder(tmp_path / "csv")
    (folder / "_variables.csv").write_bytes(b"dataset,variable\nae,\xff\n")
    told = trialect.validate(folder, rules=[rules], pack=False).problems
    assert [one.rule for one in told] == ["VALIDATE-CSV"]


def test_dataset_json_is_asked(package: Path, tmp_path: Path) -> None:
    is_qs = {"all": [{"name": "QSSEQ", "operator": "equal_to", "value": 1}]}
    one = rule(tmp_path / "own", Check=is_qs, Outcome={"Message": "First."})
    told = found(package / "dataset-json" / "qs.json", rules=one)
    assert {problem.file for problem in told} == {"qs.json"}
    assert {problem.seq for problem in told} == {"1"}


@pytest.mark.parametrize(
    ("keys", "status", "reason"),
    [
        ({}, RunStatus.RUN, ""),
        (
            {"Scope": {"Domains": {"Include": ["LB"]}}},
            RunStatus.SKIPPED,
            "no dataset is in its scope",
        ),
        (
            {
                "Operations": [
                    {"id": "$ids", "operator": "distinct", "domain": "DM", "name": "USUBJID"}
                ],
                "Check": {
                    "all": [{"name": "USUBJID", "operator": "is_contained_by", "value": "$ids"}]
                },
            },
            RunStatus.SKIPPED,
            "AE: DM is not in the package",
        ),
        (
            {"Check": {"all": [{"name": "--TERM", "operator": "looks_nice"}]}},
            RunStatus.NOT_RUN,
            "T-1.yml: operator 'looks_nice' is not known",
        ),
    ],
    ids=["run", "out of scope", "dataset absent", "unknown operator"],
)
def test_what_became_of_a_rule_stands_in_every_report(
    data: Path, tmp_path: Path, keys: dict[str, Any], status: RunStatus, reason: str
) -> None:
    one = rule(tmp_path / "own", **keys)
    run = run_of(data, rules=one)
    assert (run.status, run.reason) == (status, reason)
    validation = trialect.validate(data, rules=[one], pack=False)
    for ending in ("json", "html", "xlsx"):
        write_report(tmp_path / f"report.{ending}", validation)
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    (line,) = [run for run in told["rules_run"] if run["rule"] == "T-1"]
    assert line["status"] == status
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    cells = {str(cell.value) for sheet in book for row in sheet for cell in row}
    assert "T-1" in cells
    if reason:
        assert line["reason"] == reason
        assert reason in cells
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert reason.replace("'", "&#39;") in page.replace("&#x27;", "&#39;")


def test_a_broken_rule_is_told(data: Path, tmp_path: Path, rules: Path) -> None:
    (rules / "bad.yml").write_text("Core: {Id: B-1\n", encoding="utf-8")
    told = found(data, rules=rules, id="VALIDATE-RULE-BROKEN")
    assert [(one.severity, one.file, one.value) for one in told] == [
        (Severity.WARNING, "bad.yml", "bad")
    ]
    assert found(data, rules=rules)
    (rules / "bad.yml").unlink()
    assert not found(data, rules=rules, id="VALIDATE-RULE-BROKEN")


def test_of_two_rules_with_one_id_the_first_is_asked(data: Path, tmp_path: Path) -> None:
    first, other = rule(tmp_path / "a"), rule(tmp_path / "b", Description="Another.")
    told = trialect.validate(data, rules=[first, other], pack=False)
    assert [one.rule for one in told.problems if one.rule == "T-1"] == ["T-1"]
    assert "VALIDATE-RULE-BROKEN" in {one.rule for one in told.problems}
    again = trialect.validate(data, rules=[first, first.parent], pack=False)
    assert "VALIDATE-RULE-BROKEN" not in {one.rule for one in again.problems}


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_without_rules_cannot_be_used(data: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unusable) as refused:
        trialect.validate(data, rules=[tmp_path / name])
    assert [one.rule for one in refused.value.problems] == ["VALIDATE-NO-RULES"]


def test_the_pack_is_asked_unless_it_is_not_wanted(
    data: Path, tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = rule(tmp_path / "pack", "P-1").parent
    rule(tmp_path / "pack", "T-1", Description="The pack's own.")
    monkeypatch.setattr("trialect.schemas.core.pack.FOLDER", pack)
    asked = trialect.validate(data, rules=[rules]).review.runs
    assert [(one.id, one.title) for one in asked] == [
        ("P-1", "Each event has a term."),
        ("T-1", "Each event has a term."),
    ]
    asked = trialect.validate(data, rules=[rules], pack=False).review.runs
    assert [one.id for one in asked] == ["T-1"]
    monkeypatch.setattr("trialect.schemas.core.pack.FOLDER", tmp_path / "absent")
    assert trialect.validate(data).review.runs == ()


def test_the_slowest_rules_are_told(data: Path, rules: Path) -> None:
    words = ["validate", str(data), "--rules", str(rules), "--no-pack"]
    told = CliRunner().invoke(app, [*words, "--profile"]).stdout
    assert "1 rules took " in told
    assert "T-1: Each event has a term." in told
    assert " took " not in CliRunner().invoke(app, words).stdout


def test_the_slowest_comes_first() -> None:
    runs = [
        RuleRun("A", "a", Severity.ERROR, seconds=1.0),
        RuleRun("B", "b", Severity.ERROR, seconds=3.0),
        RuleRun("C", "c", Severity.ERROR),
    ]
    assert timed(runs, 1) == [
        "2 rules took 4.000 seconds; the slowest:",
        "    3.0000  75.0%  B: b",
    ]


def test_a_report_is_the_same_again(data: Path, rules: Path, tmp_path: Path) -> None:
    texts = set()
    for name in ("one.csv", "two.csv"):
        validation = trialect.validate(data, rules=[rules], pack=False)
        write_report(tmp_path / name, validation)
        texts.add((tmp_path / name).read_bytes())
    assert len(texts) == 1
    (text,) = texts
    assert "T-1" in {row[0] for row in csv.reader(text.decode("utf-8-sig").splitlines()) if row}


TEXTS = st.none() | st.text(st.characters(max_codepoint=0x100), max_size=12)
NUMBERS = st.none() | st.floats()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(TEXTS, NUMBERS), max_size=4))
def test_what_is_not_suspect_breaks_no_rule(rows: list[tuple[str | None, float | None]]) -> None:
    variables = (XptVariable("A", "", "Char", 8), XptVariable("B", "", "Num", 8))
    schema = {"A": pl.String, "B": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    suspected = suspects(frame, variables)
    for variable in variables:
        checks = ValueChecks("XX", variables)
        checks.column(frame, variable, 1)
        assert not checks.problems() or variable in suspected

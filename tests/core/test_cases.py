"""Cases of rules: read, run, and held to what is expected of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from packages import rule, rule_or_broken

from trialect.schemas.core.cases import (
    BadCase,
    Case,
    CaseResult,
    find_cases,
    read_case,
    read_results,
    run_case,
    run_cases,
)

AGE = {"all": [{"name": "AGE", "operator": "less_than", "value": 18}]}
MINOR = rule(AGE, id="T-1", output=["AGE"])
DM = "STUDYID,DOMAIN,USUBJID,AGE\nS,DM,S-1,17\nS,DM,S-2,18\n"
FOUND = "Dataset,Record,Variable,Value\nDM,1,AGE,17.0\n"
NOTHING = "Dataset,Record,Variable,Value\n"
TYPES = (
    "dataset,variable,label,type,length\n"
    "dm,STUDYID,Study,Char,8\ndm,DOMAIN,Domain,Char,2\n"
    "dm,USUBJID,Subject,Char,8\ndm,AGE,Age,Num,8\n"
)


def case_of(
    tmp_path: Path, results: str | None = FOUND, *, kind: str = "negative", **files: str | bytes
) -> Case:
    """A case of T-1 with these files in its data folder; `dm` is dm.csv, and so on."""
    folder = tmp_path / "T-1" / kind / "01"
    data = folder / "data"
    data.mkdir(parents=True)
    given = {"dm": DM, "_datasets": "Filename,Label\ndm,Demographics\n", "_variables": TYPES}
    for name, text in {**given, **files}.items():
        content = text if isinstance(text, bytes) else text.encode()
        (data / f"{name}.csv").write_bytes(content)
    if results is not None:
        (folder / "results").mkdir()
        (folder / "results" / "results.csv").write_text(results)
    return Case("T-1", f"{kind}/01", folder)


def of(case: Case) -> CaseResult:
    return run_case(case, MINOR)


def test_a_case_passes_with_the_findings_expected(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    assert of(case) == CaseResult(case, "passed")


def test_a_case_fails_with_what_was_found_and_is_not_expected(tmp_path: Path) -> None:
    result = of(case_of(tmp_path, NOTHING))
    assert (result.status, result.missing) == ("failed", ())
    assert result.extra == (("DM", "1", "AGE", "17.0"),)


def test_a_case_fails_with_what_is_expected_and_was_not_found(tmp_path: Path) -> None:
    result = of(case_of(tmp_path, FOUND + "DM,2,AGE,18.0\n"))
    assert (result.status, result.extra) == ("failed", ())
    assert result.missing == (("DM", "2", "AGE", "18.0"),)


def test_a_finding_expected_twice_is_to_be_found_twice(tmp_path: Path) -> None:
    result = of(case_of(tmp_path, FOUND + "DM,1,AGE,17.0\n"))
    assert result.missing == (("DM", "1", "AGE", "17.0"),)


def test_another_value_is_missing_and_extra(tmp_path: Path) -> None:
    result = of(case_of(tmp_path, FOUND.replace("17.0", "16.0")))
    assert result.missing == (("DM", "1", "AGE", "16.0"),)
    assert result.extra == (("DM", "1", "AGE", "17.0"),)


def test_a_case_without_expected_findings_is_counted_apart(tmp_path: Path) -> None:
    result = of(case_of(tmp_path, None))
    assert (result.status, result.extra) == ("untold", (("DM", "1", "AGE", "17.0"),))


def test_missing_values_are_written_in_several_ways(tmp_path: Path) -> None:
    empty = rule(
        {"all": [{"name": "AGE", "operator": "empty"}]}, id="T-1", output=["AGE", "USUBJID"]
    )
    for at, word in enumerate(("", "null", "NaN", "None")):
        expected = f"Dataset,Record,Variable,Value\nDM,2,AGE,{word}\nDM,2,USUBJID,S-2\n"
        case = case_of(tmp_path / str(at), expected, dm=DM.replace("18", ""))
        assert run_case(case, empty).status == "passed", word


def test_a_dataset_that_cannot_be_asked_is_expected_by_a_line_without_variable(
    tmp_path: Path,
) -> None:
    absent = rule({"all": [{"name": "DMX", "operator": "empty"}]}, id="T-1")
    line = "Dataset,Record,Variable,Value\nDM,,,\n"
    assert run_case(case_of(tmp_path, line), absent).status == "passed"
    # The same line is missing where the rule was asked.
    assert of(case_of(tmp_path / "2", line)).missing == (("DM", "", "", ""),)


def test_a_broken_rule_and_a_rule_that_is_not_there_fail_by_name(tmp_path: Path) -> None:
    broken = rule_or_broken({"all": [{"name": "AGE", "operator": "is_nice"}]}, id="T-1")
    result = run_case(case_of(tmp_path), broken)
    assert (result.status, "is_nice" in result.reason) == ("failed", True)
    (result,) = run_cases([case_of(tmp_path / "2")], [])
    assert (result.status, result.reason) == ("failed", "there is no rule T-1")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"dm": b"A\n\xff\n"}, "dm.csv: byte 3 is not UTF-8"),
        ({"dm": ""}, "dm.csv is empty"),
        ({"_variables": b"\xff"}, "_variables.csv: byte 1 is not UTF-8"),
    ],
)
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    result = of(case_of(tmp_path, **files))
    assert (result.status, result.reason) == ("failed", said)


def test_results_need_their_columns(tmp_path: Path) -> None:
    assert "Dataset, Record, Variable, Value" in of(case_of(tmp_path, "A,B\n1,2\n")).reason
    file = tmp_path / "results.csv"
    file.write_text("dataset,RECORD,Variable,value,more\nDM,1,AGE,null,x\n")
    assert read_results(file) == [("DM", "1", "AGE", "")]
    file.write_text("")
    with pytest.raises(BadCase, match="is empty"):
        read_results(file)


def test_a_number_that_is_text_breaks_its_dataset_alone(tmp_path: Path) -> None:
    case = case_of(tmp_path, NOTHING, dm=DM.replace("17", "young"))
    (dataset,) = read_case(case.data)
    assert dataset.broken == "AGE is Num and holds text"
    assert of(case).status == "passed"


def test_only_datasets_that_are_listed_count(tmp_path: Path) -> None:
    case = case_of(tmp_path, ae="STUDYID,DOMAIN,USUBJID,AGE\nS,AE,S-1,1\n")
    assert [one.name for one in read_case(case.data)] == ["DM"]
    assert of(case).status == "passed"


def test_columns_that_are_not_described_are_typed_by_their_values(tmp_path: Path) -> None:
    text = "WHOLE,GAP,PART,TEXT,NONE\n1,1,1.5,x,\n2,,2,3,\n"
    case = case_of(tmp_path, dm=text, _variables="dataset,variable,label,type,length\n")
    (dataset,) = read_case(case.data)
    assert dict(dataset.frame.schema) == {
        "WHOLE": pl.Int64,
        "GAP": pl.Float64,
        "PART": pl.Float64,
        "TEXT": pl.String,
        "NONE": pl.String,
    }


def test_short_lines_end_with_missing_values_and_empty_lines_are_none(tmp_path: Path) -> None:
    case = case_of(tmp_path, dm="STUDYID,DOMAIN,USUBJID,AGE\n\nS,DM,S-1\n\nS,DM,S-2,17,more\n")
    (dataset,) = read_case(case.data)
    assert dataset.frame["AGE"].to_list() == [None, 17.0]


def test_the_standard_stands_in_the_environment(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    assert (read_case(case.data).standard, read_case(case.data).version) == ("SDTMIG", "3.4")
    (case.data / "env.txt").write_text("PRODUCT=SENDIG\nVERSION=3-1\n# more\n")
    assert (read_case(case.data).standard, read_case(case.data).version) == ("SENDIG", "3.1")


def test_cases_are_found_in_order_and_nothing_else_is(tmp_path: Path) -> None:
    case_of(tmp_path, kind="positive")
    case_of(tmp_path, kind="negative")
    (tmp_path / "T-1" / "notes" / "01" / "data").mkdir(parents=True)
    (tmp_path / "T-1" / "negative" / "02").mkdir()
    assert [(one.rule, one.name) for one in find_cases(tmp_path)] == [
        ("T-1", "negative/01"),
        ("T-1", "positive/01"),
    ]

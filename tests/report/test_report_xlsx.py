"""report.xlsx: the sheets that data managers look for, and what stands in them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from trialect.converters.account import Account
from trialect.converters.baseline import Baseline
from trialect.converters.explanations import Explanation
from trialect.converters.review import Checked, CheckedFile, Review, Source, review
from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.converters.writers.report_xlsx import write_xlsx
from trialect.problems import Problem, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def found(number: int, domain: str = "AE", **more: object) -> Problem:
    place = {"file": f"{domain.lower()}.xpt", "row": number, "usubjid": "S-1", "seq": str(number)}
    return Problem("R-1", ERROR, f"message {number}", domain=domain, **{**place, **more})  # type: ignore[arg-type]


def sheets(tmp_path: Path, told: Review, **given: Any) -> dict[str, list[tuple[Any, ...]]]:
    write_xlsx(tmp_path / "report.xlsx", told, **given)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def lines(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


RUNS = (
    RuleRun("R-1", "What R-1 says", ERROR, "CG0001", datasets=("AE", "CM")),
    RuleRun("R-2", "What R-2 says", WARNING, "", RunStatus.NOT_RUN, "Its regex is broken."),
    RuleRun("R-3", "What R-3 says", WARNING, "", RunStatus.SKIPPED, "No LB."),
)


def test_a_plain_validation_has_the_four_sheets(tmp_path: Path) -> None:
    told = review([found(1), found(2), found(1, "CM")], runs=RUNS)
    book = sheets(tmp_path, told)
    assert list(book) == ["Validation", "Issue summary", "Issue details", "Rules"]
    assert lines(book["Issue summary"]) == [
        {
            "Dataset": "AE",
            "Rule": "R-1",
            "Severity": "error",
            "Message": "What R-1 says. For example: message 1",
            "Clause": "CG0001",
            "Findings": 2,
        },
        {
            "Dataset": "CM",
            "Rule": "R-1",
            "Severity": "error",
            "Message": "message 1",
            "Clause": "CG0001",
            "Findings": 1,
        },
    ]


def test_a_line_of_the_details_tells_all_of_a_finding(tmp_path: Path) -> None:
    one = found(3, mend="mend it", variable="AETERM, AEDECOD", value="a, b", path="p")
    (line,) = lines(sheets(tmp_path, review([one]))["Issue details"])
    assert line == {
        "Rule": "R-1",
        "Severity": "error",
        "Dataset": "AE",
        "Record": 3,
        "USUBJID": "S-1",
        "--SEQ": "3",
        "Variables": "AETERM, AEDECOD",
        "Values": "a, b",
        "Message": "message 3",
        "How to mend it": "mend it",
        "File": "ae.xpt",
        "Row or line": None,
        "Path": "p",
    }


def test_a_line_of_a_file_is_no_record(tmp_path: Path) -> None:
    one = Problem("R-1", ERROR, "m", file="define.xml", row=7, domain="AE")
    (line,) = lines(sheets(tmp_path, review([one]))["Issue details"])
    assert (line["Record"], line["Row or line"]) == (None, 7)


def test_the_source_stands_beside_the_record(tmp_path: Path, account: Account) -> None:
    told = Review([found(3)], sources={0: Source("records/ae.csv", 9, "term")})
    (line,) = lines(sheets(tmp_path, told)["Issue details"])
    assert (line["Record"], line["Source file"], line["Source row"], line["Source column"]) == (
        *(3, "records/ae.csv", 9, "term"),
    )
    # A conversion names its exports itself; their rows are no records.
    mapped = Problem("R-1", ERROR, "m", file="records/visits.csv", row=9, domain="QS", field="c")
    (line,) = lines(sheets(tmp_path, review([mapped], account=account))["Issue details"])
    assert (line["Record"], line["Source file"], line["Source row"], line["Source column"]) == (
        *(None, "records/visits.csv", 9, "c"),
    )


def test_an_earlier_run_has_its_columns_and_sheet(tmp_path: Path) -> None:
    then = Baseline("old.json", (found(1), found(2, "DM")))
    book = sheets(tmp_path, review([found(1), found(5, value="x")], baseline=then))
    assert [line["State"] for line in lines(book["Issue details"])] == ["remaining", "new"]
    assert [line["Dataset"] for line in lines(book["Gone"])] == ["DM"]
    told = [
        (line["Dataset"], line["Findings"], line["New"], line["Remaining"], line["Gone"])
        for line in lines(book["Issue summary"])
    ]
    assert told == [("AE", 2, 1, 1, 0), ("DM", 0, 0, 0, 1)]
    assert ("gone against old.json", "1") in book["Validation"]


def test_explanations_have_their_columns_and_sheet(tmp_path: Path) -> None:
    why = [
        Explanation("R-1", "=Agreed.", 2, dataset="AE", seq="1"),
        Explanation("R-1", "Later.", 3, dataset="ZZ"),
    ]
    book = sheets(tmp_path, review([found(1), found(2)], explanations=why))
    details = lines(book["Issue details"])
    assert [line["Explanation"] for line in details] == ["=Agreed.", None, None]
    summary = {line["Rule"]: line for line in lines(book["Issue summary"])}
    assert (summary["R-1"]["Explained"], summary["R-1"]["Explanation"]) == (1, "=Agreed.")
    assert [(line["Scope"], line["Findings"]) for line in lines(book["Explanations"])] == [
        ("dataset: AE, seq: 1", 1),
        ("dataset: ZZ", 0),
    ]
    assert ("errors", "2, 1 of them explained") in book["Validation"]


def test_rules_tell_what_became_of_them(tmp_path: Path) -> None:
    other = Problem("OWN-1", WARNING, "m", domain="DM")
    rows = lines(sheets(tmp_path, review([found(1), other], runs=RUNS))["Rules"])
    told = [
        (row["Rule"], row["Status"], row["Why"], row["Datasets"], row["Findings"]) for row in rows
    ]
    assert told == [
        ("OWN-1", "run", None, "DM", 1),
        ("R-1", "run", None, "AE, CM", 1),
        ("R-2", "not run", "Its regex is broken.", None, 0),
        ("R-3", "skipped", "No LB.", None, 0),
    ]
    assert "Seconds" not in rows[0]
    timed = [RuleRun("R-1", "t", ERROR, seconds=0.5), *RUNS[1:]]
    rows = lines(sheets(tmp_path, review([], runs=timed))["Rules"])
    assert [row["Seconds"] for row in rows] == [0.5, None, None]


def test_what_was_checked_stands_first(tmp_path: Path, account: Account) -> None:
    checked = Checked(
        (CheckedFile("ae.xpt", "xpt5"),), {"SDTMIG": "3.4"}, datetime(2026, 6, 30, 12)
    )
    rows = sheets(tmp_path, review([], checked=checked, runs=RUNS))["Validation"]
    told = [("SDTMIG", "3.4"), ("Stamped", "2026-06-30T12:00:00"), ("xpt5", "ae.xpt")]
    assert {*told, ("not run", "1"), ("Files checked", "1")} <= set(rows)
    rows = sheets(tmp_path, review([], account=account))["Validation"]
    assert {("Study", "S1"), ("Invented data", "Nobody in it exists.")} <= set(rows)
    assert not any(row[0] == "Stamped" for row in rows)


def test_findings_over_the_last_row_are_said_and_kept(tmp_path: Path) -> None:
    book = sheets(tmp_path, review([found(n) for n in range(1, 8)]), last_row=5)
    told = {row[1] for name in book if name.startswith("Validation") for row in book[name]}
    assert "The 7 findings go on in further sheets: a sheet holds 4." in told
    kept = [*lines(book["Issue details"]), *lines(book["Issue details (2)"])]
    assert [line["Record"] for line in kept] == list(range(1, 8))


@pytest.mark.parametrize("value", ["=1+1", "+49", "-5", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_value_of_the_data_is_a_formula(tmp_path: Path, value: str) -> None:
    told = review([found(1, value=value, usubjid=value, variable=value)])
    write_xlsx(tmp_path / "report.xlsx", told)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert sum(cell.value == value for cell in cells) == 3
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_the_same_findings_are_the_same_bytes(tmp_path: Path) -> None:
    def told() -> Review:
        then = Baseline("old.json", (found(9, "DM"),))
        why = [Explanation("R-1", "why", 2)]
        return review([found(2), found(1)], baseline=then, explanations=why, runs=RUNS)

    for name in ("one.xlsx", "two.xlsx"):
        write_xlsx(tmp_path / name, told())
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()

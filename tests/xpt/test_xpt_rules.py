"""Each rule of writing: a case in which it fires, and one beside it in which it does not."""

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from xpt_cases import QS, STAMP, char, num, problems_of, qs, rules_of, write

from trialect.converters.writers.xpt import XptVariable, check_batch, check_xpt_plan
from trialect.converters.xpt_values import KEPT_OF_A_KIND
from trialect.problems import RULES, Severity, Unusable


def plan(
    name: str = "QS", label: str = "Questionnaires", variables: tuple[XptVariable, ...] = QS
) -> list[str]:
    return rules_of(check_xpt_plan(name, label, variables))


def test_a_good_plan_has_no_problem() -> None:
    assert plan() == []


@pytest.mark.parametrize("name", ["", "qs", "QUESTIONS", "1QS", "_QS", "Q-S", "QÜ", "QS\n"])
def test_dataset_name(name: str) -> None:
    assert plan(name=name) == ["XPT-DATASET-NAME"]


@pytest.mark.parametrize("name", ["Q", "QS1", "SUPPQS", "Q_S", "ABCDEFGH"])
def test_dataset_name_that_is_allowed(name: str) -> None:
    assert plan(name=name) == []


@pytest.mark.parametrize("name", ["", "usubjid", "QSSTRESNX", "1SEQ", "_SEQ", "QS SEQ", "QSÄ"])
def test_variable_name(name: str) -> None:
    assert plan(variables=(num(name),)) == ["XPT-VARIABLE-NAME"]


@pytest.mark.parametrize("name", ["A", "QSSTRESN", "A1_"])
def test_variable_name_that_is_allowed(name: str) -> None:
    assert plan(variables=(num(name),)) == []


def test_duplicate_variable() -> None:
    assert plan(variables=(num("A"), num("B"), num("A"))) == ["XPT-DUPLICATE-VARIABLE"]
    assert plan(variables=(num("A"), num("a"))) == ["XPT-VARIABLE-NAME", "XPT-DUPLICATE-VARIABLE"]
    assert plan(variables=(num("A"), num("B"))) == []


def test_variable_count() -> None:
    assert plan(variables=()) == ["XPT-VARIABLE-COUNT"]
    many = tuple(num(f"V{number}") for number in range(10_000))
    assert plan(variables=many) == ["XPT-VARIABLE-COUNT"]
    assert plan(variables=many[:-1]) == []


def test_label_long() -> None:
    assert plan(label="x" * 41) == ["XPT-LABEL-LONG"]
    assert plan(variables=(num("A", "x" * 41),)) == ["XPT-LABEL-LONG"]
    assert plan(label="x" * 40, variables=(num("A", "x" * 40),)) == []


@pytest.mark.parametrize("label", ["Schmerz ≥ 3", "tab\there", "blank behind ", "\x7f"])
def test_label_text(label: str) -> None:
    assert plan(label=label) == ["XPT-LABEL-TEXT"]
    assert plan(variables=(num("A", label),)) == ["XPT-LABEL-TEXT"]
    assert plan(label="Pain >= 3", variables=(num("A", ""),)) == []


@pytest.mark.parametrize(
    ("variable", "fits"),
    [
        (char("A", 0), False),
        (char("A", 1), True),
        (char("A", 200), True),
        (char("A", 201), False),
        (XptVariable("A", "", "Num", 8), True),
        (XptVariable("A", "", "Num", 7), False),
        (XptVariable("A", "", "Num", 9), False),
    ],
)
def test_length(variable: XptVariable, fits: bool) -> None:
    assert plan(variables=(variable,)) == ([] if fits else ["XPT-LENGTH"])


@pytest.mark.parametrize(
    ("format", "rules"),
    [
        ("", []),
        ("DATE9.", []),
        ("8.", []),
        ("12.3", []),
        ("$20.", []),
        ("E8601DT19.", []),
        ("DATE9", ["XPT-FORMAT"]),
        (".", ["XPT-FORMAT"]),
        ("a b.", ["XPT-FORMAT"]),
        ("TOOLONGNAME5.", ["XPT-FORMAT"]),
        ("BEST99999.", ["XPT-FORMAT"]),
        ("YESNO.", ["XPT-CUSTOM-FORMAT"]),
        ("$SEX1.", ["XPT-CUSTOM-FORMAT"]),
    ],
)
def test_format(format: str, rules: list[str]) -> None:
    assert plan(variables=(XptVariable("A", "", "Num", 8, format),)) == rules
    assert plan(variables=(XptVariable("A", "", "Num", 8, "", format),)) == rules


def test_a_plan_with_an_error_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        write(tmp_path, qs(), QS, name="qs", path=tmp_path / "qs.xpt")
    assert rules_of(refused.value.problems) == ["XPT-DATASET-NAME"]
    assert list(tmp_path.iterdir()) == []


def test_a_custom_format_is_written_with_a_warning(tmp_path: Path) -> None:
    variables = [XptVariable("A", "", "Num", 8, "YESNO.")]
    written = write(tmp_path, pl.DataFrame({"A": [1.0]}), variables)
    assert rules_of(written.problems) == ["XPT-CUSTOM-FORMAT"]
    assert written.problems[0].severity is Severity.WARNING


def test_file_name(tmp_path: Path) -> None:
    for path in ("ae.xpt", "qs.dat", "qs1.xpt"):
        assert rules_of(problems_of(tmp_path, qs(), QS, path=tmp_path / path)) == ["XPT-FILE-NAME"]
    assert problems_of(tmp_path, qs(), QS, path=tmp_path / "qs.xpt") == []


def test_stamp(tmp_path: Path) -> None:
    for year, rules in ((1959, ["XPT-STAMP"]), (1960, []), (2059, []), (2060, ["XPT-STAMP"])):
        assert rules_of(problems_of(tmp_path, qs(), QS, stamp=datetime(year, 1, 1))) == rules


def test_column_missing(tmp_path: Path) -> None:
    found = problems_of(tmp_path, qs().drop("QSORRES"), QS)
    assert [(problem.rule, problem.variable) for problem in found] == [
        ("XPT-COLUMN-MISSING", "QSORRES")
    ]
    assert problems_of(tmp_path, qs(), QS) == []


@pytest.mark.parametrize(
    ("variable", "column"),
    [
        ("QSORRES", pl.Series([1.0, 2.0, 3.0])),
        ("QSSTRESN", pl.Series(["1", "2", "3"])),
        ("QSSTRESN", pl.Series([True, False, None])),
        ("QSSTRESN", pl.Series([datetime(2026, 1, 1)] * 3)),
        ("QSORRES", pl.Series([b"1", b"2", b"3"])),
    ],
)
def test_column_type(tmp_path: Path, variable: str, column: pl.Series) -> None:
    found = problems_of(tmp_path, qs().with_columns(column.alias(variable)), QS)
    assert [(problem.rule, problem.variable) for problem in found] == [
        ("XPT-COLUMN-TYPE", variable)
    ]
    assert list(tmp_path.iterdir()) == []


ERROR_TEXTS = {
    "≥ 3": "XPT-NON-ASCII",
    "é": "XPT-NON-ASCII",
    "\u00a0": "XPT-NON-ASCII",
    "a\nb": "XPT-CONTROL-CHARACTER",
    "a\tb": "XPT-CONTROL-CHARACTER",
    "a\x00b": "XPT-CONTROL-CHARACTER",
    "ab\x00": "XPT-CONTROL-CHARACTER",
    "\x00": "XPT-CONTROL-CHARACTER",
    "\x01": "XPT-CONTROL-CHARACTER",
    "\x1f": "XPT-CONTROL-CHARACTER",
    "\x7f": "XPT-CONTROL-CHARACTER",
    "123456789": "XPT-VALUE-LONG",
    "x" * 200: "XPT-VALUE-LONG",
    "x" * 201: "XPT-OVER-200",
    "95 ": "XPT-TRAILING-BLANK",
    "1234567 ": "XPT-TRAILING-BLANK",
    " ": "XPT-TRAILING-BLANK",
    "        ": "XPT-TRAILING-BLANK",
}


@pytest.mark.parametrize(("value", "rule"), ERROR_TEXTS.items())
def test_text_that_would_be_damaged(tmp_path: Path, value: str, rule: str) -> None:
    found = problems_of(tmp_path, qs(["95", None, value, "7"]), QS)
    assert [(p.rule, p.row, p.usubjid, p.seq, p.variable, p.domain) for p in found] == [
        (rule, 3, "P-01-001", "3", "QSORRES", "QS")
    ]
    assert found == check_batch("QS", QS, qs(["95", None, value, "7"]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["~", "!", "a b", "12345678", ".", "", None])
def test_text_that_is_kept(tmp_path: Path, value: str | None) -> None:
    assert problems_of(tmp_path, qs(["95", None, value, "7"]), QS) == []
    assert check_batch("QS", QS, qs(["95", None, value, "7"])) == []


@pytest.mark.parametrize("width", [13, 40, 200])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_text_in_long_variables_is_proved_too(tmp_path: Path, width: int, place: int) -> None:
    good = ["short", "x" * width, "y" * 13]
    variables = [char("TEXT", width), num("TESEQ")]
    seq = pl.Series("TESEQ", [1.0, 2.0, 3.0])
    for bad, rule in (
        ("long enough \x0b to leave"[:width], "XPT-CONTROL-CHARACTER"),
        ("z" * (width + 1), "XPT-OVER-200" if width == 200 else "XPT-VALUE-LONG"),
        ("ends here   "[: width - 1] + " ", "XPT-TRAILING-BLANK"),
        ("inside\0it is"[:width], "XPT-CONTROL-CHARACTER"),
        ("caf\u00e9 of the " + "w"[: width - 13], "XPT-NON-ASCII"),
    ):
        texts = list(good)
        texts[place] = bad
        found = problems_of(tmp_path, pl.DataFrame({"TEXT": texts, "TESEQ": seq}), variables)
        assert [(problem.rule, problem.row) for problem in found if problem.rule == rule] == [
            (rule, place + 1)
        ]
    assert problems_of(tmp_path, pl.DataFrame({"TEXT": good, "TESEQ": seq}), variables) == []


def test_leading_blank(tmp_path: Path) -> None:
    written = write(tmp_path, qs([" 95", "95"]), QS)
    assert [(p.rule, p.severity, p.row) for p in written.problems] == [
        ("XPT-LEADING-BLANK", Severity.WARNING, 1)
    ]
    assert written.files[0].path.exists()
    assert problems_of(tmp_path, qs(["9 5", "95"]), QS) == []


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (math.nan, "XPT-NOT-FINITE"),
        (math.inf, "XPT-NOT-FINITE"),
        (-math.inf, "XPT-NOT-FINITE"),
        (7.24e75, "XPT-NUMBER-LARGE"),
        (-1e300, "XPT-NUMBER-LARGE"),
        (5e-79, "XPT-NUMBER-SMALL"),
        (-5e-324, "XPT-NUMBER-SMALL"),
    ],
)
def test_numbers_that_would_be_damaged(tmp_path: Path, value: float, rule: str) -> None:
    frame = qs(["a", "b", "c"], [None, 0.0, value])
    found = problems_of(tmp_path, frame, QS)
    assert [(p.rule, p.row, p.variable, p.value) for p in found] == [
        (rule, 3, "QSSTRESN", str(value))
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [None, 0.0, -0.0, 7.237e75, -7.237e75, 5.4e-79])
def test_numbers_that_are_kept(tmp_path: Path, value: float | None) -> None:
    assert problems_of(tmp_path, qs(["a", "b"], [None, value]), QS) == []


def test_number_inexact(tmp_path: Path) -> None:
    def found(*values: int | None) -> list[Any]:
        frame = pl.DataFrame({"A": pl.Series(values, dtype=pl.Int64)})
        return [(p.rule, p.row) for p in problems_of(tmp_path, frame, [num("A")], name="QS")]

    assert found(1, None, 2**53 + 1) == [("XPT-NUMBER-INEXACT", 3)]
    assert found(-(2**63), 2**63 - 1) == [("XPT-NUMBER-INEXACT", 2)]
    assert found(1, 2**53, 2**54, -(2**62)) == []


def test_size_limit(tmp_path: Path) -> None:
    found = problems_of(tmp_path, qs(), QS, size_limit=1_000)
    assert rules_of(found) == ["XPT-SIZE-LIMIT"]
    assert list(tmp_path.iterdir()) == []
    needed = write(tmp_path, qs(["a"]), QS).bytes
    assert str(needed) in found[0].message
    assert write(tmp_path, qs(["a"]), QS, size_limit=needed).bytes == needed


def test_blank_last_record(tmp_path: Path) -> None:
    def found(*values: str | None, width: int = 10) -> list[str]:
        frame = pl.DataFrame({"A": values}, schema={"A": pl.String})
        return rules_of(problems_of(tmp_path, frame, [char("A", width)]))

    assert found("x", None) == ["XPT-BLANK-LAST-RECORD"]
    assert found(None) == ["XPT-BLANK-LAST-RECORD"]
    assert found(None, "x") == []
    assert found("x", None, width=80) == []
    assert found() == []


def test_all_problems_are_collected_and_the_old_file_stays(tmp_path: Path) -> None:
    before = write(tmp_path, qs(), QS).files[0]
    batches = [
        qs(["fine", "≥"]),
        qs(["fine"]),
        qs(["much too long", "x\ty"], [1.0, math.inf]),
    ]
    found = problems_of(tmp_path, qs(), QS, batches=batches)
    assert [(p.rule, p.variable, p.row) for p in found] == [
        ("XPT-CONTROL-CHARACTER", "QSORRES", 5),
        ("XPT-NON-ASCII", "QSORRES", 2),
        ("XPT-VALUE-LONG", "QSORRES", 4),
        ("XPT-NOT-FINITE", "QSSTRESN", 5),
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["qs.xpt"]
    assert write(tmp_path, qs(), QS).files[0] == before


def test_many_problems_of_a_kind_are_counted(tmp_path: Path) -> None:
    found = problems_of(tmp_path, qs(["≥"] * 1_000), QS)
    assert len(found) == KEPT_OF_A_KIND + 1
    assert {problem.rule for problem in found} == {"XPT-NON-ASCII"}
    assert "900 more records" in found[-1].message
    assert found[-1].row is None


def test_problems_do_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = qs([f"{number} ≥" if number % 97 == 0 else "x" for number in range(5_000)])
    whole = problems_of(tmp_path, frame, QS)
    monkeypatch.setattr("trialect.converters.writers.xpt.BLOCK_ROWS", 100)
    assert problems_of(tmp_path, frame, QS) == whole
    assert problems_of(tmp_path, frame, QS, batches=list(frame.iter_slices(333))) == whole
    assert check_batch("QS", QS, frame) == whole


def test_a_failing_source_of_records_leaves_nothing(tmp_path: Path) -> None:
    def batches() -> Any:
        yield qs()
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        write(tmp_path, qs(), QS, batches=batches())
    assert list(tmp_path.iterdir()) == []


def test_records_are_numbered_from_where_the_caller_says() -> None:
    found = check_batch("QS", QS, qs(["≥"]), first_record=41)
    assert found[0].row == 41
    assert "record 41" in found[0].message
    assert "≥ (U+2265)" in found[0].message


def test_a_supplemental_record_is_named_by_its_parent() -> None:
    frame = pl.DataFrame({"USUBJID": ["P-1"], "IDVARVAL": ["4"], "QVAL": ["≥"]})
    variables = [char("USUBJID"), char("IDVARVAL"), char("QVAL")]
    (found,) = check_batch("SUPPQS", variables, frame)
    assert (found.usubjid, found.seq, found.variable) == ("P-1", "4", "QVAL")


def test_a_variable_that_is_too_long_does_not_excuse_its_values() -> None:
    variables = [char("A", 400)]
    assert rules_of(check_batch("QS", variables, pl.DataFrame({"A": ["x" * 300]}))) == [
        "XPT-OVER-200"
    ]
    assert check_batch("QS", variables, pl.DataFrame({"A": ["x" * 200]})) == []


def test_a_long_value_is_shown_by_its_start() -> None:
    (found,) = check_batch("QS", [char("A", 4)], pl.DataFrame({"A": ["y" * 150]}))
    assert found.value == "y" * 60 + "..."
    assert "150 bytes" in found.message


def test_every_rule_says_how_to_mend_and_where_it_comes_from() -> None:
    assert STAMP.year == 2026
    for rule in RULES.values():
        if rule.id.startswith("XPT-") and rule.severity is Severity.ERROR:
            assert rule.mend, rule.id

"""Explanations: which findings they speak of, and what is told of a file that is not in order."""

from __future__ import annotations

import re
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.explanations import Explainer, Explanation, read_explanations
from trialect.converters.review import review
from trialect.problems import Problem, Severity, Unusable

HEAD = "rule,dataset,usubjid,seq,variable,value,file,justification\n"


def found(rule: str = "SDTM-X", **place: object) -> Problem:
    return Problem(rule, Severity.ERROR, "m", **place)  # type: ignore[arg-type]


def read(tmp_path: Path, text: str | bytes) -> tuple[Explanation, ...]:
    path = tmp_path / "explanations.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_explanations(path)


def refused(tmp_path: Path, text: str | bytes) -> list[tuple[str, int | None, str]]:
    with pytest.raises(Unusable) as told:
        read(tmp_path, text)
    assert all(one.file == "explanations.csv" for one in told.value.problems)
    return [(one.rule, one.row, one.message) for one in told.value.problems]


AE = found(
    domain="AE", usubjid="S-1", seq="3", variable="AETERM", value="pain*", file="ae.xpt", row=3
)


@pytest.mark.parametrize(
    ("scope", "speaks"),
    [
        ({}, True),
        ({"dataset": "AE"}, True),
        ({"dataset": "CM"}, False),
        ({"dataset": "A?"}, True),
        ({"dataset": "?"}, False),
        ({"usubjid": "S-*"}, True),
        ({"usubjid": "s-1"}, False),
        ({"seq": "3"}, True),
        ({"seq": "30"}, False),
        ({"variable": "AETERM"}, True),
        ({"variable": "*DTC"}, False),
        ({"value": "pain~*"}, True),
        ({"value": "pain~?"}, False),
        ({"value": "p*"}, True),
        ({"value": "*"}, True),
        ({"file": "*.xpt"}, True),
        ({"file": "aeXxpt"}, False),
        ({"dataset": "AE", "usubjid": "S-1", "value": "p*", "variable": "AEDECOD"}, False),
    ],
)
def test_a_scope_chooses_findings(scope: dict[str, str], speaks: bool) -> None:
    explainer = Explainer([Explanation("SDTM-X", "because", 2, **scope)])  # type: ignore[arg-type]
    assert explainer.of(AE) == ([0] if speaks else [])


@pytest.mark.parametrize(
    ("rule", "speaks"),
    [("SDTM-X", True), ("SDTM-*", True), ("SDTM-?", True), ("SDTM", False), ("XSDTM-X", False)],
)
def test_a_rule_is_meant_by_its_id(rule: str, speaks: bool) -> None:
    assert Explainer([Explanation(rule, "because", 2)]).of(AE) == ([0] if speaks else [])


def test_any_of_several_variables_is_meant() -> None:
    both = found(variable="AESTDTC, AEENDTC")
    of = Explainer([Explanation("SDTM-X", "j", n, variable=v) for n, v in enumerate("AB")]).of
    assert of(both) == []
    names = ("AESTDTC", "AEENDTC", "AEEND*", "AESTDTC, AEENDTC")
    some = Explainer([Explanation("SDTM-X", "j", n, variable=v) for n, v in enumerate(names)])
    assert some.of(both) == [0, 1, 2]


def test_a_column_of_an_export_is_meant_as_a_variable() -> None:
    explainer = Explainer([Explanation("SDTM-X", "j", 2, variable="SITE NOTE")])
    assert explainer.of(found(file="a.csv", field="site note")) == [0]


@pytest.mark.parametrize(
    ("explained", "found", "speaks"),
    [
        ("TRL-CT-001", "SDTM-CT-NOT-EXTENSIBLE", True),
        ("TRL-CT-*", "SDTM-CT-NOT-EXTENSIBLE", True),
        ("SDTM-CT-NOT-EXTENSIBLE", "TRL-CT-001", True),
        ("TRL-AE-001", "SDTM-CT-NOT-EXTENSIBLE", False),
        ("SDTM-CT-NOT-EXTENSIBLE", "TRL-AE-001", False),
        ("TRL-CT-001", "MAP-TERM-UNKNOWN", False),
    ],
)
def test_a_rule_is_explained_with_the_check_that_says_the_same(
    explained: str, found: str, speaks: bool
) -> None:
    told = Problem(found, Severity.ERROR, "Wrong.", domain="AE")
    explainer = Explainer([Explanation(explained, "Known.", 2, dataset="AE")])
    assert explainer.of(told) == ([0] if speaks else [])


def test_all_that_speak_are_told_in_the_order_of_the_file() -> None:
    many = [
        Explanation("SDTM-*", "wide", 2),
        Explanation("SDTM-X", "exact", 3, dataset="AE"),
        Explanation("SDTM-X", "other", 4, dataset="CM"),
        Explanation("SDTM-X", "narrow", 5, dataset="AE", usubjid="S-*"),
    ]
    assert Explainer(many).of(AE) == [0, 1, 3]


def test_what_excel_saves_is_read(tmp_path: Path) -> None:
    text = (
        '\ufeffRule;Justification;Dataset\r\nsdtm-x;Because; ae \r\n;;\r\nSDTM-Y;"A; b\r\nc";\r\n'
    )
    one, other = read(tmp_path, text)
    assert (one.rule, one.dataset, one.justification, one.line) == ("SDTM-X", "AE", "Because", 2)
    assert (other.rule, other.scope, other.justification) == ("SDTM-Y", {}, "A; b\r\nc")
    assert other.line == 4


def test_a_file_without_lines_explains_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD) == ()


def test_every_fault_is_told_with_its_place(tmp_path: Path) -> None:
    text = HEAD + "SDTM-X,AE,,,,,,\n*,,,,,,,why\n,,,,,,,why\nSDTM-Y,,,,,,,a\nsdtm-y,,,,,,,b\n"
    assert refused(tmp_path, text) == [
        ("EXPLAIN-EMPTY", 2, "justification is empty."),
        ("EXPLAIN-TOO-WIDE", 3, "'*' stands for every rule."),
        ("EXPLAIN-EMPTY", 4, "rule is empty."),
        ("EXPLAIN-TWICE", 6, "row 5 explains SDTM-Y already."),
    ]


def test_a_header_that_is_not_known_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, "rule,datset,rule\nX,AE,Y\n") == [
        ("EXPLAIN-COLUMN", 1, "there is no column 'datset'. Did you mean 'dataset'?"),
        ("EXPLAIN-COLUMN-TWICE", 1, "the header names 'rule' twice."),
        ("EXPLAIN-COLUMN-MISSING", 1, "the column 'justification' is missing."),
    ]
    assert [rule for rule, _, _ in refused(tmp_path, b"")] == ["EXPLAIN-COLUMN-MISSING"] * 2


def test_a_line_that_is_too_long_is_told(tmp_path: Path) -> None:
    text = "rule,justification\nSDTM-X,pain, and more\n"
    assert refused(tmp_path, text) == [("EXPLAIN-CELLS", 2, "the line has 3 cells, the header 2.")]


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (b"rule,justification\nX,a\xff\n", None, "byte 23 is no UTF-8"),
        (b'rule,justification\nX,"a\n', 2, "a quote is opened and never closed"),
        (b'rule,justification\nX,"a"b\n', 2, "text follows a closing quote"),
        (b"rule,justification\nX," + b"a" * 200_000, 2, "a cell is too long"),
    ],
)
def test_what_is_no_csv_is_refused(
    tmp_path: Path, data: bytes, row: int | None, reason: str
) -> None:
    told = f"explanations.csv cannot be read: {reason}."
    assert refused(tmp_path, data) == [("EXPLAIN-NOT-READ", row, told)]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="No such file"):
        read_explanations(tmp_path / "none.csv")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "e.csv"
    for head in (b"", HEAD.encode()):
        path.write_bytes(head + data)
        told: list[str] = []
        try:
            read_explanations(path)
        except Unusable as unusable:
            told = [one.rule for one in unusable.problems]
        assert all(rule.startswith("EXPLAIN-") for rule in told)


def test_an_explanation_that_explains_nothing_is_a_finding() -> None:
    explanations = [
        Explanation("SDTM-X", "used", 2, dataset="AE"),
        Explanation("SDTM-X", "not", 3, dataset="CM"),
        Explanation("SDTM-Z", "not", 4, name="own.csv"),
    ]
    told = review([AE], explanations=explanations)
    idle = [one for one in told.problems if one.rule == "EXPLAIN-UNUSED"]
    assert [(one.file, one.row, one.severity) for one in idle] == [
        ("explanations.csv", 3, Severity.WARNING),
        ("own.csv", 4, Severity.WARNING),
    ]
    assert idle[0].message == (
        "SDTM-X, dataset CM: no such finding; 1 of the rule are outside the scope."
    )
    assert idle[1].message == (
        "SDTM-Z: no such finding; the rule has found nothing. Did you mean 'SDTM-X'?"
    )
    assert told.hits == [1, 0, 0]
    assert not review([AE], explanations=explanations[:1]).problems[1:]


def test_an_explanation_cannot_explain_itself() -> None:
    told = review([], explanations=[Explanation("EXPLAIN-UNUSED", "j", 2)])
    assert [one.rule for one in told.problems] == ["EXPLAIN-UNUSED"]
    assert told.explained_by_severity.total() == 0


WORDS = st.sampled_from(["AE", "A?", "*", "A*", "CM", "~*", "a", ""])
TOLD = st.sampled_from(["AE", "CM", "*", "A", None])


def speaks(one: Explanation, problem: Problem) -> bool:
    """The same, column by column and letter by letter."""
    pairs = (
        *((one.dataset.upper(), problem.domain), (one.usubjid, problem.usubjid)),
        *((one.value, problem.value), (one.file, problem.file)),
    )
    escaped = {"~*": "[*]", "~?": "[?]"}
    for wanted, told in pairs:
        shape = re.sub(r"~[*?]", lambda sign: escaped[sign[0]], wanted)
        if wanted and not fnmatchcase(told or "", shape):
            return False
    return True


@given(
    st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), max_size=8),
    st.tuples(TOLD, TOLD, TOLD, TOLD),
)
def test_looking_up_finds_what_comparing_finds(
    scopes: list[tuple[str, str, str, str]], place: tuple[str | None, ...]
) -> None:
    explanations = [
        Explanation("SDTM-X", "j", n, dataset=d.upper(), usubjid=u, value=v, file=f)
        for n, (d, u, v, f) in enumerate(scopes)
    ]
    domain, usubjid, value, file = place
    one = found(domain=domain, usubjid=usubjid, value=value, file=file)
    expected = [n for n, each in enumerate(explanations) if speaks(each, one)]
    assert Explainer(explanations).of(one) == expected


def test_thousands_of_explanations_are_quick() -> None:
    explanations = [
        Explanation("SDTM-X", "j", n, dataset="AE", usubjid=f"S-{n}", value="a*" if n % 9 else "")
        for n in range(3000)
    ]
    problems = [
        found(domain="AE", usubjid=f"S-{n % 4000}", value="abc", seq=str(n)) for n in range(20_000)
    ]
    begun = time.process_time()
    explainer = Explainer(explanations)
    count = sum(bool(explainer.of(one)) for one in problems)
    assert count == 15_000
    assert time.process_time() - begun < 2

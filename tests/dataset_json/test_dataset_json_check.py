"""Every rule fires on a Dataset-JSON file that is good but for one mistake, and on no other."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.readers.define_xml import read_define
from trialect.metadata import DatasetMeta, VariableMeta
from trialect.problems import RULES, Unusable
from trialect.schemas.dataset_json import check, stream, values
from trialect.schemas.dataset_json.check import check_dataset_json
from trialect.schemas.dataset_json.stream import open_stream

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "sdtm-msg"
needs_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="the sample submission is not there")


def good() -> dict[str, Any]:
    return {
        "datasetJSONCreationDateTime": "2026-06-30T12:00:00Z",
        "datasetJSONVersion": "1.1.0",
        "sourceSystem": {"name": "trialect", "version": "1"},
        "itemGroupOID": "IG.QS",
        "records": 2,
        "name": "QS",
        "label": "Questionnaires",
        "columns": [
            {
                "itemOID": "IT.QS.USUBJID",
                "name": "USUBJID",
                "label": "Subject",
                "dataType": "string",
                "length": 3,
                "keySequence": 1,
            },
            {
                "itemOID": "IT.QS.QSSEQ",
                "name": "QSSEQ",
                "label": "Number",
                "dataType": "integer",
                "keySequence": 2,
            },
            {
                "itemOID": "IT.QS.QSDTC",
                "name": "QSDTC",
                "label": "Date",
                "dataType": "date",
            },
        ],
        "rows": [["001", 1, "2026-01-02"], ["002", None, None]],
    }


def as_document(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content)


def as_lines(content: dict[str, Any]) -> bytes:
    rows = content.pop("rows")
    return b"\n".join(map(orjson.dumps, [content, *rows])) + b"\n"


def indented(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def rows_first(content: dict[str, Any]) -> bytes:
    return orjson.dumps({"rows": content.pop("rows"), **content})


def rows_amid(content: dict[str, Any]) -> bytes:
    label = content.pop("label")
    return orjson.dumps({**content, "label": label})


def compressed(content: dict[str, Any]) -> bytes:
    return zlib.compress(as_lines(content))


def gzipped(content: dict[str, Any]) -> bytes:
    return gzip.compress(as_lines(content), mtime=0)


FORMS = (as_document, as_lines, indented, rows_first, rows_amid, compressed, gzipped)


@pytest.mark.parametrize("form", FORMS)
def test_a_good_file_has_no_problem(tmp_path: Path, form: Callable) -> None:
    path = tmp_path / "qs.json"
    path.write_bytes(form(good()))
    assert check_dataset_json(path) == []


def put(place: Callable[[dict[str, Any]], dict[str, Any]], name: str, value: object) -> Callable:
    def mistake(content: dict[str, Any]) -> None:
        place(content)[name] = value

    return mistake


def whole(content: dict[str, Any]) -> dict[str, Any]:
    return content


def column(number: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda content: content["columns"][number]


def value(row: int, number: int, what: object) -> Callable:
    def mistake(content: dict[str, Any]) -> None:
        content["rows"][row][number] = what

    return mistake


MISTAKES: list[tuple[str, Callable]] = [
    ("DSJSON-MEMBER-MISSING", lambda content: content.pop("label")),
    ("DSJSON-MEMBER-MISSING", lambda content: content["columns"][1].pop("itemOID")),
    ("DSJSON-MEMBER-MISSING", lambda content: content["sourceSystem"].pop("name")),
    ("DSJSON-MEMBER-UNKNOWN", put(whole, "lable", "Questionnaires")),
    ("DSJSON-MEMBER-UNKNOWN", put(column(0), "format", "F8")),
    ("DSJSON-MEMBER-TYPE", put(whole, "datasetJSONVersion", "1.0.0")),
    ("DSJSON-MEMBER-TYPE", put(whole, "datasetJSONCreationDateTime", "30JUN2026")),
    ("DSJSON-MEMBER-TYPE", put(whole, "sourceSystem", "trialect")),
    ("DSJSON-MEMBER-TYPE", put(whole, "label", None)),
    ("DSJSON-MEMBER-TYPE", put(column(1), "dataType", "number")),
    ("DSJSON-MEMBER-TYPE", put(column(1), "targetDataType", "string")),
    ("DSJSON-MEMBER-TYPE", put(column(0), "length", 0)),
    ("DSJSON-COLUMN-REPEATED", put(column(1), "name", "USUBJID")),
    ("DSJSON-COLUMN-REPEATED", put(column(1), "itemOID", "IT.QS.USUBJID")),
    ("DSJSON-KEY-REPEATED", put(column(1), "keySequence", 1)),
    ("DSJSON-RECORDS", put(whole, "records", 3)),
    ("DSJSON-ROW-WIDTH", lambda content: content["rows"][1].pop()),
    ("DSJSON-ROW-WIDTH", lambda content: content["rows"][0].append("more")),
    ("DSJSON-VALUE-TYPE", value(1, 1, "2")),
    ("DSJSON-VALUE-TYPE", value(1, 1, 2.5)),
    ("DSJSON-VALUE-TYPE", value(1, 1, True)),
    ("DSJSON-VALUE-TYPE", value(1, 0, 2)),
    ("DSJSON-VALUE-FORMAT", value(1, 2, "02JAN2026")),
    ("DSJSON-VALUE-FORMAT", value(1, 2, "2026-13-01")),
    ("DSJSON-VALUE-LENGTH", value(1, 0, "0002")),
]


@pytest.mark.parametrize("form", [as_document, as_lines])
@pytest.mark.parametrize(("rule", "mistake"), MISTAKES)
def test_a_rule_fires_where_it_is_broken(
    tmp_path: Path, rule: str, mistake: Callable, form: Callable
) -> None:
    content = good()
    mistake(content)
    path = tmp_path / "qs.json"
    path.write_bytes(form(content))
    (problem,) = check_dataset_json(path)
    assert (problem.rule, problem.file) == (rule, "qs.json")
    assert "{" not in problem.message.replace("{'", "")
    if rule.startswith("DSJSON-VALUE"):
        assert problem.row == 3
        assert "record 2 has" in problem.message


def test_a_kind_of_problem_is_told_once_a_column(tmp_path: Path) -> None:
    content = good()
    content["rows"] = [["0001", 1, None]] * 3
    content["records"] = 3
    path = tmp_path / "qs.json"
    path.write_bytes(as_document(content))
    (problem,) = check_dataset_json(path)
    assert "(3 values in all)" in problem.message


def test_a_column_that_is_no_object(tmp_path: Path) -> None:
    content = {**good(), "columns": ["USUBJID"], "rows": [], "records": 0}
    path = tmp_path / "qs.json"
    path.write_bytes(as_document(content))
    assert [problem.rule for problem in check_dataset_json(path)] == ["DSJSON-MEMBER-TYPE"]


META = DatasetMeta(
    "QS",
    "Questionnaires",
    "QS",
    "Findings",
    "One",
    2,
    (
        VariableMeta("USUBJID", "Subject", "Char", 3, "text", "", None),
        VariableMeta("QSSEQ", "Number", "Num", 8, "integer", "", None),
        VariableMeta("QSDTC", "Date", "Char", 10, "date", "", None),
    ),
)


def changed(number: int, **changes: object) -> DatasetMeta:
    variables = list(META.variables)
    variables[number] = replace(variables[number], **changes)
    return replace(META, variables=tuple(variables))


@pytest.mark.parametrize(
    ("meta", "what"),
    [
        (replace(META, label="Other"), "label is"),
        (changed(0, label="Other"), "label of USUBJID"),
        (changed(0, length=4), "length of USUBJID"),
        (changed(1, data_type="float"), "dataType of QSSEQ"),
        (replace(META, variables=META.variables[::-1]), "the order of columns"),
    ],
)
def test_a_difference_from_the_define_is_found(
    tmp_path: Path, meta: DatasetMeta, what: str
) -> None:
    path = tmp_path / "qs.json"
    path.write_bytes(as_document(good()))
    assert check_dataset_json(path, META) == []
    (problem,) = check_dataset_json(path, meta)
    assert problem.rule == "DSJSON-DIFFERS"
    assert problem.message.startswith(what)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[1, 2]",
        b"not json",
        b'{"rows":[',
        b'{"rows":[["a"]',
        b'{"rows":[["a"],',
        b'{"rows":[["a"]}',
        b'{"rows":[[["nested"]]]}',
        b'{"rows":[["a"]] trailing',
        b'{"name":"QS"}\n["a"\n',
        b"\x1f\x8bno gzip",
        zlib.compress(b'{"name":"QS"}\n["a"]\n')[:-6],
        b"\x00\x00\x00",
    ],
)
def test_what_cannot_be_read_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "qs.json"
    path.write_bytes(content)
    with pytest.raises(Unusable) as refused:
        check_dataset_json(path)
    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("DSJSON-NOT-JSON", "qs.json")


def test_a_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        check_dataset_json(tmp_path / "qs.json")
    assert refused.value.problems[0].rule == "DSJSON-NOT-JSON"


@pytest.mark.parametrize("form", [as_document, as_lines])
def test_a_row_without_end_is_not_kept_in_memory(
    tmp_path: Path, form: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LIMIT", 2 << 20)
    content = good()
    content["rows"][0][0] = "x" * (9 << 20)
    path = tmp_path / "qs.json"
    path.write_bytes(form(content))
    with pytest.raises(Unusable) as refused:
        check_dataset_json(path)
    assert "longer than" in refused.value.problems[0].message


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
cells = st.one_of(
    st.none(), st.integers(-9, 9), st.sampled_from(['"', "],\n[", "\\", "[", "]"]), texts
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cells, min_size=1, max_size=3), max_size=12),
    form=st.sampled_from(FORMS),
    chunk=st.integers(1, 40),
)
def test_rows_are_found_however_the_file_is_cut(
    tmp_path: Path, rows: list, form: Callable, chunk: int
) -> None:
    path = tmp_path / "qs.json"
    path.write_bytes(form({"name": "QS", "columns": [], "rows": rows, "label": "x"}))
    before = stream.CHUNK
    stream.CHUNK = chunk
    try:
        opened = open_stream(path)
        found = [row for batch in opened.batches for row in batch]
    finally:
        stream.CHUNK = before
    assert found == rows
    assert opened.head == {"name": "QS", "columns": [], "label": "x"}


@needs_sample
@pytest.mark.parametrize("ending", ["json", "ndjson", "dsjc"])
def test_the_official_files_have_no_problem(ending: str) -> None:
    files = sorted(SAMPLE.glob(f"*.{ending}"))
    assert files
    define = read_define(SAMPLE / "define.xml")
    for file in files:
        assert check_dataset_json(file, define.dataset(file.stem.upper())) == []


def test_every_declared_rule_is_tried() -> None:
    modules = (check, stream, values)
    declared = {
        one.id
        for module in modules
        for one in vars(module).values()
        if RULES.get(str(getattr(one, "id", ""))) is one
    }
    assert declared == {rule for rule, _ in MISTAKES} | {"DSJSON-NOT-JSON", "DSJSON-DIFFERS"}

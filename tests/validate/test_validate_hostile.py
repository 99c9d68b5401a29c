"""What validate meets from outside: files cut at every byte, values of every wrong kind, any bytes.

Each is checked or refused with a reason, in bounded time, and never taken for what it is not.
"""

from __future__ import annotations

import copy
import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_validate_datasets import write

import trialect
from trialect.converters.readers.xpt import open_members
from trialect.problems import Problem, Severity, Unusable

SECONDS = 5.0
"""What no small file takes."""

QUICK = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def told(*paths: Path) -> list[Problem]:
    """The problems that a check tells or a refusal gives."""
    began = time.process_time()
    try:
        found = trialect.validate(*paths, pack=False).problems
    except Unusable as unusable:
        found = unusable.problems
    assert time.process_time() - began < SECONDS
    assert all(problem.message for problem in found)
    return found


def errors(*paths: Path) -> list[Problem]:
    return [problem for problem in told(*paths) if problem.severity is Severity.ERROR]


@pytest.fixture
def xpt(tmp_path: Path) -> Path:
    """RELSPEC of three records: a variable of its own length in each, no padding at the end."""
    records: dict[str, list[str | float | None]] = {
        "STUDYID": ["S1", "S1", "S1"],
        "USUBJID": ["S1-1", "S1-2", "S1-3"],
        "REFID": ["ABCDEFGHIJ", "K", "L"],
        "SPEC": ["URINE", "URINE", "URINE"],
        "LEVEL": [1.0, 2.0, 3.0],
    }
    return write(tmp_path, "RELSPEC", records)


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    (reader,) = open_members(path)
    return pl.concat(list(reader.iter_batches())).rows()


@pytest.mark.slow
def test_an_xpt_cut_at_every_byte_is_told_or_ends_with_a_record(xpt: Path) -> None:
    data, whole = xpt.read_bytes(), rows_of(xpt)
    whole_length = len(data)
    (reader,) = open_members(xpt)
    width = sum(variable.length for variable in reader.variables)
    start = whole_length - -(-len(whole) * width // 80) * 80
    silent = []
    for cut in range(whole_length):
        xpt.write_bytes(data[:cut])
        found = told(xpt)
        known = {"XPT-NOT-RECORDS"} & {one.rule for one in found}
        if not known and not any(one.severity is Severity.ERROR for one in found):
            silent.append(cut)
    # The format counts no records: a file that ends with one and fills its last 80 bytes is whole.
    assert all(cut >= start and cut % 80 == 0 for cut in silent)
    for cut in silent:
        xpt.write_bytes(data[:cut])
        assert rows_of(xpt) == whole[: len(rows_of(xpt))]


def test_a_whole_xpt_has_no_error(xpt: Path) -> None:
    assert not errors(xpt)


@QUICK
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8))
    )
)
def test_an_xpt_with_bytes_changed_is_checked_or_refused(
    xpt: Path, changes: list[tuple[float, bytes]]
) -> None:
    whole = xpt.read_bytes()
    data = bytearray(whole)
    for place, by in changes:
        at = int(place * len(data))
        data[at : at + len(by)] = by[: len(data) - at]
    path = xpt.with_name("changed.xpt")
    path.write_bytes(data)
    told(path)


DATASET: dict[str, Any] = {
    "datasetJSONCreationDateTime": "2026-01-01T00:00:00",
    "datasetJSONVersion": "1.1.0",
    "fileOID": "F.1",
    "dbLastModifiedDateTime": "2026-01-01T00:00:00",
    "originator": "Nobody",
    "sourceSystem": {"name": "trialect", "version": "0"},
    "studyOID": "S.1",
    "metaDataVersionOID": "M.1",
    "metaDataRef": "define.xml",
    "itemGroupOID": "IG.RELSPEC",
    "records": 2,
    "name": "RELSPEC",
    "label": "Related Specimens",
    "columns": [
        {
            "itemOID": f"IT.RELSPEC.{name}",
            "name": name,
            "label": label,
            "dataType": kind,
            **({"length": 10} if kind == "string" else {}),
        }
        for name, label, kind in (
            ("STUDYID", "Study Identifier", "string"),
            ("USUBJID", "Unique Subject Identifier", "string"),
            ("REFID", "Specimen ID", "string"),
            ("LEVEL", "Specimen Level", "integer"),
        )
    ],
    "rows": [["S1", "S1-1", "A", 1], ["S1", "S1-2", "B", 2]],
}

WRONG: list[Any] = [
    None,
    True,
    -1,
    1.5,
    1e400,
    10**40,
    "",
    "x",
    "\x00",
    "@row",
    [],
    [[]],
    {},
    {"a": 1},
    [None] * 3,
    ["x"] * 5,
]
"""A value of every kind that JSON has, and some of each that nobody expects."""

Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a value, the whole first."""
    yield here
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*here, key))


def with_value(at: Place, value: Any) -> Any:
    whole: Any = copy.deepcopy(DATASET)
    if not at:
        return value
    inner = whole
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return whole


def without(at: Place) -> Any:
    whole: Any = copy.deepcopy(DATASET)
    inner = whole
    for key in at[:-1]:
        inner = inner[key]
    del inner[at[-1]]
    return whole


def forms(folder: Path, dataset: Any) -> Iterator[Path]:
    """The dataset in each form of Dataset-JSON that can hold it."""
    one = folder / "relspec.json"
    one.write_text(json.dumps(dataset), encoding="utf-8")
    yield one
    if isinstance(dataset, dict) and isinstance(dataset.get("rows"), list):
        head = {key: value for key, value in dataset.items() if key != "rows"}
        lines = "".join(json.dumps(line) + "\n" for line in (head, *dataset["rows"]))
        lined = folder / "relspec.ndjson"
        lined.write_text(lines, encoding="utf-8")
        yield lined
        packed = folder / "relspec.dsjc"
        packed.write_bytes(zlib.compress(lines.encode()))
        yield packed


def test_a_dataset_of_right_types_has_no_error(tmp_path: Path) -> None:
    for path in forms(tmp_path, DATASET):
        assert not errors(path), path.suffix


FREE = {
    "fileOID",
    "originator",
    "sourceSystem",
    "studyOID",
    "metaDataVersionOID",
    "metaDataRef",
    "label",
    "itemOID",
    "itemGroupOID",
}
"""Members whose text is the sender's own."""


def is_right(at: Place, value: Any) -> bool:
    """Whether a value is one that stands in the place by right: a text of the sender's own, a
    missing value of a record, or a name, of which only rules can say that it is none of SDTMIG's.
    """
    if at == ("name",) or (at[:1] == ("columns",) and at[2:] == ("name",)):
        return value == "x"
    in_records = at[:1] == ("rows",) and len(at) == 3
    if in_records:
        numeric = at[2] == 3
        return value is None or (value == -1 if numeric else isinstance(value, str))
    free = any(step in FREE for step in at)
    return isinstance(value, str) and free


@pytest.mark.parametrize(
    "at", list(places(DATASET)), ids=lambda at: ".".join(map(str, at)) or "all"
)
def test_a_value_of_a_wrong_kind_is_told(at: Place, tmp_path: Path) -> None:
    for value in WRONG:
        if is_right(at, value):
            continue
        for path in forms(tmp_path, with_value(at, value)):
            assert errors(path), (path.suffix, value)


@pytest.mark.parametrize(
    "at",
    [
        *(("datasetJSONVersion",), ("itemGroupOID",), ("records",), ("name",), ("columns",)),
        *(("columns", 0), ("columns", 0, "name"), ("columns", 0, "dataType"), ("rows", 0)),
        ("rows", 0, 0),
    ],
    ids=lambda at: ".".join(map(str, at)),
)
def test_a_member_that_is_missing_is_told(at: Place, tmp_path: Path) -> None:
    for path in forms(tmp_path, without(at)):
        assert errors(path), path.suffix


def test_a_dataset_cut_at_every_byte_is_told(tmp_path: Path) -> None:
    for path in list(forms(tmp_path, DATASET)):
        data = path.read_bytes()
        for cut in range(0, len(data.rstrip()), 1 if path.suffix == ".dsjc" else 3):
            path.write_bytes(data[:cut])
            assert errors(path), (path.suffix, cut)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@QUICK
@given(
    at=st.sampled_from(list(places(DATASET))),
    value=VALUES,
    form=st.integers(0, 2),
)
def test_any_value_anywhere_is_checked_or_refused(
    tmp_path: Path, at: Place, value: Any, form: int
) -> None:
    found = list(forms(tmp_path, with_value(at, value)))
    told(found[min(form, len(found) - 1)])


@QUICK
@given(start=st.sampled_from([b"", b'{"datasetJSONVersion": ', b"HEADER RECORD*******LIBRARY",
                              b"<ODM", b"\x78\x9c", b"\x1f\x8b\x08", b'{"resourceType": "Bundle"']),
       data=st.binary(max_size=300))  # fmt: skip
def test_any_bytes_are_checked_or_refused(tmp_path: Path, start: bytes, data: bytes) -> None:
    path = tmp_path / "any.bin"
    path.write_bytes(start + data)
    told(path)


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        '{"datasetJSONVersion": "1.1.0", "rows": ' + "[" * DEEP,
        '{"datasetJSONVersion": "1.1.0", "rows": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"datasetJSONVersion": "1.1.0", "columns": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
        '{"datasetJSONVersion": "1.1.0", "records": ' + "9" * DEEP + "}",
        '{"datasetJSONVersion": "1.1.0", "name": "' + "x" * 10**6 + '"}',
    ],
    ids=["open", "lists", "objects", "digits", "name"],
)
def test_what_is_deep_or_long_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "relspec.json"
    path.write_text(text, encoding="utf-8")
    assert errors(path)


@pytest.mark.slow
def test_ten_thousand_columns(tmp_path: Path) -> None:
    many: dict[str, Any] = copy.deepcopy(DATASET)
    column = many["columns"][2]
    names = [f"X{number:07d}" for number in range(10_000)]
    many["columns"] = [{**column, "name": name, "itemOID": f"IT.{name}"} for name in names]
    many["rows"] = [["a"] * 10_000]
    many["records"] = 1
    path = tmp_path / "relspec.json"
    path.write_text(json.dumps(many), encoding="utf-8")
    found = trialect.validate(path)
    assert found.files == 1


def test_a_packed_dataset_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "relspec.dsjc"
    lines = json.dumps({k: v for k, v in DATASET.items() if k != "rows"}) + '\n["'
    squeeze = zlib.compressobj(9)
    data = squeeze.compress(lines.encode())
    block = b"x" * 2**20
    for _ in range(64):
        data += squeeze.compress(block)
    packed.write_bytes(data + squeeze.flush())
    assert len(packed.read_bytes()) < 2 * 2**20
    assert errors(packed)

import gzip
import json
import zlib

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.readers import dataset_json, iter_form, open_form
from trialect.converters.readers.dataset_json import read_dataset_json
from trialect.problems import Unusable
from trialect.study_options import FormFile

REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

COLUMNS = [
    {"itemOID": "IT.A", "name": "A", "label": "Text", "dataType": "string", "length": 3},
    {"itemOID": "IT.N", "name": "N", "label": "Number", "dataType": "double"},
    {"itemOID": "IT.I", "name": "I", "label": "Whole", "dataType": "integer", "keySequence": 1},
    {
        "itemOID": "IT.C",
        "name": "C",
        "label": "Decimal",
        "dataType": "decimal",
        "targetDataType": "decimal",
    },
    {"itemOID": "IT.B", "name": "B", "label": "Truth", "dataType": "boolean"},
    {"itemOID": "IT.D", "name": "D", "label": "Day", "dataType": "date", "displayFormat": "DATE9."},
]
ROWS = [
    ["x", 0.1, 1, "1.10", True, "2026-01"],
    ["", None, None, None, None, ""],
    [" ü", 1e-7, 12345678901, "-3", False, "2026-01-31"],
]


def dataset(rows=ROWS, **changes):
    return {
        "datasetJSONCreationDateTime": "2026-01-01T00:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.XX",
        "records": len(rows),
        "name": "XX",
        "label": "Things",
        "columns": COLUMNS,
        "rows": rows,
        **changes,
    }


def as_json(data):
    return json.dumps(data, indent=1).encode()


def as_line(data):
    return json.dumps(data).encode()


def as_lines(data):
    rows = data.pop("rows")
    return b"".join(json.dumps(one).encode() + b"\n" for one in [data, *rows])


PACKINGS = {
    "json": as_json,
    "json in a line": as_line,
    "ndjson": as_lines,
    "ndjson, CR LF": lambda data: as_lines(data).replace(b"\n", b"\r\n"),
    "dsjc": lambda data: zlib.compress(as_lines(data)),
    "dsjc of gzip": lambda data: gzip.compress(as_lines(data), mtime=0),
    "dsjc of several streams": lambda data: b"".join(
        map(gzip.compress, as_lines(data).splitlines(keepends=True))
    ),
    "dsjc of JSON": lambda data: gzip.compress(as_json(data), mtime=0),
    "with a mark": lambda data: b"\xef\xbb\xbf" + as_json(data),
}


@pytest.fixture
def write(tmp_path):
    def written(data):
        path = tmp_path / "xx.json"
        path.write_bytes(data if isinstance(data, bytes) else as_json(data))
        return path

    return written


def refused(path):
    with pytest.raises(Unusable) as refusal:
        read_dataset_json(path)
    (problem,) = refusal.value.problems
    return problem


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_form_reads_alike(write, packing):
    read = read_dataset_json(write(PACKINGS[packing](dataset())))
    assert (read.name, read.label) == ("XX", "Things")
    assert not read.problems
    assert dict(read.frame.schema) == {
        "A": pl.String,
        "N": pl.Float64,
        "I": pl.Float64,
        "C": pl.Float64,
        "B": pl.String,
        "D": pl.String,
    }
    assert read.frame.rows() == [
        ("x", 0.1, 1.0, 1.1, "true", "2026-01"),
        (None, None, None, None, None, None),
        (" ü", 1e-7, 12345678901.0, -3.0, "false", "2026-01-31"),
    ]


def test_the_columns_are_described_as_in_the_file(write):
    read = read_dataset_json(write(dataset()))
    text, _, whole, decimal, _, day = read.columns
    assert (text.length, text.item_oid, text.label) == (3, "IT.A", "Text")
    assert (whole.key_sequence, decimal.target_data_type) == (1, "decimal")
    assert day.display_format == "DATE9."
    assert read.attributes["itemGroupOID"] == "IG.XX"
    assert not {"columns", "rows"} & set(read.attributes)


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_dataset_is_a_form_too(write, packing):
    path = write(PACKINGS[packing](dataset()))
    frames = list(iter_form(path, FormFile("x"), batch_rows=2))
    assert [frame.height for frame in frames] == [2, 1]
    assert pl.concat(frames).rows() == [
        ("x", "0.1", "1", "1.10", "true", "2026-01", 2),
        (None, None, None, None, None, None, 3),
        (" ü", "0.0000001", "12345678901", "-3", "false", "2026-01-31", 4),
    ]


@pytest.mark.parametrize("packing", ["json", "ndjson"])
def test_a_dataset_without_rows(write, packing):
    path = write(PACKINGS[packing](dataset([])))
    read = read_dataset_json(path)
    assert read.frame.shape == (0, 6)
    assert not read.problems
    opened = open_form(path, FormFile("x"))
    assert sum(frame.height for frame in opened.batches) == 0
    assert [problem.rule for problem in opened.problems] == ["READ-NO-RECORDS"]


def test_values_of_another_type_are_problems_and_null(write):
    rows = [
        [1, "2", 3, "4", True, "d"],
        ["a", True, "x", "1,5", "yes", 7],
        ["a", 1, 2, 1.5, None, None],
    ]
    read = read_dataset_json(write(dataset(rows)))
    assert [(p.row, p.field, p.value) for p in read.problems] == [
        (2, "A", "1"),
        (3, "N", "true"),
        (3, "I", '"x"'),
        (3, "C", '"1,5"'),
        (3, "B", '"yes"'),
        (3, "D", "7"),
    ]
    assert read.problems.by_rule() == {"READ-DATASET-JSON-TYPE": 6}
    assert read.frame["N"].to_list() == [2.0, None, 1.0]


def test_rows_that_do_not_fit_are_problems(write):
    path = write(dataset([ROWS[0], ["a", 1], "text", ROWS[0]]))
    read = read_dataset_json(path)
    assert read.frame.height == 2
    assert [(p.rule, p.row) for p in read.problems] == [
        ("READ-RAGGED-ROW", 3),
        ("READ-RAGGED-ROW", 4),
    ]
    opened = open_form(path, FormFile("x"))
    assert pl.concat(opened.batches)["@row"].to_list() == [2, 5]
    assert [misfit.fields for misfit in opened.misfits] == [("a", "1"), ("text",)]


def test_the_number_of_records_is_what_the_file_says(write):
    (problem,) = read_dataset_json(write(dataset(records=4))).problems
    assert problem.rule == "READ-DATASET-JSON-RECORDS"
    assert problem.message == "`records` says 4, and there are 3 rows."


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "it is no JSON"),
        (b"", "it is no JSON"),
        (b"[1]", "it has no datasetJSONVersion"),
        (as_json(dataset(datasetJSONVersion="1.0.0")), "its version is 1.0.0; 1.1 is read"),
        (as_json(dataset(columns=[])), "it describes no columns"),
        (as_json(dataset(columns=[{"label": "x"}])), "column 1 has no name"),
        (as_json(dataset(columns=[COLUMNS[0]] * 2)), "it has several columns A"),
        (as_json(dataset(rows={})), "`rows` is no list"),
        (as_lines(dataset()) + b"{\n", "the line is no JSON"),
        (
            gzip.compress(as_json(dataset()), mtime=0)[:100],
            "its compressed data are damaged or break off",
        ),
        (zlib.compress(as_lines(dataset()))[:100], "its compressed data are damaged or break off"),
    ],
)
def test_what_is_no_dataset_json_is_refused(write, data, says):
    problem = refused(write(data))
    assert problem.rule == "READ-DATASET-JSON"
    assert says in problem.message


def test_damage_inside_compressed_data_is_told(write):
    packed = bytearray(gzip.compress(as_lines(dataset(ROWS * 500)), mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    assert refused(write(bytes(packed))).rule == "READ-DATASET-JSON"


def test_compressed_data_do_not_grow_without_measure(write, monkeypatch):
    monkeypatch.setattr(dataset_json, "UNPACKED_LIMIT", 2**21)
    line = json.dumps(["a" * 10_000, 1, 1, "1", True, "d"]).encode() + b"\n"
    problem = refused(write(zlib.compress(as_lines(dataset([])) + line * 1000)))
    assert problem.rule == "READ-DATASET-JSON-SIZE"
    assert "when it is unpacked" in problem.message


def test_json_is_not_read_whole_without_measure(write, monkeypatch):
    monkeypatch.setattr(dataset_json, "WHOLE_LIMIT", 1000)
    monkeypatch.setattr(dataset_json, "LINE_LIMIT", 500)
    assert refused(write(as_line(dataset(ROWS * 50)))).rule == "READ-DATASET-JSON-SIZE"


@pytest.mark.parametrize("limit", [10, 10_000])
def test_a_long_line_is_read_like_any_other(write, monkeypatch, limit):
    monkeypatch.setattr(dataset_json, "_CHUNK", 7)
    monkeypatch.setattr(dataset_json, "LINE_LIMIT", limit)
    assert read_dataset_json(write(as_line(dataset()))).frame.height == 3


VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@REUSE
@given(
    st.lists(st.tuples(VALUE, st.none() | st.floats(allow_nan=False, allow_infinity=False))),
    st.sampled_from(sorted(PACKINGS)),
    st.integers(1, 50),
)
def test_any_dataset_is_read_back(write, rows, packing, chunk):
    data = dataset([list(row) for row in rows], columns=COLUMNS[:2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_json, "_CHUNK", chunk)
        read = read_dataset_json(write(PACKINGS[packing](data)))
    assert not read.problems
    assert read.frame.rows() == [(text or None, number) for text, number in rows]


def test_the_sample_submission_reads_alike_in_every_form(shared):
    compared = 0
    for path in sorted((shared / "sdtm-msg").glob("*.json")):
        whole = read_dataset_json(path)
        assert not whole.problems
        assert whole.frame.height == whole.attributes["records"]
        for suffix in (".dsjc", ".ndjson"):
            other = path.with_suffix(suffix)
            if other.exists():
                assert read_dataset_json(other).frame.equals(whole.frame)
                compared += 1
    assert compared == 30

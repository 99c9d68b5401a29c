from __future__ import annotations

import json
import math
import zlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.writers.dataset_json import write_dataset_json
from trialect.metadata import DatasetMeta, VariableMeta
from trialect.problems import Unusable
from trialect.protocol import Sponsor
from trialect.schemas.dataset_json.check import check_dataset_json
from trialect.schemas.dataset_json.datatypes import DATA_TYPES, json_type
from trialect.trial import Study

STAMP = datetime(2026, 6, 30, 12, 0)
STUDY = Study("T01", "A trial", Sponsor("Example"), invented="These records are invented.")
SCHEMAS = Path(__file__).parents[3] / "shared" / "standards" / "dataset-json"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.exists(), reason="the JSON Schemas of Dataset-JSON are not there"
)


def char(name: str, length: int = 8, data_type: str = "text", key: int | None = None):
    return VariableMeta(
        name, f"Label {name}", "Char", length, data_type, "", None, key_sequence=key
    )


def num(name: str, data_type: str = "integer"):
    return VariableMeta(name, f"Label {name}", "Num", 8, data_type, "", None, digits=4)


def meta_of(rows: int, *variables: VariableMeta) -> DatasetMeta:
    return DatasetMeta("QS", "Questionnaires", "QS", "Findings", "One", rows, variables)


VARIABLES = (
    char("USUBJID", key=1),
    num("QSSEQ"),
    num("QSSTRESN", "float"),
    char("QSDTC", 10, "date"),
    char("QSTPT", 20, "partialDatetime"),
)
FRAME = pl.DataFrame(
    {
        "USUBJID": ["1", "2", "2"],
        "QSSEQ": [1.0, 1.0, 2.0],
        "QSSTRESN": [0.1, None, 57.0],
        "QSDTC": ["2026-01-02", None, "2026-01-03"],
        "QSTPT": ['say "x"\\', "a\nb\t\x01", "\u2265 5],\n["],
        "@row": [2, 3, 4],
    }
)
META = meta_of(3, *VARIABLES)


def written(
    tmp_path: Path, frames: list[pl.DataFrame], meta: DatasetMeta
) -> tuple[dict[str, Any], list[Any], Path]:
    """The JSON file's content, the NDJSON file's lines, and the JSON file."""
    path, lines = tmp_path / "qs.json", tmp_path / "qs.ndjson"
    write_dataset_json(path, meta, STUDY, frames, stamp=STAMP, ndjson=lines)
    return orjson.loads(path.read_bytes()), list(map(orjson.loads, lines.open("rb"))), path


def test_values_are_what_the_frame_holds(tmp_path: Path) -> None:
    document, lines, _ = written(tmp_path, [FRAME], META)
    rows = [list(row) for row in FRAME.drop("@row").iter_rows()]
    assert document["rows"] == rows
    assert lines[1:] == rows
    assert lines[0] == {name: value for name, value in document.items() if name != "rows"}


def test_numbers_are_as_short_as_they_can_be(tmp_path: Path) -> None:
    written(tmp_path, [FRAME], META)
    first = (tmp_path / "qs.ndjson").read_text().splitlines()[1]
    assert first.startswith('["1",1,0.1,"2026-01-02"')


def test_what_is_said_of_the_dataset(tmp_path: Path) -> None:
    document, _, _ = written(tmp_path, [FRAME], META)
    assert document["datasetJSONCreationDateTime"] == "2026-06-30T12:00:00Z"
    assert document["itemGroupOID"] == "IG.QS"
    assert document["records"] == 3
    assert "These records are invented." in document["sourceSystem"]["name"]
    assert document["columns"] == [
        {
            "itemOID": "IT.QS.USUBJID",
            "name": "USUBJID",
            "label": "Label USUBJID",
            "dataType": "string",
            "length": 8,
            "keySequence": 1,
        },
        column("QSSEQ", "integer"),
        column("QSSTRESN", "float"),
        column("QSDTC", "date"),
        {**column("QSTPT", "string"), "length": 20},
    ]
    assert "metaDataRef" not in document


def column(name: str, data_type: str) -> dict[str, object]:
    return {
        "itemOID": f"IT.QS.{name}",
        "name": name,
        "label": f"Label {name}",
        "dataType": data_type,
    }


def test_the_define_is_referred_to(tmp_path: Path) -> None:
    path = tmp_path / "qs.json"
    write_dataset_json(path, META, STUDY, [FRAME], stamp=STAMP, define="../define.xml")
    assert orjson.loads(path.read_bytes())["metaDataRef"] == "../define.xml"


def test_batches_change_nothing(tmp_path: Path) -> None:
    whole = (tmp_path / "whole", tmp_path / "parts")
    for folder, frames in zip(
        whole, ([FRAME], [FRAME[:0], FRAME[:1], FRAME[1:], FRAME[:0]]), strict=True
    ):
        folder.mkdir()
        written(folder, frames, META)
    for name in ("qs.json", "qs.ndjson"):
        assert (whole[0] / name).read_bytes() == (whole[1] / name).read_bytes()


def test_no_records(tmp_path: Path) -> None:
    document, lines, path = written(tmp_path, [], meta_of(0, *VARIABLES))
    assert document["rows"] == []
    assert len(lines) == 1
    assert check_dataset_json(path) == []


def test_the_suffix_names_the_form(tmp_path: Path) -> None:
    lines, packed = tmp_path / "qs.ndjson", tmp_path / "qs.dsjc"
    write_dataset_json(lines, META, STUDY, [FRAME], stamp=STAMP, dsjc=packed)
    assert zlib.decompress(packed.read_bytes()) == lines.read_bytes()
    assert check_dataset_json(packed) == []


@needs_schemas
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_official_schemas_accept_it(tmp_path: Path) -> None:
    document, lines, _ = written(tmp_path, [FRAME], META)
    whole = json.loads((SCHEMAS / "dataset.schema.json").read_bytes())
    jsonschema.Draft201909Validator(whole).validate(document)
    by_line = json.loads((SCHEMAS / "dataset-ndjson-schema.json").read_text("utf-16"))
    parts = {name: {**by_line, "$ref": f"#/$defs/{name}"} for name in by_line["$defs"]}
    for part in parts.values():
        for name in ("properties", "required", "type"):
            part.pop(name, None)
    jsonschema.Draft201909Validator(parts["DatasetMetadata"]).validate(lines[0])


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_cannot_hold_is_refused(tmp_path: Path, value: float) -> None:
    frame = pl.DataFrame({"QSSTRESN": [1.0, value]})
    with pytest.raises(Unusable) as refused:
        write_dataset_json(
            tmp_path / "qs.json",
            meta_of(2, num("QSSTRESN", "float")),
            STUDY,
            [frame],
            stamp=STAMP,
        )
    (problem,) = refused.value.problems
    assert (problem.rule, problem.variable) == ("DSJSON-NOT-FINITE", "QSSTRESN")


def test_other_records_than_declared_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        written(tmp_path, [FRAME], replace(META, rows=4))
    assert refused.value.problems[0].rule == "DSJSON-OTHER-ROWS"


def test_other_variables_than_declared_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        written(tmp_path, [FRAME.drop("QSDTC")], META)
    assert refused.value.problems[0].rule == "DSJSON-OTHER-COLUMNS"


def test_a_type_of_define_has_a_type_here() -> None:
    types = ("text", "integer", "float", "date", "datetime", "time", "partialDate")
    assert {json_type(one) for one in types} <= DATA_TYPES
    assert json_type("partialDate") == json_type("durationDatetime") == "string"


values = st.tuples(
    st.one_of(st.none(), st.text(min_size=1, max_size=30)),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values, max_size=8))
def test_every_text_and_number_comes_back(tmp_path: Path, rows: list) -> None:
    meta = meta_of(len(rows), char("QSORRES", 200), num("QSSTRESN", "float"))
    frame = pl.DataFrame(rows, schema={"QSORRES": pl.String, "QSSTRESN": pl.Float64}, orient="row")
    document, lines, path = written(tmp_path, [frame], meta)
    expected = [list(row) for row in rows]
    assert document["rows"] == expected
    assert lines[1:] == expected
    assert check_dataset_json(path) == []
    assert check_dataset_json(path.with_suffix(".ndjson")) == []

"""The template compiler: what is left out, what is escaped, and the two forms."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_of_pain import BASE, STUDY

from trialect.converters.writers.fhir_json import Rendered
from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.slots import Json, Ref, Refs, SiteRef, StudyRef, Template, Text

IDENTITY = Identity(STUDY)


def rendered(body: Template, **columns: list[Any]) -> tuple[list[Any], list[Any]]:
    template = {"resourceType": "Basic", "identifier": [{"value": Text("record")}], **body}
    rows = len(next(iter(columns.values()), [None]))
    records = columns.pop("record", [f"R.{n}" for n in range(rows)])
    frame = pl.DataFrame(
        {"record": records, "id": IDENTITY.ids("Basic", pl.Series(records)), **columns},
        schema_overrides={name: pl.String for name in columns if not _is_list(columns[name])},
    )
    found = Rendered(template, frame, IDENTITY)
    return [orjson.loads(x) for x in found.lines()], [orjson.loads(x) for x in found.entries()]


def _is_list(values: list[Any]) -> bool:
    return any(isinstance(value, list) for value in values)


CASES: list[tuple[str, Any, Any, Any]] = [
    ("text", Text("x"), "a", "a"),
    ("text absent", Text("x"), None, None),
    ("json", Json("x"), '{"value":19.00}', {"value": 19.0}),
    ("object of absent slots", {"system": "s", "value": Text("x")}, None, None),
    ("object of slots", {"system": "s", "value": Text("x")}, "v", {"system": "s", "value": "v"}),
    ("nested", {"a": [{"b": {"c": Text("x"), "k": 1}}]}, None, None),
    ("list keeps constants", [{"url": "u"}, {"v": Text("x")}], None, [{"url": "u"}]),
    ("list of nothing", [Text("x")], None, None),
    ("percent", {"100 %s": Text("x")}, "5 %", {"100 %s": "5 %"}),
    ("percent in what is left out", {"100 %s": "%s", "v": Text("x")}, None, None),
    ("list of left out objects", [{"%s": Text("x")}, {"k": "%d", "v": Text("x")}], None, None),
    ("constant", {"k": [True, 1, "é"]}, None, {"k": [True, 1, "é"]}),
]


@pytest.mark.parametrize(("what", "node", "value", "expected"), CASES)
def test_what_is_absent_is_left_out_and_the_rest_is_written(
    what: str, node: Any, value: Any, expected: Any
) -> None:
    lines, entries = rendered({"y": node}, x=[value])
    assert lines[0].get("y") == expected
    assert entries[0]["resource"].get("y") == expected


def test_rows_that_lack_different_things_keep_their_order() -> None:
    lines, _ = rendered({"a": Text("a"), "b": Text("b")}, a=["1", None, "3"], b=[None, "2", "3"])
    found = [(line.get("a"), line.get("b")) for line in lines]
    assert found == [("1", None), (None, "2"), ("3", "3")]


def test_keys_stand_in_the_order_of_the_template() -> None:
    lines, entries = rendered({"b": "1", "a": Text("a")}, a=["x"])
    assert list(lines[0]) == ["resourceType", "id", "identifier", "b", "a"]
    assert list(entries[0]["resource"]) == ["resourceType", "identifier", "b", "a"]


def test_a_number_keeps_its_own_text() -> None:
    template = {"resourceType": "Basic", "identifier": Text("record"), "v": Json("v")}
    frame = pl.DataFrame({"record": ["R"], "id": ["i"], "v": ["19.00"]})
    assert '"v":19.00}' in Rendered(template, frame, IDENTITY).lines()[0]


def test_references_in_lines_and_in_bundles() -> None:
    body = {
        "subject": Ref("Patient", "p"),
        "from": [Ref("Basic", "p"), Refs("Observation", "many")],
        "study": StudyRef("ResearchStudy", "PAIN1"),
        "site": SiteRef("Location", "site"),
    }
    lines, entries = rendered(body, p=["P1"], many=[["O1", "O2"]], site=["site-01"])
    assert lines[0]["subject"] == {"reference": "Patient/P1"}
    assert lines[0]["from"] == [
        {"reference": "Basic/P1"},
        {"reference": "Observation/O1"},
        {"reference": "Observation/O2"},
    ]
    study_id = IDENTITY.id("ResearchStudy", "PAIN1")
    assert lines[0]["study"] == {"reference": f"ResearchStudy/{study_id}"}
    inside = entries[0]["resource"]
    assert inside["subject"] == {"reference": "urn:uuid:P1"}
    targets = [one["reference"] for one in inside["from"]]
    assert targets == ["urn:uuid:P1", "urn:uuid:O1", "urn:uuid:O2"]
    assert inside["study"] == {"reference": f"ResearchStudy?identifier={BASE}/study|PAIN1"}
    assert inside["site"] == {"reference": f"Location?identifier={BASE}/study|site-01"}


def test_an_entry_is_conditional_and_has_no_id() -> None:
    lines, entries = rendered({}, record=["S 1|2"])
    assert entries[0]["fullUrl"] == f"urn:uuid:{lines[0]['id']}"
    assert "id" not in entries[0]["resource"]
    assert entries[0]["request"]["method"] == "PUT"
    assert entries[0]["request"]["url"].endswith("|S%201%5C%7C2")


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    encodable = [text.encode("utf-8", "ignore").decode() for text in texts]
    lines, entries = rendered({"v": Text("v")}, v=encodable)
    assert [line["v"] for line in lines] == encodable
    assert [entry["resource"]["v"] for entry in entries] == encodable


def test_no_rows_make_no_text() -> None:
    template = {"resourceType": "Basic", "identifier": Text("record"), "v": Text("v")}
    frame = pl.DataFrame(schema={"record": pl.String, "id": pl.String, "v": pl.String})
    assert list(Rendered(template, frame, IDENTITY).lines()) == []

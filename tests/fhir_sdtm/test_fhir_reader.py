"""FHIR files are read whole or refused with a reason; nothing is fetched, nothing blows up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.fhir_stage import stage_fhir
from trialect.converters.readers import fhir
from trialect.converters.readers.fhir import Entry, read_fhir
from trialect.problems import Unusable

P = {"resourceType": "Patient", "id": "p1"}


def entries(path: Path) -> list[Entry]:
    return list(read_fhir(path, path.name))


def faults(path: Path) -> list[str | None]:
    return [one.fault.rule if one.fault else None for one in entries(path)]


def test_ndjson_with_blank_lines_and_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(P).encode() + b"\n\n" + json.dumps(P).encode())
    assert [one.row for one in entries(file)] == [1, 3]


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_a_bundle_plain_or_packed(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    bundle = {"entry": [{"fullUrl": "urn:uuid:1", "resource": P}], "resourceType": "Bundle"}
    data = json.dumps(bundle, indent=2).encode()
    file.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    (one,) = entries(file)
    assert (one.row, one.full_url, one.resource) == (1, "urn:uuid:1", P)


def test_a_single_resource_and_an_empty_bundle(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(P))
    assert [one.resource for one in entries(file)] == [P]
    file.write_text('{"resourceType": "Bundle", "type": "collection"}')
    assert entries(file) == []


def test_a_bundle_larger_than_a_piece(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    many = [{"resource": {**P, "id": str(n), "text": {"div": "x" * 500}}} for n in range(5000)]
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": many}))
    assert [one.resource["id"] for one in entries(file)] == [str(n) for n in range(5000)]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"{", "FHIR-READ-JSON"),
        (b"\xff{}", "FHIR-READ-ENCODING"),
        (b'{"a": 1}', "FHIR-READ-NO-RESOURCE"),
        (b"[1]", "FHIR-READ-NO-RESOURCE"),
        (b'{"resourceType": "Bundle", "entry": []}', "FHIR-READ-BUNDLE-INSIDE"),
        (b'{"resourceType": "Patient", "x": ' + b"[" * 90 + b"]" * 90 + b"}", None),
        (b'{"resourceType": "Patient", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "FHIR-READ-DEPTH"),
        (
            b'{"resourceType": "Patient", "x": ' + b"[" * 9999 + b"]" * 9999 + b"}",
            "FHIR-READ-DEPTH",
        ),
        (b'{"resourceType": "Patient", "x": NaN}', "FHIR-READ-JSON"),
    ],
)
def test_a_line_that_is_no_resource_is_told_and_the_next_is_read(
    tmp_path: Path, line: bytes, rule: str | None
) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(line + b"\n" + json.dumps(P).encode())
    assert faults(file) == [rule, None]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b'{"resourceType": "Bundle", "entry": [{"resource":', "FHIR-READ-JSON"),
        (b'{"resourceType": "Bundle", "entry": {}}', "FHIR-READ-JSON"),
        (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "FHIR-READ-KEY-TWICE"),
        (b'{"resourceType": "Bundle", "entry": [] ] }', "FHIR-READ-JSON"),
        (b'{"resourceType": "Bundle"} {}', "FHIR-READ-JSON"),
        (b'{"resourceType": "B\xff"}', "FHIR-READ-ENCODING"),
        ('{"resourceType": "Bundle"}'.encode("utf-16"), "FHIR-READ-ENCODING"),
        (b'{"resourceType": "Bundle", "x": ' + b"[" * 99999 + b"}", "FHIR-READ-DEPTH"),
    ],
)
def test_json_that_breaks_off_makes_the_file_unusable(
    tmp_path: Path, data: bytes, rule: str
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(data)
    with pytest.raises(Unusable) as caught:
        entries(file)
    assert [one.rule for one in caught.value.problems] == [rule]


def test_a_gzip_that_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson.gz"
    file.write_bytes(gzip.compress(json.dumps(P).encode() * 100)[:-20])
    with pytest.raises(Unusable):
        entries(file)


@pytest.mark.parametrize("piece", [64, 1 << 20])
def test_a_resource_that_is_too_large_is_told_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(fhir, "_PIECE", piece)
    monkeypatch.setattr(fhir, "LARGEST", 1000)
    small, large = json.dumps(P), json.dumps({**P, "x": "y" * 5000})
    most = small[:-1] + " " * (1000 - len(small)) + "}"
    file = tmp_path / "a.ndjson"
    file.write_text("\n".join([small, large, most, most[:-1] + " }", small]))
    wrong = "FHIR-READ-SIZE"
    assert faults(file) == [None, wrong, None, wrong, None]
    assert [one.row for one in entries(file)] == [1, 2, 3, 4, 5]


def test_a_bundle_with_an_entry_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir, "LARGEST", 1000)
    file = tmp_path / "a.json"
    large = {"resource": {**P, "x": "y" * 5000}}
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": P}, large]}))
    assert faults(file) == [None, "FHIR-READ-SIZE"]
    # One that does not end is not read for ever.
    monkeypatch.setattr(fhir, "_PIECE", 64)
    file.write_text('{"resourceType": "Bundle", "entry": [{"resource": "' + "y" * 5000)
    with pytest.raises(Unusable) as caught:
        entries(file)
    assert [one.rule for one in caught.value.problems] == ["FHIR-READ-SIZE"]


def test_a_folder_without_fhir_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "notes.json").write_text('{"a": 1}')
    (home / "_hidden.json").write_text(json.dumps(P))
    types = {"Patient": True}
    with pytest.raises(Unusable) as caught:
        stage_fhir(home, tmp_path / "none", known_types=types, partition_subjects=1)
    assert [one.rule for one in caught.value.problems] == ["FHIR-READ-NO-FILES"]
    (home / "patient.json").write_text(json.dumps(P))
    staged, _ = stage_fhir(home, tmp_path / "one", known_types=types, partition_subjects=1)
    assert staged.subjects == 1


def test_entries_of_a_bundle_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    inner = {"resourceType": "Bundle", "type": "batch"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": inner}, {}, 1, {"resource": P}]}
    file.write_text(json.dumps(bundle))
    none = "FHIR-READ-NO-RESOURCE"
    assert faults(file) == ["FHIR-READ-BUNDLE-INSIDE", none, none, None]


@given(data=st.binary(max_size=200))
def test_no_bytes_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("x") / "a.json"
    file.write_bytes(b'{"resourceType": "Bundle", ' + data)
    try:
        entries(file)
    except Unusable:
        return

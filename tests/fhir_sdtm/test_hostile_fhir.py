"""Hostile FHIR given to a conversion: a clear error each, the rest is read, nothing is fetched."""

from __future__ import annotations

import csv
import gzip
import json
import socket
from pathlib import Path

import pytest
from foreign_fhir import STUDY, loinc, observation, patient
from typer.testing import CliRunner

from trialect.cli import app

P = json.dumps(patient()).encode()
OBSERVED = observation(code=loinc("8867-4"), valueInteger=70)
O = json.dumps(OBSERVED).encode()  # noqa: E741  # as FHIR's type
CIRCLE = [
    {"resourceType": "Medication", "id": "a", "x": {"reference": "#b"}},
    {"resourceType": "Medication", "id": "b", "x": {"reference": "#a"}},
]


def with_member(member: bytes) -> bytes:
    """The Observation with a member more."""
    return O[:-1] + b"," + member + b"}"


LINES = {
    "deep nesting": (with_member(b'"x":' + b"[" * 5000 + b"]" * 5000), "FHIR-READ-DEPTH"),
    "a key twice": (with_member(b'"status":"final"'), "FHIR-KEY-TWICE"),
    "Latin-1": (with_member('"x":"Müller"'.encode("latin-1")), "FHIR-READ-ENCODING"),
    "half a surrogate": (with_member(rb'"x":"\ud800"'), "FHIR-READ-JSON"),
    "a circle": (
        with_member(b'"contained":' + json.dumps(CIRCLE).encode()),
        "FHIR-READ-CYCLE",
    ),
    "a Bundle": (b'{"resourceType":"Bundle","type":"batch","entry":[]}', "FHIR-READ-BUNDLE-INSIDE"),
    "a URL elsewhere": (
        O.replace(b'"Patient/p1"', b'"http://127.0.0.1:9/fhir/Patient/p9"'),
        "FHIR-READ-NO-PATIENT",
    ),
    "a file": (O.replace(b'"Patient/p1"', b'"file:///etc/passwd"'), "FHIR-READ-NO-PATIENT"),
    "a huge text": (with_member(b'"x":"' + b"a" * (65 << 20) + b'"'), "FHIR-READ-SIZE"),
    "not a number": (with_member(b'"x":NaN'), "FHIR-READ-JSON"),
    "a number without end": (with_member(b'"x":' + b"9" * 5000), "FHIR-READ-JSON"),
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("shape", ["ndjson", "bundle"])
@pytest.mark.parametrize("name", list(LINES))
def test_a_hostile_resource_is_rejected_and_the_others_are_read(
    tmp_path: Path, name: str, shape: str
) -> None:
    bad, rule = LINES[name]
    if shape == "bundle" and name in {
        *("deep nesting", "Latin-1", "half a surrogate", "not a number")
    }:
        pytest.skip("makes the file unusable: below")
    home = tmp_path / "fhir"
    home.mkdir()
    (home / "study.yaml").write_text(STUDY)
    good = O.replace(b'"o1"', b'"o2"')
    if shape == "ndjson":
        file = home / "all.ndjson"
        file.write_bytes(b"\n".join((P, bad, good)))
    else:
        file = home / "all.json"
        entries = b",".join(b'{"resource":%s}' % one for one in (P, bad, good))
        file.write_bytes(b'{"resourceType":"Bundle","type":"collection","entry":[%s]}' % entries)
    done = CliRunner().invoke(
        app, ["convert", str(home), "-o", str(tmp_path / "out"), "--to", "sdtm"]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit)
    with (tmp_path / "out/rejected" / f"{file.name}.csv").open(encoding="utf-8-sig") as text:
        (found,) = csv.DictReader(text)
    assert (found["trialect_row"], found["trialect_rule"]) == ("2", rule)
    assert len(found["trialect_reason"]) < 500
    report = json.loads((tmp_path / "out/report.json").read_bytes())
    assert [p["row"] for p in report["problems"] if p["rule"] == rule] == [2]
    assert (tmp_path / "out/m5").is_dir()


def test_a_number_without_end_rejects_the_one_resource_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "p.ndjson").write_bytes(P)
    (tmp_path / "o.json").write_bytes(LINES["a number without end"][0])
    done = CliRunner().invoke(
        app, ["convert", str(tmp_path), "-o", str(tmp_path / "out"), "--to", "sdtm"]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "FHIR-READ-JSON" in (tmp_path / "out/rejected/o.json.csv").read_text("utf-8-sig")


WHOLE = {
    "broken off": (b'{"resourceType":"Bundle","entry":[{"resource":' + O, "entry is broken"),
    "deep": (b'{"resourceType":"Bundle","entry":[' + b"[" * 99999 + b"}", "more than 100 levels"),
    "UTF-16": (f'{{"resourceType":"Bundle","x":"{"é" * 9}"}}'.encode("utf-16"), "UTF-16"),
    "Latin-1": (
        b'{"resourceType":"Bundle","entry":[{"resource":' + LINES["Latin-1"][0] + b"}]}",
        "is not UTF-8",
    ),
    "a key twice": (b'{"resourceType":"Bundle","type":"x","type":"y"}', "'type' stands twice"),
    "a broken gzip": (gzip.compress(b'{"resourceType":"Bundle","entry":[' + O * 9)[:-30], "gzip"),
}


@pytest.mark.parametrize("name", list(WHOLE))
def test_a_file_that_cannot_be_read_on_stops_with_its_place(tmp_path: Path, name: str) -> None:
    data, told = WHOLE[name]
    file = tmp_path / ("all.json.gz" if "gzip" in name else "all.json")
    file.write_bytes(data)
    (tmp_path / "study.yaml").write_text(STUDY)
    done = CliRunner().invoke(
        app, ["convert", str(file), "-o", str(tmp_path / "out"), "--to", "sdtm"]
    )
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 2
    shown = " ".join(done.output.split())
    assert told in shown
    assert file.name in shown
    assert "Traceback" not in shown
    assert len(shown) < 1500
    assert not (tmp_path / "out").exists()

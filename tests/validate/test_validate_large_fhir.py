"""Large and hostile FHIR files: streamed, or refused with a clear message, in bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trialect.converters import validate_fhir
from trialect.converters.validate import validate
from trialect.problems import Problem
from trialect.schemas.fhir import packed, texts

UUID = "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-%012d"


def entry(number: int, subject: int = 0, **changes: Any) -> dict[str, Any]:
    resource: dict[str, Any] = {"resourceType": "Patient", "active": True}
    if number:
        resource = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Pain"},
            "subject": {"reference": UUID % subject},
            **changes,
        }
    return {"fullUrl": UUID % number, "resource": resource}


def bundle(*entries: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def found(path: Path) -> list[tuple[str, str | None, str | None]]:
    return [(p.rule, p.file, p.path) for p in validate(path).problems]


def the_one(path: Path) -> Problem:
    (problem,) = validate(path).problems
    return problem


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
@pytest.mark.parametrize("last", [False, True])
def test_a_large_bundle_is_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, last: bool
) -> None:
    monkeypatch.setattr(validate_fhir, "LARGE_BUNDLE", 1000)
    monkeypatch.setattr(validate_fhir, "check_bundle_texts", lambda texts, _: list(texts))
    text = bundle(*(entry(n) for n in range(50)), entry(50, subject=999), entry(51, status="done"))
    if last:
        text = text.replace('"resourceType": "Bundle", ', "", 1)[:-1] + ',"resourceType":"Bundle"}'
    path = tmp_path / f"bundle{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    assert found(path) == [
        ("FHIR-DANGLING-REFERENCE", path.name, "Bundle.entry[50].resource.subject.reference"),
        ("FHIR-REQUIRED-BINDING", path.name, "Bundle.entry[51].resource.status"),
    ]


BOMB = 90 * 2**20
"""Bytes that a bomb unpacks to at least: more than any gzip file may hold unsuspected."""

STARTS = {
    "bomb.json.gz": b'{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"',
    "bomb.ndjson.gz": b'{"resourceType":"Patient"}\n{"resourceType":"Patient","id":"',
    "blank.ndjson.gz": b'{"resourceType":"Patient"}\n{"resourceType":"Patient"}\n' + b"\n" * 99,
    "one.json.gz": b'{"resourceType":"Patient","id":"',
}


@pytest.mark.parametrize("name", STARTS)
def test_a_gzip_bomb_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with gzip.open(path, "wb") as file:
        file.write(STARTS[name])
        fill = (b"\n" if "blank" in name else b"x") * 2**20
        for _ in range(BOMB >> 20):
            file.write(fill)
    problem = the_one(path)
    assert problem.rule in ("FHIR-JSON", "FHIR-SIZE")
    assert problem.file == name
    assert "500 times its size" in problem.message or "more than 64 MiB" in problem.message


def test_what_many_alike_resources_pack_to_is_no_bomb(tmp_path: Path) -> None:
    line = b'{"resourceType":"Patient","id":"%07d","active":true,"gender":"unknown"}\n'
    path = tmp_path / "Patient.ndjson.gz"
    with gzip.open(path, "wb") as file:
        for start in range(0, 1_000_000, 100_000):
            file.write(b"".join(line % n for n in range(start, start + 100_000)))
    assert 1_000_000 * len(line % 0) > packed.UNSUSPECTED
    assert found(path) == []


def test_a_line_without_end_is_told_and_the_next_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "LARGEST", 300_000)
    monkeypatch.setattr(texts, "FIRST_BYTES", 10_000)
    monkeypatch.setattr(texts, "MOST_BYTES", 10_000)
    patient = '{"resourceType":"Patient","id":"%s"}\n'
    path = tmp_path / "Patient.ndjson"
    path.write_text(patient % "a" + patient % ("x" * 900_000) + patient % "_" + patient % "a")
    said = {(p.rule, p.row) for p in validate(path).problems}
    assert said == {("FHIR-SIZE", 2), ("FHIR-FORMAT", 3), ("FHIR-DUPLICATE-ID", 4)}


def test_a_resource_of_its_own_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_fhir, "content", lambda path: packed.content(path, 1000))
    path = tmp_path / "patient.json"
    path.write_text(json.dumps({"resourceType": "Patient", "id": "x" * 2000}))
    assert found(path) == [("FHIR-SIZE", "patient.json", None)]


def test_a_cut_bundle_in_gzip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json.gz"
    path.write_bytes(gzip.compress(bundle(*(entry(n) for n in range(500))).encode())[:-50])
    assert "gzip" in the_one(path).message


def test_a_key_that_stands_twice_in_a_resource_of_its_own_is_told(tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text('{"resourceType":"Patient","gender":"male","gender":"female"}')
    assert found(path) == [("FHIR-DUPLICATE-KEY", "patient.json", None)]


PEAK = """
import sys
from trialect.converters.validate import validate
found = validate(sys.argv[1]).problems
with open("/proc/self/status") as status:
    (peak,) = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(len(found), int(peak) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the peak of memory is Linux's")
def test_memory_does_not_grow_with_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    resource = json.dumps({**entry(1)["resource"], "note": [{"text": "x" * 3000}]})
    with path.open("w") as file:
        file.write('{"resourceType":"Bundle","type":"collection","entry":[')
        file.write(f'{{"fullUrl":"{UUID % 0}","resource":{{"resourceType":"Patient"}}}}')
        for number in range(1, 60_000):
            file.write(f',{{"fullUrl":"{UUID % number}","resource":{resource}}}')
        file.write("]}")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
    )
    problems, peak = map(int, done.stdout.split())
    assert problems == 0
    assert path.stat().st_size > 180e6
    assert peak < 450

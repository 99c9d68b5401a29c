"""FHIR in another encoding than UTF-8, and texts that JSON cannot hold: named, with what to do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from trialect.converters.validate import validate
from trialect.problems import Problem, Unusable
from trialect.schemas.fhir import check_resource_text

PATIENT = json.dumps({"resourceType": "Patient", "id": "a"})
TEXTS = {
    "one.json": PATIENT,
    "lines.ndjson": f"{PATIENT}\n{PATIENT.replace('a', 'b', 1)}\n",
    "bundle.json": json.dumps(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "http://example.org/Patient/a", "resource": json.loads(PATIENT)}],
        }
    ),
}
ENCODINGS = {
    "utf-16-le": ("", "UTF-16 (little-endian)"),
    "utf-16-be": ("", "UTF-16 (big-endian)"),
    "utf-32-le": ("", "UTF-32 (little-endian)"),
    "utf-32-be": ("", "UTF-32 (big-endian)"),
}
MARKED = {
    codec: ("\ufeff", f"{name[:-1]}, with a byte order mark)")
    for codec, (_, name) in ENCODINGS.items()
}


def only(path: Path) -> Problem:
    (problem,) = validate(path).problems
    return problem


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("codec", "mark", "name"),
    [
        *((codec, *rest) for codec, rest in ENCODINGS.items()),
        *((codec, *rest) for codec, rest in MARKED.items()),
        ("utf-8", "\ufeff", "UTF-8 with a byte order mark"),
    ],
)
@pytest.mark.parametrize("file", TEXTS)
def test_the_encoding_is_named(
    file: str, codec: str, mark: str, name: str, packed: bool, tmp_path: Path
) -> None:
    data = (mark + TEXTS[file]).encode(codec)
    path = tmp_path / (f"{file}.gz" if packed else file)
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    problem = only(path)
    assert (problem.rule, problem.file, problem.value) == ("FHIR-ENCODING", path.name, name)
    assert f"holds FHIR in {name}" in str(problem)
    assert "Write it again in UTF-8 without a byte order mark." in str(problem)
    # In a folder it is told alike.
    assert only(tmp_path).rule == "FHIR-ENCODING"


@pytest.mark.parametrize("file", TEXTS)
def test_utf_8_has_no_such_finding(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(TEXTS[file].replace('"a"', '"a", "language": "de"'), "utf-8")
    told = {one.rule for one in validate(tmp_path / file).problems}
    assert not told & {"FHIR-ENCODING", "FHIR-NUL", "FHIR-JSON"}


@pytest.mark.parametrize("file", TEXTS)
def test_a_zero_byte_is_told_with_its_place(file: str, tmp_path: Path) -> None:
    data = TEXTS[file].encode()
    at = data.index(b"Patient") + 3
    (tmp_path / file).write_bytes(data[:at] + b"\0" + data[at:])
    problem = only(tmp_path / file)
    assert problem.rule == "FHIR-NUL"
    assert f"Byte {at + 1} of {file} is zero" in str(problem)


@pytest.mark.parametrize("data", [b"a\0b", "{}".encode("utf-16-le"), b"{\0", b"\xff\xfe", b""])
def test_what_is_no_fhir_is_not_called_so(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(data)
    with pytest.raises(Unusable, match="no package, XPT"):
        validate(path)


def test_a_control_character_is_named() -> None:
    (problem,) = check_resource_text(PATIENT.replace("Pat", "Pat\x01").encode())
    assert problem.rule == "FHIR-JSON"
    assert "character 22 is the control character U+0001; JSON has \\u0001" in problem.message


@pytest.mark.parametrize("digits", [4301, 50_000])
def test_an_integer_beyond_all_bounds_is_told_at_its_element(digits: int, tmp_path: Path) -> None:
    text = '{"resourceType":"Patient","multipleBirthInteger":' + "7" * digits + "}"
    for file, told in (("one.json", 1), ("lines.ndjson", 2)):
        (tmp_path / file).write_text(f"{text}\n" * told)
        found = validate(tmp_path / file).problems
        assert [one.path for one in found] == ["Patient.multipleBirth.ofType(integer)"] * told
        assert "sys." not in found[0].message
        assert len(str(found[0])) < 1000

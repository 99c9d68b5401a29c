"""FHIR files that gzip has made are validated as what they hold."""

import gzip
import json
from pathlib import Path

import pytest

from trialect.converters.validate import validate

PATIENT = {"resourceType": "Patient", "id": "p", "gender": "male"}
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}
TEXTS = {
    "Patient.ndjson.gz": "\n".join(json.dumps({**PATIENT, "id": f"p{n}"}) for n in range(40)),
    "bundle.json.gz": json.dumps(BUNDLE),
    "patient.json.gz": json.dumps(PATIENT, indent=1),
}


def packed(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


@pytest.mark.parametrize("name", TEXTS)
def test_what_gzip_holds_is_validated(tmp_path: Path, name: str) -> None:
    good = validate(packed(tmp_path, name, TEXTS[name]))
    assert (good.files, good.problems) == (1, [])
    bad = validate(packed(tmp_path, name, TEXTS[name].replace("male", "mail", 1)))
    (problem,) = bad.problems
    assert problem.rule == "FHIR-REQUIRED-BINDING"
    assert problem.file == name
    assert (problem.path or "").endswith("Patient.gender" if "bundle" not in name else "gender")


@pytest.mark.parametrize("name", TEXTS)
def test_a_folder_of_them_is_validated(tmp_path: Path, name: str) -> None:
    packed(tmp_path, name, TEXTS[name])
    assert validate(tmp_path).files == 1


@pytest.mark.parametrize("name", TEXTS)
def test_a_cut_stream_is_told(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, name, TEXTS[name])
    path.write_bytes(path.read_bytes()[:-6])
    problems = validate(path).problems
    assert problems
    assert {problem.severity.value for problem in problems} == {"error"}

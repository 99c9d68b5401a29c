"""References between files are resolved, and what is missing is named."""

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from fhir_examples import changed
from hypothesis import given
from hypothesis import strategies as st

from trialect.schemas.fhir import ReferenceIndex, check_ndjson, references
from trialect.schemas.fhir.references import looked_up


def patients(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [{"resourceType": "Patient", "id": f"p-{n}"} for n in numbers]


def scores(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "Observation",
            "id": f"o-{n}",
            "status": "final",
            "code": {"text": "Pain"},
            "subject": {"reference": f"Patient/p-{n}"},
            "performer": [{"reference": "Practitioner?identifier=a|b"}],
            "focus": [{"reference": "https://elsewhere.example/Patient/1"}],
        }
        for n in numbers
    ]


def write(folder: Path, name: str, resources: list[dict[str, Any]]) -> str:
    path = folder / name
    path.write_text("".join(json.dumps(r) + "\n" for r in resources))
    return str(path)


def noted(*files: str) -> ReferenceIndex:
    index = ReferenceIndex()
    for file in files:
        with Path(file).open("rb") as lines:
            assert list(check_ndjson(lines, file=file, index=index)) == []
    return index


def test_references_that_resolve_are_no_problem(tmp_path: Path) -> None:
    index = noted(
        write(tmp_path, "Observation.ndjson", scores(range(200))),
        write(tmp_path, "Patient.ndjson", patients(range(200))),
    )
    assert len(index) == 400
    assert list(index.unresolved()) == []
    assert list(index.duplicates()) == []


@pytest.mark.parametrize("missing", [3, 150])
def test_a_reference_to_nothing_is_named_with_its_place(tmp_path: Path, missing: int) -> None:
    file = write(tmp_path, "Observation.ndjson", scores(range(200)))
    index = noted(file, write(tmp_path, "Patient.ndjson", patients(set(range(200)) - {missing})))
    (problem,) = index.unresolved()
    assert problem.rule == "FHIR-DANGLING-REFERENCE"
    assert (problem.file, problem.row) == (file, missing + 1)
    assert problem.path == "Observation.subject.reference"
    assert problem.value == f"Patient/p-{missing}"


@pytest.mark.parametrize("again", [3, 150])
def test_a_resource_that_stands_twice_is_named_with_both_places(tmp_path: Path, again: int) -> None:
    first = write(tmp_path, "Patient.ndjson", patients(range(200)))
    second = write(tmp_path, "More.ndjson", patients([1000, again]))
    (problem,) = noted(first, second).duplicates()
    assert problem.rule == "FHIR-DUPLICATE-ID"
    assert (problem.file, problem.row, problem.value) == (second, 2, f"Patient/p-{again}")
    assert f"{first}:{again + 1}" in problem.message


def test_parts_that_were_read_apart_are_joined(tmp_path: Path) -> None:
    first = write(tmp_path, "a.ndjson", scores(range(50)) + patients(range(50, 100)))
    second = write(tmp_path, "b.ndjson", scores(range(50, 101)) + patients(range(50)))
    index = noted(first)
    assert len(list(index.unresolved())) == 50
    index.merge(pickle.loads(pickle.dumps(noted(second))))  # as from another process
    (problem,) = index.unresolved()
    assert (problem.file, problem.row, problem.value) == (second, 51, "Patient/p-100")
    assert len(index) == 201


def test_repeated_references_are_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "BATCH", 16)
    same = [scores([1])[0] | {"id": f"o-{n}"} for n in range(500)]
    index = noted(write(tmp_path, "Observation.ndjson", same))
    index.references._next_compaction = 10
    index.references.add("Patient/p-1", 501)
    for n in range(40):
        index.references.add("Patient/p-1", n)
    assert len(index.references.columns()[0]) < 20
    assert [p.row for p in index.unresolved()][:1] == [1]


def test_resources_with_faults_are_noted_too(tmp_path: Path) -> None:
    change = {"set": {"id": "p-1", "gender": "F"}, "remove": ["managingOrganization"]}
    broken = changed("Patient", change)
    file = write(tmp_path, "Patient.ndjson", [broken, {"resourceType": "Patient", "id": "a\nb"}])
    index = ReferenceIndex()
    with Path(file).open("rb") as lines:
        assert {p.rule for p in check_ndjson(lines, file=file, index=index)} == {
            "FHIR-REQUIRED-BINDING",
            "FHIR-FORMAT",
        }
    index.references.add("Patient/p-1", 1)
    assert list(index.unresolved()) == []
    assert len(index) == 1


def test_an_empty_index_has_nothing_to_say() -> None:
    index = ReferenceIndex()
    assert list(index.unresolved()) == list(index.duplicates()) == []
    index.merge(ReferenceIndex())
    assert len(index) == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Patient/1", "Patient/1"),
        ("Patient/1/_history/2", "Patient/1"),
        ("Patient/1#part", "Patient/1"),
        (
            "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-000000000001",
            "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-000000000001",
        ),
        ("Patient?identifier=a|b", None),
        ("https://example.org/Patient/1", None),
        ("#inner", None),
        ("", None),
    ],
)
def test_what_a_reference_must_find(text: str, name: str | None) -> None:
    assert looked_up(text) == name


@given(st.lists(st.from_regex(r"[A-Za-z]{1,20}/[A-Za-z0-9.\-]{1,64}", fullmatch=True), unique=True))
def test_different_names_have_different_hashes(names: list[str]) -> None:
    if names:
        hashes = references.hashes_of(names).tolist()
        assert len(set(hashes)) == len(names)
        assert [references.hashes_of([name]).tolist()[0] for name in names] == hashes


def test_long_and_odd_names_have_hashes_of_their_own() -> None:
    names = ["a", "a\n", "a\nb", "b", "a\0", "\0", "", "c" * 5000, "c" * 5001, "c\n" * 5000]
    hashes = references.hashes_of(names).tolist()
    assert len(set(hashes)) == len(names)
    assert hashes == [references.hashes_of([name]).tolist()[0] for name in names]

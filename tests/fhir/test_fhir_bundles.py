"""Transaction bundles: grouping, order, conditions, references; and the way back to the record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import polars as pl
import pytest
from study_of_pain import BASE, CODES, S1, S2, S3, STUDY, frames, study

from trialect.converters.writers.fhir_bundle import write_partition
from trialect.converters.writers.fhir_ndjson import find_record
from trialect.study_options import FhirOptions

UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*.*json"))}


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        inner = set().union(*(references(value) for value in node.values())) if node else set()
        return inner | ({node["reference"]} if "reference" in node else set())
    return set().union(*(references(one) for one in node)) if isinstance(node, list) else set()


def _patients(bundle: dict[str, Any]) -> list[str]:
    entries = [entry["resource"] for entry in bundle["entry"]]
    return [r["identifier"][0]["value"] for r in entries if r["resourceType"] == "Patient"]


def test_the_same_input_gives_the_same_bytes(write: Any) -> None:
    assert tree(write().folder) == tree(write().folder)


@pytest.mark.parametrize("size", [2, 4])
def test_bundles_and_lines_do_not_depend_on_the_partitions(
    write: Any, tmp_path: Path, size: int
) -> None:
    whole = tree(write().folder)
    joined: dict[str, bytes] = {}
    subjects = frames()["DM"]["USUBJID"].to_list()
    for start in range(0, len(subjects), size):
        here = subjects[start : start + size]
        some = {n: f.filter(pl.col("USUBJID").is_in(here)) for n, f in frames().items()}
        folder = tmp_path / f"part{start}"
        write_partition(folder, STUDY, CODES, some, first_subject=start)
        for name, text in tree(folder).items():
            joined[name] = joined.get(name, b"") + text
    assert joined == {name: whole[name] for name in joined}
    assert {name for name in whole if "subjects" in name} <= joined.keys()


def test_places_may_have_gaps(tmp_path: Path) -> None:
    part = write_partition(tmp_path, STUDY, CODES, frames(), positions=[0, 2, 3, 7])
    assert list(part.bundles) == [
        "subjects-000001-01.json",
        "subjects-000002-01.json",
        "subjects-000004-01.json",
    ]


def test_a_bundle_holds_whole_subjects(write: Any) -> None:
    subjects_of = {}
    for name, bundle in write().bundles:
        entries = [entry["resource"] for entry in bundle["entry"]]
        subjects_of[name] = _patients(bundle)
        if name != "study.json":
            owners = {urn for urn in references(entries) if urn.startswith("urn:uuid:")}
            assert owners <= {entry["fullUrl"] for entry in bundle["entry"]}
    assert subjects_of == {
        "study.json": [],
        "subjects-000001-01.json": [S1, S2],
        "subjects-000002-01.json": [S3, "PAIN1-04"],
    }


def test_a_group_that_is_too_large_is_split_between_subjects(write: Any) -> None:
    options = FhirOptions(base=BASE, bundle_subjects=4, bundle_bytes=23_000)
    small = write(study(fhir=options))
    assert list(small.part.bundles) == ["subjects-000001-01.json", "subjects-000001-02.json"]
    first, second = (bundle for name, bundle in small.bundles if name != "study.json")
    patients = [_patients(bundle) for bundle in (first, second)]
    assert patients == [[S1], [S2, S3, "PAIN1-04"]]
    sizes = [p for p in small.part.problems if p.rule == "FHIR-BUNDLE-SIZE"]
    assert [p.usubjid for p in sizes] == [S1]
    assert "FHIR-BUNDLE-SIZE" not in write().rules


def test_conditions_are_full_and_unique(write: Any) -> None:
    for _, bundle in write(unblinded=True).bundles:
        assert bundle["type"] == "transaction"
        requests = [entry["request"] for entry in bundle["entry"]]
        urls = [request["url"] for request in requests]
        assert len(set(urls)) == len(urls)
        for entry, url in zip(bundle["entry"], urls, strict=True):
            resource = entry["resource"]
            kind = resource["resourceType"]
            # R4 has no search parameter for AdverseEvent.identifier.
            parameter = "_tag" if kind == "AdverseEvent" else "identifier"
            assert url.startswith(f"{kind}?{parameter}={BASE}/")
            assert "id" not in resource
            assert UUID.fullmatch(entry["fullUrl"])
        assert {request["method"] for request in requests} == {"PUT"}


def stored(bundles: list[dict[str, Any]], times: int) -> dict[str, dict[str, Any]]:
    """What a server keeps: each entry under the resource that its condition finds."""
    kept: dict[str, dict[str, Any]] = {}
    for entry in [entry for bundle in bundles * times for entry in bundle["entry"]]:
        kind, _, query = entry["request"]["url"].partition("?")
        parameter, _, token = query.partition("=")
        system, _, value = unquote(token).partition("|")
        matches = [
            place
            for place, one in kept.items()
            if one["resourceType"] == kind and (system, value) in tokens(one, parameter)
        ]
        assert len(matches) <= 1
        kept[matches[0] if matches else f"{len(kept)}"] = entry["resource"]
    return kept


def tokens(resource: dict[str, Any], parameter: str) -> set[tuple[str, str]]:
    """What R4's search parameters `identifier` and `_tag` index."""
    if parameter == "_tag":
        return {(one["system"], one["code"]) for one in resource["meta"]["tag"]}
    if resource["resourceType"] == "AdverseEvent":
        return set()
    identifiers = resource["identifier"]
    identifiers = identifiers if isinstance(identifiers, list) else [identifiers]
    return {(one.get("system", ""), one["value"]) for one in identifiers}


def test_sending_twice_changes_nothing(write: Any) -> None:
    bundles = [bundle for _, bundle in write(unblinded=True).bundles]
    assert stored(bundles, 2) == stored(bundles, 1)
    assert len(stored(bundles, 1)) == sum(len(bundle["entry"]) for bundle in bundles)


def test_what_another_bundle_holds_is_referred_to_by_search(write: Any) -> None:
    bundles = dict(write(unblinded=True).bundles)
    inside = {entry["request"]["url"] for entry in bundles["study.json"]["entry"]}
    outward = {
        one
        for name, bundle in bundles.items()
        for one in references(bundle)
        if not one.startswith("urn:uuid:")
    }
    assert outward <= inside
    assert f"ResearchStudy?identifier={BASE}/study|PAIN1" in outward
    assert not {one for one in references(bundles["study.json"]) if "?" in one}


def test_lines_and_bundles_hold_the_same_resources(write: Any) -> None:
    written = write(unblinded=True)
    lines = {
        resource["id"]: resource
        for file in (written.folder / "ndjson").iterdir()
        for resource in map(orjson.loads, file.read_bytes().splitlines())
    }
    entries = {
        entry["fullUrl"].removeprefix("urn:uuid:"): entry["resource"]
        for _, bundle in written.bundles
        for entry in bundle["entry"]
    }
    assert lines.keys() == entries.keys()
    for uuid, resource in lines.items():
        there = orjson.dumps(entries[uuid])
        here = orjson.dumps({key: value for key, value in resource.items() if key != "id"})
        pattern = rb'"reference":"[^"]*"'
        assert re.sub(pattern, b"", here) == re.sub(pattern, b"", there)


def test_every_reference_of_the_lines_leads_somewhere(write: Any) -> None:
    written = write(unblinded=True)
    found: set[str] = set()
    named: set[str] = set()
    for file in (written.folder / "ndjson").iterdir():
        for resource in map(orjson.loads, file.read_bytes().splitlines()):
            found |= references(resource)
            named.add(f"{resource['resourceType']}/{resource['id']}")
    assert found <= named


def test_the_record_is_found_from_an_id_in_any_form(write: Any) -> None:
    written = write(unblinded=True)
    folder = written.folder / "ndjson"
    expected = {
        ("Observation", f"{S1}.QS.3"): ("QS", S1, "3"),
        ("QuestionnaireResponse", f"{S2}.QS.1"): ("QS", S2, "1"),
        ("Encounter", f"{S2}.SV.3.1"): ("SV", S2, "3.1"),
        ("MedicationAdministration", f"{S1}.EX.1"): ("EX", S1, "1"),
        ("AdverseEvent", f"{S1}.AE.2"): ("AE", S1, "2"),
        ("Consent", f"{S2}.DM"): ("DM", S2, ""),
        ("Patient", S1): ("DM", S1, ""),
    }
    for (kind, value), record in expected.items():
        uuid = written.one(kind, value)["id"]
        for text in (uuid, f"{kind}/{uuid}", f"urn:uuid:{uuid}", value):
            assert find_record(folder, text) == record


def test_no_record_is_found_from_what_is_no_subjects_resource(write: Any) -> None:
    written = write()
    (study_resource,) = written.of("ResearchStudy")
    assert find_record(written.folder / "ndjson", study_resource["id"]) is None
    assert find_record(written.folder / "ndjson", "0" * 36) is None

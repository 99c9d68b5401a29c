"""Our checks beside the server's, fhir.resources and the official JSON Schema.

Each resource is good, has a seeded defect, or is one of HL7's own examples. What the server calls
valid has no error here, and what it calls an error is one here too, or the difference is listed
with its reason in data/stricter.json and data/laxer.json.
"""

import json
import re
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from fhir_client import Client
from verdicts import DATA, SCHEMA, Case, examples, ours, packed, same_place, seeded, theirs

STRICTER: list[dict[str, str]] = json.loads((DATA / "stricter.json").read_text("utf-8"))
LAXER: list[dict[str, str]] = json.loads((DATA / "laxer.json").read_text("utf-8"))

Verdicts = list[tuple[Case, list[tuple[str, str]]]]


@pytest.fixture(scope="session")
def cases(release: str) -> list[Case]:
    return [case for case in (*seeded(release), *examples(release)) if not case.is_envelope]


@pytest.fixture(scope="session")
def verdicts(client: Client, cases: list[Case]) -> Verdicts:
    """What the server's `$validate` calls errors of each case."""

    def errors(case: Case) -> list[tuple[str, str]]:
        kind = json.loads(case.text).get("resourceType")
        known = isinstance(kind, str) and kind.isalpha()
        return theirs(client.issues(case.text, kind if known else "Patient"))

    with ThreadPoolExecutor(2) as both:
        return list(zip(cases, both.map(errors, cases), strict=True))


def listed(entries: list[dict[str, str]], key: str, text: str, **more: str) -> bool:
    """Whether an entry's pattern finds the text, and the entry says all of `more`."""
    return any(re.search(one[key], text) and more.items() <= one.items() for one in entries)


def test_what_the_server_calls_valid_has_no_error_here(verdicts: Verdicts, release: str) -> None:
    stricter = [
        (case.name, problem.rule, problem.path, problem.message)
        for case, errors in verdicts
        if not errors
        for problem in ours(case.resource, release)
    ]
    assert [
        one for one in stricter if not listed(STRICTER, "cases", f"^{one[0]}$", rule=one[1])
    ] == []


def test_what_the_server_calls_an_error_is_one_here(verdicts: Verdicts, release: str) -> None:
    laxer = []
    for case, errors in verdicts:
        found = [problem.path or "$" for problem in ours(case.resource, release)]
        laxer += [
            (case.name, place, message)
            for place, message in errors
            if not any(same_place(place, path) for path in found)
            and not listed(LAXER, "message", message)
        ]
    assert laxer == []


def test_enough_is_compared(verdicts: Verdicts, release: str) -> None:
    """Both verdicts occur, so that agreeing says something."""
    refused = sum(bool(errors) for _, errors in verdicts)
    assert len(verdicts) > 250
    assert refused > (150 if release == "R4" else 10)
    assert len(verdicts) - refused > 200


def test_what_fhir_resources_refuses_has_an_error_here(cases: list[Case], release: str) -> None:
    """R4B stands for R4, whose elements are the same in these types."""
    folder = "fhir.resources.R4B" if release == "R4" else "fhir.resources"
    laxer = []
    for case in cases:
        kind = str(case.resource.get("resourceType"))
        try:
            model = getattr(import_module(f"{folder}.{kind.lower()}"), kind)
        except ImportError:
            continue
        try:
            model.model_validate_json(case.text)
        except ValueError as fault:
            if not ours(case.resource, release):
                laxer.append((case.name, str(fault)[:300]))
    assert laxer == []


def test_what_the_json_schema_refuses_has_an_error_here(cases: list[Case], release: str) -> None:
    """R4B's schema stands for R4's."""
    if release != "R4":
        pytest.skip("R5's schema has a pattern that is no regular expression (decimal)")
    archive = packed(SCHEMA)
    if archive is None:
        pytest.skip(f"npm gave no package {SCHEMA}")
    import jsonschema_rs

    with tarfile.open(archive) as tar:
        file = tar.extractfile("package/openapi/fhir.schema.json")
        assert file is not None
        schema: Any = json.load(file)
    sys.setrecursionlimit(10_000)
    valid = jsonschema_rs.validator_for(schema)
    laxer = [
        case.name
        for case in cases
        if not valid.is_valid(json.loads(case.text)) and not ours(case.resource, release)
    ]
    assert laxer == []

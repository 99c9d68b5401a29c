"""Of findings without end on FHIR so many are listed of each rule; the others are counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trialect.converters import fhir_flood
from trialect.converters.validate import validate
from trialect.problems import Severity

WRONG = {"resourceType": "Patient", "gender": "none of these"}


def lines(path: Path, count: int, **more: str) -> None:
    texts = (json.dumps({**WRONG, **more, "id": f"{path.stem}-{n}"}) for n in range(count))
    path.write_text("".join(text + "\n" for text in texts))


def test_the_rest_is_counted_by_file_and_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_flood, "LISTED", 5)
    lines(tmp_path / "a.ndjson", 4, birthDate="1990-13")
    lines(tmp_path / "b.ndjson", 7)
    (tmp_path / "c.json").write_text(json.dumps(WRONG))
    found = validate(tmp_path)
    listed = [one for one in found.problems if one.rule != "FHIR-MORE"]
    rules = [one.rule for one in listed]
    (binding,) = set(rules) - {"FHIR-FORMAT"}
    assert (rules.count(binding), rules.count("FHIR-FORMAT")) == (5, 4)
    more = {(one.file, one.value): one.message for one in found.problems if one.rule == "FHIR-MORE"}
    assert more == {("b.ndjson", binding): f"7 more findings of {binding} are not listed."}
    assert all(one.severity is Severity.ERROR for one in found.problems)


def test_a_few_are_all_listed(tmp_path: Path) -> None:
    lines(tmp_path / "a.ndjson", 50)
    found = validate(tmp_path / "a.ndjson").problems
    assert len(found) == 50
    assert "FHIR-MORE" not in {one.rule for one in found}


def test_bundles_are_bounded_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_flood, "LISTED", 2)
    entries = [
        {"fullUrl": f"http://example.org/Patient/{n}", "resource": {**WRONG, "id": str(n)}}
        for n in range(6)
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (tmp_path / "a.json").write_text(json.dumps(bundle))
    found = validate(tmp_path / "a.json")
    (more,) = (one for one in found.problems if one.rule == "FHIR-MORE")
    assert len(found.problems) == 3
    assert more.message.startswith("4 more findings of ")

"""Findings on our own FHIR name the SDTM record, and the row of the export that it came from."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.converters.fhir_files import check_rendered
from trialect.converters.validate import Validation, validate
from trialect.converters.writers import fhir_bundle
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.subject_resources import subject_resources
from trialect.problems import Problem
from trialect.schemas.fhir import ReferenceIndex

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"
RECORD = re.compile(r"(.+)\.(DM|[A-Z]+)(?:\.(\d+(?:\.\d+)?))?")


def spoil(line: str) -> str:
    """A resource with a status that there is not, or without one a language that is none."""
    resource = json.loads(line)
    resource["status" if "status" in resource else "language"] = "a status"
    return json.dumps(resource)


def found(checked: Validation, file: str) -> tuple[int, Problem]:
    (place,) = (
        place
        for place, one in enumerate(checked.problems)
        if one.rule.startswith("FHIR-") and one.file == file
    )
    return place, checked.problems[place]


def value_of(resource: dict[str, Any]) -> str:
    identifier = resource["identifier"]
    return str((identifier[0] if isinstance(identifier, list) else identifier)["value"])


@pytest.mark.parametrize(
    ("type_", "domain"),
    [
        ("Observation", "QS"),
        ("Encounter", "SV"),
        ("Patient", "DM"),
        ("ResearchSubject", "DM"),
        ("Consent", "DS"),
        ("Procedure", "PR"),
    ],
)
def test_a_finding_in_ndjson_leads_to_the_record_and_the_export(
    copy: Path, type_: str, domain: str
) -> None:
    file = copy / "fhir" / "ndjson" / f"{type_}.ndjson"
    lines = file.read_text("utf-8").splitlines()
    at = len(lines) // 2
    value = value_of(json.loads(lines[at]))
    lines[at] = spoil(lines[at])
    file.write_text("\n".join(lines) + "\n", "utf-8")
    checked = validate(copy)
    place, problem = found(checked, file.name)
    assert problem.row == at + 1
    assert problem.path in (f"{type_}.status", f"{type_}.language")
    assert problem.domain == domain
    if domain == "DM" and type_ in ("Patient", "ResearchSubject"):
        assert (problem.usubjid, problem.seq) == (value, None)
    else:
        named = RECORD.fullmatch(value)
        assert named is not None
        assert (problem.usubjid, problem.domain, problem.seq) == named.groups()
    source = checked.review.source(place)
    assert source is not None
    assert source.row is not None
    with (EXAMPLE / source.file).open(encoding="utf-8-sig", newline="") as export:
        row = list(csv.reader(export))[source.row - 1]
    assert any(part and part in (problem.usubjid or "") for part in row)
    assert checked.review.record(problem) is None
    assert f"{source.file}:{source.row}" in checked.review.origin(place)


def test_a_finding_in_a_bundle_leads_to_the_record(copy: Path) -> None:
    file = sorted((copy / "fhir" / "bundles").glob("subjects-*.json"))[0]
    bundle = json.loads(file.read_text("utf-8"))
    numbers = [
        number
        for number, entry in enumerate(bundle["entry"])
        if entry["resource"]["resourceType"] == "Observation"
    ]
    resource = bundle["entry"][numbers[-1]]["resource"]
    value = value_of(resource)
    resource["status"] = "done"
    file.write_text(json.dumps(bundle), "utf-8")
    checked = validate(copy)
    place, problem = found(checked, file.name)
    assert problem.path == f"Bundle.entry[{numbers[-1]}].resource.status"
    assert f"{problem.usubjid}.{problem.domain}.{problem.seq}" == value
    assert checked.review.source(place) is not None


def test_the_command_line_and_its_report_tell_the_record_and_the_row(
    copy: Path, tmp_path: Path
) -> None:
    file = copy / "fhir" / "ndjson" / "Observation.ndjson"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([spoil(lines[0]), *lines[1:]]) + "\n", "utf-8")
    report = tmp_path / "found.csv"
    said = CliRunner().invoke(app, ["validate", str(copy), "--report", str(report)])
    assert re.search(r"It was made of QS \S+ #\d+, which came from \S+:\d+\.", said.output)
    with report.open(encoding="utf-8-sig", newline="") as text:
        rows = [row for row in csv.reader(text) if any("Observation.status" in c for c in row)]
    assert len(rows) == 1
    assert "QS" in rows[0]


def test_what_is_no_record_of_ours_stands_as_it_is(copy: Path) -> None:
    file = copy / "fhir" / "ndjson" / "Observation.ndjson"
    lines = file.read_text("utf-8").splitlines()
    resource = json.loads(spoil(lines[0]))
    resource["identifier"] = [{"value": 5}]
    lines[0] = json.dumps(resource)
    lines[1] = '{"resourceType":"Observation"'
    study = copy / "fhir" / "ndjson" / "Organization.ndjson"
    study.write_text(spoil(study.read_text("utf-8").splitlines()[0]) + "\n", "utf-8")
    file.write_text("\n".join(lines) + "\n", "utf-8")
    checked = validate(copy)
    told = [
        (one.file, one.row, one.domain) for one in checked.problems if one.rule.startswith("FHIR-")
    ]
    assert ("Observation.ndjson", 1, None) in told
    assert ("Observation.ndjson", 2, None) in told
    assert ("Organization.ndjson", 1, None) in told


def test_a_conversions_own_check_names_the_record(package: Path, tmp_path: Path) -> None:
    for kind in ("ndjson", "bundles"):
        (tmp_path / kind).mkdir()
    line = (package / "fhir" / "ndjson" / "Encounter.ndjson").read_text("utf-8").splitlines()[3]
    (tmp_path / "ndjson" / "Encounter.ndjson").write_text(spoil(line) + "\n")
    entry = {"fullUrl": "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-000000000001"}
    entry |= {"resource": json.loads(spoil(line))}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    (tmp_path / "bundles" / "a.json").write_text(json.dumps(bundle))
    named = RECORD.fullmatch(value_of(json.loads(line)))
    assert named is not None
    for problem in check_rendered(tmp_path, ReferenceIndex(), "R4"):
        if problem.path and problem.path.endswith("status"):
            assert (problem.usubjid, problem.domain, problem.seq) == named.groups()
            assert problem.row is None
    files = {one.file for one in check_rendered(tmp_path, ReferenceIndex(), "R4")}
    assert files == {"fhir/ndjson/Encounter.ndjson", "fhir/bundles/a.json"}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_what_is_rendered_wrongly_is_told_with_its_record_and_row(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(one: SubjectResource) -> SubjectResource:
        def template(part: Any) -> dict[str, Any]:
            return {**one.template(part), "language": "no language"}

        return replace(one, template=template) if one.type == "Consent" else one

    def resources(asked: str) -> list[SubjectResource]:
        return [spoilt(one) for one in subject_resources(asked)]

    monkeypatch.setattr(fhir_bundle, "subject_resources", resources)
    out = tmp_path / "out"
    trialect.convert(EXAMPLE, out, to=["fhir"], fhir_release=release)
    report = json.loads((out / "report.json").read_text("utf-8"))
    told = [one for one in report["problems"] if str(one.get("path")).endswith("language")]
    lines = (out / "fhir" / "ndjson" / "Consent.ndjson").read_text("utf-8").splitlines()
    values = sorted(value_of(json.loads(line)) for line in lines)
    assert values
    for kind in ("fhir/ndjson/", "fhir/bundles/"):
        mine = [one for one in told if one["file"].startswith(kind)]
        records = [filter(None, (p["usubjid"], p["domain"], p.get("seq"))) for p in mine]
        assert sorted(map(".".join, records)) == values
        assert all(one["source"]["file"] and one["source"]["row"] for one in mine)

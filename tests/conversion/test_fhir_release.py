"""One package in FHIR R5: made, said in its manifest, and known again."""

import json
from pathlib import Path

import pytest
from example_package import EXAMPLE
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.converters.fhir_release import release_of_package, release_of_resources
from trialect.problems import Unusable


@pytest.fixture(scope="module")
def in_r5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's FHIR in R5, made by the command."""
    out = tmp_path_factory.mktemp("r5") / "out"
    command = ["convert", str(EXAMPLE), "-o", str(out), "--to", "fhir", "--fhir-release", "r5"]
    CliRunner().invoke(app, command, catch_exceptions=False)
    return out


def test_the_manifest_says_the_release(in_r5: Path, package: Path) -> None:
    assert json.loads((in_r5 / "manifest.json").read_text())["standards"]["FHIR"] == "R5"
    assert release_of_package(in_r5) == "R5"
    assert release_of_package(package) == "R4"


def test_nothing_is_found_that_r4_does_not_find(in_r5: Path, package: Path) -> None:
    def told(folder: Path) -> set[tuple[str, str | None, str | None, str | None]]:
        report = json.loads((folder / "report.json").read_text())
        return {
            (one["rule"], one.get("usubjid"), one.get("variable"), one.get("value"))
            for one in report["problems"]
            if one["rule"].startswith(("FHIR", "CROSS"))
        }

    assert told(in_r5) <= told(package)


def test_the_same_files_with_the_same_resources(in_r5: Path, package: Path) -> None:
    for kind in ("bundles", "ndjson"):
        mine, other = (
            {f.name for f in (one / "fhir" / kind).iterdir()} for one in (in_r5, package)
        )
        assert mine == other
    for file in (in_r5 / "fhir" / "ndjson").iterdir():
        lines = (package / "fhir" / "ndjson" / file.name).read_text().splitlines()
        ids = [json.loads(line)["id"] for line in file.read_text().splitlines()]
        assert ids == [json.loads(line)["id"] for line in lines]


@pytest.mark.parametrize("part", [".", "fhir", "fhir/bundles", "fhir/ndjson"])
def test_validate_knows_the_release_by_itself(in_r5: Path, part: str) -> None:
    found = trialect.validate(in_r5 / part)
    assert [p for p in found.errors if p.rule.startswith("FHIR")] == []
    assert found.files


def test_validate_can_be_told_another_release(in_r5: Path, package: Path) -> None:
    for folder, release in ((in_r5, "r4"), (package, "R5")):
        found = trialect.validate(folder / "fhir" / "ndjson" / "Encounter.ndjson")
        assert found.errors == []
        told = trialect.validate(folder / "fhir" / "ndjson", fhir_release=release)
        assert "Encounter.ndjson" in {p.file for p in told.errors}


def test_a_resource_alone_shows_its_release(in_r5: Path, tmp_path: Path) -> None:
    line = (in_r5 / "fhir/ndjson/ResearchSubject.ndjson").read_text().splitlines()[0]
    (tmp_path / "one.json").write_text(line)
    assert trialect.validate(tmp_path / "one.json").errors == []


def test_a_resource_is_traced_to_its_record(in_r5: Path) -> None:
    line = (in_r5 / "fhir/ndjson/AdverseEvent.ndjson").read_text().splitlines()[0]
    command = [
        "trace",
        str(in_r5),
        "AdverseEvent/" + json.loads(line)["id"],
        "--study",
        str(EXAMPLE),
    ]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "AESEQ=1" in result.output.replace(" ", "")


def test_the_bytes_do_not_depend_on_the_run(in_r5: Path, tmp_path: Path) -> None:
    trialect.convert(EXAMPLE, tmp_path / "out", to=["fhir"], fhir_release="R5", jobs=1)
    for file in (in_r5 / "fhir").rglob("*.*"):
        again = tmp_path / "out" / file.relative_to(in_r5)
        assert again.read_bytes() == file.read_bytes()


def test_the_study_can_say_the_release(study: Path, tmp_path: Path) -> None:
    file = study / "study.yaml"
    text = file.read_text(encoding="utf-8")
    assert "\nfhir:\n" in text
    file.write_text(text.replace("\nfhir:\n", "\nfhir:\n  release: R5\n"), encoding="utf-8")
    trialect.convert(study, tmp_path / "out", to=["fhir"])
    assert release_of_package(tmp_path / "out") == "R5"


@pytest.mark.parametrize("name", ["r6", "", "4.0.1"])
def test_another_release_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unusable) as raised:
        trialect.convert(EXAMPLE, tmp_path / "out", fhir_release=name)
    assert [(p.rule, p.value) for p in raised.value.problems] == [("FHIR-RELEASE", name)]
    with pytest.raises(Unusable):
        trialect.validate(EXAMPLE, fhir_release=name)


@pytest.mark.parametrize(
    ("resources", "release"),
    [
        ([], "R4"),
        ([None, 1, {}, {"resourceType": 1}, {"resourceType": "Nonsense"}], "R4"),
        ([{"resourceType": "Patient", "gender": "female"}], "R4"),
        ([{"resourceType": "Patient", "invented": 1}], "R4"),
        ([{"resourceType": "Encounter", "actualPeriod": {}}], "R5"),
        ([{"resourceType": "Encounter", "period": {}}], "R4"),
        ([{"resourceType": "Transport"}], "R5"),
    ],
)
def test_the_release_that_resources_show(resources: list[object], release: str) -> None:
    assert release_of_resources(resources) == release

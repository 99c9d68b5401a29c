"""trialect trace, of what was read from FHIR: file, entry or line, and the element or extension."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from trialect.cli import app
from trialect.converters.pipeline import convert
from trialect.converters.trace import Step, trace

sys.path.insert(0, str(Path(__file__).parents[1] / "from_package"))
from sdtm_packages import write  # of the tests beside

EXAMPLE = Path(__file__).parents[2] / "examples/NCT07326982"
SUBJECT = "USUBJID=CTFPIRHD2025-01-001"
Home = tuple[Path, Path]
"""The FHIR, and the package that was made of it."""


@pytest.fixture(scope="module", params=[("R4", "bundles"), ("R5", "ndjson")], ids=" of ".join)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    release, kind = request.param
    folder = tmp_path_factory.mktemp(release)
    there = convert(EXAMPLE, folder / "there", to=["fhir"], unblinded=True, fhir_release=release)
    fhir = there.out / "fhir" / kind
    back = convert(fhir, folder / "back", to=["sdtm"], study=EXAMPLE / "study.yaml")
    return fhir, back.out


def resource_at(fhir: Path, step: Step) -> dict[str, Any]:
    """What stands at the place that a step tells."""
    assert step.file is not None
    assert step.row is not None
    text = (fhir / step.file).read_text(encoding="utf-8")
    if step.file.endswith(".ndjson"):
        found: dict[str, Any] = json.loads(text.splitlines()[step.row - 1])
        return found
    entry: dict[str, Any] = json.loads(text)["entry"][step.row - 1]["resource"]
    return entry


def extensions(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in node.get("extension", []) if one["url"].endswith(name)]


@pytest.mark.parametrize("variable", ["QSELTM", "QSTPTREF", "QSRFTDTC"])
def test_a_variable_in_an_extension_is_traced_to_it(home: Home, variable: str) -> None:
    fhir, back = home
    (cell,) = trace(back, "QS", f"{SUBJECT} & QSSEQ=3", variable)
    (step,) = cell.steps
    path = f"extension.where(url.endsWith('/StructureDefinition/{variable}')).value"
    assert step.columns == (f"Observation: {path}",)
    found = resource_at(fhir, step)
    assert found["identifier"][0]["value"] == "CTFPIRHD2025-01-001.QS.3"
    (extension,) = extensions(found, f"/StructureDefinition/{variable}")
    assert extension["valueString"] == cell.value


def test_the_command_tells_file_row_and_path(home: Home) -> None:
    _, back = home
    where = ["--where", f"{SUBJECT} & QSSEQ=3"]
    told = CliRunner().invoke(app, ["trace", str(back), "QS", *where, "QSELTM"]).stdout
    assert "QSELTM = PT1H" in told
    assert ", column Observation: extension.where(url.endsWith('/Struct" in told
    result = CliRunner().invoke(app, ["trace", str(back), "QS", *where, "QSSTRESC"]).stdout
    assert "QSSTRESC = 100.0" in result
    assert ", column Observation: valueQuantity" in result


def test_with_the_fhir_beside_it_the_same_is_told(home: Home) -> None:
    fhir, back = home
    where = f"{SUBJECT} & QSSEQ=3"
    assert trace(back, "QS", where, "QSELTM", study=fhir) == trace(back, "QS", where, "QSELTM")


def test_keys_are_traced_to_the_identifiers_that_tell_them(home: Home) -> None:
    fhir, back = home
    (usubjid,) = trace(back, "QS", f"{SUBJECT} & QSSEQ=3", "USUBJID")
    assert usubjid.steps[0].columns == (
        "Patient: identifier.where(system.endsWith('/subjects')).value",
    )
    assert resource_at(fhir, usubjid.steps[0])["identifier"][0]["value"] == usubjid.value
    (number,) = trace(back, "QS", f"{SUBJECT} & QSSEQ=3", "QSSEQ")
    assert number.steps[0].columns == (
        "Observation: identifier.where(system.endsWith('/records')).value",
    )


@pytest.mark.parametrize(
    ("dataset", "where", "variable", "type_", "name"),
    [
        ("DS", f"{SUBJECT} & DSSEQ=2", "DSTERM", "ResearchSubject", "DS"),
        ("SE", f"{SUBJECT} & SESEQ=1", "ETCD", "ResearchSubject", "SE"),
        ("RELREC", f"{SUBJECT} & RELID=REDDX-1 & IDVARVAL=3", "RELID", "Observation", "RELREC"),
    ],
)
def test_a_record_in_an_extension_is_traced_to_its_part(
    home: Home, dataset: str, where: str, variable: str, type_: str, name: str
) -> None:
    fhir, back = home
    (cell,) = trace(back, dataset, where, variable)
    step = cell.steps[0]
    whole = f"extension.where(url.endsWith('/StructureDefinition/{name}'))"
    assert step.columns == (f"{type_}: {whole}.extension('{variable}').value",)
    parts = [
        inner["valueString"]
        for one in extensions(resource_at(fhir, step), f"/{name}")
        for inner in extensions(one, variable)
    ]
    assert cell.value in parts


def test_a_supplemental_qualifier_is_traced_to_its_extension(home: Home) -> None:
    fhir, back = home
    (cell,) = trace(back, "DM", SUBJECT, "AFFSIDE")
    (step,) = cell.steps
    (told,) = step.columns
    assert told.endswith(".where(extension('QNAM').value = 'AFFSIDE').extension('QVAL').value")
    found = resource_at(fhir, step)
    assert told.startswith(f"{found['resourceType']}: extension.where(url.endsWith('/Structure")
    values = [
        inner["valueString"]
        for one in extensions(found, "/SUPP--")
        for inner in extensions(one, "QVAL")
    ]
    assert cell.value == "RIGHT"
    assert cell.value in values


def test_what_only_a_package_states_is_traced_too(tmp_path: Path) -> None:
    record = {
        "USUBJID": "D-1",
        "VSSEQ": 1,
        "VSTESTCD": "HR",
        "VSTEST": "Heart Rate",
        "VSORRES": "70",
        "VSORRESU": "beats/min",
        "EPOCH": "TREATMENT",
        "VSDTC": "2026-01-05",
    }
    package = write(tmp_path / "package", {"VS": [record]})
    there = convert(package, tmp_path / "there", to=["fhir"])
    fhir = there.out / "fhir/ndjson"
    back = convert(fhir, tmp_path / "back", to=["sdtm"])
    (cell,) = trace(back.out, "VS", "VSSEQ=1", "EPOCH")
    told = "Observation: extension.where(url.endsWith('/StructureDefinition/EPOCH')).value"
    (step,) = [one for one in cell.steps if one.columns == (told,)]
    (extension,) = extensions(resource_at(fhir, step), "/StructureDefinition/EPOCH")
    assert extension["valueString"] == cell.value == "TREATMENT"

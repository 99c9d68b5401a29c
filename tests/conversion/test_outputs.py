"""The package: everything that was asked for, in agreement, and traceable to its source."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from example_package import EXAMPLE

import trialect
from trialect.converters.trace import trace, trace_resource


def sdtm(package: Path) -> Path:
    return package / "m5/datasets/ctfpirhd2025/tabulations/sdtm"


def test_every_output_is_in_the_manifest(package: Path) -> None:
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    listed = {one["file"] for one in manifest["outputs"]}
    found = {p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()}
    assert found - listed == {"manifest.json"}
    names = {"DM", "EX", "QS", "AE", "DS", "IE", "PR", "SE", "SV", "CO", "RELREC", "SUPPDM"}
    assert names | {"TA", "TE", "TV", "TI", "TS"} <= set(manifest["datasets"])
    for name in manifest["datasets"]:
        assert (sdtm(package) / f"{name.lower()}.xpt").is_file()
        assert (package / "dataset-json" / f"{name.lower()}.json").is_file()
        assert (package / "dataset-json" / f"{name.lower()}.ndjson").is_file()
    for name in ("define.xml", "define.html", "csdrg.docx", "csdrg.html"):
        assert (sdtm(package) / name).stat().st_size > 1000


def test_the_package_validates(package: Path) -> None:
    validation = trialect.validate(package)
    allowed = {"TRL-CT-001"}  # the term of the example that nobody mapped
    assert {problem.rule for problem in validation.errors} <= allowed
    assert validation.files > 60


def test_a_changed_file_is_found(package: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(package, copy)
    dm = sdtm(copy) / "dm.xpt"
    data = bytearray(dm.read_bytes())
    data[-200] ^= 1
    dm.write_bytes(data)
    (sdtm(copy) / "ex.xpt").unlink()
    rules = {problem.rule for problem in trialect.validate(copy).problems}
    assert {"PACKAGE-CHANGED", "PACKAGE-MISSING"} <= rules


@pytest.mark.parametrize("target", ["sdtm", "dataset-json", "fhir"])
def test_targets_are_written_alone(tmp_path: Path, target: str) -> None:
    trialect.convert(EXAMPLE, tmp_path / "out", to=[target])
    folders = {"sdtm": "m5", "dataset-json": "dataset-json", "fhir": "fhir"}
    for name, folder in folders.items():
        assert (tmp_path / "out" / folder).exists() is (name == target)


def test_an_unknown_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(trialect.Unusable, match="'sas' is no target"):
        trialect.convert(EXAMPLE, tmp_path / "out", to=["sas"])


def test_domains_are_pandas_frames() -> None:
    trial = trialect.read(EXAMPLE)
    qs = trial.domains["QS"]
    assert isinstance(qs, pd.DataFrame)
    assert not [column for column in qs.columns if column.startswith("@")]
    assert len(qs) == trial.frames["QS"].height
    assert qs["QSSTRESN"].dtype == float
    assert trial.study.studyid == "CTFPIRHD2025"


def test_a_score_is_traced_to_its_cell(package: Path) -> None:
    cells = trace(package, "QS", "USUBJID=CTFPIRHD2025-01-001 & QSSEQ=1", "QSORRES")
    assert len(cells) == 1
    step = cells[0].steps[0]
    with (EXAMPLE / str(step.file)).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    source = rows[(step.row or 0) - 1][rows[0].index(step.columns[0])]
    assert source == cells[0].value


def test_every_cell_of_every_domain_has_a_reason(package: Path) -> None:
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    for dataset in manifest["datasets"]:
        untold = [
            (cell.dataset, cell.variable)
            for cell in trace(package, dataset)
            if cell.value is not None and not cell.steps
        ]
        assert not untold, f"{len(untold)} cells, the first {untold[:3]}"


def test_what_was_spelled_in_ascii_can_be_had_back(package: Path) -> None:
    cells = [cell for cell in trace(package, "TI") if cell.collected is not None]
    assert any("≥" in (cell.collected or "") for cell in cells)
    assert all((cell.value or "").isascii() for cell in cells)


def test_a_resource_is_traced_to_its_record(package: Path) -> None:
    with (package / "fhir/ndjson/Observation.ndjson").open(encoding="utf-8") as lines:
        resource = json.loads(next(lines))
    cells = trace_resource(package, f"Observation/{resource['id']}")
    assert {cell.dataset for cell in cells} == {"QS"}
    values = {cell.variable: cell.value for cell in cells}
    assert values["QSTESTCD"] in json.dumps(resource)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("XX", "", None), "XX is not in"),
        (("QS", "", "QSMOOD"), "QS has no QSMOOD"),
        (("QS", "QSSEQ", None), "'QSSEQ' is no condition"),
        (("QS", "QSSEQ=99999", None), "No record of QS has QSSEQ=99999"),
    ],
)
def test_what_cannot_be_traced_is_told(
    package: Path, arguments: tuple[str, str, str | None], message: str
) -> None:
    with pytest.raises(trialect.Unusable, match=message):
        trace(package, *arguments)


def test_a_folder_that_is_no_package_has_nothing_to_trace(tmp_path: Path) -> None:
    with pytest.raises(trialect.Unusable, match=r"no manifest\.json"):
        trace(tmp_path, "DM")

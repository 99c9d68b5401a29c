"""trialect inspect: every kind of file, whole and broken."""

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from typer.testing import Result

from trialect.converters.convert import convert
from trialect.converters.inspection import INSPECTORS, TITLES
from trialect.converters.recognise import Kind, recognise

Run = Callable[..., Result]

SDTM = "m5/datasets/ctfpirhd2025/tabulations/sdtm"
SAS = Path(__file__).resolve().parents[1] / "readers" / "forms.sas7bdat.gz"


RECORD = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"},
        "designModule": {"studyType": "INTERVENTIONAL"},
    }
}
PAGE = "Sex\nAll\nAges\nAllocation\nRandomized\nMasking\n30 participants in 2 patient groups\n"


@pytest.fixture
def files(package: Path, study: Path, tmp_path: Path) -> dict[Kind, Path]:
    """A file or folder of each kind."""
    found = {
        Kind.XPT5: package / SDTM / "ta.xpt",
        Kind.DATASET_JSON: package / "dataset-json" / "te.json",
        Kind.DATASET_NDJSON: package / "dataset-json" / "te.ndjson",
        Kind.DEFINE_XML: package / SDTM / "define.xml",
        Kind.FHIR_BUNDLE: package / "fhir/bundles/study.json",
        Kind.FHIR_NDJSON: package / "fhir/ndjson/Patient.ndjson",
        Kind.CSV: study / "records" / "visits.csv",
        Kind.STUDY_FOLDER: study,
        Kind.PACKAGE: package,
    }
    found[Kind.REGISTRY_PAGE] = tmp_path / "page.txt"
    found[Kind.REGISTRY_PAGE].write_text(PAGE)
    found[Kind.REGISTRY_RECORDS] = tmp_path / "records.json"
    found[Kind.REGISTRY_RECORDS].write_text(json.dumps([RECORD]))
    found[Kind.TRIALS] = trials = tmp_path / "trials"
    convert(found[Kind.REGISTRY_RECORDS], trials, to=["prs", "ictrp", "usdm"])
    registry = trials / "NCT00000001" / "registry"
    found[Kind.PRS_XML] = registry / "prs.xml"
    found[Kind.ICTRP_XML] = registry / "ictrp.xml"
    found[Kind.USDM] = registry / "usdm.json"
    found[Kind.DSJC] = tmp_path / "te.dsjc"
    found[Kind.DSJC].write_bytes(zlib.compress(found[Kind.DATASET_NDJSON].read_bytes()))
    found[Kind.FHIR_RESOURCE] = tmp_path / "one.json"
    found[Kind.FHIR_RESOURCE].write_text('{"resourceType": "Patient", "id": "p1"}')
    found[Kind.SAS7BDAT] = tmp_path / "forms.sas7bdat"
    found[Kind.SAS7BDAT].write_bytes(gzip.decompress(SAS.read_bytes()))
    found[Kind.XPT8] = tmp_path / "new.xpt"
    start = b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!"
    found[Kind.XPT8].write_bytes(start.ljust(480))
    book = openpyxl.Workbook()
    book.active.append(["SUBJID", "WEIGHT"])  # type: ignore[union-attr]
    book.active.append(["001", 71.5])  # type: ignore[union-attr]
    book.create_sheet("nothing here")
    found[Kind.EXCEL] = tmp_path / "forms.xlsx"
    book.save(found[Kind.EXCEL])
    return found


TOLD = {
    Kind.XPT5: ["TA (Trial Arms): 6 records", "STUDYID   Char      12  Study Identifier"],
    Kind.DATASET_JSON: ["TE (Trial Elements): 4 records", "ETCD      string  Element Code"],
    Kind.DATASET_NDJSON: ["TE (Trial Elements): 4 records"],
    Kind.DSJC: ["TE (Trial Elements): 4 records"],
    Kind.DEFINE_XML: ["SDTMIG 3.4", "Trial Inclusion/Exclusion Criteria"],
    Kind.FHIR_BUNDLE: ["type transaction", "1  ResearchStudy"],
    Kind.FHIR_NDJSON: ["50  Patient"],
    Kind.FHIR_RESOURCE: ["Patient p1"],
    Kind.CSV: ["209 rows, 16 columns", "subjid               209  01-001"],
    Kind.EXCEL: ["sheet Sheet", "1 row, 2 columns", "WEIGHT       1  71.5", "sheet nothing here"],
    Kind.SAS7BDAT: ["4 rows, 6 columns", "1980-02-29"],
    Kind.XPT8: ["reads version 5"],
    Kind.STUDY_FOLDER: ["CTFPIRHD2025", "2 arms, 6 planned visits, 1 site", "mappings/dm.csv"],
    Kind.PACKAGE: ["50 subjects", "errors", "683  QS records", "50  FHIR Patient"],
    Kind.REGISTRY_RECORDS: ["1 record: 1 INTERVENTIONAL", "NCT00000001  A trial"],
    Kind.TRIALS: ["1 record: 1 converted, 0 rejected", "NCT00000001  A trial"],
    Kind.PRS_XML: ["A trial", "1 trial"],
    Kind.ICTRP_XML: ["NCT00000001: A trial", "1 trial"],
    Kind.USDM: ["NCT00000001: A trial", "interventional"],
    Kind.REGISTRY_PAGE: ["line 2: “Sex: All”", "eligibility.sex = ALL", "Ages stands there"],
}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNKNOWN])
def test_every_kind_is_told(run: Run, files: dict[Kind, Path], kind: Kind) -> None:
    assert recognise(files[kind]) is kind
    result = run("inspect", files[kind])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{files[kind]}: {TITLES[kind]}")
    for told in TOLD[kind]:
        assert told in result.stdout


def test_every_kind_has_a_title_and_all_but_one_an_inspector() -> None:
    assert set(TITLES) == set(Kind) - {Kind.UNKNOWN}
    assert set(TITLES) - set(INSPECTORS) == {Kind.XPT8}


CUT = [
    *(Kind.XPT5, Kind.DATASET_JSON, Kind.DATASET_NDJSON, Kind.DSJC, Kind.DEFINE_XML),
    *(Kind.FHIR_BUNDLE, Kind.FHIR_NDJSON, Kind.EXCEL, Kind.SAS7BDAT),
]


@pytest.mark.parametrize("kind", CUT)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_is_refused(
    run: Run, files: dict[Kind, Path], tmp_path: Path, kind: Kind, part: float
) -> None:
    data = files[kind].read_bytes()
    # Inside a line, since a table of fewer lines is a table.
    cut = tmp_path / f"cut{files[kind].suffix}"
    cut.write_bytes(data[: int(len(data) * part) - 3].rstrip(b"}]\n"))
    result = run("inspect", cut)
    if kind is Kind.XPT5 and result.exit_code == 0:
        # Cut between its records, a transport file is a shorter one; that much is told.
        assert "TA (Trial Arms)" in result.stdout
        return
    assert result.exit_code == 2
    assert cut.name in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.csv", b"", "it is empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "it is no file that trialect"),
        ("text.txt", b"a letter to a friend", "it is no file that trialect can read"),
        ("other.xml", b"<html></html>", "it is no file that trialect can read"),
        ("other.json", b'{"a": 1}', "it is no file that trialect can read"),
        ("bundle.json", b'{"resourceType": "Bundle", "entry": [1]}', "begins as FHIR Bundle"),
        ("bundle.json", b'{"resourceType": "Bundle", "entry": {}, ', "begins as FHIR Bundle"),
        ("a.ndjson", b'{"resourceType":"Patient"}\n[]\n', "line 2 is no resource"),
        ("quote.csv", b'a,b\n1,"2\n', "never closed"),
        ("bytes.csv", b"a,b\n1,\xff\n", "is not utf-8"),
        ("manifest.json", b"{", "begins as package"),
        ("manifest.json", b"[]", "begins as package"),
        ("manifest.json", b"{}", "begins as package"),
        ("study.yaml", b"a: [", "study.yaml:"),
    ],
)
def test_what_is_damaged_or_unknown_is_refused(
    run: Run, tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    is_folder = name in ("manifest.json", "study.yaml")
    result = run("inspect", tmp_path if is_folder else tmp_path / name)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_folder_of_files_lists_what_they_are(run: Run, package: Path, tmp_path: Path) -> None:
    result = run("inspect", package / "fhir")
    assert result.exit_code == 0
    assert "bundles/study.json: FHIR Bundle" in result.stdout
    assert run("inspect", tmp_path).exit_code == 2


def test_a_folder_of_datasets_lists_their_records(run: Run, package: Path, tmp_path: Path) -> None:
    for name in ("ta.xpt", "te.xpt"):
        (tmp_path / name).write_bytes((package / SDTM / name).read_bytes())
    (tmp_path / "cut.xpt").write_bytes((package / SDTM / "ta.xpt").read_bytes()[:900])
    result = run("inspect", tmp_path)
    assert result.exit_code == 0
    assert "ta.xpt: TA, 6 records" in result.stdout
    assert "error: cut.xpt" in result.stdout


def test_problems_of_an_export_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "form.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    result = run("inspect", tmp_path / "form.csv")
    assert result.exit_code == 0
    assert "error: form.csv:3" in result.stdout

"""The reference trial against its own package, and against a record with deliberate differences."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import openpyxl
import pytest
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.converters.reconcile import Reconciliation
from trialect.problems import Unusable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "NCT07326982"
RECORD = Path(__file__).resolve().parent / "reconcile_record.json"
GOLDEN = Path(__file__).resolve().parent / "golden_reconcile"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reconcile") / "study"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out"))
    return folder


@pytest.fixture(scope="module")
def package(study: Path) -> Path:
    return trialect.convert(study, study.parent / "package").out


def told(found: Reconciliation) -> list[str]:
    """The rows that do not agree, as a person reviews them."""
    return [
        " | ".join(
            (
                row.agreement.value,
                row.rule.id if row.rule else "",
                row.fact,
                row.item,
                row.registry or "-",
                row.study or "-",
                row.data or "-",
                row.why,
            )
        )
        for row in found.ranked
        if row.agreement.value != "agree"
    ]


def golden(name: str) -> list[str]:
    return (GOLDEN / name).read_text(encoding="utf-8").splitlines()


def test_the_trial_against_its_own_package(study: Path, package: Path) -> None:
    found = trialect.reconcile(study, package)
    assert told(found) == golden("study-and-data.txt")
    assert found.counts["agree"] > 50


def test_the_trial_against_a_record_with_differences(study: Path, package: Path) -> None:
    found = trialect.reconcile(study, package, RECORD)
    assert told(found) == golden("registry-study-and-data.txt")
    assert found.errors == sum(one.severity == "error" for one in found.problems) > 5


@pytest.mark.parametrize("target", ["ctgov", "usdm"])
def test_what_is_written_of_the_study_file_agrees_with_it(study: Path, target: str) -> None:
    out = trialect.convert(study, study.parent / target, to=["sdtm", target]).out
    alone = trialect.reconcile(study, out)
    found = trialect.reconcile(study, out, out / "registry" / f"{target}.json")
    assert found.with_record
    assert [one.rule for one in found.problems] == [one.rule for one in alone.problems]


def test_of_several_records_the_studys_own_is_taken(
    study: Path, package: Path, tmp_path: Path
) -> None:
    own = RECORD.read_text(encoding="utf-8")
    other = own.replace("NCT07326982", "NCT00000002")
    both, others = tmp_path / "both.json", tmp_path / "others.json"
    both.write_text(f"[{other}, {own}]", encoding="utf-8")
    others.write_text(f"[{other}, {other.replace('NCT00000002', 'NCT00000003')}]", encoding="utf-8")
    alone = trialect.reconcile(study, package, RECORD)
    assert trialect.reconcile(study, package, both).rows == alone.rows
    with pytest.raises(Unusable) as caught:
        trialect.reconcile(study, package, others)
    assert [one.rule for one in caught.value.problems] == ["RECONCILE-RECORD-NOT-FOUND"]
    single = tmp_path / "single.json"
    single.write_text(other, encoding="utf-8")
    rules = {one.rule for one in trialect.reconcile(study, package, single).problems}
    assert "RECONCILE-IDENTIFIER" in rules


def test_a_conversion_compares_the_record_that_the_study_file_names(
    study: Path, package: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    shutil.copy(RECORD, copy / "records" / "NCT07326982.json")
    file = copy / "study.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\nregistry: {{record: records/NCT07326982.json}}\n", encoding="utf-8")
    out = trialect.convert(copy, tmp_path / "out").out
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    expected = trialect.reconcile(study, package, RECORD).as_dict()
    assert report["agreement"]["rows"] == expected["rows"]
    assert report["agreement"]["record"] == "records/NCT07326982.json"
    # The record is no export that nobody maps, and the manifest knows it.
    assert not [one for one in report["problems"] if one["rule"] == "STAGE-UNUSED-FILE"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert "records/NCT07326982.json" in json.dumps(manifest["inputs"])
    file.write_text(f"{text}\nregistry: {{record: ../study.yaml}}\n", encoding="utf-8")
    with pytest.raises(Unusable, match="leads out of the study folder"):
        trialect.convert(copy, tmp_path / "no")


def test_a_conversion_compares_the_record_that_is_given(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["convert", str(study), "-o", str(out), "--to", "sdtm", "--record", str(RECORD)]
    )
    assert done.exit_code == 1, done.output
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Registry, study file and data</h2>" in page
    assert "Ankara City Hospital" in page


def test_a_package_in_dataset_json_says_the_same(
    study: Path, package: Path, tmp_path: Path
) -> None:
    of_xpt = trialect.reconcile(study, package)
    folder = tmp_path / "json"
    shutil.copytree(package / "dataset-json", folder)
    of_json = trialect.reconcile(study / "study.yaml", folder)
    assert of_json.as_dict()["rows"] == of_xpt.as_dict()["rows"]


def test_the_report_of_the_conversion_says_the_same(study: Path, package: Path) -> None:
    found = trialect.reconcile(study, package)
    report = json.loads((package / "report.json").read_text(encoding="utf-8"))
    assert report["agreement"] == {**found.as_dict(), "package": None}
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema).validate(report)
    # What differs is among the findings, and counts for the exit code.
    of_agreement = [one for one in report["problems"] if one["rule"].startswith("RECONCILE-")]
    assert [one["message"] for one in of_agreement] == [one.message for one in found.problems]
    assert report["summary"]["by_rule"]["RECONCILE-STATUS-BEFORE-START"] == 1
    sheet = openpyxl.load_workbook(package / "report.xlsx")["Agreement"]
    assert sheet.max_row == len(found.rows) + 1
    assert [sheet["A2"].value, sheet["D2"].value, sheet["H2"].value] == [
        "differ",
        "Status and consents",
        "50 consented",
    ]
    page = (package / "report.html").read_text(encoding="utf-8")
    assert "Study file and data</h2>" in page
    assert "50 consented" in page


def test_partitions_do_not_change_what_is_counted(study: Path, package: Path) -> None:
    parted = trialect.convert(study, study.parent / "parted", partition_subjects=7).out
    texts = [(one / "report.json").read_text(encoding="utf-8") for one in (package, parted)]
    assert json.loads(texts[0])["agreement"] == json.loads(texts[1])["agreement"]


def test_the_table_on_the_screen_and_in_files(study: Path, package: Path, tmp_path: Path) -> None:
    page, plain = tmp_path / "table.html", tmp_path / "table.json"
    reports = ["--report", str(page), "--report", str(plain)]
    done = CliRunner().invoke(app, ["reconcile", str(study), str(package), *reports])
    assert done.exit_code == 1, done.output
    assert "Status and consents" in done.output
    assert "50 consented" in done.output
    rows = json.loads(plain.read_text(encoding="utf-8"))["rows"]
    assert rows[0]["comparison"] == "RECONCILE-STATUS-BEFORE-START"
    assert "http" not in page.read_text(encoding="utf-8").replace("http-equiv", "")
    again = tmp_path / "again.html"
    CliRunner().invoke(app, ["reconcile", str(study), str(package), "--report", str(again)])
    assert again.read_bytes() == page.read_bytes()


def test_what_agrees_ends_with_0(study: Path, package: Path, tmp_path: Path) -> None:
    text = (study / "study.yaml").read_text(encoding="utf-8")
    file = tmp_path / "study.yaml"
    file.write_text(text.replace("NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING"), encoding="utf-8")
    done = CliRunner().invoke(app, ["reconcile", str(file), str(package), "--all"])
    assert done.exit_code == 0, done.output
    assert "Sponsor" in done.output


@pytest.mark.parametrize(
    ("out", "rule"),
    [
        ("nowhere", "RECONCILE-NO-PACKAGE"),
        ("study", "RECONCILE-NOT-CONVERTED"),
        ("study/study.yaml", "RECONCILE-NO-PACKAGE"),
        ("study/mappings", "RECONCILE-NO-PACKAGE"),
    ],
)
def test_a_package_that_is_none_is_told(study: Path, out: str, rule: str) -> None:
    with pytest.raises(Unusable) as caught:
        trialect.reconcile(study, study.parent / out)
    assert [problem.rule for problem in caught.value.problems] == [rule]
    done = CliRunner().invoke(app, ["reconcile", str(study), str(study.parent / out)])
    assert done.exit_code == 2


@pytest.mark.parametrize("content", [None, "no record at all", "{", "[]", '{"a": 1}'])
def test_a_record_that_is_none_is_told(
    study: Path, package: Path, tmp_path: Path, content: str | None
) -> None:
    record = tmp_path / "record.json"
    if content is not None:
        record.write_text(content, encoding="utf-8")
    with pytest.raises(Unusable):
        trialect.reconcile(study, package, record)


def test_a_subject_outside_of_a_records_limits(study: Path, package: Path) -> None:
    from trialect.converters.readers.study_yaml import read_study

    known = read_study(study)
    record = replace(known, eligibility=replace(known.eligibility, minimum_age="24 Years"))
    found = trialect.reconcile(known, package, record)
    subjects = [row.usubjid for row in found.rows if row.usubjid]
    assert subjects == ["CTFPIRHD2025-01-015"]
    problem = next(one for one in found.problems if one.usubjid)
    assert problem.domain == "DM"
    assert problem.variable == "AGE"
    assert "24 Years" in problem.message


def test_cdiscs_sample_submission_as_a_foreign_package(tmp_path: Path) -> None:
    folder = ROOT.parent / "shared" / "data" / "sdtm-msg"
    if not folder.is_dir():
        pytest.skip("CDISC's sample submission is not beside the project")
    xpt = tmp_path / "msg"
    xpt.mkdir()
    for file in folder.glob("*.xpt"):
        shutil.copy(file, xpt)
    (tmp_path / "study.yaml").write_text(MSG, encoding="utf-8")
    found = trialect.reconcile(tmp_path / "study.yaml", xpt)
    wrong: dict[str, list[Any]] = {}
    for row in found.rows:
        if row.differs and row.rule:
            wrong.setdefault(row.rule.id, []).append(row.item or row.fact)
    assert wrong == MSG_DIFFERS


MSG = """
studyid: CDISCPILOT01
title: Safety and Efficacy of Zanomaline in Patients with Mild to Moderate Alzheimers Disease.
sponsor: {name: SDTM Metadata Submission Guidelines Team}
registrations: [{id: NCT00000000, registry: ClinicalTrials.gov}]
status: COMPLETED
start: {date: "2012-10", type: ACTUAL}
completion: {date: "2014-11-01", type: ACTUAL}
enrolment: {planned: 20, actual: 18}
eligibility: {minimum_age: 62 Years, sex: ALL, healthy_volunteers: false}
design:
  {allocation: RANDOMIZED, model: PARALLEL, masking: DOUBLE, masked: [PARTICIPANT, INVESTIGATOR],
   purpose: TREATMENT, phases: [PHASE2]}
interventions:
  - {name: Zanomaline, type: DRUG}
arms:
  - code: ZAN_LOW
    name: Zanomaline Low Dose (54 mg)
    type: EXPERIMENTAL
    interventions: [Zanomaline]
  - code: ZAN_HIGH
    name: Zanomaline High Dose (81 mg)
    type: EXPERIMENTAL
    interventions: [Zanomaline]
  - {code: PLACEBO, name: Placebo, type: PLACEBO_COMPARATOR}
outcomes:
  - {type: PRIMARY, measure: Depression, time_frame: "Weeks 4, 12 and 28"}
sites: [{id: "701", name: Site, timezone: America/New_York, country: USA}]
fhir: {base: "https://example.org/msg"}
"""

MSG_DIFFERS = {
    # 18 counts the screen failure, as TS does.
    "RECONCILE-ENROLMENT-ACTUAL": ["Actual enrolment"],
    "RECONCILE-TREATMENT": ["PLACEBO"],
    "RECONCILE-SITE": ["704", "708", "710", "711", "718"],
    "RECONCILE-SITE-COUNT": ["Number of sites"],
    # The trial takes in subjects from 50 on; this study file says 62.
    "RECONCILE-ELIGIBILITY": ["Minimum age"],
    "RECONCILE-AGE": ["CDISC003"],
    # The last planned visit is in week 26.
    "RECONCILE-TIME-FRAME-VISITS": ["Weeks 4, 12 and 28: week 28"],
    "RECONCILE-TS": ["OUTMSPRI"],
}
"""What the study file above has wrong on purpose, and what the sample itself has."""

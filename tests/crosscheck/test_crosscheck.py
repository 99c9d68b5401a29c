"""Each check between outputs finds the defect it is for, and nothing in outputs that agree."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from trialect.converters import datasets
from trialect.converters.account import Account, FormAccount
from trialect.converters.crosscheck import cross_check
from trialect.converters.datasets import Plan, Written, as_dataset_json, as_xpt, describe_xpt
from trialect.converters.fhir_values import check_values
from trialect.converters.partition import Part
from trialect.converters.readers.xpt import XptReader
from trialect.problems import Problem
from trialect.profile import merge, profile
from trialect.protocol import Arm, Sponsor
from trialect.schemas.define.describe import describe
from trialect.trial import Study

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/NCT07326982"
ARMS = (Arm("A", "Arm A"), Arm("B", "Arm B"))
TARGETS = ("sdtm", "dataset-json", "fhir")

FRAMES = {
    "DM": pl.DataFrame(
        {"STUDYID": "S", "DOMAIN": "DM", "USUBJID": ["S-1", "S-2"], "SUBJID": ["1", "2"]}
    ),
    "QS": pl.DataFrame(
        {
            "STUDYID": "S",
            "DOMAIN": "QS",
            "USUBJID": ["S-1", "S-1", "S-2"],
            "QSSEQ": [1.0, 2.0, 1.0],
            "QSTESTCD": "PI0101",
            "QSTEST": "PI01-Pain Intensity",
            "QSORRES": ["7", "3.50", "severe"],
        }
    ),
    "TA": pl.DataFrame(
        {
            "STUDYID": "S",
            "DOMAIN": "TA",
            "ARMCD": ["A", "B"],
            "ARM": ["Arm A", "Arm B"],
            "TAETORD": [1.0, 1.0],
        }
    ),
    "TS": pl.DataFrame({"STUDYID": "S", "DOMAIN": "TS", "TSSEQ": [1.0], "TSPARMCD": "SSTDTC"}),
}


class Package:
    """A small package, written as a conversion writes it, to change before it is checked."""

    def __init__(self, folder: Path, frames: dict[str, pl.DataFrame]) -> None:
        study = Study("S", "A study", Sponsor("Sponsor"), arms=ARMS)
        part = Part("00000", folder / "spool")
        part.folder.mkdir(parents=True)
        for name, frame in frames.items():
            frame.write_ipc(part.frame_file(name))
        part.profiles = profile(frames)
        metas = tuple(describe(study, merge([part.profiles]), []))
        stamp = datetime(2026, 1, 1)
        self.plan = Plan(study, folder / "package", metas, (part,), TARGETS, stamp)
        self.files: dict[str, list[str]] = {}
        for meta in metas:
            written = Written(meta.name, [], [])
            as_xpt(self.plan, meta, written)
            as_dataset_json(self.plan, meta, written)
            self.files[meta.name] = written.files
            assert not written.problems
        assert not describe_xpt(self.plan, self.files)
        self.account = Account(
            study,
            TARGETS,
            unblinded=False,
            stamp=stamp.isoformat(),
            subjects=2,
            forms={"f": FormAccount("records/f.csv", "", 0, rows=5, mapped=4, rejected=1)},
            datasets={name: frame.height for name, frame in frames.items()},
        )
        self.resources("Patient", [{}, {}])
        self.resources("ResearchSubject", [{}, {}])
        self.resources("ResearchStudy", [{"arm": [{"name": arm.name} for arm in ARMS]}])

    def resources(self, type_: str, resources: list[dict[str, object]]) -> None:
        path = self.plan.package / f"fhir/ndjson/{type_}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(one) + "\n" for one in resources), encoding="utf-8")

    def found(self) -> list[Problem]:
        found = cross_check(self.plan, self.files, self.account)
        return [problem for problem in found if not problem.rule.startswith("SDTM-")]


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path, FRAMES)


def test_outputs_that_agree_have_no_findings(package: Package) -> None:
    assert package.found() == []


def lose_a_row(package: Package) -> None:
    package.account.forms["f"].mapped -= 1


def lose_a_patient(package: Package) -> None:
    package.resources("Patient", [{}])


def count_a_subject_less(package: Package) -> None:
    package.account.subjects = 1


def forget_an_arm_in_fhir(package: Package) -> None:
    package.resources("ResearchStudy", [{"arm": [{"name": "Arm A"}]}])


def plan_a_third_arm(package: Package) -> None:
    arms = (*ARMS, Arm("C", "Arm C"))
    package.plan = replace(package.plan, study=replace(package.plan.study, arms=arms))
    package.resources("ResearchStudy", [{"arm": [{"name": arm.name} for arm in arms]}])


def remove_a_dataset_json(package: Package) -> None:
    (package.plan.package / "dataset-json/dm.ndjson").unlink()


def write_no_xpt(package: Package) -> None:
    (package.plan.sdtm / "ts.xpt").unlink()
    package.files["TS"] = []


def write_no_define(package: Package) -> None:
    (package.plan.sdtm / "define.xml").unlink()


def describe_another_length(package: Package) -> None:
    path = package.plan.sdtm / "define.xml"
    text = path.read_text(encoding="utf-8")
    end = text.index("Length=", text.index('Name="QSORRES"'))
    changed = text[:end] + text[end:].replace('Length="6"', 'Length="60"', 1)
    path.write_text(changed, encoding="utf-8")


@pytest.mark.parametrize(
    ("defect", "rule", "said"),
    [
        (lose_a_row, "CROSS-ROWS", "5 rows were read, 3 mapped and 1 rejected"),
        (lose_a_patient, "CROSS-PATIENTS", "FHIR has 1 Patient and 2 ResearchSubject"),
        (count_a_subject_less, "CROSS-PATIENTS", "the manifest counts 1"),
        (forget_an_arm_in_fhir, "CROSS-ARMS", "ResearchStudy has Arm A"),
        (plan_a_third_arm, "CROSS-ARMS", "study.yaml has the arms A, B, C; TA has A, B"),
        (remove_a_dataset_json, "CROSS-FILES", "DM has 2 records and was not written"),
        (write_no_xpt, "CROSS-FILES", "TS has 1 records and was not written as XPT"),
        (write_no_define, "CROSS-NO-DEFINE", "define.xml was not written"),
        (describe_another_length, "DEFINE-VARIABLE-LENGTH", "length 6; define.xml says 60"),
    ],
)
def test_a_defect_is_found(
    package: Package, defect: Callable[[Package], None], rule: str, said: str
) -> None:
    defect(package)
    found = package.found()
    assert rule in {problem.rule for problem in found}
    assert any(said in problem.message for problem in found if problem.rule == rule)


def test_a_submission_needs_dm_and_ts(tmp_path: Path) -> None:
    frames = {name: frame for name, frame in FRAMES.items() if name in ("DM", "QS", "TA")}
    package = Package(tmp_path, frames)
    found = list(cross_check(package.plan, package.files, package.account))
    assert [p.domain for p in found if p.rule == "SDTM-REQUIRED-DATASET"] == ["TS"]


def test_checks_of_the_whole_trial_are_run(tmp_path: Path) -> None:
    other = FRAMES["QS"].with_columns(pl.Series("QSTEST", ["PI01-Pain Intensity"] * 2 + ["Pain"]))
    package = Package(tmp_path, {**FRAMES, "QS": other})
    found = cross_check(package.plan, package.files, package.account)
    assert Counter(p.rule for p in found)["SDTM-TEST-ONE-TO-ONE"] == 1


OBSERVED = [
    {"identifier": [{"value": "S-1.QS.1"}], "valueQuantity": {"value": 7}},
    {"identifier": [{"value": "S-1.QS.2"}], "valueQuantity": {"value": 3.5}},
    {"identifier": [{"value": "S-2.QS.1"}], "valueCodeableConcept": {"text": "severe"}},
]


def compared(
    tmp_path: Path,
    observed: list[dict[str, object]],
    qs: pl.DataFrame = FRAMES["QS"],
    *,
    blinded: bool = False,
) -> Iterator[Problem]:
    path = tmp_path / "Observation.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in observed), encoding="utf-8")
    return check_values(path, qs, blinded=blinded)


def test_values_that_agree_are_not_told(tmp_path: Path) -> None:
    assert not [*compared(tmp_path, OBSERVED)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"valueQuantity": {"value": 3.4}}, "says 3.4"),
        ({"valueString": "3.5"}, "says '3.5'"),
        ({}, "has no value"),
    ],
)
def test_a_value_that_differs_names_its_row(
    tmp_path: Path, value: dict[str, object], said: str
) -> None:
    observed = [OBSERVED[0], {"identifier": [{"value": "S-1.QS.2"}], **value}, OBSERVED[2]]
    qs = FRAMES["QS"].with_columns(pl.lit("visits").alias("@form"), pl.Series("@row", [2, 3, 4]))
    (problem,) = compared(tmp_path, observed, qs)
    assert (problem.rule, problem.file, problem.row) == ("CROSS-VALUES", "visits", 3)
    assert (problem.usubjid, problem.seq, problem.value) == ("S-1", "2", "3.50")
    assert said in problem.message


def test_a_record_without_observation_is_told(tmp_path: Path) -> None:
    (problem,) = compared(tmp_path, OBSERVED[:1])
    assert problem.rule == "CROSS-OBSERVATIONS"
    assert problem.message.startswith("2 records of QS have no Observation, the first is QSSEQ 2")


def test_a_test_that_was_not_done_has_no_value(tmp_path: Path) -> None:
    qs = FRAMES["QS"].with_columns(pl.Series("QSSTAT", [None, None, "NOT DONE"]))
    absent = {"identifier": [{"value": "S-2.QS.1"}], "dataAbsentReason": {}}
    assert not [*compared(tmp_path, [*OBSERVED[:2], absent], qs)]
    assert [p.rule for p in compared(tmp_path, OBSERVED, qs)] == ["CROSS-VALUES"]


def test_a_text_may_be_withheld_where_the_arm_is_hidden(tmp_path: Path) -> None:
    withheld = [*OBSERVED[:2], {"identifier": [{"value": "S-2.QS.1"}]}]
    assert not [*compared(tmp_path, withheld, blinded=True)]
    assert [p.rule for p in compared(tmp_path, withheld)] == ["CROSS-VALUES"]


def test_numbers_of_records_are_told_whole(tmp_path: Path) -> None:
    qs = FRAMES["QS"][:1].with_columns(QSSEQ=pl.lit(1234567.0))
    observed = [{"identifier": [{"value": "S-1.QS.1234567"}], "valueQuantity": {"value": 7}}]
    assert not [*compared(tmp_path, observed, qs)]


# What is written is read back


def test_a_file_that_gives_back_another_value_is_told(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(XptReader):
        def iter_batches(self, rows: int = 1000) -> Iterator[pl.DataFrame]:
            for batch in super().iter_batches(rows):
                yield batch.with_columns(pl.col(self.variables[-1].name).shift(1))

    monkeypatch.setattr(datasets, "XptReader", Forgetful)
    (qs,) = (meta for meta in package.plan.metas if meta.name == "QS")
    written = Written("QS", [], [])
    as_xpt(package.plan, qs, written)
    (problem,) = written.problems
    assert (problem.rule, problem.file, problem.domain) == ("XPT-READ-BACK", "qs.xpt", "QS")
    assert problem.variable == qs.variables[-1].name


def test_a_file_that_lost_its_records_is_told(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blind(XptReader):
        def iter_batches(self, rows: int = 1000) -> Iterator[pl.DataFrame]:
            yield from (batch[:1] for batch in super().iter_batches(rows))

    monkeypatch.setattr(datasets, "XptReader", Blind)
    (qs,) = (meta for meta in package.plan.metas if meta.name == "QS")
    written = Written("QS", [], [])
    as_xpt(package.plan, qs, written)
    assert [problem.rule for problem in written.problems] == ["XPT-READ-BACK"]


def test_what_cannot_be_written_ends_with_exit_code_1(tmp_path: Path) -> None:
    """A control character in a term: no XPT, no define.xml, and each says where it stands."""
    study = tmp_path / "study"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("out"))
    path = study / "records/adverse_events.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[3][rows[0].index("severity")] = "MI\x07LD"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "trialect.cli", "convert", str(study), "-o", str(out)]
    done = subprocess.run(
        [*command, "--to", "sdtm", "--to", "dataset-json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    found = {one["rule"]: one for one in report["problems"]}
    written = found["XPT-CONTROL-CHARACTER"]
    assert (written["file"], written["row"]) == ("records/adverse_events.csv", 4)
    assert (written["domain"], written["variable"]) == ("AE", "AESEV")
    assert found["DEFINE-CONTROL-CHARACTER"]["variable"] == "AESEV"
    assert {"CROSS-FILES", "CROSS-NO-DEFINE"} <= set(found)

"""What cannot be started from is refused under its own rule: outputs, inspection, trace, demo."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import trialect
from trialect.converters import example, inspection
from trialect.converters.inspection import inspect
from trialect.converters.package import building
from trialect.converters.readers import iter_form
from trialect.converters.trace import trace, trace_resource
from trialect.study_options import FormFile

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/NCT07326982"


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(trialect.Unusable) as caught:
        call()
    (problem,) = caught.value.problems
    assert problem.message
    return problem.rule


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("refusals") / "out"
    trialect.convert(EXAMPLE, out)
    return out


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert refused(lambda: trialect.convert(EXAMPLE, tmp_path)) == "OUT-OCCUPIED"


def test_a_study_is_not_overwritten(tmp_path: Path) -> None:
    study = shutil.copytree(EXAMPLE, tmp_path / "study", ignore=shutil.ignore_patterns("out"))
    assert refused(lambda: trialect.convert(study, study)) == "OUT-INSIDE-STUDY"


def test_two_runs_do_not_write_one_package(tmp_path: Path) -> None:
    def second() -> None:
        with building(tmp_path / "out"):
            pytest.fail("the second run began")

    with building(tmp_path / "out"):
        assert refused(second) == "OUT-BUSY"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    out = tmp_path / "file" / "out"
    assert refused(lambda: trialect.convert(EXAMPLE, out)) == "OUT-UNWRITABLE"


def test_a_target_that_is_not_known_is_told(tmp_path: Path) -> None:
    assert refused(lambda: trialect.convert(EXAMPLE, tmp_path / "o", to=["sas"])) == "OUT-TARGET"


def test_a_folder_without_study_is_told(tmp_path: Path) -> None:
    assert refused(lambda: trialect.convert(tmp_path, tmp_path / "out")) == "STUDY-NO-FILE"


@pytest.mark.parametrize(
    ("stamp", "seconds"), [("soon", None), (None, "tomorrow"), (None, "9" * 20)]
)
def test_a_stamp_that_is_no_time_is_told(
    stamp: str | None, seconds: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from trialect.converters.readers.study_yaml import read_study
    from trialect.converters.stamp import stamp_of

    study = read_study(EXAMPLE)
    study = replace(study, sdtm=replace(study.sdtm, stamp=stamp))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if seconds is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
    assert refused(lambda: stamp_of(study)) == "STUDY-STAMP-INVALID"


def test_a_form_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert refused(lambda: list(iter_form(path, FormFile("none.csv")))) == "READ-FILE"


def test_a_sas_dataset_that_is_damaged_is_told(tmp_path: Path) -> None:
    magic = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
    path = tmp_path / "form.sas7bdat"
    path.write_bytes(magic + b"\x00" * 200)
    assert refused(lambda: list(iter_form(path, FormFile(path.name)))) == "READ-SAS"


# Inspection


def test_what_inspection_cannot_look_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(lambda: inspect(tmp_path / "none")) == "VALIDATE-NO-FILE"
    (tmp_path / "bytes").write_bytes(b"\x00\x01")
    assert refused(lambda: inspect(tmp_path / "bytes")) == "INSPECT-NOT-KNOWN"
    (tmp_path / "bundle.json").write_text('{"resourceType": "Bundle", "entry": [', encoding="utf-8")
    assert refused(lambda: inspect(tmp_path / "bundle.json")) == "INSPECT-DAMAGED"

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(inspection, "recognise", refuse)
    assert refused(lambda: inspect(tmp_path / "bytes")) == "INSPECT-UNREADABLE"


def test_what_validation_does_not_take(tmp_path: Path) -> None:
    assert refused(lambda: trialect.validate(tmp_path / "none")) == "VALIDATE-NO-FILE"
    assert refused(lambda: trialect.validate(tmp_path)) == "VALIDATE-NOT-KNOWN"


# Trace


@pytest.mark.parametrize(
    ("dataset", "where", "variable", "rule"),
    [
        ("XX", "", None, "TRACE-NO-DATASET"),
        ("QS", "", "QSMOOD", "TRACE-NO-VARIABLE"),
        ("QS", "QSSEQ", None, "TRACE-WHERE"),
        ("QS", "QSSEQ=99999", None, "TRACE-NO-RECORD"),
    ],
)
def test_what_cannot_be_traced(
    package: Path, dataset: str, where: str, variable: str | None, rule: str
) -> None:
    assert refused(lambda: trace(package, dataset, where, variable)) == rule


def test_a_resource_that_is_not_there_cannot_be_traced(package: Path) -> None:
    assert refused(lambda: trace_resource(package, "Observation/none")) == "TRACE-NO-RESOURCE"


def test_only_a_package_can_be_traced(tmp_path: Path) -> None:
    assert refused(lambda: trace(tmp_path, "DM")) == "TRACE-NO-PACKAGE"


def test_a_changed_export_is_not_taken_for_the_one_that_was_converted(
    package: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(EXAMPLE, tmp_path / "study", ignore=shutil.ignore_patterns("out"))
    with (study / "records/visits.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    where = "USUBJID=CTFPIRHD2025-01-001"
    asked = (package, "QS", where, "QSORRES")
    assert refused(lambda: trace(*asked, study=study)) == "TRACE-SOURCE-CHANGED"


# Demo


def test_the_demo_overwrites_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    assert refused(lambda: example.copy_example(tmp_path / "letters")) == "DEMO-OCCUPIED"
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert refused(lambda: example.copy_example(tmp_path / "file/demo")) == "DEMO-UNWRITABLE"

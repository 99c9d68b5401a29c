"""Promise 3: the same input gives the same bytes, with any number of processes and partitions."""

import shutil
from pathlib import Path

import pytest
from example_package import EXAMPLE, prints

import trialect


def test_a_second_run_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    trialect.convert(EXAMPLE, tmp_path / "again")
    assert prints(tmp_path / "again") == prints(package)


@pytest.mark.parametrize(("jobs", "partition"), [(1, 10), (4, 10), (1, 30)])
def test_processes_and_partitions_leave_no_trace(
    package: Path, tmp_path: Path, jobs: int, partition: int
) -> None:
    out = tmp_path / "out"
    trialect.convert(EXAMPLE, out, jobs=jobs, partition_subjects=partition)
    assert prints(out) == prints(package)


def test_where_the_study_lies_leaves_no_trace(package: Path, tmp_path: Path) -> None:
    study = tmp_path / "else where" / "studie"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("out"))
    trialect.convert(study, tmp_path / "out")
    assert prints(tmp_path / "out") == prints(package)


def test_the_stamp_may_come_from_the_environment(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (study / "study.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.strip().startswith("stamp:")]
    # An assumption about the stamp has nothing to be about any more.
    text = "\n".join(kept).replace("about: sdtm.stamp", "about: sdtm.ct")
    (study / "study.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    conversion = trialect.convert(study, tmp_path / "out", to=["sdtm"])
    assert conversion.account.stamp == "2026-01-01T00:00:00"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    undated = trialect.convert(study, tmp_path / "undated", to=["sdtm"])
    assert undated.account.by_rule["STUDY-STAMP-MISSING"] == 1

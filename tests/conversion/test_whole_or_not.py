"""Promise 4: a package is there whole or not at all, whatever happens on the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from example_package import EXAMPLE, prints

import trialect
from trialect.converters import pipeline
from trialect.converters.package import building, sdtm_folder

COMMAND = [sys.executable, "-m", "trialect.cli", "convert", str(EXAMPLE), "--jobs", "1", "-o"]


def killed(out: Path, after: float) -> bool:
    """Start a conversion and kill it; False when it had ended before."""
    run = subprocess.Popen([*COMMAND, str(out)], stdout=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after)
    if run.poll() is not None:
        return False
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return True


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_kill_9_leaves_no_half_package(tmp_path: Path, package: Path) -> None:
    out = tmp_path / "out"
    kills = 0
    for after in (0.6, 1.2, 1.8, 2.4):
        kills += killed(out, after)
        # Whatever is under the package's own name is the whole package.
        assert not out.exists() or prints(out) == prints(package)
    assert kills
    trialect.convert(EXAMPLE, out)
    assert prints(out) == prints(package)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_kill_9_keeps_the_old_package(tmp_path: Path) -> None:
    out = tmp_path / "out"
    trialect.convert(EXAMPLE, out, to=["dataset-json"])
    before = prints(out)
    assert killed(out, 1.0)
    assert prints(out) == before


def test_an_error_on_the_way_keeps_the_old_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    trialect.convert(EXAMPLE, out, to=["dataset-json"])
    before = prints(out)

    def fail(*_: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(pipeline, "write_manifest", fail)
    with pytest.raises(RuntimeError):
        trialect.convert(EXAMPLE, out)
    assert prints(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_new_package_takes_the_place_of_the_old(tmp_path: Path, package: Path) -> None:
    out = tmp_path / "out"
    trialect.convert(EXAMPLE, out, to=["dataset-json"])
    assert not (out / "fhir").exists()
    trialect.convert(EXAMPLE, out)
    assert prints(out) == prints(package)


def test_what_is_no_package_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(trialect.Unusable, match="is no package of trialect"):
        trialect.convert(EXAMPLE, out)
    assert (out / "chapter.txt").read_text(encoding="utf-8") == "years of work"


@pytest.mark.parametrize("out", [".", "mappings/out"])
def test_the_study_is_never_overwritten(study: Path, out: str) -> None:
    with pytest.raises(trialect.Unusable):
        trialect.convert(study, study / out)
    assert (study / "study.yaml").is_file()


def test_two_runs_do_not_write_the_same_package(tmp_path: Path) -> None:
    with building(tmp_path / "out") as package:
        (package / "manifest.json").write_text("{}", encoding="utf-8")
        with (
            pytest.raises(trialect.Unusable, match="another run"),
            building(tmp_path / "out"),
        ):
            pass
    assert (tmp_path / "out" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("studyid", "folder"),
    [("CTFPIRHD2025", "ctfpirhd2025"), ("A/B 1", "a-b-1"), ("../..", "study")],
)
def test_the_study_names_a_folder_and_no_other_place(studyid: str, folder: str) -> None:
    assert sdtm_folder(studyid) == f"m5/datasets/{folder}/tabulations/sdtm"

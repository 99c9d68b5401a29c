"""The commands as people use them: exit codes, what is printed, what is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from trialect import __version__

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


def records(study: Path, text: str) -> None:
    (study / "records" / "people.csv").write_text(text, encoding="utf-8")


def test_a_clean_conversion_ends_with_0(run: Run, tiny: Path, tmp_path: Path) -> None:
    result = run("convert", tiny, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "T1: 2 subjects, " in result.stdout
    assert " 0 rows rejected" in result.stdout
    assert "Findings: 0 errors, " in result.stdout
    assert f"Package: {tmp_path / 'out'}" in result.stdout
    assert result.stderr == ""


def test_errors_end_with_1_and_are_named(run: Run, tiny: Path) -> None:
    records(tiny, "id,sex\n1,F\n2,perhaps\n")
    result = run("convert", tiny)
    assert result.exit_code == 1
    assert (tiny / "out" / "manifest.json").is_file()
    assert re.search(r"^ +1  MAP-TERM-UNKNOWN: ", result.stdout, re.MULTILINE)


def test_rejected_rows_end_with_1_where_that_is_asked_for(run: Run, tiny: Path) -> None:
    records(tiny, "id,sex\n1,F\n1,F\n")  # a duplicate is a warning
    assert run("convert", tiny).exit_code == 0
    result = run("convert", tiny, "--strict")
    assert result.exit_code == 1
    assert "1 row rejected" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["convert", "nowhere"], "nowhere does not exist"),
        (["convert", "STUDY", "--to", "sas"], "'sas' is no target"),
        (["validate", "nowhere"], "does not exist"),
        (["inspect", "nowhere"], "does not exist"),
        (["trace", "STUDY", "DM"], "no manifest.json"),
        (["demo", os.devnull], "trialect demo DIR"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    run: Run, tiny: Path, words: list[str], message: str
) -> None:
    result = run(*(tiny if word == "STUDY" else word for word in words))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["convert"],
        ["convert", "study", "--jobs", "0"],
        ["convert", "study", "--jobs", "many"],
        ["validate"],
        ["validate", "x", "--report", "found.pdf"],
        ["validate", "x", "--report", "found"],
        ["trace", "package"],
        ["inspect", "a", "b"],
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(run: Run, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert "Error: " in result.stderr


def test_help_and_version(run: Run) -> None:
    assert run("--version").stdout == f"trialect {__version__}\n"
    for words in (["--help"], ["-h"], *([name, "-h"] for name in ("convert", "trace", "demo"))):
        result = run(*words)
        assert result.exit_code == 0
        assert "Usage: " in result.stdout
    assert "Exit codes: 0 clean, 1 findings" in run("--help").stdout


def test_targets_and_the_blind_are_chosen(run: Run, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("convert", study, "-o", out, "--to", "fhir", "--unblinded", "--jobs", 1)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["targets"] == ["fhir"]
    assert manifest["unblinded"] is True


def test_the_demo_ends_with_0_and_says_what_it_found(run: Run, tmp_path: Path) -> None:
    result = run("demo", tmp_path / "demo", "--jobs", 1)
    assert result.exit_code == 0
    report = json.loads((tmp_path / "demo/package/report.json").read_text(encoding="utf-8"))
    found = report["summary"]["by_severity"]
    assert found["error"] > 0
    assert f"Findings: {found['error']} errors, {found['warning']} warnings, " in result.stdout
    # The command that it proposes works.
    proposed = re.search(r"Next: trialect (.*)", result.stdout)
    assert proposed is not None
    assert "AGE = " in run(*proposed[1].split()).stdout


def test_the_demo_leaves_a_study_that_somebody_changed(run: Run, tmp_path: Path) -> None:
    run("demo", tmp_path / "demo", "--jobs", 1)
    table = tmp_path / "demo" / "study" / "mappings" / "dm.csv"
    table.write_bytes(table.read_bytes().replace(b"TUR", b"DEU"))
    result = run("demo", tmp_path / "demo", "--jobs", 1)
    assert "has been changed; it is converted as it stands" in result.stdout
    assert b"DEU" in table.read_bytes()


def test_findings_of_a_validation(run: Run, package: Path, tmp_path: Path) -> None:
    clean = package / "dataset-json" / "te.json"
    result = run("validate", clean, "--no-pack")
    assert (result.exit_code, result.stdout) == (
        0,
        "1 file checked: 0 errors, 0 warnings, 0 notes\n",
    )
    broken = tmp_path / "te.json"
    broken.write_bytes(clean.read_bytes().replace(b'"records":4', b'"records":5'))
    assert broken.read_bytes() != clean.read_bytes()
    result = run("validate", broken)
    assert result.exit_code == 1
    assert re.search(r"^error: .*te\.json", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("ending", ["json", "html", "csv"])
def test_a_validation_is_reported(run: Run, package: Path, tmp_path: Path, ending: str) -> None:
    report = tmp_path / "new folder" / f"found.{ending}"
    result = run("validate", package, "--report", report)
    text = report.read_text(encoding="utf-8-sig")
    for line in result.stdout.splitlines()[1:]:
        value = re.search(r"is '([^']+)'", line)
        assert value is None or value[1] in text
    assert result.exit_code == ("0 errors" not in result.stdout)


def test_more_findings_than_fit_the_screen(run: Run, tmp_path: Path) -> None:
    lines = ['{"resourceType":"Patient","gender":"nobody"}'] * 30
    (tmp_path / "Patient.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("validate", tmp_path / "Patient.ndjson")
    assert result.exit_code == 1
    assert sum(line.startswith("error: ") for line in result.stdout.splitlines()) == 20
    assert re.search(r"^\.\.\. and \d+ more with --report", result.stdout, re.MULTILINE)


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="no folder that cannot be written")
def test_what_cannot_be_written_is_told(run: Run, package: Path) -> None:
    result = run("validate", package / "dataset-json/te.json", "--report", "/proc/x/found.json")
    assert result.exit_code == 2
    assert "/proc/x" in result.stderr
    result = run("demo", "/proc/demo")
    assert result.exit_code == 2
    assert "cannot be put there" in result.stderr


def shell(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_pipe_gets_no_colours_and_no_progress(tiny: Path) -> None:
    done = shell([sys.executable, "-m", "trialect.cli", "convert", str(tiny)])
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


@pytest.mark.skipif(shutil.which("script") is None, reason="no `script` to make a terminal")
def test_a_terminal_gets_a_table_and_progress(tiny: Path) -> None:
    command = f"{sys.executable} -m trialect.cli convert {tiny}"
    done = shell(["script", "-qec", command, os.devnull], TERM="xterm-256color", COLUMNS="100")
    assert done.returncode == 0
    assert "\x1b" in done.stdout
    assert "read the study" in done.stdout
    assert re.search(r"people +2 ", done.stdout)


def test_a_terminal_that_knows_no_accents_is_no_error(study: Path) -> None:
    file = study / "records" / "adverse_events.csv"
    command = [sys.executable, "-m", "trialect.cli", "inspect", str(file)]
    done = shell(command, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u0130" in done.stdout

"""`trialect push` as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fhir_server import Behaviour
from server_kinds import Start
from small_package import counts, package
from typer.testing import Result

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]


def test_push_tells_what_became_of_what(tmp_path: Path, start: Start, run: Run) -> None:
    out = package(tmp_path / "out", 2)
    server = start()
    words = ("push", out, "--server", server.base)
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0
    assert "3 bundles, 12 resources" in dry.output
    assert "Nothing was sent." in dry.output
    done = run(*words, "--report", tmp_path / "r.json")
    assert done.exit_code == 0
    assert "Server of the tests 1, FHIR 4.0.1" in done.output
    assert "3 of 3 bundles stored." in done.output
    assert f"Report: {tmp_path / 'r.json'}" in done.output
    assert server.behaviour.store.counts() == counts(2)
    assert json.loads((tmp_path / "r.json").read_bytes())["fhir"] == "4.0.1"


def test_push_ends_with_1_when_something_was_refused(
    tmp_path: Path, start: Start, run: Run
) -> None:
    out = package(tmp_path / "out", 1)
    server = start()
    server.behaviour.answers["/fhir"] = (422, {}, b"{}")
    done = run("push", out, "--server", server.base)
    assert done.exit_code == 1
    assert "error: study.json" in done.output


def test_push_ends_with_2_when_it_cannot_begin(tmp_path: Path, run: Run) -> None:
    out = package(tmp_path / "out", 1)
    for words in (
        ("push", tmp_path / "none", "--server", "https://fhir.example.org"),
        ("push", out, "--server", "nonsense"),
        ("push", out, "--server", "http://127.0.0.1:1/fhir", "--retries", "0"),
        ("push", out, "--server", "https://127.0.0.1:1", "--ca", tmp_path / "none"),
    ):
        assert run(*words).exit_code == 2


def test_secrets_are_no_option(run: Run) -> None:
    said = run("push", "--help").output
    assert "--token" not in said
    assert "--secret" not in said
    assert "--insecure" not in said


def test_a_token_of_the_environment(
    tmp_path: Path, start: Start, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = package(tmp_path / "out", 1)
    server = start(Behaviour(token="of-the-environment"))
    assert run("push", out, "--server", server.base).exit_code == 2
    monkeypatch.setenv("TRIALECT_TOKEN", "of-the-environment")
    done = run("push", out, "--server", server.base)
    assert done.exit_code == 0
    assert "of-the-environment" not in done.output


def test_pull_tells_what_it_found(tmp_path: Path, start: Start, run: Run) -> None:
    server = start()
    run("push", package(tmp_path / "out", 2), "--server", server.base)
    words = ("pull", "--server", server.base, "--study", "T1", "-o", tmp_path / "back")
    done = run(*words)
    assert done.exit_code == 0
    assert "Observation" in done.output
    assert f"2 subjects, 12 resources in {tmp_path / 'back'}" in done.output
    server.behaviour.answers["/fhir/Observation"] = (400, {}, b"{}")
    assert run(*words).exit_code == 1
    assert run(*words[:-3], "T9", *words[-2:]).exit_code == 2
    again = run("pull", "--from", tmp_path / "back", "-o", tmp_path / "again")
    assert again.exit_code == 0
    assert "2 subjects, 6 resources" in again.output


def test_what_was_pulled_is_a_folder_that_validate_knows(
    tmp_path: Path, start: Start, run: Run
) -> None:
    server = start()
    run("push", package(tmp_path / "out", 1), "--server", server.base)
    run("pull", "--server", server.base, "--study", "T1", "-o", tmp_path / "back")
    said = run("validate", tmp_path / "back").output
    assert "5 files checked" in said
    assert "pull.json" not in said


def test_pull_is_from_one_place(tmp_path: Path, run: Run) -> None:
    for words in ((), ("--from", "x", "--server", "y"), ("--from", "x", "--export", "system")):
        assert run("pull", "-o", tmp_path / "out", *words).exit_code == 2


def test_help_is_instant() -> None:
    code = (
        "import sys\nfrom trialect.cli import app\n"
        "for name in ('push', 'pull'):\n"
        "    try:\n        app([name, '--help'])\n    except SystemExit:\n        pass\n"
        "print([one for one in ('http.client', 'ssl', 'polars', 'orjson') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"

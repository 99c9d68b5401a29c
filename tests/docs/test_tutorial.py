"""docs/tutorial.md, followed to the letter: its files are written, its commands run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

PART = re.compile(
    r"^`(?P<file>[\w./-]+)`:\n\n```\w+\n(?P<text>.*?)^```$"
    r"|^```console\n(?P<console>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def parts() -> Iterator[tuple[str | None, str]]:
    """Files by path, and consoles (path None), in order."""
    for match in PART.finditer(TUTORIAL):
        yield match["file"], match["text"] or match["console"]


def commands(console: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of output that the page shows; ... stands for anything."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, [line for line in shown.splitlines() if line != "..."]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    if words[0] == "trialect":
        words = [sys.executable, "-m", "trialect.cli", *words[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )


def test_every_block_is_a_file_or_a_console() -> None:
    fences = len(re.findall(r"^```\w+$", TUTORIAL, re.MULTILINE))
    assert len(list(parts())) == fences


@pytest.mark.skipif(os.name == "nt", reason="the page's commands are those of a Unix shell")
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    code = 0
    for file, text in parts():
        if file is not None:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            continue
        for command, shown in commands(text):
            if command == "echo $?":
                assert [str(code)] == shown
                continue
            done = run(command, tmp_path)
            code = done.returncode
            assert code in (0, 1), f"{command}: {done.stderr}"
            lines = done.stdout.splitlines()
            for line in shown:
                wanted = re.compile(".*".join(map(re.escape, line.split("..."))))
                at = next((i for i, told in enumerate(lines) if wanted.fullmatch(told)), None)
                assert at is not None, f"{command}: {line!r} is not in\n{done.stdout}"
                lines = lines[at + 1 :]
    assert not list((tmp_path / "pain" / "out" / "rejected").glob("*")), "nothing is left to mend"
    assert (tmp_path / "pain/out/m5/datasets/pain01/tabulations/sdtm/qs.xpt").is_file()

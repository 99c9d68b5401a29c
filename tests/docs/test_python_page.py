"""docs/python.md: its lines do what they show."""

import doctest
import os
import re
import shutil
from pathlib import Path

import pytest

import trialect

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "python.md"


def test_the_lines_give_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = ROOT / "examples" / "NCT07326982"
    shutil.copytree(example, tmp_path / "study", ignore=shutil.ignore_patterns("out"))
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(os.fspath(PAGE), module_relative=False, encoding="utf-8")
    assert done.attempted > 20
    assert done.failed == 0


def test_every_public_name_is_on_the_page() -> None:
    words = set(re.findall(r"\w+", PAGE.read_text(encoding="utf-8")))
    assert set(trialect.__all__) <= words

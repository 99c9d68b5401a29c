"""README.md is true: its commands exist, its outputs are written."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer.main

import trialect
from trialect.cli import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_commands_exist() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    shown = "".join(README.split("```")[1::2])
    told = [shlex.split(line, comments=True) for line in re.findall(r"^trialect .*", shown, re.M)]
    assert len(told) >= 5
    for _, name, *words in told:
        options = {option for one in commands[name].params for option in one.opts}
        assert {word for word in words if word.startswith("-")} <= options, name


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = re.findall(r"^make (\w+)", README, re.MULTILINE)
    assert told == ["demo", "test"]
    for target in told:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_its_outputs_are_written(tmp_path: Path) -> None:
    example = ROOT / "examples" / "NCT07326982"
    shutil.copytree(example, tmp_path / "study", ignore=shutil.ignore_patterns("out"))
    trialect.convert(tmp_path / "study", tmp_path / "OUT")
    tree = README.partition("\nOUT/\n")[2].partition("```")[0]
    paths = re.findall(r"[\w*<>./-]+(?:\.(?:xpt|xml|html|docx|json)|/)(?=[\s,])", tree)
    assert {"report.html", "*.xpt", "csdrg.docx", "fhir/ndjson/", "lineage/"} <= set(paths)
    for path in paths:
        pattern = path.replace("<study>", "*")
        inside = (tmp_path / "OUT").glob(pattern if path.endswith("/") else f"**/{pattern}")
        assert list(inside), f"{path} is not in the package"


@pytest.mark.parametrize("name", ["read", "convert", "validate"])
def test_its_python_names_exist(name: str) -> None:
    assert f"trialect.{name}(" in README
    assert callable(getattr(trialect, name))

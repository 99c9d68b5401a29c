"""The example study, from the wheel or from a checkout, copied where people can change it."""

from __future__ import annotations

import shutil
from pathlib import Path

from trialect.problems import Unusable, rule

NAME = "NCT07326982"
_PACKAGE = Path(__file__).resolve().parent.parent

OCCUPIED = rule(
    "DEMO-OCCUPIED",
    "error",
    "The demo folder holds something else",
    "{file} exists and is not the example study.",
    "Name another folder: trialect demo DIR.",
)


def example_folder() -> Path:
    """Where the example study lies: beside the modules in an installed wheel, else in the
    checkout.
    """
    installed = _PACKAGE / "examples" / NAME
    return installed if installed.is_dir() else _PACKAGE.parent / "examples" / NAME


def copy_example(destination: Path) -> Path:
    """Copy the example study; a copy of it that is there already is renewed.

    Raises `Unusable` when something else is there.
    """
    source = example_folder()
    if destination.exists():
        study = destination / "study.yaml"
        if not study.is_file() or NAME not in study.read_text(encoding="utf-8"):
            raise Unusable(OCCUPIED.problem(file=str(destination)))
        shutil.rmtree(destination)
    shutil.copytree(source, destination, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return destination

"""The example study, from the wheel or from a checkout, copied where people can change it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from trialect.problems import Unusable, rule

NAME = "NCT07326982"
_PACKAGE = Path(__file__).resolve().parent.parent

OCCUPIED = rule(
    "DEMO-OCCUPIED",
    "error",
    "The demo folder holds something else",
    "it is there and is not the example study.",
    "Name another folder: trialect demo DIR.",
)
UNWRITABLE = rule(
    "DEMO-UNWRITABLE",
    "error",
    "The demo folder cannot be written",
    "the example study cannot be put there: {reason}.",
    "Name another folder: trialect demo DIR.",
)


def example_folder() -> Path:
    """Where the example study lies: beside the modules in an installed wheel, else in the
    checkout.
    """
    installed = _PACKAGE / "examples" / NAME
    return installed if installed.is_dir() else _PACKAGE.parent / "examples" / NAME


def copy_example(destination: Path) -> bool:
    """Copy the example study; False when a copy that somebody has changed is there, and stays.

    A copy that nobody has changed is renewed. Raises `Unusable` when something else is there or
    nothing can be written there.
    """
    try:
        return _copied(destination)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(UNWRITABLE.problem(file=str(destination), reason=reason)) from error


def _copied(destination: Path) -> bool:
    source = example_folder()
    mark = destination.with_name(f".{destination.name}.sha256")
    if destination.exists():
        study = destination / "study.yaml"
        if not study.is_file() or NAME not in study.read_text(encoding="utf-8", errors="replace"):
            raise Unusable(OCCUPIED.problem(file=str(destination)))
        if not mark.is_file() or mark.read_text(encoding="ascii", errors="replace") != _print(
            destination
        ):
            return _print(destination) == _print(source)
        shutil.rmtree(destination)
    aside = destination.with_name(f".{destination.name}.copying")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(source, aside, ignore=shutil.ignore_patterns("out", "__pycache__"))
    mark.write_text(_print(aside), encoding="ascii")
    aside.rename(destination)
    return True


def _print(folder: Path) -> str:
    """The fingerprint of a study folder, without what a conversion writes into it."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "out" and "__pycache__" not in name.parts:
            whole.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()

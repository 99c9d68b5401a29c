"""The example's domains are those that were reviewed.

`python scripts/make_golden.py` renews the files after a change that is meant.
"""

import importlib.util
from pathlib import Path

import pytest

import trialect

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "golden"
NAMES = sorted(path.name for path in GOLDEN.glob("*.csv"))


@pytest.fixture(scope="module")
def made(trial: "trialect.Trial", tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("make_golden", ROOT / "scripts/make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("golden")
    script.write(trial, folder)
    return folder


def test_every_domain_has_its_golden_file(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_is_as_it_was_reviewed(made: Path, name: str) -> None:
    got = (made / name).read_text(encoding="utf-8").splitlines()
    assert got == (GOLDEN / name).read_text(encoding="utf-8").splitlines()

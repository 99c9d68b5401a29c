"""The example's domains are those that were reviewed.

`python scripts/make_golden.py` renews the files after a change that is meant.
"""

from pathlib import Path

import pytest
from script_modules import script

import trialect

GOLDEN = Path(__file__).resolve().parent / "golden"
NAMES = sorted(path.name for path in GOLDEN.glob("*.csv"))


@pytest.fixture(scope="module")
def made(trial: "trialect.Trial", tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    script("make_golden").write(trial, folder)
    return folder


def test_every_domain_has_its_golden_file(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_is_as_it_was_reviewed(made: Path, name: str) -> None:
    got = (made / name).read_text(encoding="utf-8").splitlines()
    assert got == (GOLDEN / name).read_text(encoding="utf-8").splitlines()

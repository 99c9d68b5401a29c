"""Two subjects of the example and its study, as they are written in R4 and R5."""

from __future__ import annotations

from pathlib import Path

import pytest
from script_modules import script

import trialect

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trial() -> trialect.Trial:
    return trialect.read(ROOT / "examples" / "NCT07326982")


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_example_is_written_as_it_was(
    trial: trialect.Trial, release: str, tmp_path: Path
) -> None:
    golden = script("make_golden_fhir")
    golden.write(trial, tmp_path / "now", release)
    kept = {file.name: file.read_bytes() for file in (golden.GOLDEN / release.lower()).iterdir()}
    now = {file.name: file.read_bytes() for file in (tmp_path / "now").iterdir()}
    assert now.keys() == kept.keys()
    for name, text in now.items():
        assert text == kept[name], f"{name} differs: see scripts/make_golden_fhir.py"

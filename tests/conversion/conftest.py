import shutil
from pathlib import Path

import pytest
from example_package import EXAMPLE

import trialect


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, converted once."""
    out = tmp_path_factory.mktemp("conversion") / "out"
    trialect.convert(EXAMPLE, out)
    return out


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A copy of the example study, to break."""
    copy = tmp_path / "study"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("out"))
    return copy

import shutil
from pathlib import Path

import pytest

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, converted once; not to be changed."""
    out = tmp_path_factory.mktemp("validate") / "out"
    trialect.convert(EXAMPLE, out)
    return out


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    """A copy of the package, to break."""
    return Path(shutil.copytree(package, tmp_path / "package"))

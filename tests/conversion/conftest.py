import hashlib
import shutil
from pathlib import Path

import pytest

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"


def prints(package: Path) -> dict[str, str]:
    """The SHA-256 of every file of a package."""
    return {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(package.rglob("*"))
        if path.is_file()
    }


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

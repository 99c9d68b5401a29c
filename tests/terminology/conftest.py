"""Every test has a user's folder of its own, and forgets the tables of the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trialect.schemas.ct import places
from trialect.schemas.ct.terminology import forget


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    monkeypatch.setenv(places.HOME, str(folder))
    forget()
    yield folder
    forget()

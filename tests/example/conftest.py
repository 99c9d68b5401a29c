import csv
from pathlib import Path

import pytest

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def forms() -> dict[str, Rows]:
    """The example's records as they are, by form."""
    found = {}
    for path in sorted((EXAMPLE / "records").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


@pytest.fixture(scope="session")
def trial() -> "trialect.Trial":
    """The example, read, mapped and derived."""
    return trialect.read(EXAMPLE)

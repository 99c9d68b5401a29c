"""Writes the example's domains as CSV, for people to review and for tests to compare with.

`python scripts/make_golden.py` renews tests/example/golden after a change that is meant; the
difference in version control then shows what the change does to every domain.
"""

from __future__ import annotations

import csv
from pathlib import Path

import trialect
from trialect.trial import is_lineage

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "example" / "golden"


def shown(value: object) -> str:
    """A value as text: numbers in the fewest digits that give them back, nothing for missing."""
    if value is None:
        return ""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def write(trial: trialect.Trial, folder: Path) -> None:
    """Write `<domain>.csv` for every domain, its variables in order and without the lineage."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in trial.frames.items():
        variables = [column for column in frame.columns if not is_lineage(column)]
        with (folder / f"{name.lower()}.csv").open("w", encoding="utf-8", newline="") as file:
            put = csv.writer(file, lineterminator="\n").writerow
            put(variables)
            for row in frame.select(variables).iter_rows():
                put([shown(value) for value in row])


def main() -> None:
    """Renew the golden files."""
    for old in GOLDEN.glob("*.csv"):
        old.unlink()
    write(trialect.read(ROOT / "examples" / "NCT07326982"), GOLDEN)


if __name__ == "__main__":
    main()

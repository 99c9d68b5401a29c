"""Writes the FHIR of a few subjects of the example in each release, for people to review and for
tests to compare with.

`python scripts/make_golden_fhir.py` renews tests/fhir/golden after a change that is meant; the
difference in version control then shows what the change does to every resource.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl

import trialect
from trialect.converters.fhir_release import release_named
from trialect.converters.writers.fhir_bundle import write_partition, write_study

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "fhir" / "golden"
CODES = {"PI0101": ("72514-3", "1172399009")}

SUBJECTS = ("CTFPIRHD2025-01-001", "CTFPIRHD2025-01-002")
"""One of each arm."""


def write(trial: trialect.Trial, folder: Path, release: str) -> None:
    """Write `<type>.ndjson` of the study and of `SUBJECTS`, unblinded, so that all is there."""
    study = replace(trial.study, fhir=replace(trial.study.fhir, release=release_named(release)))
    few = {
        name: frame.filter(pl.col("USUBJID").is_in(SUBJECTS))
        if "USUBJID" in frame.columns
        else frame
        for name, frame in trial.frames.items()
    }
    part = write_partition(folder, study, CODES, few, unblinded=True)
    write_study(folder, study, CODES, part.items)
    for file in (folder / "ndjson").iterdir():
        file.rename(folder / file.name)
    shutil.rmtree(folder / "bundles")
    (folder / "ndjson").rmdir()


def main() -> None:
    """Renew the golden files."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    trial = trialect.read(ROOT / "examples" / "NCT07326982")
    for release in ("R4", "R5"):
        write(trial, GOLDEN / release.lower(), release)


if __name__ == "__main__":
    main()

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from study_of_pain import CODES, STUDY, frames, in_release, value_of

from trialect.converters.writers.fhir_bundle import FhirPart, write_partition, write_study
from trialect.trial import Study


@dataclass
class Written:
    """What a call of the writers left in a folder."""

    folder: Path
    part: FhirPart
    study: FhirPart

    def of(self, type: str) -> list[dict[str, Any]]:
        file = self.folder / "ndjson" / f"{type}.ndjson"
        return [orjson.loads(line) for line in file.read_bytes().splitlines()]

    def one(self, type: str, value: str) -> dict[str, Any]:
        """The resource whose identifier has this value."""
        found = [one for one in self.of(type) if value_of(one) == value]
        assert len(found) == 1, f"{len(found)} resources {type} {value}"
        return found[0]

    @property
    def bundles(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for file in sorted((self.folder / "bundles").iterdir()):
            yield file.name, orjson.loads(file.read_bytes())

    @property
    def rules(self) -> set[str]:
        return {problem.rule for problem in [*self.part.problems, *self.study.problems]}


@pytest.fixture
def release() -> str:
    """The release that `write` writes; a module that tests both has a fixture of its own."""
    return "R4"


@pytest.fixture
def write(tmp_path: Path, release: str) -> Any:
    """Writes a study and one partition; returns what came out."""
    count = 0

    def call(
        study: Study = STUDY,
        changed: dict[str, pl.DataFrame | None] | None = None,
        **options: Any,
    ) -> Written:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        domains = {**frames(), **(changed or {})}
        study = in_release(study, release)
        given = {name: one for name, one in domains.items() if one is not None}
        part = write_partition(folder, study, CODES, given, **options)
        return Written(folder, part, write_study(folder, study, CODES, part.items))

    return call

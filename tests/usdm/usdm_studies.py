"""Studies that are written as USDM and read back: of the example, and of shared records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from trialect.converters.readers.study_yaml import read_study
from trialect.converters.writers.usdm_json import write
from trialect.mappings.registry.ctgov_record import study_of
from trialect.mappings.registry.usdm.carried import Carried, differences
from trialect.mappings.registry.usdm.study_facts import meant, said, version_of
from trialect.problems import Problem
from trialect.trial import Study

HERE = Path(__file__).parents[2]
RECORDS = HERE.parent / "shared" / "data" / "ctgov"
EXAMPLE = HERE / "examples" / "NCT07326982"


def example() -> Study:
    """The example study."""
    read = read_study(EXAMPLE)
    return read[0] if isinstance(read, tuple) else read


@cache
def records() -> tuple[dict[str, Any], ...]:
    """The shared records in the form of the API's second version."""
    if not RECORDS.is_dir():
        pytest.skip("the shared records of ClinicalTrials.gov are not at hand")
    return tuple(_records())


def _records() -> Iterator[dict[str, Any]]:
    for file in sorted(RECORDS.rglob("*.json")):
        value = json.loads(file.read_bytes())
        for one in value if isinstance(value, list) else [value]:
            if "protocolSection" in one:
                yield one


@cache
def studies_of_records() -> tuple[Study, ...]:
    """The studies of the shared records."""
    return tuple(study_of(one, lambda _: None) for one in records())


def written(study: Study) -> tuple[dict[str, Any], list[Problem]]:
    """The document of a study, and what was told."""
    told: list[Problem] = []
    (file,) = write(study, told.append)
    return json.loads(file.content), told


def read_back(document: Any) -> tuple[Study, Carried]:
    """What a document says, with what is carried in it."""
    found = version_of(document)
    assert found is not None
    return meant(found[1], said(*found))


def lost(study: Study) -> list[str]:
    """The paths of the facts that a study has not after it was written and read back."""
    document, _ = written(study)
    again, carried = read_back(document)
    assert carried.wrong == []
    assert carried.outdated == []
    return [path for path, _ in differences(again, study)]

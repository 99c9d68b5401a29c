"""The conversion of FHIR made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign_fhir import STUDY, Convert, Json

from trialect.converters.pipeline import read
from trialect.trial import Trial


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with study.yaml and no FHIR yet."""
    home = tmp_path / "fhir"
    home.mkdir()
    (home / "study.yaml").write_text(STUDY)
    return home


@pytest.fixture
def mapped(folder: Path) -> Convert:
    """Converts resources, as one NDJSON file, into a Trial in memory."""

    def convert(*resources: Json) -> Trial:
        lines = "\n".join(json.dumps(one) for one in resources)
        (folder / "all.ndjson").write_text(lines)
        return read(folder)

    return convert

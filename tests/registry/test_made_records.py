"""Whatever a record of the API may be: it is written as every target, valid, and comes back."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest
from made_records import made
from test_ctgov_round_trip import TABLES, differing

from trialect.converters.study_targets import STUDY_TARGETS, writer_of
from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Problem
from trialect.schemas.fhir import check_bundle
from trialect.study_options import FhirOptions

sys.path.append(str(Path(__file__).parents[1] / "usdm"))
from usdm_studies import lost

STRUCTURE = {"REGISTRY-ELEMENT", "REGISTRY-ORDER", "REGISTRY-REPEATED", "REGISTRY-MISSING"}
NO_STATUS_IN_R4 = {None, "WITHHELD"}
"""Of which R4 has no code: told with an error of its own, FHIR-STUDY-STATUS."""


@pytest.mark.parametrize("seed", range(200))
def test_any_record_becomes_every_target_and_itself_again(seed: int) -> None:
    record = made(seed, TABLES)
    study = study_of(record, lambda _: None)
    assert differing(record) == {}
    assert lost(study) == []
    for release in ("R4", "R5"):
        options = FhirOptions(base="https://trials.example.org/T", release=release)  # type: ignore[arg-type]
        (file,) = writer_of("fhir")(replace(study, fhir=options), lambda _: None)
        wrong = [
            str(one)
            for one in check_bundle(orjson.loads(file.content), release)
            if one.severity.value == "error"
        ]
        unknown = study.status in NO_STATUS_IN_R4 or study.status == "UNKNOWN"
        assert wrong == [] or (release == "R4" and unknown and len(wrong) == 1), wrong
    for target in STUDY_TARGETS:
        told: list[Problem] = []
        files = list(writer_of(target)(study, told.append))
        assert files
        assert all(one.content for one in files)
        assert not STRUCTURE & {one.rule for one in told}
        for one in files:
            if one.path.endswith(".xml"):
                ElementTree.fromstring(one.content)
            elif one.path.endswith(".json"):
                json.loads(one.content)

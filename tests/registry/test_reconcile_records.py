"""Each real record against itself, and against the SDTM that is made of it: nothing differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from trialect.converters.reconcile import Sides, compare
from trialect.converters.reconcile.data_facts import collect
from trialect.converters.study_sources import study_source, study_source_of
from trialect.mappings.sdtm.study_datasets import study_datasets
from trialect.problems import Unusable

RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "ctgov"

NEED = pytest.mark.skipif(not RECORDS.is_dir(), reason="the real records are not at hand")


@NEED
def test_a_record_agrees_with_itself_and_with_its_datasets() -> None:
    kind = study_source_of(RECORDS)
    assert kind is not None
    source = study_source(kind)
    count = 0
    for held in source.records(RECORDS):
        try:
            study = source.read(held, lambda _: None).study
        except Unusable:
            continue
        study = replace(study, studyid=study.studyid or "-")
        frames = [
            (one.name, pl.DataFrame({v.name: list(one.column(v.name)) for v in one.variables}))
            for one in study_datasets(study, lambda _: None)
        ]
        found = compare(Sides(study, study, collect(frames, [study.eligibility])))
        assert not found.problems, study.name
        assert found.counts["agree"] > 10
        count += 1
    assert count > 150

"""An independent model of USDM 4.0 (package usdm4) reads what is written; skipped without it."""

from __future__ import annotations

import pytest
from usdm_studies import example, studies_of_records, written

wrapper = pytest.importorskip("usdm4.api.wrapper", reason="the package usdm4 is not installed")


def test_the_model_reads_the_example() -> None:
    document, _ = written(example())
    read = wrapper.Wrapper.model_validate(document)
    assert read.study.versions[0].titles[0].text == example().title


def test_the_model_reads_every_record() -> None:
    for study in studies_of_records():
        document, _ = written(study)
        design = wrapper.Wrapper.model_validate(document).study.versions[0].studyDesigns[0]
        assert [one.name for one in design.arms] == [one.code for one in study.arms]

"""Datasets kept on disk and looked at part by part: the same is found as when all is in memory."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import trialect
from benchmarks.large_study import write_study
from trialect.converters import large_datasets, validate_datasets
from trialect.converters.large_datasets import Parts, Spool, Spooled
from trialect.converters.validate import Validation
from trialect.schemas.core.package import Dataset, Datasets

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLE = SHARED / "data" / "sdtm-msg"


@pytest.fixture
def _on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate_datasets, "HELD", 0)
    monkeypatch.setattr(validate_datasets, "SMALL", 0)
    monkeypatch.setattr(large_datasets, "PART_ROWS", 700)
    monkeypatch.setattr(large_datasets, "PIECE_ROWS", 300)


def told(validation: Validation) -> list[dict[str, object]]:
    return [problem.as_dict() for problem in validation.problems]


def fared(validation: Validation) -> list[tuple[object, ...]]:
    runs = validation.review.runs
    return [(one.id, one.status, one.reason, one.datasets, one.findings) for one in runs]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, 2_010)
    return folder


@pytest.fixture(scope="module")
def in_memory(study: Path) -> Validation:
    return trialect.validate(study)


def test_a_study_on_disk_is_found_as_one_in_memory(
    study: Path, in_memory: Validation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_datasets, "HELD", 0)
    monkeypatch.setattr(large_datasets, "PART_ROWS", 30_000)
    monkeypatch.setattr(large_datasets, "PIECE_ROWS", 10_000)
    found = trialect.validate(study)
    assert told(found) == told(in_memory)
    assert fared(found) == fared(in_memory)
    assert any(problem.file == "qs.xpt" and problem.row for problem in found.problems)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample submission is not beside the checkout")
def test_the_sample_submission_on_disk(request: pytest.FixtureRequest) -> None:
    in_memory = trialect.validate(SAMPLE)
    request.getfixturevalue("_on_disk")
    found = trialect.validate(SAMPLE)
    assert told(found) == told(in_memory)
    assert fared(found) == fared(in_memory)


@pytest.mark.parametrize("sorted_by_subject", [True, False])
@pytest.mark.usefixtures("_on_disk")
def test_parts_have_each_record_once_with_its_number(sorted_by_subject: bool) -> None:
    subjects = [f"S{number:03}" for number in range(100)] + [None]
    order = [one for one in subjects for _ in range(20)]
    if not sorted_by_subject:
        order = subjects * 20
    frame = pl.DataFrame({"USUBJID": order, "QSSEQ": range(len(order))})
    keep = Spooled(Spool())
    for batch in frame.iter_slices(170):
        keep.add(batch)
    keep.close()
    assert keep.frame().equals(frame)
    assert keep.cell("QSSEQ", 1_234) == 1_234
    small = Dataset("DM", pl.DataFrame({"USUBJID": subjects[::-1]}))
    ta = Dataset("TA", pl.DataFrame({"ARMCD": ["A"]}))
    whole = Datasets.of([Dataset("QS", keep.frame().head(1), stored=keep), small, ta])
    parts = list(Parts(whole))
    assert len(parts) > 2
    seen: dict[int, int] = {}
    for part in parts:
        qs, dm = part.by_name["QS"], part.by_name["DM"]
        assert qs.numbers is not None
        assert qs.records == frame.height
        assert part.by_name["TA"].frame.height == 1
        assert set(qs.frame["USUBJID"]) == set(dm.frame["USUBJID"])
        numbers = qs.numbers.to_list()
        assert numbers == sorted(numbers)
        seen.update(zip(numbers, qs.frame["QSSEQ"].to_list(), strict=True))
    assert seen == {number: number - 1 for number in range(1, frame.height + 1)}


def test_the_folder_goes_with_what_needs_it() -> None:
    keep = Spooled(Spool())
    keep.add(pl.DataFrame({"A": [1]}))
    keep.close()
    folder = keep._spool.folder
    assert folder.is_dir()
    del keep
    assert not folder.exists()

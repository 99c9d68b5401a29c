from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from xpt_cases import QS, char, qs, rules_of, write

from trialect.converters.readers.xpt import read_xpt
from trialect.problems import Unusable

LIMIT = 5_000


@pytest.mark.parametrize("rows", [1, 60, 61, 62, 200, 500])
def test_each_part_is_a_whole_file_under_the_limit(tmp_path: Path, rows: int) -> None:
    frame = qs([f"r{number}" for number in range(rows)])
    written = write(tmp_path, frame, QS, size_limit=LIMIT)
    assert written.rows == rows
    found = []
    for number, file in enumerate(written.files, start=1):
        data = read_xpt(file.path)
        expected = "QS" if len(written.files) == 1 else f"QS{number}"
        assert (file.name, data.name) == (expected, expected)
        assert file.path.name == f"{expected.lower()}.xpt"
        assert file.path.stat().st_size == file.bytes <= LIMIT
        assert data.frame.height == file.rows
        found.append(data.frame)
    assert_frame_equal(pl.concat(found), frame)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        file.path.name for file in written.files
    )


def test_a_part_is_the_file_that_its_records_alone_give(tmp_path: Path) -> None:
    frame = qs([f"r{number}" for number in range(200)])
    parts = write(tmp_path, frame, QS, size_limit=LIMIT).files
    assert len(parts) == 3
    start = 0
    for part in parts:
        (tmp_path / part.name).mkdir()
        alone = write(
            tmp_path / part.name, frame[start : start + part.rows], QS, name=part.name
        ).files[0]
        assert alone.sha256 == part.sha256
        assert alone.path.read_bytes() == part.path.read_bytes()
        start += part.rows


def test_the_parts_do_not_depend_on_the_batches(tmp_path: Path) -> None:
    frame = qs([f"r{number}" for number in range(200)])
    whole = write(tmp_path, frame, QS, size_limit=LIMIT)
    batches = list(frame.iter_slices(7))
    assert write(tmp_path, frame, QS, size_limit=LIMIT, batches=batches) == whole


def test_the_caller_may_name_the_parts(tmp_path: Path) -> None:
    names = {1: "QSPI", 2: "QSPR", 3: "QSIM"}
    frame = qs([f"r{number}" for number in range(200)])
    written = write(tmp_path, frame, QS, size_limit=LIMIT, parts=names.__getitem__)
    assert [file.path.name for file in written.files] == ["qspi.xpt", "qspr.xpt", "qsim.xpt"]
    assert [read_xpt(file.path).name for file in written.files] == ["QSPI", "QSPR", "QSIM"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ABCDEFGH", {}),
        ("QS", {"parts": lambda number: "SAME"}),
        ("QS", {"parts": lambda number: f"part{number}"}),
        ("QS", {"parts": lambda number: f"../P{number}"}),
    ],
)
def test_parts_without_an_allowed_name(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    frame = qs([f"r{number}" for number in range(200)])
    with pytest.raises(Unusable) as refused:
        write(tmp_path, frame, QS, name=name, size_limit=LIMIT, **options)
    assert rules_of(refused.value.problems) == ["XPT-PART-NAME"]
    assert list(tmp_path.iterdir()) == []
    assert len(write(tmp_path, frame[:3], QS, name=name, size_limit=LIMIT, **options).files) == 1


def test_a_blank_record_at_the_end_of_a_part_is_a_problem_too(tmp_path: Path) -> None:
    texts: list[str | None] = ["x"] * 200
    full = write(tmp_path, pl.DataFrame({"A": texts}), [char("A", 8)], size_limit=1_500).files
    assert len(full) == 3
    texts[full[0].rows - 1] = None
    with pytest.raises(Unusable) as refused:
        write(tmp_path, pl.DataFrame({"A": texts}), [char("A", 8)], size_limit=1_500)
    problems = refused.value.problems
    assert [(p.rule, p.row) for p in problems] == [("XPT-BLANK-LAST-RECORD", full[0].rows)]

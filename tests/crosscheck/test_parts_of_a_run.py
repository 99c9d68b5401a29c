"""Small parts of a conversion: its stamp, its processes, its ASCII and its lineage."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from trialect.converters.lineage import (
    CHUNK,
    key_columns,
    read_lineage,
    read_rules,
    write_lineage,
)
from trialect.converters.stamp import EPOCH, stamp_of, stamp_problems
from trialect.converters.transliterate import transliterate
from trialect.converters.workers import workers
from trialect.metadata import Origin, Provenance
from trialect.protocol import Sponsor
from trialect.study_options import SdtmOptions
from trialect.trial import Study

STUDY = Study("S", "A study", Sponsor("Sponsor"))


def stamped(stamp: str | None) -> Study:
    return replace(STUDY, sdtm=SdtmOptions(stamp=stamp))


@pytest.mark.parametrize(
    ("stamp", "seconds", "expected"),
    [
        ("2026-06-30T12:00:00", None, datetime(2026, 6, 30, 12)),
        ("2026-06-30T12:00:00+03:00", None, datetime(2026, 6, 30, 9)),
        ("2026-06-30", "0", datetime(2026, 6, 30)),
        (None, "1767225600", datetime(2026, 1, 1)),
        (None, None, EPOCH),
    ],
)
def test_the_stamp_is_declared_and_never_the_clock(
    stamp: str | None, seconds: str | None, expected: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if seconds is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
    assert stamp_of(stamped(stamp)) == expected
    told = [problem.rule for problem in stamp_problems(stamped(stamp))]
    assert told == ([] if stamp or seconds else ["STUDY-STAMP-MISSING"])


def scaled(factor: int, number: int) -> int:
    return factor * number


def failing(factor: int, number: int) -> int:
    if number == 2:
        raise ValueError("the second")
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    before = os.environ.get("POLARS_MAX_THREADS")
    with workers(jobs, str, "") as run:
        assert list(run(scaled, 3, range(7))) == [0, 3, 6, 9, 12, 15, 18]
        assert list(run(scaled, 3, [])) == []
        with pytest.raises(ValueError, match="the second"):
            list(run(failing, 3, [1, 2, 3]))
    assert os.environ.get("POLARS_MAX_THREADS") == before


def test_what_is_spelled_in_ascii_is_told_and_kept() -> None:
    frame = pl.DataFrame(
        {
            "USUBJID": ["S-1", "S-2"],
            "COSEQ": [1.0, 2.0],
            "COVAL": ["≥ 50 %", "plain"],
            "@form": ["comments", "comments"],
            "@row": [2, 3],
        }
    )
    frames, changed, problems = transliterate({"CO": frame}, STUDY)
    assert frames["CO"]["COVAL"].to_list() == [">= 50 %", "plain"]
    assert frames["CO"]["@form"].to_list() == ["comments", "comments"]
    assert changed.to_dicts() == [
        {
            "dataset": "CO",
            "usubjid": "S-1",
            "seq": "1",
            "variable": "COVAL",
            "original": "≥ 50 %",
            "written": ">= 50 %",
        }
    ]
    (problem,) = problems
    assert (problem.rule, problem.file, problem.row) == ("XPT-TRANSLITERATED", "comments", 2)
    own = replace(STUDY, sdtm=SdtmOptions(transliterate={"≥": "at least"}))
    frames, _, _ = transliterate({"CO": frame}, own)
    assert frames["CO"]["COVAL"][0] == "at least 50 %"


def test_lineage_is_the_same_whatever_the_parts(tmp_path: Path) -> None:
    count = CHUNK + 3
    whole = pl.DataFrame(
        {
            "USUBJID": [f"S-{number // 9}" for number in range(count)],
            "QSSEQ": [float(number % 9 + 1) for number in range(count)],
            "QSORRES": "7",
            "@form": "visits",
            "@row": range(2, count + 2),
        }
    )
    told = [Provenance("QS", "QSORRES", "visits", "assign", "visits", ("pain",), line=3)]
    told.append(Provenance("DM", "AGE", "", "derive:age", origin=Origin("Derived", "Sponsor")))

    def written(name: str, parts: Iterable[pl.DataFrame]) -> dict[str, bytes]:
        folder = tmp_path / name
        write_lineage(folder, {"QS": (one.lazy() for one in parts)}, [], told)
        return {path.name: path.read_bytes() for path in (folder / "lineage").iterdir()}

    one = written("one", [whole])
    assert sorted(one) == ["QS-0.parquet", "QS-1.parquet", "rules.json"]
    assert written("two", [whole[:17], whole[17:CHUNK], whole[CHUNK:]]) == one
    read = read_lineage(tmp_path / "one", "QS")
    assert read is not None
    assert read.equals(whole.drop("QSORRES"))
    assert read_lineage(tmp_path / "one", "AE") is None
    assert read_rules(tmp_path / "one") == told
    assert read_rules(tmp_path / "none") == []
    assert key_columns("SUPPAE", ["STUDYID", "USUBJID", "IDVARVAL", "QNAM", "QVAL"]) == [
        "USUBJID",
        "IDVARVAL",
        "QNAM",
    ]

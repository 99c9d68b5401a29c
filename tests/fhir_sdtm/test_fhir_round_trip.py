"""The example goes to FHIR and comes back: cell by cell, but for differences that have a name."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.pipeline import convert
from trialect.converters.readers.xpt import XptReader
from trialect.mappings.fhir_sdtm.nodes import Number, parse
from trialect.mappings.fhir_sdtm.values import compared, moment, number

EXAMPLE = Path(__file__).parents[2] / "examples/NCT07326982"

PRIVATE = "FHIR has the year of birth alone, as study.yaml asks (fhir.birth_date)"
NAMED = {
    ("DM", "BRTHDTC"): PRIVATE,
    ("DM", "AGE"): PRIVATE,
    ("DM", "AGEU"): PRIVATE,
    ("QS", "QSCAT"): "a derived result was given in no QuestionnaireResponse",
}
"""Everything else of DM, EX and QS is equal."""


def datasets(package: Path) -> dict[str, pl.DataFrame]:
    return {
        file.stem.upper(): pl.concat(list(XptReader(file).iter_batches()))
        for file in package.rglob("*.xpt")
    }


def there_and_back(folder: Path, release: str) -> tuple[Path, Path]:
    there = convert(
        EXAMPLE, folder / "there", to=["sdtm", "fhir"], unblinded=True, fhir_release=release
    )
    back = convert(
        there.out / "fhir" / "bundles",
        folder / "back",
        to=["sdtm"],
        study=EXAMPLE / "study.yaml",
    )
    assert back.account.rejected == 0
    return there.out, back.out


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_example_comes_back(tmp_path: Path, release: str) -> None:
    before, after = map(datasets, there_and_back(tmp_path, release))
    equal, differing = 0, set()
    for name in ("DM", "EX", "QS"):
        mine, other = before[name], after[name]
        assert other.height == mine.height
        keys = ["USUBJID"] if name == "DM" else ["USUBJID", f"{name}SEQ"]
        both = mine.join(other, on=keys, how="left", suffix="#", maintain_order="left")
        for column in set(mine.columns) - set(keys):
            filled = both.filter(pl.col(column).is_not_null())
            again = f"{column}#"
            same = 0
            if again in both.columns:
                same = int((filled[column] == filled[again]).fill_null(False).sum())
                if both.filter(pl.col(column).is_null() & pl.col(again).is_not_null()).height:
                    differing.add((name, column))
            if same < filled.height:
                differing.add((name, column))
            elif (name, column) not in NAMED:
                equal += same
    assert differing <= set(NAMED)
    # STUDYID, results, units, dates, times, visits, doses, places, sides, arms, epochs, days ...
    assert equal >= 12_000
    # RELREC says which scores a reduction was computed of.
    relations = [set(one["RELREC"].rows()) for one in (before, after)]
    assert relations[0] == relations[1]
    assert len(relations[0]) == before["RELREC"].height > 100
    for name in ("TA", "TE", "TI", "TS", "TV"):
        assert before[name].equals(after[name])


CLOCK = st.datetimes().map(lambda t: t.strftime(f"{t.year:04d}-%m-%dT%H:%M:%S"))
OFFSETS = st.sampled_from(["Z", "+00:00", "-05:00", "+05:45", "+14:00"])


@given(clock=CLOCK, part=st.sampled_from([4, 7, 10]), fraction=st.integers(0, 10**9), zone=OFFSETS)
def test_dates_and_times_stay_as_they_are_written(
    clock: str, part: int, fraction: int, zone: str
) -> None:
    partial = clock[:part]
    exact = f"{clock}.{fraction:09d}{zone}"
    assert moment(partial, "Europe/Istanbul") == partial
    assert moment(exact, None) == exact
    assert moment(exact, "Etc/GMT+12") == exact
    assert moment(partial, None, ours=True) == partial


def test_at_the_sites_own_time_the_offset_goes_without_saying() -> None:
    assert moment("2026-01-05T09:30:15+01:00", "Europe/Berlin") == "2026-01-05T09:30:15"
    assert moment("2026-07-05T09:30:15+01:00", "Europe/Berlin") == "2026-07-05T09:30:15+01:00"
    # Both of the clock's 02:30 of that night keep what tells them apart.
    assert moment("2026-10-25T02:30:00+01:00", "Europe/Berlin") == "2026-10-25T02:30:00+01:00"
    assert moment("2026-01-05T09:30:00+01:00", "Europe/Berlin", ours=True) == "2026-01-05T09:30"
    assert moment("2026-01-05T09:30:00+01:00", "Europe/Berlin") == "2026-01-05T09:30:00"
    assert moment("2026-01-05T09:30:00+01:00", "Nowhere/Town") == "2026-01-05T09:30:00+01:00"


@given(
    text=st.from_regex(
        r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
    )
)
def test_decimals_stay_as_they_are_written(text: str) -> None:
    node = parse(f'{{"value": {text}, "comparator": "<="}}')
    assert isinstance(node["value"], Number)
    assert number(node) == text
    assert compared(node) == f"<={text}"

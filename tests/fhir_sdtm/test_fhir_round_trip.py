"""What goes to FHIR comes back: cell by cell, but for differences that have a name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from compared_cells import Compared, by_domain, compared, packaged
from hypothesis import given
from hypothesis import strategies as st

import trialect
from trialect.converters.pipeline import convert
from trialect.mappings.fhir_sdtm.nodes import Number, parse
from trialect.mappings.fhir_sdtm.values import compared as with_comparator
from trialect.mappings.fhir_sdtm.values import moment, number

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/NCT07326982"
SAMPLE = ROOT.parent / "shared/data/sdtm-msg"
PAGE = ROOT / "docs/tosdtm.md"

PRIVATE = "FHIR has the year of birth alone, as study.yaml asks (fhir.birth_date)"
EXAMPLE_DIFFERS = {
    ("DM", "BRTHDTC"): PRIVATE,
    ("DM", "AGE"): PRIVATE,
    ("DM", "AGEU"): PRIVATE,
}
DERIVED = "--LOBXFL is derived of every source; the package left it empty"
SAMPLE_DIFFERS = {("LB", "LBLOBXFL"): DERIVED, ("VS", "VSLOBXFL"): DERIVED}
DESIGN = {"TA", "TE", "TI", "TS", "TV", "DI"}
"""Datasets of no subject: study.yaml says them, and the sample has none."""


def row_of(heading: str, dataset: str) -> list[str]:
    """The cells of a dataset's row in the page's table under a heading."""
    part = PAGE.read_text().partition(f"### {heading}")[2].partition("\n##")[0]
    found = re.search(rf"^\| {dataset} \|(.+)\|$", part, re.M)
    assert found, f"{PAGE.name} has no row of {dataset} under {heading}"
    return [cell.strip() for cell in found[1].split("|")]


def told(heading: str, dataset: str, one: Compared) -> None:
    """The page says of a dataset what was counted."""
    counted = [f"{one.found:,} of {one.records:,}", f"{one.equal:,} of {one.cells:,}"]
    assert row_of(heading, dataset)[:2] == counted, dataset


def there_and_back(study: Path, folder: Path, release: str) -> tuple[Path, Path]:
    there = convert(
        study, folder / "there", to=["sdtm", "fhir"], unblinded=True, fhir_release=release
    )
    back = convert(
        there.out / "fhir" / "bundles", folder / "back", to=["sdtm"], study=study / "study.yaml"
    )
    assert back.account.rejected == 0
    return there.out, back.out


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_example_comes_back(tmp_path: Path, release: str) -> None:
    before, after = map(packaged, there_and_back(EXAMPLE, tmp_path, release))
    assert after.keys() == before.keys()
    differing = set()
    for name, frame in after.items():
        one = compared(name, before[name], frame)
        differing |= {(name, variable) for variable in one.differing}
        assert one.found == one.records, name
        if name not in DESIGN:
            told("The example", name, one)
    assert differing <= set(EXAMPLE_DIFFERS)


def test_with_whole_birth_dates_nothing_of_the_subjects_differs(tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(EXAMPLE, study)
    yaml = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(yaml.replace("birth_date: year", "birth_date: day"))
    before, after = map(packaged, there_and_back(study, tmp_path, "R4"))
    assert compared("DM", before["DM"], after["DM"]).differing == {}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_sample_submission_comes_back(tmp_path: Path, release: str) -> None:
    if not SAMPLE.is_dir():
        pytest.skip("CDISC's sample submission is not beside the checkout (shared/data/sdtm-msg)")
    there = convert(SAMPLE, tmp_path / "there", to=["fhir"], unblinded=True, fhir_release=release)
    back = convert(there.out / "fhir" / "bundles", tmp_path / "back", to=["sdtm"])
    assert back.account.rejected == 0
    before, after = by_domain(trialect.read(SAMPLE).frames), packaged(back.out)
    assert before.keys() - after.keys() <= {*DESIGN, "RELREC"}
    assert after.keys() <= before.keys()
    for name, frame in before.items():
        if name in {*DESIGN, "RELREC"}:
            continue
        one = compared(name, frame, after[name])
        assert (one.found, one.equal) == (one.records, one.cells), (name, one.differing)
        assert {(name, variable) for variable in one.differing} <= set(SAMPLE_DIFFERS)
        told("The sample submission", name, one)


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
    assert with_comparator(node) == f"<={text}"

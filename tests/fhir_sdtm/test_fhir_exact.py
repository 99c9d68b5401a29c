"""Decimals, partial dates and times with zones are the same behind FHIR as before it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest
from compared_cells import packaged
from foreign_fhir import STUDY, loinc, observation, patient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.pipeline import convert, read

sys.path.insert(0, str(Path(__file__).parents[1] / "from_package"))
from sdtm_packages import write  # of the tests beside

FEW = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DECIMALS = st.from_regex(r"-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,12})?", fullmatch=True)
DAYS = st.dates().map(lambda day: f"{day.year:04d}-{day.month:02d}-{day.day:02d}")
PARTIAL = st.builds(lambda day, length: day[:length], DAYS, st.sampled_from([4, 7, 10]))
CLOCKS = st.sampled_from(["T09:30:00", "T23:59:59", "T00:00:01.250", "T12:00:00.0"])
ZONES = st.sampled_from(["Z", "+00:00", "-05:00", "+05:45", "+14:00"])
TIMES = st.builds(lambda day, clock, zone: day + clock + zone, DAYS, CLOCKS, ZONES)
MINUTES = st.builds(lambda day, zone: f"{day}T09:30{zone}", DAYS, st.just(""))
FOREIGN = st.lists(st.tuples(DECIMALS, st.one_of(PARTIAL, TIMES)), min_size=5, max_size=20)
OWN = st.lists(st.tuples(DECIMALS, st.one_of(PARTIAL, TIMES, MINUTES)), min_size=5, max_size=20)


@FEW
@given(given_=FOREIGN)
def test_what_a_server_says_is_what_sdtm_says(given_: list[tuple[str, str]]) -> None:
    lines = [json.dumps(patient())]
    for number, (decimal, moment) in enumerate(given_):
        one = observation(
            f"o{number}",
            code=loinc("8867-4"),
            effectiveDateTime=moment,
            valueQuantity={"value": "VALUE", "unit": "/min"},
            identifier=[{"value": str(number)}],
        )
        lines.append(json.dumps(one).replace('"VALUE"', decimal))
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "study.yaml").write_text(STUDY)
        (Path(home) / "all.ndjson").write_text("\n".join(lines))
        vs = read(home).frames["VS"]
    found = {int(n): (o, d) for n, o, d in vs.select("VSSPID", "VSORRES", "VSDTC").rows()}
    assert found == dict(enumerate(given_))


@pytest.mark.parametrize("release", ["R4", "R5"])
@FEW
@given(given_=OWN)
def test_what_sdtm_says_comes_back(release: str, given_: list[tuple[str, str]]) -> None:
    records = [
        {
            "USUBJID": "D-1",
            "VSSEQ": number,
            "VSTESTCD": "HR",
            "VSTEST": "Heart Rate",
            "VSORRES": decimal,
            "VSORRESU": "beats/min",
            "VSDTC": moment,
        }
        for number, (decimal, moment) in enumerate(given_, start=1)
    ]
    with tempfile.TemporaryDirectory() as home:
        package = write(Path(home) / "package", {"VS": records})
        there = convert(package, Path(home) / "there", to=["fhir"], fhir_release=release)
        back = convert(there.out / "fhir/bundles", Path(home) / "back", to=["sdtm"])
        vs = packaged(back.out)["VS"].sort("VSSEQ")
    assert isinstance(vs, pl.DataFrame)
    assert vs.select("VSORRES", "VSDTC").rows() == given_

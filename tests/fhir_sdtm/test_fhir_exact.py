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


ENDS = [
    ("2026-01-20T10:41:00Z", "2026-01-20"),
    ("2026-01-20", "2026-01-20T10:41:07.250+03:00"),
    ("2026-01-20", "2026-01"),
    ("2026", "2026-01-20T09:30:00-05:00"),
    ("2026-01-19T10:41:00Z", "2026-01-20"),
    ("2026-01-20T10:41", "2026-01-20"),
    ("2026-01-20T10", "2026-01-20"),
    ("2026-01-20T10:41", "2026-01-21T-:30"),
    ("2026-01-22", "2026-01-22"),
    ("2026-01-23T10:41:00Z", None),
    ("2026-01-24", None),
]
"""Of the first four R4 cuts one end (invariant per-1); the last two have none."""


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_ends_of_a_period_come_back(tmp_path: Path, release: str) -> None:
    visits, doses = [], []
    for number, (start, end) in enumerate(ENDS, start=1):
        dates = {"SVSTDTC": start} | ({"SVENDTC": end} if end else {})
        visits.append({"USUBJID": "D-1", "VISITNUM": number, "VISIT": f"V{number}", **dates})
        dates = {"EXSTDTC": start} | ({"EXENDTC": end} if end else {})
        dose = {"EXTRT": "GREEN TEA", "EXDOSE": 1, "EXDOSU": "g", **dates}
        doses.append({"USUBJID": "D-1", "EXSEQ": number, **dose})
    package = write(tmp_path / "package", {"SV": visits, "EX": doses})
    there = convert(package, tmp_path / "there", to=["fhir"], unblinded=True, fhir_release=release)
    fhir = there.out / "fhir/ndjson"
    cut = (fhir / "Encounter.ndjson").read_text().count("/StructureDefinition/exact")
    assert cut == (4 if release == "R4" else 0)
    back = packaged(convert(fhir, tmp_path / "back", to=["sdtm"]).out)
    assert back["SV"].sort("VISITNUM").select("SVSTDTC", "SVENDTC").rows() == ENDS
    assert back["EX"].sort("EXSEQ").select("EXSTDTC", "EXENDTC").rows() == ENDS


EXACT = "https://trial.example.org/StructureDefinition/exact"


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(
    ("text", "said", "read_as"),
    [
        ("2026-01-20", "2026-01-20T10:41:30Z", "2026-01-20T10:41:30Z"),
        ("2026-01", "2026-01-20", "2026-01-20"),
        (None, "2026-01-20", "2026-01-20"),
        ("2026-01-20", "2025-12-31T10:41:00Z", "2026-01-20"),
    ],
)
def test_the_exact_text_of_an_end_is_read_where_it_is_one(
    folder: Path, release: str, text: str | None, said: str, read_as: str
) -> None:
    element = "performedPeriod" if release == "R4" else "occurrencePeriod"
    procedure = {
        "resourceType": "Procedure",
        "id": "p",
        "status": "completed",
        "code": {"text": "Magnetic resonance imaging"},
        "subject": {"reference": "Patient/p1"},
        element: {
            "start": "2025-12-01",
            "_end": {"extension": [{"url": EXACT, "valueDateTime": said}]},
            **({"end": text} if text else {}),
        },
    }
    (folder / "all.ndjson").write_text("\n".join(map(json.dumps, [patient(), procedure])))
    pr = read(folder).frames["PR"]
    assert pr.select("PRSTDTC", "PRENDTC").rows() == [("2025-12-01", read_as)]

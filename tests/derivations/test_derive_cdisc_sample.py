"""CDISC's sample submission as a witness: what it says was derived is derived again and compared.

Its tabulated values are taken away and made anew from the rest. Every difference is explained.
"""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from derivation_cases import Tables, a_study

from trialect.mappings.sdtm import Derived, derive
from trialect.protocol import Arm, ArmElement, Element, Event, Visit
from trialect.schemas.sdtm import dataset

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdtm-msg"

pytestmark = pytest.mark.skipif(
    not (SAMPLE / "dm.json").is_file(), reason="needs shared/data/sdtm-msg beside the checkout"
)

DERIVED = re.compile(
    r"(..(DY|STDY|ENDY|LOBXFL|STRESN)|RF(X|IC|P|)(ST|EN|)DTC|DTHFL|DTHDTC|EPOCH|TAETORD)"
)
KEPT_IN_SE = ("EPOCH", "TAETORD")

DIFFERENCES = {
    ("AE", "EPOCH"): (1, "an event after the end of the last element"),
    ("CM", "EPOCH"): (43, "medication that began before the trial; the sample calls it SCREENING"),
    ("DD", "EPOCH"): (2, "deaths after the end of the last element"),
    ("DM", "RFENDTC"): (9, "the sample's reference period ends with another event than treatment"),
    ("DM", "RFXENDTC"): (1, "a date that EX does not have"),
    ("DS", "EPOCH"): (5, "events after the end of the last element"),
    ("EC", "EPOCH"): (18, "the day of the first dose, which starts the element by EX, not by EC"),
    ("EX", "EPOCH"): (1, "a treatment after the end of the last element"),
    ("LB", "EPOCH"): (148, "samples from before the first element"),
    ("LB", "LBSTRESN"): (5, "results such as .94, which FB3103 does not take for numbers"),
    ("LB", "LBLOBXFL"): (119, "a later unscheduled result before exposure; the sample ignores it"),
    ("FT", "FTLOBXFL"): (1428, "the sample flags each repetition of a test"),
    ("OE", "OELOBXFL"): (4, "results of the day of exposure that the sample does not flag"),
    ("QSPH", "QSLOBXFL"): (11, "one subject's baseline, which the sample does not flag"),
    ("QSSL", "QSLOBXFL"): (5, "one subject's baseline, which the sample does not flag"),
    ("VS", "VSLOBXFL"): (80, "one flag a position here, one over all positions in the sample"),
}


@pytest.fixture(scope="module")
def sample() -> dict[str, pl.DataFrame]:
    """The domains of subjects, as frames with lineage."""
    found = {}
    for file in sorted(SAMPLE.glob("*.json")):
        facts = json.loads(file.read_text(encoding="utf-8"))
        model = dataset(facts["name"])
        if model is None or not model.has_subjects or model.observation_class == "Relationship":
            continue
        names = [column["name"] for column in facts["columns"]]
        types = {column["name"]: column["dataType"] for column in facts["columns"]}
        numbers = {name for name in names if types[name] in ("integer", "float", "double")}
        rows = [
            [_value(v, c in numbers) for c, v in zip(names, r, strict=True)] for r in facts["rows"]
        ]
        schema = {name: pl.Float64 if name in numbers else pl.String for name in names}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        found[facts["name"]] = frame.with_columns(
            pl.lit(file.stem).alias("@form"),
            pl.int_range(2, pl.len() + 2).alias("@row"),
            pl.lit("sample").alias("@block"),
        )
    return found


def _value(value: Any, is_number: bool) -> Any:
    if value in (None, ""):
        return None
    return float(value) if is_number else value


@pytest.fixture(scope="module")
def derived(sample: dict[str, pl.DataFrame]) -> Derived:
    taken_away = {name: frame.drop(_taken(name, frame)) for name, frame in sample.items()}
    codes = sorted(set(sample["SE"]["ETCD"]) - {"SCREEN"})
    visits = json.loads((SAMPLE / "tv.json").read_text(encoding="utf-8"))["rows"]
    study = a_study(
        studyid="CDISCPILOT01",
        arms=tuple(
            Arm(c, c, elements=(ArmElement("SCREEN", "SCREENING"), ArmElement(c, "TREATMENT")))
            for c in codes
        ),
        elements=tuple(Element(c, c, "First dose", start=Event("EX", "EXSTDTC")) for c in codes),
        # TV has no epochs; baseline, on the day of the first dose, is planned before it.
        visits=tuple(
            Visit(row[2], row[3], epoch="SCREENING" if row[2] <= 3 else "TREATMENT")
            for row in visits
        ),
    )
    return derive(study, Tables(), taken_away)


def _taken(name: str, frame: pl.DataFrame) -> list[str]:
    kept = KEPT_IN_SE if name == "SE" else ()
    model = dataset(name)
    assert model is not None
    return [c for c in frame.columns if DERIVED.fullmatch(c) and c not in kept and model.allowed(c)]


def test_what_the_sample_derived_is_derived_again(
    sample: dict[str, pl.DataFrame], derived: Derived
) -> None:
    compared = 0
    differences = {}
    for name, frame in sample.items():
        here, there = derived.frames[name].sort("@row"), frame.sort("@row")
        for variable in _taken(name, frame):
            compared += frame.height
            empty = pl.Series(variable, [None] * frame.height, frame.schema[variable])
            found = here[variable] if variable in here.columns else empty
            differing = (~found.eq_missing(there[variable])).sum()
            if differing:
                differences[name, variable] = differing
    assert compared > 40_000
    assert differences == {place: count for place, (count, _) in DIFFERENCES.items()}


def test_every_study_day_of_the_sample_is_the_same(
    sample: dict[str, pl.DataFrame], derived: Derived
) -> None:
    assert not any(variable.endswith("DY") for _, variable in DIFFERENCES)
    days = [c for name, frame in sample.items() for c in _taken(name, frame) if c.endswith("DY")]
    assert len(days) >= 20


def test_sequence_numbers_of_the_sample_stay(
    sample: dict[str, pl.DataFrame], derived: Derived
) -> None:
    for name in ("AE", "EX", "LB", "QSPH"):
        seq = f"{name[:2]}SEQ"
        assert (
            derived.frames[name].sort("@row")[seq].to_list()
            == sample[name].sort("@row")[seq].to_list()
        )

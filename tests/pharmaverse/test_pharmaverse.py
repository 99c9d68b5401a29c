"""Raw DM and AE of the CDISC pilot study against the SDTM that pharmaverse expects of them.

The tables in `study` are all there is: no programming. Records are matched by their order in the
files, which is the same on both sides; every variable of the expected domains is compared, or
stands in one of the two lists that say why it cannot be.
"""

import csv
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import trialect
from trialect.trial import ROW

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "shared" / "data" / "pharmaverse"

pytestmark = pytest.mark.skipif(
    not (DATA / "dm_raw.csv").is_file(), reason="needs shared/data/pharmaverse beside the checkout"
)

NOT_IN_THE_RAW_DATA = {
    "DM": {
        "RFSTDTC": "from exposure, which is not in the raw data",
        "RFENDTC": "from exposure",
        "RFXSTDTC": "from exposure",
        "RFXENDTC": "from exposure",
        "RFPENDTC": "from disposition and visits",
        "DTHDTC": "from disposition",
        "DTHFL": "from disposition",
        "BRTHDTC": "the raw data has the age only",
        "DMDY": "needs RFSTDTC",
        "ACTARMUD": "no unplanned treatment in the raw data; empty in the expected data too",
    },
    "AE": {
        "AESPID": "a number that the raw data lost",
        "AESEQ": "follows AEDTC, AESTDTC and AESPID, and the raw data has no AESPID",
        "AESTDY": "needs RFSTDTC",
        "AEENDY": "needs RFSTDTC",
    },
}
EMPTY_IN_THE_EXPECTED_DATA = {
    "DM": {"RFICDTC": "the raw data has a consent date"},
    "AE": {
        "AELLTCD": "the raw data has MedDRA codes",
        "AESOCCD": "the raw data has MedDRA codes",
    },
}


REPEATED_ROW = 561
"""Row 561 of ae_raw.csv equals row 560 in every column, since the raw data lost AESPID, which tells
them apart. It is rejected as a duplicate, and each cell that it should have filled differs."""


@dataclass(frozen=True)
class Difference:
    """Cells that differ, and why."""

    domain: str
    variable: str
    count: int
    reason: str


PARTIAL_STARTS = "partial start dates (2012-02), which the raw data has as empty cells"
EXPLAINED = [Difference("AE", "AESTDTC", 15, PARTIAL_STARTS)]
"""Differences besides those of the repeated row."""


def read(name: str) -> list[dict[str, str | None]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [
            {key: None if value in ("NA", "") else value for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> "trialect.Trial":
    study = tmp_path_factory.mktemp("pharmaverse") / "study"
    shutil.copytree(HERE / "study", study)
    (study / "records").mkdir()
    for name in ("dm_raw.csv", "ae_raw.csv"):
        shutil.copy(DATA / name, study / "records" / name)
    return trialect.read(study)


def text(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, float) else value  # type: ignore[return-value]


def compared(domain: str) -> list[str]:
    left_out = {**NOT_IN_THE_RAW_DATA[domain], **EMPTY_IN_THE_EXPECTED_DATA[domain]}
    return [name for name in read(f"{domain.lower()}.csv")[0] if name not in left_out]


def cells(trial: "trialect.Trial", domain: str, variable: str) -> dict[int, str | None]:
    """The values by the row of the raw file; non-standard variables are taken from SUPP--."""
    frame = trial.frames[domain]
    rows = frame[ROW].to_list()
    if variable in frame.columns:
        return dict(zip(rows, map(text, frame[variable]), strict=True))
    supp = trial.frames[f"SUPP{domain}"].to_dicts()
    values = {
        (row["USUBJID"], row["IDVARVAL"]): row["QVAL"] for row in supp if row["QNAM"] == variable
    }
    keys = zip(frame["USUBJID"], map(text, frame[f"{domain}SEQ"]), strict=True)
    return {row: values.get(key) for row, key in zip(rows, keys, strict=True)}


def differences(trial: "trialect.Trial") -> tuple[Counter[tuple[str, str]], int]:
    """The cells that differ by domain and variable, and how many hold anything on either side."""
    found: Counter[tuple[str, str]] = Counter()
    total = 0
    for domain in ("DM", "AE"):
        expected = read(f"{domain.lower()}.csv")
        for variable in compared(domain):
            got = cells(trial, domain, variable)
            for place, record in enumerate(expected, start=2):
                values = got.get(place), record[variable]
                found[domain, variable] += values[0] != values[1]
                total += values != (None, None)
    return +found, total


def test_every_record_but_the_repeated_one_comes_through(trial: "trialect.Trial") -> None:
    assert trial.frames["DM"].height == len(read("dm_raw.csv"))
    assert trial.frames["AE"].height == len(read("ae_raw.csv")) - 1
    assert REPEATED_ROW not in trial.frames["AE"][ROW].to_list()
    raw = read("ae_raw.csv")
    assert raw[REPEATED_ROW - 2] == raw[REPEATED_ROW - 3]


def test_the_tables_fit_the_raw_data_without_error(trial: "trialect.Trial") -> None:
    assert [problem for problem in trial.problems if problem.severity == "error"] == []


def test_at_least_99_of_100_cells_are_equal(trial: "trialect.Trial") -> None:
    found, total = differences(trial)
    assert total > 33_000
    assert 1 - found.total() / total >= 0.99


def test_every_difference_is_explained(trial: "trialect.Trial") -> None:
    found, _ = differences(trial)
    lost = read("ae.csv")[REPEATED_ROW - 2]
    explained = Counter({(one.domain, one.variable): one.count for one in EXPLAINED})
    explained.update(("AE", name) for name in compared("AE") if lost[name] is not None)
    assert found == explained


def test_the_partial_dates_are_empty_in_the_raw_data() -> None:
    empty = [
        (raw["IT.AESTDAT"], expected["AESTDTC"])
        for raw, expected in zip(read("ae_raw.csv"), read("ae.csv"), strict=True)
        if raw["IT.AESTDAT"] is None
    ]
    assert len(empty) == 15
    assert all(day is not None and len(day) == len("2012-02") for _, day in empty)


@pytest.mark.parametrize("domain", ["DM", "AE"])
def test_what_is_not_compared_could_not_be(domain: str) -> None:
    expected = read(f"{domain.lower()}.csv")
    for variable in EMPTY_IN_THE_EXPECTED_DATA[domain]:
        assert {row[variable] for row in expected} == {None}
    for variable in NOT_IN_THE_RAW_DATA[domain]:
        assert variable in expected[0]

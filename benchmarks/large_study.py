"""A study of any size as XPT: DM, and QS with fifty results of each subject, seeded.

    python -m benchmarks.large_study FOLDER [SUBJECTS]

One result in a hundred is missing without a word, and a few records have planted faults, so that
rules have something to find.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trialect.converters.writers.xpt import XptVariable, write_xpt

STAMP = datetime(2026, 6, 30, 12)
STUDY = "NCT07326982"
RESULTS = 50
AT_ONCE = 2_000
TESTS = (
    ("PI0101", "PI01-Pain Intensity"),
    ("PR0101", "PR01-Pain Relief"),
    ("SLEEP", "Sleep Interference on a 0 to 10 Scale"),
    ("FUNC", "Function"),
    ("MOOD", "Mood"),
)
LABELS = {
    "STUDYID": "Study Identifier",
    "DOMAIN": "Domain Abbreviation",
    "USUBJID": "Unique Subject Identifier",
    "SUBJID": "Subject Identifier for the Study",
    "RFSTDTC": "Subject Reference Start Date/Time",
    "RFENDTC": "Subject Reference End Date/Time",
    "RFXSTDTC": "Date/Time of First Study Treatment",
    "RFXENDTC": "Date/Time of Last Study Treatment",
    "RFICDTC": "Date/Time of Informed Consent",
    "RFPENDTC": "Date/Time of End of Participation",
    "DTHDTC": "Date/Time of Death",
    "DTHFL": "Subject Death Flag",
    "SITEID": "Study Site Identifier",
    "AGE": "Age",
    "AGEU": "Age Units",
    "SEX": "Sex",
    "RACE": "Race",
    "ETHNIC": "Ethnicity",
    "ARMCD": "Planned Arm Code",
    "ARM": "Description of Planned Arm",
    "ACTARMCD": "Actual Arm Code",
    "ACTARM": "Description of Actual Arm",
    "ARMNRS": "Reason Arm and/or Actual Arm is Null",
    "ACTARMUD": "Description of Unplanned Actual Arm",
    "COUNTRY": "Country",
    "QSSEQ": "Sequence Number",
    "QSTESTCD": "Question Short Name",
    "QSTEST": "Question Name",
    "QSCAT": "Category of Question",
    "QSORRES": "Finding in Original Units",
    "QSORRESU": "Original Units",
    "QSSTRESC": "Character Result/Finding in Std Format",
    "QSSTRESN": "Numeric Finding in Standard Units",
    "QSSTRESU": "Standard Units",
    "QSSTAT": "Completion Status",
    "QSREASND": "Reason Not Performed",
    "QSLOBXFL": "Last Observation Before Exposure Flag",
    "VISITNUM": "Visit Number",
    "VISIT": "Visit Name",
    "EPOCH": "Epoch",
    "QSDTC": "Date/Time of Finding",
    "QSDY": "Study Day of Finding",
}
LENGTHS = {"USUBJID": 20, "QSTEST": 40, "QSCAT": 24, "QSTESTCD": 8, "VISIT": 10, "EPOCH": 10}
NUMBERS = frozenset({"AGE", "QSSEQ", "QSSTRESN", "VISITNUM", "QSDY"})


def _subjects(first: int, count: int) -> tuple[pl.Series, NDArray[np.datetime64]]:
    """USUBJID and the day of the first dose."""
    numbers = range(first, first + count)
    names = pl.Series("USUBJID", [f"{STUDY}-{one % 97:02}-{one:06}" for one in numbers])
    days = np.datetime64("2025-01-06") + np.arange(first, first + count) % 300
    return names, days


def _texts(name: str, days: NDArray[np.datetime64], later: int = 0) -> pl.Series:
    """Days, or those some days later, as ISO 8601 writes them."""
    return pl.Series(name, days + np.timedelta64(later, "D")).dt.to_string()


def demographics(first: int, count: int) -> pl.DataFrame:
    """DM records of subjects from number `first` on."""
    names, days = _subjects(first, count)
    numbers = pl.Series(np.arange(first, first + count))
    none = pl.lit(None, dtype=pl.String)
    start, end = _texts("RFSTDTC", days), _texts("RFENDTC", days, 84)
    return pl.DataFrame([names]).select(
        pl.lit(STUDY).alias("STUDYID"),
        pl.lit("DM").alias("DOMAIN"),
        "USUBJID",
        pl.col("USUBJID").str.slice(-6).alias("SUBJID"),
        start,
        end.alias("RFENDTC"),
        start.alias("RFXSTDTC"),
        end.alias("RFXENDTC"),
        _texts("RFICDTC", days, -7),
        end.alias("RFPENDTC"),
        none.alias("DTHDTC"),
        none.alias("DTHFL"),
        pl.col("USUBJID").str.slice(12, 2).alias("SITEID"),
        (18 + numbers % 60).cast(pl.Float64).alias("AGE"),
        pl.lit("YEARS").alias("AGEU"),
        pl.Series(["F", "M"]).gather(numbers % 2).alias("SEX"),
        pl.lit("WHITE").alias("RACE"),
        pl.lit("NOT HISPANIC OR LATINO").alias("ETHNIC"),
        pl.lit("A").alias("ARMCD"),
        pl.lit("Active").alias("ARM"),
        pl.lit("A").alias("ACTARMCD"),
        pl.lit("Active").alias("ACTARM"),
        none.alias("ARMNRS"),
        none.alias("ACTARMUD"),
        pl.lit("USA").alias("COUNTRY"),
    )


def questionnaires(first: int, count: int) -> pl.DataFrame:
    """QS records of subjects from number `first` on: ten visits of five questions."""
    names, days = _subjects(first, count)
    subject, place = np.divmod(np.arange(count * RESULTS), RESULTS)
    visit, test = place // len(TESTS), place % len(TESTS)
    draw = np.random.default_rng(first)
    score = pl.Series(draw.integers(0, 11, count * RESULTS))
    there = pl.Series(draw.random(count * RESULTS) >= 0.01)
    flawed = pl.Series((np.arange(count * RESULTS) + first * RESULTS) % 99_991 == 99_990)
    day = _texts("QSDTC", days[subject] + visit * np.timedelta64(7, "D"))
    text = pl.when(there).then(score.cast(pl.String))
    return pl.DataFrame({"USUBJID": names.gather(subject)}).select(
        pl.lit(STUDY).alias("STUDYID"),
        pl.lit("QS").alias("DOMAIN"),
        "USUBJID",
        pl.Series("QSSEQ", place + 1).cast(pl.Float64),
        pl.Series("QSTESTCD", [code for code, _ in TESTS]).gather(test),
        pl.Series("QSTEST", [name for _, name in TESTS]).gather(test),
        pl.lit("PAIN AND FUNCTION SCALES").alias("QSCAT"),
        text.alias("QSORRES"),
        text.alias("QSSTRESC"),
        pl.when(there).then(score.cast(pl.Float64)).alias("QSSTRESN"),
        pl.when(~there).then(pl.lit("NOT DONE")).alias("QSSTAT"),
        pl.when(~there).then(pl.lit("SUBJECT REFUSED")).alias("QSREASND"),
        pl.when(pl.Series(visit == 0)).then(pl.lit("Y")).alias("QSLOBXFL"),
        pl.Series("VISITNUM", visit + 1).cast(pl.Float64),
        pl.Series("VISIT", [f"WEEK {number}" for number in range(10)]).gather(visit),
        pl.lit("TREATMENT").alias("EPOCH"),
        pl.when(flawed).then(pl.lit("2025-02-30")).otherwise(day).alias("QSDTC"),
        pl.Series("QSDY", visit * 7 + 1).cast(pl.Float64),
    )


def variables_of(frame: pl.DataFrame) -> list[XptVariable]:
    """The variables of a frame of either dataset; lengths that hold for any number of subjects."""
    longest = frame.select(pl.col(pl.String).str.len_bytes().max()).row(0, named=True)
    return [
        XptVariable(name, LABELS[name], "Num", 8)
        if name in NUMBERS
        else XptVariable(name, LABELS[name], "Char", max(longest[name] or 1, LENGTHS.get(name, 2)))
        for name in frame.columns
    ]


def write_study(folder: Path, subjects: int) -> None:
    """Write dm.xpt and qs.xpt of so many subjects."""
    for name, label, make in (
        ("DM", "Demographics", demographics),
        ("QS", "Questionnaires", questionnaires),
    ):

        def batches(make=make) -> Iterator[pl.DataFrame]:  # type: ignore[no-untyped-def] # one of the two above
            for first in range(0, subjects, AT_ONCE):
                yield make(first, min(AT_ONCE, subjects - first))

        variables = variables_of(make(0, min(AT_ONCE, subjects)))
        path = folder / f"{name.lower()}.xpt"
        write_xpt(path, name, label, variables, batches(), stamp=STAMP)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_study(target, int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from trialect.converters.writers.define_xml import write_define
from trialect.metadata import DatasetMeta, Origin, Provenance
from trialect.profile import profile
from trialect.schemas.define.describe import describe
from trialect.trial import Parameter, Sponsor, Study

STAMP = datetime(2026, 6, 30, 12, 0)


def frame(types: str, columns: str, *records: tuple[object, ...]) -> pl.DataFrame:
    """A domain: a letter a variable (c Char, n Num, i lineage row), the names, the records."""
    dtypes = {"c": pl.String, "n": pl.Float64, "i": pl.Int64}
    names = columns.split()
    schema = {name: dtypes[letter] for name, letter in zip(names, types, strict=True)}
    return pl.DataFrame(records, schema=schema, orient="row")


@pytest.fixture(scope="session")
def study() -> Study:
    return Study(
        studyid="T01",
        title="A trial of <pain> & relief",
        sponsor=Sponsor("Example Sponsor"),
        invented="These records are invented.",
        parameters=(Parameter("TRT", dictionary="MedDRA", dictionary_version="28.0"),),
    )


@pytest.fixture(scope="session")
def frames() -> dict[str, pl.DataFrame]:
    return {
        "QS": frame(
            "cccncccccncncccnc",
            "STUDYID DOMAIN USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSORRES QSSTRESC QSSTRESN QSSTAT "
            "VISITNUM EPOCH QSDTC QSELTM QSDY @block",
            ("T01", "QS", "T01-1", 1, "NPRS", "Pain Score", "PAIN", "7", "7", 7, None, 1)
            + ("SCREENING", "2026-01-05", None, -2, "pain"),
            ("T01", "QS", "T01-1", 2, "NPRS", "Pain Score", "PAIN", "3", "3", 3, None, 2)
            + ("TREATMENT", "2026-01-07T10:30", "PT1H", 1, "pain"),
            ("T01", "QS", "T01-1", 3, "PCTRED", "Reduction", "PAIN", "57.1", "57.1", 57.1, None)
            + (2, "TREATMENT", "2026-01-07T10:30", None, 1, "reduction"),
            ("T01", "QS", "T01-2", 1, "NPRS", "Pain Score", "PAIN", None, None, None, "NOT DONE")
            + (1, "SCREENING", "2026-01", None, None, "pain"),
        ),
        "DM": frame(
            "ccccccncccccc",
            "STUDYID DOMAIN USUBJID SUBJID RFSTDTC RFCSTDTC AGE AGEU SEX RACE COUNTRY DTHFL @block",
            ("T01", "DM", "T01-1", "1", "2026-01-07", None, 40, "YEARS", "F", "MULTIPLE", "EGY")
            + (None, "dm"),
            ("T01", "DM", "T01-2", "2", None, None, None, None, "M", "ASIAN", "EGY", None, "dm"),
        ),
        "SUPPDM": frame(
            "ccccccccccc",
            "STUDYID RDOMAIN USUBJID IDVAR IDVARVAL QNAM QLABEL QVAL QORIG QEVAL @block",
            ("T01", "DM", "T01-1", None, None, "RACE1", "Race 1", "ASIAN", "CRF", None, "dm"),
            ("T01", "DM", "T01-1", None, None, "RACE2", "Race 2", "WHITE", "CRF", None, "dm"),
            ("T01", "DM", "T01-1", None, None, "HAND", "Hand", "LEFT", "CRF", None, "dm"),
        ),
        "TS": frame(
            "ccncccccccc",
            "STUDYID DOMAIN TSSEQ TSPARMCD TSPARM TSVAL TSVALNF TSVALCD TSVCDREF TSVCDVER @block",
            ("T01", "TS", 1, "SSTDTC", "Study Start Date", "2026-01-01", None, None, "ISO 8601")
            + (None, None),
            ("T01", "TS", 1, "TBLIND", "Trial Blinding Schema", "OPEN LABEL", None, "C49659")
            + ("CDISC CT", "2025-03-28", None),
            ("T01", "TS", 1, "NARMS", "Planned Number of Arms", "2", None, None, None, None, None),
        ),
        "AE": frame(
            "cccncccccccc",
            "STUDYID DOMAIN USUBJID AESEQ AETERM AEDECOD AESER AEOUT EPOCH AESTDTC AETRTEM @block",
            ("T01", "AE", "T01-1", 1, "Head ache", "Headache", "N", "RECOVERED/RESOLVED")
            + ("TREATMENT", "2026", "Y", "ae"),
            ("T01", "AE", "T01-2", 1, "Fall", "Fall", "Y", "FELL ASLEEP", "FOLLOW-UP", "2026-02-03")
            + (None, "ae"),
        ),
    }


@pytest.fixture(scope="session")
def provenance() -> list[Provenance]:
    collected, derived = Origin("Collected"), Origin("Derived")
    day = "QSDTC minus RFSTDTC, plus one day from RFSTDTC on."
    return [
        Provenance("QS", "QSORRES", "pain", "assign", "pain", ("nprs",), origin=collected),
        Provenance(
            "QS",
            "QSORRES",
            "reduction",
            "compute",
            "pain",
            ("before", "after"),
            origin=derived,
            method="(before - after) / before * 100",
        ),
        Provenance("QS", "QSDTC", "pain", "assign_date", origin=collected),
        Provenance("QS", "QSDTC", "reduction", "assign_date", origin=collected, note="As scored."),
        Provenance("QS", "QSDY", "day", "derive:day", origin=derived, method=day),
        Provenance("DM", "SEX", "dm", "assign_ct", origin=collected),
        Provenance("DM", "HAND", "dm", "assign", origin=collected),
        Provenance("AE", "AETERM", "ae", "assign", origin=Origin("Collected", "Subject")),
    ]


@pytest.fixture(scope="session")
def metas(
    study: Study, frames: dict[str, pl.DataFrame], provenance: list[Provenance]
) -> list[DatasetMeta]:
    own = {"AE.AEOUT": {"FELL ASLEEP": "Fell asleep and is well"}}
    return describe(study, profile(frames), provenance, codelists=own)


@pytest.fixture
def define_file(tmp_path: Path, study: Study, metas: list[DatasetMeta]) -> Path:
    path = tmp_path / "define.xml"
    files = {meta.name: [f"{meta.name.lower()}.xpt"] for meta in metas}
    files["QS"] = ["qs1.xpt", "qs2.xpt"]
    write_define(
        path, study, metas, files=files, stamp=STAMP, documents={"csdrg.pdf": "Reviewer's Guide"}
    )
    return path

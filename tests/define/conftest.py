from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from define_constants import DOCUMENTS, FILES, STAMP

from trialect.converters.writers.define_xml import write_define
from trialect.metadata import DatasetMeta, Origin, Provenance
from trialect.profile import profile
from trialect.protocol import Parameter, Sponsor
from trialect.schemas.define.describe import describe
from trialect.trial import Study


def frame(table: str) -> pl.DataFrame:
    """A domain from lines of cells: an empty cell is missing, a name with # is a number."""
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in table.split("\n"))
    texts = {
        name: pl.Series([line[place] or None for line in lines], dtype=pl.String)
        for place, name in enumerate(header)
    }
    return pl.DataFrame(
        {
            name.rstrip("#"): values.cast(pl.Float64) if name.endswith("#") else values
            for name, values in texts.items()
        }
    )


@pytest.fixture(scope="session")
def study() -> Study:
    return Study(
        studyid="T01",
        title="A trial of <pain> & relief",
        sponsor=Sponsor("Example Sponsor"),
        invented="These records are invented.",
        parameters=(
            Parameter("TRT", dictionary="MedDRA", dictionary_version="28.0"),
            Parameter("FCNTRY", dictionary="ISO 3166", dictionary_version="2020-08"),
        ),
    )


@pytest.fixture(scope="session")
def frames() -> dict[str, pl.DataFrame]:
    qs = """\
STUDYID|DOMAIN|USUBJID|QSSEQ#|QSTESTCD|QSTEST|QSCAT|QSORRES|QSSTRESC|QSSTRESN#|QSSTAT|VISITNUM#|\
EPOCH|QSDTC|QSELTM|QSDY#|@block
T01|QS|T01-1|1|NPRS|Pain Score|PAIN|7|7|7||1|SCREENING|2026-01-05||-2|pain
T01|QS|T01-1|2|NPRS|Pain Score|PAIN|3|3|3||2|TREATMENT|2026-01-07T10:30|PT1H|1|pain
T01|QS|T01-1|3|PCTRED|Reduction|PAIN|57.1|57.1|57.1||2|TREATMENT|2026-01-07T10:30||1|reduction
T01|QS|T01-2|1|NPRS|Pain Score|PAIN||||NOT DONE|1|SCREENING|2026-01|||pain"""
    dm = """\
STUDYID|DOMAIN|USUBJID|SUBJID|RFSTDTC|RFCSTDTC|AGE#|AGEU|SEX|RACE|COUNTRY|DTHFL|@block
T01|DM|T01-1|1|2026-01-07||40|YEARS|F|MULTIPLE|EGY||dm
T01|DM|T01-2|2|||||M|ASIAN|EGY||dm"""
    suppdm = """\
STUDYID|RDOMAIN|USUBJID|IDVAR|IDVARVAL|QNAM|QLABEL|QVAL|QORIG|QEVAL|@block
T01|DM|T01-1|||RACE1|Race 1|ASIAN|CRF||dm
T01|DM|T01-1|||RACE2|Race 2|WHITE|CRF||dm
T01|DM|T01-1|||HAND|Hand|LEFT|CRF||dm"""
    ts = """\
STUDYID|DOMAIN|TSSEQ#|TSPARMCD|TSPARM|TSVAL|TSVALNF|TSVALCD|TSVCDREF|TSVCDVER|@block
T01|TS|1|SSTDTC|Study Start Date|2026-01-01|||ISO 8601||
T01|TS|1|TBLIND|Trial Blinding Schema|OPEN LABEL||C49659|CDISC CT|2025-03-28|
T01|TS|1|NARMS|Planned Number of Arms|2|||||"""
    ae = """\
STUDYID|DOMAIN|USUBJID|AESEQ#|AETERM|AEDECOD|AESER|AEOUT|EPOCH|AESTDTC|AETRTEM|@block
T01|AE|T01-1|1|Head ache|Headache|N|RECOVERED/RESOLVED|TREATMENT|2026|Y|ae
T01|AE|T01-2|1|Fall|Fall|Y|FELL ASLEEP|FOLLOW-UP|2026-02-03||ae"""
    tables = {"QS": qs, "DM": dm, "SUPPDM": suppdm, "TS": ts, "AE": ae}
    return {name: frame(table) for name, table in tables.items()}


@pytest.fixture(scope="session")
def provenance(frames: dict[str, pl.DataFrame]) -> list[Provenance]:
    """What the tables say: some lines with all their facts, the rest assigned."""
    said = _provenance()
    known = {(one.domain, one.variable) for one in said}
    assigned = [
        Provenance(name, column, "any", "assign", origin=Origin("Assigned"))
        for name, domain in frames.items()
        for column in domain.columns
        if (name, column) not in known and name in ("QS", "DM", "AE")
    ]
    return said + assigned


def _provenance() -> list[Provenance]:
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
    """A define.xml without a problem, the files that it names beside it."""
    path = tmp_path / "define.xml"
    write_define(path, study, metas, files=FILES, stamp=STAMP, documents=DOCUMENTS)
    for name in ("ts", "dm", "ae", "qs1", "qs2", "suppdm"):
        (tmp_path / f"{name}.xpt").touch()
    (tmp_path / "csdrg.pdf").touch()
    return path

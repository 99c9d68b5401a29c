"""Whatever stands in the cells, derivations give a value or none; they do not fall over."""

import random
from typing import Any

from derivation_cases import Line, Tables, a_study, records, rules
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.mappings.sdtm import derive
from trialect.protocol import Criterion

ODD = [
    *(None, "2025", "2025-13", "2025-02-30", "2025-03-01T25:00", "9999-12-31", "0000-01-01", "T"),
    *("2025-03-01/2025-02-01", "--", "-----T07:15", "2025-03-01T10:00+03:00", "NA", "/", "-"),
    *("x" * 500, " " * 300 + "x", "a  b " * 80, "≥" * 150, "½" * 250),
]
NUMBERS = [None, 0.0, -1.0, 1.0, 2.0, 3.0, 1e300, 0.1, float("inf")]
COLUMNS = {
    "DM": ("BRTHDTC", "ARMCD", "DMDTC", "RACE1", "RFPENDTC", "ARM"),
    "DS": ("DSDECOD", "DSCAT", "DSSTDTC"),
    "EX": ("EXTRT", "EXSTDTC", "EXENDTC"),
    "AE": ("AETERM", "AESTDTC", "AEENDTC", "AEOUT", "AESEQ"),
    "QS": (
        *("QSTESTCD", "QSORRES", "QSDTC", "QSRFTDTC", "QSELTM", "QSSTAT", "QSORRESU", "QSSTRESU"),
        *("VISITNUM", "QSSTRESN"),
    ),
    "SE": ("ETCD", "EPOCH", "SESTDTC", "SEENDTC"),
    "CO": ("COVAL", "RDOMAIN", "CODTC"),
    "IE": ("IETESTCD", "IEORRES"),
    "SV": ("VISITNUM", "SVSTDTC", "SVENDTC", "VISIT"),
}


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.text(max_size=20), max_size=10),
    st.randoms(use_true_random=False),
)
def test_no_cell_makes_a_derivation_fall_over(texts: list[str], chance: random.Random) -> None:
    def cell(column: str) -> Any:
        if column in ("AESEQ", "VISITNUM", "QSSTRESN"):
            return chance.choice(NUMBERS)
        usual = ["2025-03-01", "2025-03-01T10:00", "ALPHA", "A", "DISPOSITION EVENT", "QS", "FATAL"]
        return chance.choice([*ODD, *usual, *(text for text in texts if text)])

    frames = {}
    for name, columns in COLUMNS.items():
        rows = [
            {"USUBJID": chance.choice(["S1-001", "S1-002"]), **{c: cell(c) for c in columns}}
            for _ in range(chance.randint(1, 5))
        ]
        frames[name] = records(name, rows)
    lines = [Line("R", "anchor", "QS"), Line("R", "related", "AE", "AETERM <> 'x'")]
    study = a_study(criteria=(Criterion("A", "INCLUSION", "x"),))
    derived = derive(study, Tables(relations=lines), frames)
    assert {name: derived.frames[name].height for name in frames if name not in ("SV", "SE")} == {
        name: frame.height for name, frame in frames.items() if name not in ("SV", "SE")
    }
    assert set(rules(derived)) <= {
        *("DERIVE-AGE", "DERIVE-DEATH-DATES", "DERIVE-LOBXFL", "DERIVE-LONG-TEXT"),
        *("DERIVE-RESULT-INEXACT", "DERIVE-RESULT-UNIT", "DERIVE-SE-ORDER", "DERIVE-SE-UNPLANNED"),
    }

"""--SEQ: unique, from 1, and the same for the same records."""

import random
from typing import Any

import polars as pl
from derivation_cases import Tables, a_study, of, records, run, subject, values
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.mappings.sdtm.draft import Draft
from trialect.mappings.sdtm.sequence import SEQUENCE

DATES = st.sampled_from([None, "2025", "2025-03", "2025-03-01", "2025-03-01T08:00", "2025-04-02"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "USUBJID": st.sampled_from(["S1-001", "S1-002"]),
            "QSTESTCD": st.sampled_from(["A", "B"]),
            "QSDTC": DATES,
            "VISITNUM": st.sampled_from([None, 1.0, 2.0]),
            "QSORRES": st.sampled_from([None, "1", "2"]),
        }
    ),
    min_size=1,
    max_size=12,
)


def numbered(frame: pl.DataFrame) -> dict[int, float]:
    draft = Draft(a_study(), Tables(), {"QS": frame})
    SEQUENCE.apply(draft)
    found = draft.frames["QS"]
    return dict(zip(found["@row"], found["QSSEQ"], strict=True))


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_numbers_are_unique_from_1_and_do_not_depend_on_the_order_of_rows(
    rows: list[dict[str, Any]], chance: random.Random
) -> None:
    """CG0028."""
    frame = records("QS", rows)
    order = list(range(len(rows)))
    chance.shuffle(order)
    found = numbered(frame)
    assert found == numbered(frame[order])
    for who in {row["USUBJID"] for row in rows}:
        mine = [found[n] for n, row in enumerate(rows, start=2) if row["USUBJID"] == who]
        assert sorted(mine) == list(range(1, len(mine) + 1))


@settings(deadline=None)
@given(ROWS)
def test_a_later_record_leaves_the_numbers_of_dated_ones_alone(rows: list[dict[str, Any]]) -> None:
    dated = [{**row, "QSDTC": row["QSDTC"] or "2025-01-01"} for row in rows]
    before = numbered(records("QS", dated))
    later = {"USUBJID": "S1-001", "QSTESTCD": "A", "QSDTC": "2026-01-01", "VISITNUM": 9.0}
    after = numbered(records("QS", [*dated, {**later, "QSORRES": "1"}]))
    assert {row: after[row] for row in before} == before


def test_records_stand_in_the_order_of_date_visit_and_time_point() -> None:
    rows = [
        of(QSTESTCD="A", QSDTC="2025-03-02", VISITNUM=2.0, QSTPTNUM=1.0),
        of(QSTESTCD="A", QSDTC="2025-03-02", VISITNUM=2.0, QSTPTNUM=0.0),
        of(QSTESTCD="A", QSDTC="2025-03-01", VISITNUM=1.0),
        of(QSTESTCD="A", QSDTC=None, VISITNUM=1.0, QSSTAT="NOT DONE", QSCAT="Z"),
        of(QSTESTCD="A", QSDTC=None),
    ]
    assert values(run({"QS": rows}), "QS", "@row", "QSSEQ") == [
        (4, 1),
        (5, 2),
        (3, 3),
        (2, 4),
        (6, 5),
    ]


def test_mapped_numbers_stay_and_the_others_follow() -> None:
    rows = [
        of(AETERM="a", AESTDTC="2025-03-05", AESEQ=None),
        of(AETERM="b", AESTDTC="2025-03-03", AESEQ=4.0),
        of(AETERM="c", AESTDTC="2025-03-01", AESEQ=None),
    ]
    assert values(run({"AE": rows}), "AE", "AETERM", "AESEQ") == [("b", 4), ("c", 5), ("a", 6)]


def test_a_split_domain_shares_its_numbers() -> None:
    """CG0028: unique over the parts of a split domain."""
    derived = run(
        {
            "QSPH": [of(QSTESTCD="P", QSDTC="2025-03-01"), of(QSTESTCD="P", QSDTC="2025-03-03")],
            "QSSL": [of(QSTESTCD="S", QSDTC="2025-03-02")],
        }
    )
    assert values(derived, "QSPH", "QSSEQ") == [1, 3]
    assert values(derived, "QSSL", "QSSEQ") == [2]
    assert derived.frames["QSPH"]["DOMAIN"].to_list() == ["QS", "QS"]


def test_the_sequence_is_remembered_as_derived() -> None:
    derived = run({"DM": [subject()], "AE": [of(AETERM="a")]})
    (found,) = [one for one in derived.provenance if one.variable == "AESEQ"]
    assert (found.domain, found.verb) == ("AE", "derive:sequence_number")
    assert "AESTDTC" in found.inputs

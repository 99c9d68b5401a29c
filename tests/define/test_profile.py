from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.profile import CATEGORY_SEPARATOR, DISTINCT_LIMIT, DatasetProfile, merge, profile
from trialect.relations import Seen

TEXTS = pl.Series("QSDTC", ["2026-01-02", "2026-01", "2026", None, "2026-01-02T10:30:00"])


def variable(series: pl.Series, dataset: str = "QS"):
    return profile({dataset: series.to_frame()})[dataset].variables[series.name]


def test_lengths_are_bytes() -> None:
    found = variable(pl.Series("QSCAT", ["é", "abc", None]))
    assert (found.max_bytes, found.missing, found.ascii) == (3, 1, False)
    assert found.values == {"é", "abc"}


def test_an_empty_variable_has_no_length() -> None:
    found = variable(pl.Series("QSCAT", [None, None], dtype=pl.String))
    assert (found.max_bytes, found.missing, found.values) == (0, 2, set())


@pytest.mark.parametrize(
    ("values", "digits", "decimals", "texts"),
    [
        ([1.0, 12.0, -3.0], 2, 0, {"1", "12", "-3"}),
        ([1.25, 100.0], 3, 2, {"1.25", "100"}),
        ([1e-7], 1, 7, {"0.0000001"}),
        ([1e16], 17, 0, {"10000000000000000"}),
        ([0.1 + 0.2], 1, 17, {"0.30000000000000004"}),
        ([-0.5], 1, 1, {"-0.5"}),
    ],
)
def test_numbers_are_told_by_their_digits(
    values: list[float], digits: int, decimals: int, texts: set[str]
) -> None:
    found = variable(pl.Series("QSSTRESN", values))
    assert (found.digits, found.decimals, found.values) == (digits, decimals, texts)
    assert found.numeric
    assert found.max_bytes == 8


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-01-02", "date"),
        ("2026-01", "partialDate"),
        ("2026", "integer"),
        ("2026-01-02T10:30", "partialDatetime"),
        ("2026-01-02T10:30:59", "datetime"),
        ("2026-01-02T10:30:59.5+02:00", "datetime"),
        ("2026---02", "incompleteDate"),
        ("--01-02", "incompleteDate"),
        ("2026-01-02T-:30", "incompleteDatetime"),
        ("2026-01-02/2026-01-05", "intervalDatetime"),
        ("PT1H", "durationDatetime"),
        ("-P2W", "durationDatetime"),
        ("P", "text"),
        ("PT", "text"),
        ("yesterday", "text"),
    ],
)
def test_dates_are_told_by_their_shape(text: str, kind: str) -> None:
    assert variable(pl.Series("QSDTC", [text])).kinds == {kind}


def test_free_text_is_not_looked_at() -> None:
    assert variable(pl.Series("QSCAT", ["2026-01-02"])).kinds == set()


def test_a_code_with_leading_zeros_is_no_number() -> None:
    frame = pl.DataFrame({"QSTESTCD": ["A", "B"], "QSORRES": ["007", "7"]})
    by_key = profile({"QS": frame})["QS"].by_key["QSORRES"]
    assert by_key["A"].kinds == {"text"}
    assert by_key["B"].kinds == {"integer"}


def test_values_are_told_by_test_category_and_block() -> None:
    frame = pl.DataFrame(
        {
            "QSCAT": ["X", "Y", None, "X"],
            "QSTESTCD": ["A", "A", "B", "A"],
            "QSTEST": ["Test A", "Test A", "Test B", "Test A"],
            "QSORRES": ["1.5", "many", None, "20"],
            "@block": ["one", "two", "two", "one"],
        }
    )
    found = profile({"QS": frame})["QS"]
    assert found.by_key["QSORRES"]["A"].kinds == {"float", "integer", "text"}
    assert found.by_key["QSORRES"]["B"].missing == 1
    in_x = found.by_category["QSORRES"]["X" + CATEGORY_SEPARATOR + "A"]
    assert (in_x.digits, in_x.decimals, in_x.blocks) == (2, 1, {"one"})
    assert found.variables["QSORRES"].blocks == {"one", "two"}
    assert found.variables["QSCAT"].blocks == {"one", "two"}
    assert found.pairs == {"QSTESTCD": {"A": "Test A", "B": "Test B"}}


def test_a_variable_with_too_many_values_is_no_codelist() -> None:
    few = [str(number) for number in range(DISTINCT_LIMIT)]
    assert variable(pl.Series("QSCAT", few)).values == set(few)
    assert variable(pl.Series("QSCAT", [*few, "one more"])).values is None


def test_the_natural_key_is_tried() -> None:
    frame = pl.DataFrame({"STUDYID": ["T", "T"], "USUBJID": ["1", "2"], "AGE": [1.0, 1.0]})
    assert profile({"DM": frame})["DM"].keys_unique
    twice = pl.concat([frame, frame])
    assert not profile({"DM": twice})["DM"].keys_unique


records = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", None]),
        st.sampled_from(["X", "Y", None]),
        st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["1", "2.5", "2026-01-02"])),
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        st.sampled_from(["one", "two"]),
    ),
    max_size=12,
)
SCHEMA = {
    "QSTESTCD": pl.String,
    "QSCAT": pl.String,
    "QSORRES": pl.String,
    "QSSTRESN": pl.Float64,
    "@block": pl.String,
}


@settings(deadline=None)
@given(records, st.integers(0, 12))
def test_partitions_merge_to_the_profile_of_the_whole(rows: list, cut: int) -> None:
    frames = [pl.DataFrame(part, SCHEMA, orient="row") for part in (rows, rows[:cut], rows[cut:])]
    whole, first, second = (profile({"QS": frame}) for frame in frames)
    for parts in ([first, second], [second, first]):
        merged = merge(parts)["QS"]
        assert DatasetProfile.from_dict(merged.as_dict()) == merged
        # Whether a key is unique is asked of each partition: subjects are never split.
        merged.keys_unique = whole["QS"].keys_unique
        assert merged == whole["QS"]


def test_values_that_stand_together_keep_every_pair_and_its_first_place() -> None:
    frame = pl.DataFrame(
        {
            "VISITNUM": [1.0, 1.0, 1.0, 2.0, None],
            "VISIT": ["A", "B", "A", None, "C"],
            "@form": ["visits", "calls", "visits", "visits", "visits"],
            "@row": [5, 9, 3, 4, 2],
        }
    )
    found = profile({"QS": frame})["QS"].relations["VISITNUM", "VISIT"]
    assert found == {
        "1": {"A": Seen(2, "visits", 3), "B": Seen(1, "calls", 9)},
        "2": {None: Seen(1, "visits", 4)},
    }


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None])), max_size=8))
def test_relations_merge_in_any_order_to_those_of_the_whole(rows: list[tuple[str, str]]) -> None:
    whole = pl.DataFrame(
        {
            "QNAM": [name for name, _ in rows],
            "QLABEL": [label for _, label in rows],
            "@form": ["f"] * len(rows),
            "@row": list(range(2, len(rows) + 2)),
        },
        schema={"QNAM": pl.String, "QLABEL": pl.String, "@form": pl.String, "@row": pl.Int64},
    )
    parts = [profile({"SUPPAE": whole[:3]}), profile({"SUPPAE": whole[3:]})]
    expected = profile({"SUPPAE": whole})["SUPPAE"].relations
    for order in (parts, parts[::-1]):
        merged = merge(order)["SUPPAE"]
        assert merged.relations == expected
        assert DatasetProfile.from_dict(merged.as_dict()).relations == expected

"""Rows looked at by column: what is found to fit fits value by value."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.schemas.dataset_json.plain import LONGEST, PlainRows
from trialect.schemas.dataset_json.stream import BETWEEN
from trialect.schemas.dataset_json.values import Values

COLUMNS: list[dict[str, Any]] = [
    {"name": "A", "dataType": "string", "length": 6},
    {"name": "B", "dataType": "integer"},
    {"name": "C", "dataType": "datetime"},
    {"name": "D", "dataType": "float"},
]
GOOD = [["a,b", 1, "2026-01-02T10:00", 1.5], ["[x]", None, None, None], [None, -7, "", 1e300]]

TEXT = st.text(st.sampled_from('ab1,"[]\\\nü '), max_size=8)
DATE = st.sampled_from(["2026", "2026-02-30", "2026-13-01", "2026-01-02T25:00", "2026-01-02T10"])
NUMBER = st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))
VALUE = st.one_of(st.none(), TEXT, DATE, NUMBER, st.booleans(), st.just([]), st.just({"a": 1}))
FITTING = st.tuples(
    st.one_of(st.none(), st.text(st.sampled_from("ab,[] "), max_size=6)),
    st.one_of(st.none(), st.integers(-9, 9)),
    st.one_of(st.none(), DATE),
    st.one_of(st.none(), NUMBER),
).map(list)
ROW = st.one_of(FITTING, st.lists(VALUE, min_size=3, max_size=5))


def written(rows: list[list[Any]]) -> bytes:
    return BETWEEN.join(map(orjson.dumps, rows))


def exact(text: bytes) -> int | None:
    """The number of rows that the exact path finds nothing wrong with."""
    try:
        rows = orjson.loads(b"[" + text + b"]")
    except orjson.JSONDecodeError:
        return None
    values = Values(COLUMNS)
    values.add(rows)
    return len(rows) if not values.tallies and values.narrow is None else None


@settings(max_examples=500)
@given(st.lists(ROW, min_size=1, max_size=6), st.data())
def test_what_fits_by_column_fits_by_value(rows: list[list[Any]], data: st.DataObject) -> None:
    text = written(rows)
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 2))
        piece = data.draw(
            st.sampled_from([b"", b",", b'"', b"[", b"]", b"\n", b" ", b"null", b"0"])
        )
        text = text[:place] + piece + text[place + length :]
    found = PlainRows(COLUMNS).fitting(text)
    assert found is None or found == exact(text)


@given(st.lists(FITTING, min_size=1, max_size=6))
def test_ordinary_rows_are_not_left_to_the_exact_path(rows: list[list[Any]]) -> None:
    text = written(rows)
    assert PlainRows(COLUMNS).fitting(text) == exact(text)


def test_rows_that_fit_are_counted() -> None:
    assert PlainRows(COLUMNS).fitting(written(GOOD * 5)) == 15


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "too long"),
        (0, 1),
        (0, 'a"b'),
        (0, "ü"),
        (1, 1.5),
        (1, "1"),
        (1, True),
        (2, "2026-13"),
        (2, "2026-01-02" + "0" * LONGEST),
        (3, "x"),
    ],
)
def test_a_value_that_may_not_fit_is_left_to_the_exact_path(place: int, value: Any) -> None:
    row = [*GOOD[0]]
    row[place] = value
    assert PlainRows(COLUMNS).fitting(written([*GOOD, row])) is None


def test_what_was_found_good_once_is_not_found_good_in_another_column() -> None:
    columns = [{"name": "A", "dataType": "datetime"}, {"name": "B", "dataType": "date"}]
    plain = PlainRows(columns)
    assert plain.fitting(written([["2026-01-02T10:00", "2026-01-02"]])) == 1
    assert plain.fitting(written([["2026-01-02", "2026-01-02T10:00"]])) is None

"""Every operator answers as its data cases say, and an operator and its opposite part the rows."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_cases import CASES, OperatorCase

from trialect.schemas.core.engine import answer
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.rule import Condition
from trialect.schemas.core.table import Same, Table


def table_of(columns: dict[str, list[Any]], same: dict[str, Any] | None = None) -> Table:
    """A table of AE."""
    series = {name: pl.Series(name, values) for name, values in columns.items()}
    height = len(next(iter(series.values())))
    made = {name: Same(value) for name, value in (same or {}).items()}
    return Table({**series, **made}, height, Same("AE"), prefix="AE")


def ask(table: Table, condition: Condition) -> list[bool]:
    return table.broadcast(answer(condition, table)).to_list()


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{number}-{case.operator}" for number, case in enumerate(CASES)]
)
def test_operator(case: OperatorCase) -> None:
    condition = Condition(case.operator, case.name, case.value, case.options)
    table = table_of(case.columns, case.same)
    assert ask(table, condition) == case.holds
    assert ask(table, condition) == case.holds, "the answer that was kept is another one"


def test_every_operator_has_cases_that_hold_and_that_do_not() -> None:
    for name in OPERATORS:
        answers = {one for case in CASES if case.operator == name for one in case.holds}
        assert answers == {True, False}, name


ASK_WHETHER_IT_IS_THERE = {"exists", "not_exists", "inconsistent_enumerated_columns"}
LEAVE_OUT_WHAT_IS_NOT = {"is_unique_set", "is_not_unique_set"}
NEED_IT = [
    case for case in CASES if case.operator not in ASK_WHETHER_IT_IS_THERE | LEAVE_OUT_WHAT_IS_NOT
]


@pytest.mark.parametrize(
    "case", NEED_IT, ids=[f"{number}-{case.operator}" for number, case in enumerate(NEED_IT)]
)
def test_a_target_that_is_not_there_is_told(case: OperatorCase) -> None:
    condition = Condition(case.operator, "GONE", case.value, case.options)
    with pytest.raises(MissingColumn):
        ask(table_of(case.columns, case.same), condition)


@pytest.mark.parametrize(
    ("operator", "columns", "value", "options"),
    [
        ("less_than", {"A": [1.0]}, "text", {}),
        ("longer_than", {"A": [1.0]}, 3, {}),
        ("longer_than", {"A": ["x"]}, "text", {}),
        ("contains", {"A": [1.0]}, "x", {}),
        ("starts_with", {"A": [1.0]}, "x", {}),
        ("prefix_equal_to", {"A": ["x", None]}, "x", {"prefix": 1}),
        ("prefix_equal_to", {"A": ["x"]}, "x", {"prefix": "two"}),
        ("is_contained_by", {"A": ["x"]}, "GONE", {}),
        ("date_equal_to", {"A": ["2020"]}, "2020", {"date_component": "century"}),
        ("is_ordered_by", {"A": ["x"]}, None, {"order": "up"}),
        ("value_has_multiple_references", {"A": ["x"]}, "GONE", {}),
        ("present_on_multiple_rows_within", {"A": ["x"]}, "many", {"within": "A"}),
        ("target_is_sorted_by", {"A": ["x"]}, ["A"], {"within": "A"}),
        ("equals_string_part", {"A": ["x"]}, "A", {"regex": "(a)(b)"}),
    ],
)
def test_what_an_operator_cannot_compare_is_told(
    operator: str, columns: dict[str, list[Any]], value: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(NotAsked):
        ask(table_of(columns), Condition(operator, "A", value, options))


OPPOSITES = [
    ("empty", "non_empty"),
    ("exists", "not_exists"),
    ("contains", "does_not_contain"),
    ("is_contained_by", "is_not_contained_by"),
    ("is_unique_set", "is_not_unique_set"),
    ("is_unique_relationship", "is_not_unique_relationship"),
    ("is_complete_date", "is_incomplete_date"),
    ("has_equal_length", "has_not_equal_length"),
    ("longer_than", "shorter_than_or_equal_to"),
    ("longer_than_or_equal_to", "shorter_than"),
    ("has_different_values", "has_same_values"),
    ("is_ordered_by", "is_not_ordered_by"),
]
VALUES = {"has_equal_length": 3, "longer_than": 3, "longer_than_or_equal_to": 3}

texts = st.one_of(
    st.none(), st.sampled_from(["", "a", "b", "B", "abc", "2020-01-01", "2020", "P1D", "x y"])
)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12), st.sampled_from(OPPOSITES))
def test_an_operator_and_its_opposite_part_the_records(
    rows: list[tuple[str | None, str | None]], pair: tuple[str, str]
) -> None:
    columns = {"A": [a for a, _ in rows], "B": [b for _, b in rows]}
    table = Table(
        {name: pl.Series(name, values, dtype=pl.String) for name, values in columns.items()},
        len(rows),
        Same("AE"),
    )
    value = VALUES.get(pair[0], "B")
    first, second = (ask(table, Condition(name, "A", value)) for name in pair)
    assert all(one is not other for one, other in zip(first, second, strict=True))


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12))
def test_equal_and_not_equal_leave_only_what_is_missing_twice(
    rows: list[tuple[str | None, str | None]],
) -> None:
    table = Table(
        {
            "A": pl.Series([a for a, _ in rows], dtype=pl.String),
            "B": pl.Series([b for _, b in rows], dtype=pl.String),
        },
        len(rows),
        Same("AE"),
    )
    equal = ask(table, Condition("equal_to", "A", "B"))
    unequal = ask(table, Condition("not_equal_to", "A", "B"))
    for one, other, (a, b) in zip(equal, unequal, rows, strict=True):
        assert one + other == (0 if not a and not b else 1)

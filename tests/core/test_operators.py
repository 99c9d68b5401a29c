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
from trialect.schemas.core.table import Once, Same, Table


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
ASK_WHETHER_IT_IS_THERE |= {"additional_columns_empty", "additional_columns_not_empty"}
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


texts = st.one_of(
    st.none(), st.sampled_from(["", "a", "b", "B", "abc", "2020-01-01", "2020", "P1D", "x y"])
)

OPPOSITES = {
    "additional_columns_empty": "additional_columns_not_empty",
    "contains": "does_not_contain",
    "contains_all": "not_contains_all",
    "contains_case_insensitive": "does_not_contain_case_insensitive",
    "empty": "non_empty",
    "equals_string_part": "does_not_equal_string_part",
    "exists": "not_exists",
    "has_different_values": "has_same_values",
    "has_equal_length": "has_not_equal_length",
    "has_next_corresponding_record": "does_not_have_next_corresponding_record",
    "is_complete_date": "is_incomplete_date",
    "is_contained_by": "is_not_contained_by",
    "is_contained_by_case_insensitive": "is_not_contained_by_case_insensitive",
    "is_ordered_by": "is_not_ordered_by",
    "is_ordered_set": "is_not_ordered_set",
    "is_ordered_subset_of": "is_not_ordered_subset_of",
    "is_title_case": "is_not_title_case",
    "is_unique_relationship": "is_not_unique_relationship",
    "is_unique_set": "is_not_unique_set",
    "longer_than": "shorter_than_or_equal_to",
    "longer_than_or_equal_to": "shorter_than",
    "prefix_equal_to": "prefix_not_equal_to",
    "prefix_is_contained_by": "prefix_is_not_contained_by",
    "present_on_multiple_rows_within": "not_present_on_multiple_rows_within",
    "shares_at_least_one_element_with": "shares_no_elements_with",
    "split_parts_have_equal_length": "split_parts_have_unequal_length",
    "suffix_equal_to": "suffix_not_equal_to",
    "suffix_is_contained_by": "suffix_is_not_contained_by",
    "target_is_sorted_by": "target_is_not_sorted_by",
    "value_has_multiple_references": "value_does_not_have_multiple_references",
}
UNLESS_MISSING = {
    "date_equal_to": "date_not_equal_to",
    "equal_to": "not_equal_to",
    "equal_to_case_insensitive": "not_equal_to_case_insensitive",
    "greater_than": "less_than_or_equal_to",
    "greater_than_or_equal_to": "less_than",
    "matches_regex": "not_matches_regex",
    "prefix_matches_regex": "not_prefix_matches_regex",
    "suffix_matches_regex": "not_suffix_matches_regex",
}
"""Of what is missing neither holds, nor of a text that is no date: it is not compared."""

NOTHING_TO_COMPARE = (None, "", "x")

ALONE = {
    "date_greater_than",
    "date_greater_than_or_equal_to",
    "date_less_than",
    "date_less_than_or_equal_to",
    "empty_within_except_last_row",
    "ends_with",
    "inconsistent_enumerated_columns",
    "invalid_date",
    "invalid_duration",
    "is_inconsistent_across_dataset",
    "non_empty_within_except_last_row",
    "shares_exactly_one_element_with",
    "starts_with",
}
"""Operators that have no opposite: of dates known to the month neither need be later, and the last
row of a group is neither empty nor not but for the last."""


def test_every_operator_has_its_opposite_or_has_none() -> None:
    paired = {name for pair in (OPPOSITES | UNLESS_MISSING).items() for name in pair}
    assert paired | ALONE == set(OPERATORS)
    assert not paired & ALONE


def _rows_of(case: OperatorCase, rows: list[int]) -> dict[str, list[Any]]:
    """Rows of a case again, in any order and number; columns keep the type they have there."""
    columns = {}
    for name, values in case.columns.items():
        whole = pl.Series(name, values)
        columns[name] = whole.gather([row % len(values) for row in rows])
    return columns


PAIRED = [case for case in CASES if case.operator in OPPOSITES | UNLESS_MISSING]


@pytest.mark.parametrize(
    "case", PAIRED, ids=[f"{number}-{case.operator}" for number, case in enumerate(PAIRED)]
)
@settings(deadline=None, max_examples=15)
@given(rows=st.lists(st.integers(0, 40), min_size=1, max_size=9))
def test_an_operator_and_its_opposite_part_the_records(case: OperatorCase, rows: list[int]) -> None:
    if not next(iter(case.columns.values())):
        return
    opposite = (OPPOSITES | UNLESS_MISSING)[case.operator]
    columns = _rows_of(case, rows)
    table = table_of(columns, case.same)
    answers = [
        answer(Condition(name, case.name, case.value, case.options), table)
        for name in (case.operator, opposite)
    ]
    if any(isinstance(one, Once) for one in answers):
        # An answer about the table is one answer, which the first row carries.
        assert [one.holds for one in answers if isinstance(one, Once)] in (
            [True, False],
            [False, True],
        )
        return
    first, second = (table.broadcast(one).to_list() for one in answers)
    assert not any(one and other for one, other in zip(first, second, strict=True))
    if case.operator in OPPOSITES:
        assert all(one or other for one, other in zip(first, second, strict=True))
        return
    for one, other, *values in zip(
        first, second, *(c.to_list() for c in columns.values()), strict=True
    ):
        assert one or other or any(value in NOTHING_TO_COMPARE for value in values)


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

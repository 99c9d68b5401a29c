"""Rules put to datasets: which datasets, what a finding shows, what could not be asked and why."""

from __future__ import annotations

from time import process_time
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages import ask, dataset, only, package, places, rule, rule_or_broken

from trialect.schemas.core.engine import run
from trialect.schemas.core.package import Dataset, Datasets

AE = dataset(
    "AE",
    {
        "STUDYID": ["S", "S", "S"],
        "DOMAIN": ["AE", "AE", "AE"],
        "USUBJID": ["1", "1", "2"],
        "AESEQ": [1, 2, 1],
        "AETERM": ["Pain", None, "Rash"],
        "AESER": ["Y", "N", None],
    },
)
DM = dataset("DM", {"DOMAIN": ["DM"], "USUBJID": ["1"], "SEX": ["F"]})
EMPTY = {"all": [{"name": "--TERM", "operator": "empty"}]}


def test_a_finding_has_its_record_subject_sequence_and_values() -> None:
    finding = only(ask(rule(EMPTY, output=["--TERM", "AESER", "--GONE"]), package(AE, DM)))
    assert (finding.dataset, finding.record, finding.usubjid, finding.seq) == ("AE", 2, "1", "2")
    assert finding.variables == {"AETERM": None, "AESER": "N", "AEGONE": "Not in dataset"}


def test_what_the_check_asks_of_is_shown_when_nothing_else_is_named() -> None:
    check = {"all": [{"name": "AESER", "operator": "non_empty"}, *EMPTY["all"]]}
    assert only(ask(rule(check), package(AE))).variables == {"AESER": "N", "AETERM": None}


def test_numbers_are_shown_as_numbers() -> None:
    check = {"all": [{"name": "AESEQ", "operator": "greater_than", "value": 1}]}
    assert only(ask(rule(check), package(AE))).variables == {"AESEQ": "2.0"}


def test_dataset_sensitivity_gives_one_finding_without_a_record() -> None:
    check = {"all": [{"name": "AETERM", "operator": "non_empty"}]}
    finding = only(ask(rule(check, Sensitivity="Dataset"), package(AE)))
    assert (finding.record, finding.variables) == (None, {"AETERM": "Pain"})


def test_group_sensitivity_gives_one_finding_a_group() -> None:
    check = {"all": [{"name": "AESEQ", "operator": "non_empty"}]}
    one = rule(check, Sensitivity="Group", Grouping_Variables=["USUBJID"])
    assert places(ask(one, package(AE))) == [("AE", 1), ("AE", 3)]


def test_study_sensitivity_gives_one_finding() -> None:
    one = rule({"all": [{"name": "USUBJID", "operator": "non_empty"}]}, Sensitivity="Study")
    assert len(ask(one, package(AE, DM)).findings) == 1


def test_a_variable_that_is_not_there_ends_all_and_not_any() -> None:
    gone = {"name": "GONE", "operator": "non_empty"}
    there = {"name": "AETERM", "operator": "empty"}
    ended = ask(rule({"all": [gone, there]}), package(AE))
    assert (ended.status, ended.reason) == ("skipped", "AE: GONE is not in the dataset")
    assert places(ask(rule({"any": [gone, there]}), package(AE))) == [("AE", 2)]
    assert ask(rule({"any": [gone, gone]}), package(AE)).status == "skipped"


def test_not_is_the_opposite() -> None:
    one = rule({"not": EMPTY})
    assert places(ask(one, package(AE))) == [("AE", 1), ("AE", 3)]


def test_a_condition_without_a_name_is_about_every_column() -> None:
    one = rule({"all": [{"operator": "non_empty"}]}, output=["AESEQ"])
    assert places(ask(one, package(AE))) == [("AE", 1)]


def test_nothing_in_scope_is_skipped_with_its_reason() -> None:
    result = ask(rule(EMPTY, Scope={"Domains": {"Include": ["CM"]}}), package(AE))
    assert (result.status, result.reason) == ("skipped", "no dataset is in its scope")


def test_a_dataset_that_is_absent_is_named() -> None:
    operation = {"id": "$x", "operator": "distinct", "domain": "TV", "name": "VISITNUM"}
    check = {"all": [{"name": "AESEQ", "operator": "is_not_contained_by", "value": "$x"}]}
    result = ask(rule(check, Operations=[operation]), package(AE))
    assert (result.status, result.reason) == ("skipped", "AE: TV is not in the package")


def test_a_broken_rule_is_not_run_with_its_reason() -> None:
    result = ask(rule_or_broken({"all": [{"name": "A", "operator": "is_fine"}]}), package(AE))
    assert (result.status, result.reason) == ("not_run", "operator 'is_fine' is not known")


def test_a_question_without_an_answer_is_not_run_with_its_reason() -> None:
    check = {"all": [{"name": "AESEQ", "operator": "longer_than", "value": 3}]}
    result = ask(rule(check), package(AE))
    assert (result.status, result.reason) == (
        "not_run",
        "AE: longer_than needs text, and AESEQ is numeric",
    )


def test_a_dataset_whose_records_are_broken_is_not_run() -> None:
    broken = Dataset("AE", AE.frame, broken="AESEQ is Num and holds text")
    result = ask(rule(EMPTY), package(broken))
    assert (result.status, result.reason) == ("not_run", "AE: AESEQ is Num and holds text")


def test_a_dataset_without_records_has_no_findings() -> None:
    empty = dataset("AE", {"DOMAIN": [], "AETERM": []})
    assert ask(rule(EMPTY), package(empty)).findings == ()


def test_findings_are_in_the_order_of_datasets_and_records() -> None:
    cm = dataset("CM", {"DOMAIN": ["CM", "CM"], "USUBJID": [None, None]})
    missing = dataset("AE", {"DOMAIN": ["AE"], "USUBJID": [None]})
    one = rule({"all": [{"name": "USUBJID", "operator": "empty"}]})
    assert places(ask(one, package(cm, missing))) == [("AE", 1), ("CM", 1), ("CM", 2)]


def _split() -> Datasets:
    return package(
        dataset("QSPH", {"DOMAIN": ["QS", "QS"], "QSSEQ": [1, 2], "QSTEST": ["a", None]}),
        dataset("QSSL", {"DOMAIN": ["QS"], "QSSEQ": [2], "QSTEST": [None]}),
    )


def test_parts_of_a_split_dataset_are_asked_together() -> None:
    unique = rule({"all": [{"name": "--SEQ", "operator": "is_not_unique_set", "value": "DOMAIN"}]})
    assert places(ask(unique, _split())) == [("QSPH", 2), ("QSSL", 1)]


def test_parts_of_a_split_dataset_are_asked_one_by_one_where_the_scope_says_so() -> None:
    scope = {"Domains": {"Include": ["ALL"], "include_split_datasets": True}}
    check = {"all": [{"name": "--SEQ", "operator": "is_not_unique_set", "value": "DOMAIN"}]}
    assert places(ask(rule(check, Scope=scope), _split())) == []


rows = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "2020-01-01", "2020-01", "2021-05-05T10:00"]),
    ),
    min_size=1,
    max_size=10,
)
CHECKS: list[dict[str, Any]] = [
    {"all": [{"name": "AETERM", "operator": "empty"}]},
    {
        "any": [
            {"name": "AETERM", "operator": "equal_to", "value": "a"},
            {"name": "AESTDTC", "operator": "is_incomplete_date"},
        ]
    },
    {"all": [{"name": "AETERM", "operator": "is_not_unique_set", "value": ["USUBJID"]}]},
    {"all": [{"name": "AETERM", "operator": "is_not_unique_relationship", "value": "AESTDTC"}]},
    {"all": [{"name": "AETERM", "operator": "is_inconsistent_across_dataset", "value": "USUBJID"}]},
    {"not": {"all": [{"name": "AESTDTC", "operator": "date_less_than", "value": "2020-06"}]}},
]


def _of(records: list[tuple[str, str | None, str | None]]) -> Datasets:
    columns = {
        "DOMAIN": ["AE"] * len(records),
        "USUBJID": [one for one, _, _ in records],
        "AETERM": [one for _, one, _ in records],
        "AESTDTC": [one for _, _, one in records],
    }
    series = [pl.Series(name, values, dtype=pl.String) for name, values in columns.items()]
    return Datasets.of([Dataset("AE", pl.DataFrame(series))])


@settings(deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_records_and_rules_changes_no_finding(records: Any, random: Any) -> None:
    order = list(range(len(records)))
    random.shuffle(order)
    rules = [rule(check, id=f"T-{number}") for number, check in enumerate(CHECKS)]
    plain = {result.rule.id: result for result in run(rules, _of(records))}
    mixed = {
        result.rule.id: result for result in run(rules[::-1], _of([records[at] for at in order]))
    }
    for name, result in plain.items():
        found = {(order[(one.record or 1) - 1] + 1) for one in mixed[name].findings}
        assert found == {one.record for one in result.findings}, name


@settings(deadline=None)
@given(rows, rows)
def test_findings_of_two_parts_are_those_of_the_whole_where_a_rule_is_about_records(
    first: Any, second: Any
) -> None:
    for number in (0, 1, 5):
        one = rule(CHECKS[number])
        apart = len(ask(one, _of(first)).findings) + len(ask(one, _of(second)).findings)
        assert len(ask(one, _of(first + second)).findings) == apart


@pytest.mark.parametrize("many", [10_000])
def test_ten_thousand_columns(many: int) -> None:
    columns = {f"V{number}": ["x"] for number in range(many)}
    wide = dataset("AE", {"DOMAIN": ["AE"], **columns})
    check = {"all": [{"name": "variable_value", "operator": "empty"}]}
    value = rule(check, Rule_Type="Value Check with Variable Metadata")
    named = rule(
        {"all": [{"name": "variable_name", "operator": "longer_than", "value": 4}]},
        Rule_Type="Variable Metadata Check",
    )
    every = rule({"all": [{"operator": "empty"}]})
    assert ask(value, package(wide)).findings == ()
    assert len(ask(named, package(wide)).findings) == 9_001
    assert ask(every, package(wide)).findings == ()


EXPLODES = "(a+)+$"
"""An expression that takes a backtracking engine time that doubles with each letter."""

ASKED_WITH_A_REGEX: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    *(
        ({"operator": name, "value": EXPLODES, **more}, [])
        for name, more in (
            ("matches_regex", {}),
            ("not_matches_regex", {}),
            ("prefix_matches_regex", {"prefix": 40}),
            ("not_prefix_matches_regex", {"prefix": 40}),
            ("suffix_matches_regex", {"suffix": 40}),
            ("not_suffix_matches_regex", {"suffix": 40}),
        )
    ),
    *(
        ({"operator": name, "value": "USUBJID", "regex": EXPLODES, **more}, [])
        for name, more in (
            ("equals_string_part", {}),
            ("does_not_equal_string_part", {}),
            ("is_unique_set", {}),
            ("is_not_unique_set", {}),
            ("is_inconsistent_across_dataset", {}),
            (
                "target_is_sorted_by",
                {"value": [{"name": "AESEQ", "sort_order": "asc"}], "within": "USUBJID"},
            ),
        )
    ),
    (
        {"operator": "empty"},
        [{"id": "$n", "operator": "record_count", "group": ["AETERM"], "regex": EXPLODES}],
    ),
]


@pytest.mark.parametrize(
    ("condition", "operations"),
    ASKED_WITH_A_REGEX,
    ids=[str(one["operator"]) for one, _ in ASKED_WITH_A_REGEX],
)
def test_an_absurd_expression_takes_bounded_time_wherever_it_stands(
    condition: dict[str, Any], operations: list[dict[str, Any]]
) -> None:
    terms = ["a" * 33 + "!", "a" * 33 + "?"]
    columns = {"DOMAIN": ["AE"] * 2, "USUBJID": terms, "AESEQ": [1, 2], "AETERM": terms}
    check = {"all": [{"name": "AETERM", **condition}]}
    began = process_time()
    found = ask(rule(check, Operations=operations), package(dataset("AE", columns)))
    assert found.status == "run", found.reason
    assert process_time() - began < 5

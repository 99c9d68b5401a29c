"""Every operation gives what its cases say."""

from __future__ import annotations

from typing import Any

import pytest
from packages import ask, dataset, package, rule

from trialect.schemas.core import not_run
from trialect.schemas.core.load import rule_of
from trialect.schemas.core.operations import OPERATIONS, Doing
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.package import Datasets
from trialect.schemas.core.rule import BrokenRule
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Same
from trialect.schemas.ct.terminology import versions

DM = dataset(
    "DM",
    {
        "DOMAIN": ["DM", "DM", "DM"],
        "USUBJID": ["1", "2", "3"],
        "RFSTDTC": ["2020-01-10", "2020-01", None],
    },
)
AE = dataset(
    "AE",
    {
        "STUDYID": ["S"] * 5,
        "DOMAIN": ["AE"] * 5,
        "USUBJID": ["1", "1", "2", "2", "9"],
        "AESEQ": [1, 2, 1, 2, 1],
        "AETERM": ["Pain", "Rash", "Pain", None, "Pain"],
        "AESER": ["Y", "N", "Y", "Y", None],
        "AESTDTC": ["2020-01-10", "2020-01-09T10:00", "2020-01", None, "2020-02-01"],
        "AESEV": ["A|B", "C", None, "D|E|F", "G"],
    },
    label="Adverse Events",
    size=1234,
)
QS = (
    dataset("QSPH", {"DOMAIN": ["QS"], "USUBJID": ["1"], "QSTESTCD": ["T1"], "VISITNUM": [1]}),
    dataset("QSSL", {"DOMAIN": ["QS"], "USUBJID": ["1"], "QSTESTCD": ["T2"], "VISITNUM": [2]}),
)
SUPPAE = dataset(
    "SUPPAE",
    {
        "RDOMAIN": ["AE", "AE", "AE"],
        "USUBJID": ["1", "1", "1"],
        "IDVAR": ["AESEQ", "GONE", None],
        "QNAM": ["AESOSP", "AETERM", "X"],
    },
)
XX = dataset("XX", {"DOMAIN": ["XX"], "XXTESTCD": ["T"], "XXSTRESC": ["r"]})
SUPPXX = dataset("SUPPXX", {"RDOMAIN": ["XX"], "QNAM": ["Q"]})
ALL = package(AE, DM, *QS, SUPPAE, XX, SUPPXX)


def done(of: str, operator: str, datasets: Datasets = ALL, **keys: Any) -> Any:
    """What an operation gives with one dataset: a value that all rows have, or a list of them."""
    keys.setdefault("id", "$x")
    one = rule(
        {"all": [{"name": "A", "operator": "exists"}]}, Operations=[{"operator": operator, **keys}]
    )
    study = Study(datasets)
    wanted = datasets.by_name[of]
    result = OPERATIONS[operator](Doing(one.operations[0], study.part(wanted), wanted, study))
    assert not isinstance(result, dict)
    return result.value if isinstance(result, Same) else result.to_list()


CASES: list[tuple[str, str, dict[str, Any], Any]] = [
    ("AE", "distinct", {"name": "--TERM"}, ["Pain", "Rash"]),
    ("DM", "distinct", {"domain": "AE", "name": "AESEQ"}, [1.0, 2.0]),
    ("AE", "distinct", {"name": "AETERM", "filter": {"AESER": "N"}}, ["Rash"]),
    ("AE", "distinct", {"name": "AETERM", "filter": {"AETERM": "P&"}}, ["Pain"]),
    ("DM", "distinct", {"domain": "QS", "name": "--TESTCD"}, ["T1", "T2"]),
    (
        "DM",
        "distinct",
        {"domain": "AE", "name": "AETERM", "group": ["USUBJID"]},
        [["Pain", "Rash"], ["Pain"], None],
    ),
    (
        "SUPPAE",
        "distinct",
        {"domain": "SUPP--", "name": "IDVAR", "value_is_reference": True},
        ["AESEQ"],
    ),
    (
        "SUPPAE",
        "distinct",
        {"domain": "SUPP--", "name": "IDVAR", "value_is_reference": True, "group": ["USUBJID"]},
        [["AESEQ"]] * 3,
    ),
    ("AE", "record_count", {}, 5),
    ("DM", "record_count", {"domain": "AE", "filter": {"AESER": "Y"}}, 3),
    ("AE", "record_count", {"group": ["USUBJID"]}, [2, 2, 2, 2, 1]),
    ("AE", "record_count", {"group": ["USUBJID"], "filter": {"AESER": "N"}}, [1, 1, 0, 0, 0]),
    (
        "DM",
        "record_count",
        {"domain": "AE", "group": ["USUBJID"], "group_aliases": ["USUBJID"]},
        [2, 2, None],
    ),
    (
        "AE",
        "record_count",
        {"group": ["--STDTC"], "regex": r"^\d{4}-\d{2}"},
        [3, 3, 3, 1, 1],
    ),
    ("AE", "variable_count", {"name": "--TESTCD"}, 2),
    ("AE", "variable_value_count", {"name": "USUBJID"}, {"1": 4, "2": 2, "9": 1, "3": 1}),
    ("AE", "variable_exists", {"name": "--TERM"}, True),
    ("AE", "variable_exists", {"domain": "DM", "name": "AETERM"}, False),
    ("AE", "variable_is_null", {"name": "--TERM"}, False),
    ("AE", "variable_is_null", {"name": "GONE"}, True),
    ("AE", "variable_is_null", {"domain": "DM", "name": "RFSTDTC", "source": "submission"}, False),
    ("AE", "max", {"name": "AESEQ"}, 2.0),
    ("AE", "min", {"name": "AETERM"}, "Pain"),
    ("AE", "mean", {"name": "AESEQ"}, 1.4),
    ("DM", "max", {"domain": "AE", "name": "AESEQ", "group": ["USUBJID"]}, [2.0, 2.0, None]),
    ("AE", "max_date", {"name": "--STDTC"}, "2020-02-01"),
    ("AE", "min_date", {"name": "AESTDTC"}, "2020-01"),
    (
        "DM",
        "min_date",
        {"domain": "AE", "name": "AESTDTC", "group": ["USUBJID"]},
        ["2020-01-09T10:00", "2020-01", None],
    ),
    (
        "DM",
        "max_date",
        {"domain": "AE", "name": "AESTDTC", "group": ["USUBJID"]},
        ["2020-01-10", "2020-01", None],
    ),
    ("AE", "dy", {"name": "--STDTC"}, [1, -1, None, None, None]),
    ("AE", "dataset_names", {}, ["AE", "DM", "QSPH", "QSSL", "SUPPAE", "SUPPXX", "XX"]),
    ("AE", "study_domains", {}, ["", "AE", "DM", "QS", "XX"]),
    ("AE", "domain_label", {}, "Adverse Events"),
    ("XX", "domain_label", {}, ""),
    ("AE", "domain_is_custom", {}, False),
    ("XX", "domain_is_custom", {}, True),
    ("SUPPXX", "related_domain_is_custom", {}, True),
    ("SUPPAE", "related_domain_is_custom", {}, False),
    ("AE", "extract_metadata", {"name": "dataset_label"}, "Adverse Events"),
    ("AE", "extract_metadata", {"name": "dataset_size"}, 1234),
    ("AE", "map", {"map": [{"output": "all"}]}, "all"),
    (
        "AE",
        "map",
        {"map": [{"AESER": "Y", "output": "serious"}, {"AESER": "N", "output": "not"}]},
        ["serious", "not", "serious", "serious", None],
    ),
    (
        "AE",
        "split_by",
        {"name": "AESEV", "delimiter": "|"},
        [["A", "B"], ["C"], None, ["D", "E", "F"], ["G"]],
    ),
    (
        "AE",
        "get_column_order_from_dataset",
        {},
        ["STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AETERM", "AESER", "AESTDTC", "AESEV"],
    ),
    (
        "AE",
        "get_dataset_filtered_variables",
        {"key_name": "role", "key_value": "Timing"},
        ["AESTDTC"],
    ),
    (
        "AE",
        "codelist_terms",
        {"codelists": ["NY"], "level": "codelist", "returntype": "code"},
        ["C66742"],
    ),
    (
        "AE",
        "codelist_terms",
        {"codelists": ["NY"], "level": "codelist", "returntype": "value"},
        ["NY"],
    ),
    ("AE", "codelist_extensible", {"codelist": "NY"}, False),
    ("AE", "codelist_extensible", {"codelist": "UNIT"}, True),
    ("AE", "valid_codelist_dates", {}, versions()),
    ("AE", "valid_codelist_dates", {"ct_package_types": ["ADAM"]}, []),
]


@pytest.mark.parametrize(
    ("name", "operator", "keys", "wanted"),
    CASES,
    ids=[f"{number}-{case[1]}" for number, case in enumerate(CASES)],
)
def test_operation(name: str, operator: str, keys: dict[str, Any], wanted: Any) -> None:
    assert done(name, operator, **keys) == wanted


CONTAINED: list[tuple[str, str, dict[str, Any], list[str], list[str]]] = [
    ("AE", "required_variables", {}, ["AETERM", "AEDECOD", "AESEQ"], ["AESER", "AESPID"]),
    ("AE", "required_expected_variables", {}, ["AETERM", "AESER", "AESTDTC"], ["AESPID"]),
    ("AE", "expected_variables", {}, ["AESER", "AESTDTC"], ["AETERM", "AESPID"]),
    ("AE", "permissible_variables", {}, ["AESPID", "AEPRESP"], ["AETERM", "AESER"]),
    (
        "AE",
        "get_column_order_from_library",
        {},
        ["STUDYID", "AETERM", "AESTDTC", "POOLID"],
        ["CMTRT"],
    ),
    ("AE", "get_model_column_order", {}, ["AETERM", "AELNKGRP", "MIDS"], ["AETESTCD", "AETRT"]),
    (
        "XX",
        "get_model_column_order",
        {},
        ["XXTESTCD", "XXSTRESC", "XXDTC"],
        ["XXTERM"],
    ),
    (
        "AE",
        "get_model_filtered_variables",
        {"key_name": "role", "key_value": "Timing"},
        ["AESTDTC", "VISITNUM", "AEDUR"],
        ["AETERM", "STUDYID"],
    ),
    ("SUPPAE", "get_parent_model_column_order", {}, ["AETERM", "AESEQ"], ["QNAM"]),
    ("AE", "standard_domains", {}, ["AE", "DM", "TX", "SJ", "SUPPQUAL"], ["XX"]),
    ("AE", "get_library_class_domains", {"domain_class": "Events"}, ["AE", "DS"], ["CM"]),
    ("AE", "variable_names", {}, ["AETERM", "QNAM", "USUBJID"], ["XXTERM", "--SEQ"]),
    (
        "AE",
        "codelist_terms",
        {"codelists": ["NY"], "level": "term", "returntype": "value"},
        ["Y", "N"],
        ["C49488"],
    ),
    (
        "AE",
        "codelist_terms",
        {"codelists": ["NY"], "level": "term", "returntype": "code"},
        ["C49488"],
        ["Y"],
    ),
]


@pytest.mark.parametrize(
    ("name", "operator", "keys", "there", "not_there"),
    CONTAINED,
    ids=[f"{number}-{case[1]}" for number, case in enumerate(CONTAINED)],
)
def test_operation_that_lists(
    name: str, operator: str, keys: dict[str, Any], there: list[str], not_there: list[str]
) -> None:
    found = done(name, operator, **keys)
    assert set(there) <= set(found)
    assert set(not_there).isdisjoint(found)
    assert len(set(found)) == len(found)


def test_the_order_of_the_standard_is_that_of_the_model() -> None:
    """SDTM 2.0: identifiers, the class's variables, timing; a finding's object behind its test."""
    found = done("AE", "get_column_order_from_library")
    places = [found.index(name) for name in ("STUDYID", "POOLID", "AESEQ", "AETERM", "AESTDTC")]
    assert places == sorted(places)
    fa = dataset("FA", {"DOMAIN": ["FA"], "FATESTCD": ["T"], "FAOBJ": ["O"]})
    about = done("FA", "get_model_column_order", package(fa))
    assert about[about.index("FATEST") + 1] == "FAOBJ"


def test_lists_taken_from_lists() -> None:
    operations = [
        {"id": "$one", "operator": "get_column_order_from_dataset"},
        {"id": "$two", "operator": "distinct", "domain": "QS", "name": "VISITNUM"},
        {"id": "$three", "operator": "minus", "name": "$one", "subtract": "$one"},
        {"id": "$four", "operator": "minus", "name": "$one", "subtract": "$gone"},
    ]
    check = {
        "all": [{"name": "$three", "operator": "empty"}, {"name": "$four", "operator": "non_empty"}]
    }
    one = rule(check, Operations=operations, output=["$two"])
    found = ask(one, package(DM, *QS)).findings
    assert [dict(finding.variables) for finding in found if finding.dataset == "DM"] == [
        {"$two": "[1.0, 2.0]"}
    ] * 3


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (["a", "b", "c", "b"], ["b"], ["a", "c", "b"]),
        (["a", "b", "c"], ["c", "a"], ["a", "b"]),
        (["a", "a", "b"], ["a"], ["b"]),
        (["a"], ["x"], ["a"]),
    ],
)
def test_minus_with_and_without_order(
    first: list[str], second: list[str], wanted: list[str]
) -> None:
    study = Study(package(DM))
    table = study.part(DM).with_columns({"$one": Same(first), "$two": Same(second)})
    keys = {"id": "$x", "operator": "minus", "name": "$one", "subtract": "$two"}
    ordered = rule(
        {"all": [{"name": "A", "operator": "exists"}]},
        Operations=[{**keys, "order_insensitive": False}, keys],
    )
    with_order, without = (
        OPERATIONS["minus"](Doing(one, table, DM, study)) for one in ordered.operations
    )
    assert isinstance(with_order, Same)
    assert isinstance(without, Same)
    assert without.value == [one for one in first if one not in second]
    assert with_order.value == wanted


@pytest.mark.parametrize("by", ["name", "label"])
def test_what_the_standard_says_of_the_variable_that_a_value_names(by: str) -> None:
    value = {"name": "AETERM", "label": "Reported Term for the Adverse Event"}[by]
    frame = dataset("AE", {"DOMAIN": ["AE", "AE"], "AETERM": [value, "other"]})
    operator = f"{by}_referenced_variable_metadata"
    study = Study(package(frame))
    one = rule(
        {"all": [{"name": "A", "operator": "exists"}]},
        Operations=[{"id": "$v", "operator": operator, "name": "AETERM"}],
    )
    found = OPERATIONS[operator](Doing(one.operations[0], study.part(frame), frame, study))
    assert isinstance(found, dict)
    assert found["$v_name"].to_list() == ["AETERM", ""]
    assert found["$v_core"].to_list() == ["Req", ""]


def test_terms_in_the_version_that_a_row_names() -> None:
    version = versions()[-1]
    frame = dataset(
        "TS",
        {
            "DOMAIN": ["TS", "TS", "TS"],
            "TSVCDVER": [version, "1999-01-01", version],
            "TSVALCD": ["C49488", "C49488", "C0"],
            "TSVAL": ["y", "Y", "Y"],
            "TSVCDREF": ["CDISC CT", "CDISC CT", "MedDRA"],
        },
    )
    datasets = package(frame)
    keys = {"ct_package_type": "SDTM", "version": "TSVCDVER", "codelist_code": "C66742"}
    assert done("TS", "codelist_terms", datasets, term_code="TSVALCD", **keys) == ["Y", None, None]
    assert done("TS", "codelist_terms", datasets, term_value="TSVAL", **keys) == [
        "C49488",
        None,
        "C49488",
    ]
    assert done("TS", "codelist_extensible", datasets, **keys) == [False, None, False]
    found = done(
        "TS",
        "get_codelist_attributes",
        datasets,
        name="TSVCDREF",
        version="TSVCDVER",
        ct_attribute="Codelist CCODE",
    )
    assert ["C66742" in row for row in found] == [True, False, False]


def test_every_operation_is_held_to_a_case() -> None:
    tested = {case[1] for case in CASES} | {case[1] for case in CONTAINED}
    tested |= {"minus", "name_referenced_variable_metadata", "label_referenced_variable_metadata"}
    tested |= {"get_codelist_attributes"}
    # These read a Define-XML: test_rule_types.py.
    tested |= {"define_variable_metadata", "define_extensible_codelists", "define_dataset_names"}
    # These are of values: test_permitted.py.
    tested |= {"permitted_terms", "permitted_terms_extensible", "nearest_permitted_term"}
    tested |= {"paired_term"}
    assert set(OPERATIONS) == tested


@pytest.mark.parametrize(
    ("operator", "keys", "reason"),
    [
        ("distinct", {}, "needs a name"),
        ("distinct", {"name": "AETERM", "domain": "TV"}, "TV is not in the package"),
        ("distinct", {"name": "GONE"}, "GONE is not in the dataset"),
        ("distinct", {"name": "AETERM", "filter": ["AESER"]}, "is no mapping"),
        ("mean", {"name": "AETERM"}, "needs numbers"),
        ("min_date", {"name": "AESEQ"}, "is numeric"),
        ("min_date", {"name": "AETERM"}, "no date of ISO 8601"),
        ("extract_metadata", {"name": "dataset_colour"}, "no fact of a dataset"),
        ("map", {}, "needs a list of lines"),
        ("split_by", {"name": "AESEV"}, "needs delimiter"),
        ("codelist_terms", {"codelists": ["NOSUCH"], "level": "term"}, "NOSUCH is not in"),
        ("codelist_terms", {"codelists": ["NY"]}, "needs level"),
        ("codelist_terms", {}, "needs codelists"),
        ("get_model_filtered_variables", {"key_name": "colour"}, "is none of"),
        ("define_variable_metadata", {"attribute_name": "x"}, "no Define-XML"),
        ("define_extensible_codelists", {"codelists": ["ALL"]}, "no Define-XML"),
    ],
)
def test_what_an_operation_lacks_is_told(operator: str, keys: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAsked, match=reason):
        done("AE", operator, **keys)


def test_the_model_says_nothing_of_a_dataset_without_a_class() -> None:
    strange = dataset("ZZ", {"DOMAIN": ["ZZ"], "ZZX": ["1"]})
    with pytest.raises(NotAsked, match="class is not known"):
        done("ZZ", "get_model_column_order", package(strange))


def test_dm_is_needed_for_a_study_day() -> None:
    with pytest.raises(NotAsked, match="DM is not in the package"):
        done("AE", "dy", package(AE), name="--STDTC")


@pytest.mark.parametrize("name", sorted(not_run.OPERATIONS))
def test_operations_for_what_is_not_here_say_so(name: str) -> None:
    keys = {"id": "$x", "operator": name}
    given = {"Core": {"Id": "T-1"}, "Rule Type": "Record Data", "Sensitivity": "Record"}
    check = {"all": [{"name": "A", "operator": "empty"}]}
    one = rule_of({**given, "Check": check, "Outcome": {"Message": "m"}, "Operations": [keys]})
    assert isinstance(one, BrokenRule)
    assert name in one.reason

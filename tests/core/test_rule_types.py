"""What the rows are that a check is asked of, for every rule type."""

from __future__ import annotations

from typing import Any

import pytest
from packages import ask, dataset, only, package, places, rule

from trialect.converters.readers.define_xml import DefineXml
from trialect.metadata import (
    CodelistMeta,
    Condition,
    DatasetMeta,
    MethodMeta,
    Origin,
    TermMeta,
    ValueMeta,
    VariableMeta,
)
from trialect.schemas.core.rule_types import RULE_TYPES

AE = dataset(
    "AE",
    {
        "STUDYID": ["S", "S"],
        "DOMAIN": ["AE", "AE"],
        "USUBJID": ["1", "2"],
        "AESEQ": [1, 2],
        "AETERM": ["Pain", None],
        "AESEV": ["MILD", "BAD"],
    },
    label="Adverse Events",
    size=99,
    labels={"AETERM": "A label that is longer than forty characters are"},
)
SUPPAE = dataset("SUPPAE", {"RDOMAIN": ["AE"], "QNAM": ["X"], "QVAL": [" y"]})
QS = (
    dataset("QSPH", {"DOMAIN": ["QS"], "QSTESTCD": ["T"], "QSORRES": ["."]}),
    dataset("QSSL", {"DOMAIN": ["QS"], "QSTESTCD": ["T"], "QSORRES": ["1"]}),
)

SEVERITY = CodelistMeta(
    "CL.SEV",
    "Severity",
    "C66769",
    (TermMeta("MILD", "Mild", "C41338"), TermMeta("OWN", "Own", None)),
)


def _variable(name: str, **more: Any) -> VariableMeta:
    facts = {
        "label": name,
        "type": "Char",
        "length": 8,
        "data_type": "text",
        "role": "",
        "core": None,
    }
    return VariableMeta(name, **{**facts, **more})


WEIGHT = ValueMeta(
    (Condition("AE", "AESEQ", "EQ", ("1",)), Condition("AE", "AESEV", "NE", ("BAD",))),
    "Term of the first",
    "text",
    3,
)
DEFINE = DefineXml(
    study="S",
    title="",
    created="",
    standards=(),
    datasets=(
        DatasetMeta(
            "AE",
            "Adverse Events",
            "AE",
            "EVENTS",
            "One record an event",
            0,
            (
                _variable("STUDYID", core="Req", key_sequence=1),
                _variable("AETERM", label="Another label", value_level=(WEIGHT,)),
                _variable(
                    "AESEV",
                    codelist=SEVERITY,
                    origin=Origin("Collected"),
                    method=MethodMeta("MT.1", "m", "d"),
                ),
                _variable("AESEQ", type="Num", data_type="integer", digits=3, has_data=False),
            ),
        ),
        DatasetMeta("CM", "Medications", "CM", "INTERVENTIONS", "", 0, (_variable("CMTRT"),)),
    ),
    files={"AE": ("ae.xpt",), "CM": ("cm.xpt",)},
)
PACKAGE = package(AE, SUPPAE, *QS)
DEFINED = package(AE, SUPPAE, define=DEFINE)


def _ask(rule_type: str, *conditions: dict[str, Any], defined: bool = True, **keys: Any) -> Any:
    one = rule({"all": list(conditions)}, Rule_Type=rule_type, **keys)
    return ask(one, DEFINED if defined else PACKAGE)


def _is(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "operator": "equal_to", "value": value, "value_is_literal": True}


def test_record_data() -> None:
    found = _ask("Record Data", {"name": "AETERM", "operator": "empty"})
    assert places(found) == [("AE", 2)]


def test_dataset_metadata() -> None:
    for name, value in (
        ("dataset_name", "AE"),
        ("dataset_label", "Adverse Events"),
        ("dataset_location", "ae.xpt"),
        ("dataset_size", 99),
        ("record_count", 2),
        ("is_ap", False),
    ):
        found = _ask("Dataset Metadata Check", _is("dataset_name", "AE"), _is(name, value))
        assert places(found) == [("AE", 1)], name


def test_dataset_metadata_of_parts_of_a_split_dataset() -> None:
    longer = {"name": "dataset_name", "operator": "longer_than", "value": 3}
    found = _ask("Dataset Metadata Check", longer, defined=False)
    assert [place for place in places(found) if place[0][:2] == "QS"] == [("QSPH", 1), ("QSSL", 1)]


def test_variable_metadata() -> None:
    longer = {"name": "variable_label", "operator": "longer_than", "value": 40}
    found = _ask(
        "Variable Metadata Check", longer, output=["variable_name", "variable_order_number"]
    )
    finding = only(found)
    assert (finding.record, finding.variables) == (
        5,
        {"variable_name": "AETERM", "variable_order_number": "5"},
    )
    for name, value in (("variable_data_type", "Num"), ("variable_size", 8)):
        found = _ask("Variable Metadata Check", _is("variable_name", "AESEQ"), _is(name, value))
        assert places(found) == [("AE", 4)], name


def test_the_longest_value_is_measured_where_a_rule_asks_for_it() -> None:
    found = _ask(
        "Variable Metadata Check", _is("variable_name", "AETERM"), _is("variable_max_size", 4)
    )
    assert places(found) == [("AE", 5)]


def test_lengths_in_bytes_are_those_of_the_file() -> None:
    term = dataset("AE", {"DOMAIN": ["AE", "AE"], "AETERM": ["\u00e9\u00e9", "abc"]})
    is_term = _is("variable_name", "AETERM")
    longest = rule(
        {"all": [is_term, _is("variable_max_size", 3), _is("variable_max_bytes", 4)]},
        Rule_Type="Variable Metadata Check",
    )
    assert places(ask(longest, package(term))) == [("AE", 2)]
    more = {"name": "variable_value_bytes", "operator": "greater_than", "value": 3}
    longer = rule({"all": [is_term, more]}, Rule_Type="Value Check with Variable Metadata")
    assert places(ask(longer, package(term))) == [("AE", 1)]
    more = {"name": "variable_value_length", "operator": "greater_than", "value": 2}
    longer = rule({"all": [is_term, more]}, Rule_Type="Value Check with Variable Metadata")
    assert places(ask(longer, package(term))) == [("AE", 2)]


def test_variable_metadata_against_the_standard() -> None:
    kind = "Variable Metadata Check against Library Metadata"
    for name, value in (
        ("library_variable_label", "Reported Term for the Adverse Event"),
        ("library_variable_core", "Req"),
        ("library_variable_role", "Topic"),
        ("library_variable_data_type", "Char"),
        ("variable_has_empty_values", True),
        ("variable_is_empty", False),
    ):
        found = _ask(kind, _is("variable_name", "AETERM"), _is(name, value))
        assert places(found) == [("AE", 5)], name
    found = _ask(kind, _is("library_variable_ccode", "C66769"))
    assert places(found) == [("AE", 6)]


def test_variable_metadata_against_define() -> None:
    kind = "Variable Metadata Check against Define XML"
    for name, value in (
        ("define_variable_label", "Another label"),
        ("define_variable_size", 8),
        ("define_variable_mandatory", "No"),
        ("define_variable_has_codelist", False),
    ):
        found = _ask(kind, _is("variable_name", "AETERM"), _is(name, value))
        assert places(found) == [("AE", 5)], name
    for name, value in (
        ("define_variable_ccode", "C66769"),
        ("define_variable_origin_type", "Collected"),
        ("define_variable_is_collected", True),
        ("define_variable_has_method", True),
    ):
        found = _ask(kind, _is("variable_name", "AESEV"), _is(name, value))
        assert places(found) == [("AE", 6)], name
    gone = _ask(kind, {"name": "define_variable_name", "operator": "empty"})
    assert places(gone) == [("AE", 2), ("AE", 3)]
    seq = _ask(kind, _is("define_variable_has_no_data", "Yes"), _is("define_variable_length", 3))
    assert places(seq) == [("AE", 4)]


def test_variable_metadata_against_define_and_the_standard() -> None:
    kind = "Variable Metadata Check against Define XML and Library Metadata"
    differs = {
        "name": "define_variable_label",
        "operator": "not_equal_to",
        "value": "library_variable_label",
    }
    found = _ask(kind, differs, {"name": "define_variable_name", "operator": "non_empty"})
    assert places(found) == [("AE", 1), ("AE", 4), ("AE", 5), ("AE", 6)]


def test_define_items() -> None:
    found = _ask(
        "Define Item Metadata Check",
        _is("define_variable_ccode", "C66769"),
        output=["define_variable_name", "define_variable_label"],
    )
    assert only(found).variables == {
        "define_variable_name": "AESEV",
        "define_variable_label": "AESEV",
    }


def test_define_item_groups() -> None:
    kind = "Define Item Group Metadata Check"
    found = _ask(kind, _is("define_dataset_structure", "One record an event"))
    assert places(found) == [("AE", 1)]
    assert places(_ask(kind, _is("define_dataset_class", "FINDINGS"))) == []


def test_define_items_against_the_standard() -> None:
    kind = "Define Item Metadata Check against Library Metadata"
    listed = {
        "name": "define_variable_codelist_coded_codes",
        "operator": "contains",
        "value": "C41338",
    }
    found = _ask(
        kind, _is("library_variable_ccode", "C66769"), listed, output=["define_variable_name"]
    )
    assert only(found).variables == {"define_variable_name": "AESEV"}


def test_values_with_what_is_known_of_the_variable() -> None:
    blank = {"name": "variable_value", "operator": "matches_regex", "value": r"^\s"}
    found = _ask("Value Check with Variable Metadata", _is("variable_data_type", "Char"), blank)
    assert [dict(one.variables) for one in found.findings] == [
        {"variable_data_type": "Char", "variable_value": " y"}
    ]
    dots = _ask(
        "Value Check with Variable Metadata",
        _is("variable_value", "."),
        defined=False,
        output=["variable_name"],
    )
    assert (only(dots).dataset, only(dots).record) == ("QSPH", 1)


def test_values_with_what_is_known_of_the_dataset() -> None:
    empty = {"name": "variable_value", "operator": "empty"}
    found = _ask("Value Check with Dataset Metadata", _is("dataset_name", "AE"), empty)
    assert places(found) == [("AE", 2)]


def test_values_against_the_standard() -> None:
    empty = {"name": "variable_value", "operator": "empty"}
    found = _ask("Value Check against Library Metadata", _is("library_variable_core", "Req"), empty)
    assert places(found) == [("AE", 2)]


def test_values_against_define() -> None:
    own = {
        "name": "variable_value",
        "operator": "is_not_contained_by",
        "value": "define_variable_codelist_coded_values",
    }
    has = _is("define_variable_has_codelist", True)
    found = _ask("Value Check against Define XML Variable", has, own, output=["variable_value"])
    assert (only(found).record, only(found).variables) == (2, {"variable_value": "BAD"})


def test_values_against_value_level_metadata() -> None:
    longer = {
        "name": "variable_value_length",
        "operator": "greater_than",
        "value": "define_vlm_size",
    }
    found = _ask(
        "Value Check against Define XML VLM", longer, output=["variable_name", "define_vlm_label"]
    )
    assert (only(found).record, only(found).variables) == (
        1,
        {"variable_name": "AETERM", "define_vlm_label": "Term of the first"},
    )


def test_operators_across_rows_have_no_meaning_for_values() -> None:
    across = {"name": "variable_value", "operator": "is_unique_set", "value": "variable_name"}
    found = _ask("Value Check with Variable Metadata", across)
    assert found.status == "not_run"
    assert "holds rows against each other" in found.reason


def test_presence_of_datasets() -> None:
    check = {"name": "CM", "operator": "not_exists"}
    found = _ask("Domain Presence Check", _is("AE", "ae.xpt"), check, Sensitivity="Dataset")
    assert {(one.dataset, one.record) for one in found.findings} == {("STUDY", None)}
    assert found.findings[0].variables == {"AE": "ae.xpt", "CM": "Not in dataset"}


def test_presence_of_datasets_against_define() -> None:
    check = {"name": "filename", "operator": "empty"}
    found = _ask("Domain Presence Check against Define XML", check, output=["define_dataset_name"])
    assert dict(found.findings[0].variables) == {"define_dataset_name": "CM"}


def test_datasets_against_define() -> None:
    check = {"name": "dataset_name", "operator": "empty"}
    kind = "Dataset Metadata Check against Define XML"
    found = _ask(kind, check, output=["define_dataset_location"])
    assert (only(found).dataset, dict(only(found).variables)) == (
        "CM",
        {"define_dataset_location": "cm.xpt"},
    )
    same = {"name": "dataset_label", "operator": "equal_to", "value": "define_dataset_label"}
    assert places(_ask(kind, same)) == [("AE", 1)]


def test_records_against_define() -> None:
    kind = "Dataset Contents Check against Define XML"
    keys = {
        "name": "define_dataset_key_sequence",
        "operator": "contains",
        "value": "STUDYID",
        "value_is_literal": True,
    }
    found = _ask(kind, keys, {"name": "AETERM", "operator": "empty"})
    assert places(found) == [("AE", 2)]


def test_operations_that_read_define() -> None:
    label = {
        "id": "$label",
        "operator": "define_variable_metadata",
        "attribute_name": "define_variable_label",
        "name": "AETERM",
    }
    own = {"id": "$own", "operator": "define_extensible_codelists", "codelists": ["ALL"]}
    names = {"id": "$names", "operator": "define_dataset_names"}
    check = {"name": "AETERM", "operator": "empty"}
    shown = ["$label", "$own", "$names"]
    found = _ask("Record Data", check, Operations=[label, own, names], output=shown)
    assert only(found).variables == {
        "$label": "Another label",
        "$own": "['OWN']",
        "$names": "['AE', 'CM']",
    }


@pytest.mark.parametrize("kind", [kind for kind in RULE_TYPES if "Define" in kind])
def test_without_define_a_rule_about_it_is_skipped(kind: str) -> None:
    found = _ask(kind, {"name": "AETERM", "operator": "empty"}, defined=False)
    assert (found.status, found.reason.split(": ")[1]) == (
        "skipped",
        "the package has no Define-XML",
    )


@pytest.mark.parametrize("kind", sorted(RULE_TYPES))
def test_every_rule_type_can_be_asked(kind: str) -> None:
    found = _ask(kind, {"name": "GONE", "operator": "non_empty"})
    assert found.findings == ()
    assert "GONE is not in the dataset" in {outcome.reason for outcome in found.outcomes}

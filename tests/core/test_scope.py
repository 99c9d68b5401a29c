"""Which datasets a rule is about."""

from __future__ import annotations

from typing import Any

import pytest
from packages import ask, dataset, package, rule

from trialect.schemas.core import library
from trialect.schemas.core.package import Dataset

AE = dataset("AE", {"DOMAIN": ["AE"], "AETERM": ["x"]})
CM = dataset("CM", {"DOMAIN": ["CM"], "CMTRT": ["x"]})
FA = dataset("FA", {"DOMAIN": ["FA"], "FATESTCD": ["x"], "FAOBJ": ["x"]})
DM = dataset("DM", {"DOMAIN": ["DM"]})
SUPPAE = dataset("SUPPAE", {"RDOMAIN": ["AE"], "QNAM": ["x"]})
QSPH = dataset("QSPH", {"DOMAIN": ["QS"], "QSTESTCD": ["x"]})
APMH = dataset("APMH", {"DOMAIN": ["APMH"], "APID": ["x"], "MHTERM": ["x"]})
MH = dataset("MH", {"DOMAIN": ["MH"], "MHTERM": ["x"]})
RELREC = dataset("RELREC", {"RDOMAIN": ["AE"], "RELID": ["x"]})
TX = dataset("TX", {"DOMAIN": ["TX"], "SETCD": ["x"]})
ALL = (AE, CM, FA, DM, SUPPAE, QSPH, APMH, MH, RELREC, TX)


def asked(scope: dict[str, Any], *datasets: Dataset) -> set[str]:
    """The datasets that a rule of this scope is put to."""
    check = {
        "any": [{"name": "AETERM", "operator": "exists"}, {"name": "GONE", "operator": "exists"}]
    }
    result = ask(rule(check, Scope=scope), package(*(datasets or ALL)))
    return {outcome.dataset for outcome in result.outcomes}


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ({}, {one.name for one in ALL}),
        ({"Domains": {"Include": ["ALL"]}}, {one.name for one in ALL}),
        ({"Domains": {"Include": ["AE", "QS"]}}, {"AE", "QSPH"}),
        ({"Domains": {"Include": ["QSPH"]}}, {"QSPH"}),
        ({"Domains": {"Include": ["SUPP--"]}}, {"SUPPAE"}),
        ({"Domains": {"Include": ["AP--"]}}, {"APMH"}),
        ({"Domains": {"Include": ["SUPPAE"]}}, {"SUPPAE"}),
        (
            {"Domains": {"Exclude": ["AE", "SUPP--", "AP--", "RELREC"]}},
            {"CM", "FA", "DM", "QSPH", "MH", "TX"},
        ),
        ({"Domains": {"Exclude": ["ALL"]}}, set()),
        (
            {"Domains": {"Include": ["ALL"], "include_split_datasets": False}},
            {one.name for one in ALL} - {"QSPH"},
        ),
        ({"Domains": {"include_split_datasets": True}}, {"QSPH"}),
        ({"Classes": {"Include": ["EVENTS"]}}, {"AE", "MH", "APMH"}),
        ({"Classes": {"Include": ["FINDINGS"]}}, {"FA", "QSPH"}),
        ({"Classes": {"Include": ["FINDINGS ABOUT"]}}, {"FA"}),
        ({"Classes": {"Include": ["SPECIAL PURPOSE"]}}, {"DM"}),
        ({"Classes": {"Include": ["RELATIONSHIP"]}}, {"SUPPAE", "RELREC"}),
        ({"Classes": {"Include": ["TRIAL DESIGN"]}}, {"TX"}),
        ({"Classes": {"Exclude": ["FINDINGS", "EVENTS"]}}, {"CM", "DM", "SUPPAE", "RELREC", "TX"}),
        ({"Classes": {"Include": ["EVENTS"]}, "Domains": {"Exclude": ["AE"]}}, {"MH", "APMH"}),
        ({"Entities": {"Include": ["AE"]}}, {"AE"}),
        ({"Datasets": {"Include": ["AE"]}}, {"AE"}),
        ({"Dataset or Domain or Item Group": {"Include": ["AE"]}}, {"AE"}),
        ({"Subclasses": {"Include": ["ALL"]}, "Domains": {"Include": ["AE"]}}, {"AE"}),
        (
            {"Data Structures": {"Include": ["OCCURRENCE DATA STRUCTURE"]}},
            {"AE", "CM", "MH", "APMH"},
        ),
        ({"Data Structures": {"Exclude": ["ADAM OTHER"]}}, {"AE", "CM", "MH", "APMH"}),
    ],
)
def test_scope(scope: dict[str, Any], wanted: set[str]) -> None:
    assert asked(scope) == wanted


@pytest.mark.parametrize(
    ("columns", "cls"),
    [
        ({"XXTERM": ["x"]}, "EVENTS"),
        ({"XXTRT": ["x"]}, "INTERVENTIONS"),
        ({"XXTESTCD": ["x"]}, "FINDINGS"),
        ({"XXTESTCD": ["x"], "XXOBJ": ["x"]}, "FINDINGS ABOUT"),
        ({"XXX": ["x"]}, None),
    ],
)
def test_the_class_of_a_custom_domain_shows_in_its_topic(
    columns: dict[str, list[Any]], cls: str | None
) -> None:
    one = dataset("XX", {"DOMAIN": ["XX"], **columns})
    assert package(one).class_of(one) == cls


@pytest.mark.parametrize(
    ("one", "whole", "prefix", "is_split"),
    [
        (AE, "AE", "AE", False),
        (QSPH, "QS", "QS", True),
        (SUPPAE, "SUPPAE", "", False),
        (APMH, "APMH", "MH", False),
        (RELREC, "RELREC", "", False),
        (dataset("AE", {"DOMAIN": [], "AETERM": []}), "AE", "", False),
        (dataset("SUPPQSPH", {"RDOMAIN": ["QS"]}), "SUPPQS", "", True),
    ],
)
def test_what_a_dataset_is_part_of(one: Dataset, whole: str, prefix: str, is_split: bool) -> None:
    assert (one.whole, one.prefix, one.is_split) == (whole, prefix, is_split)


def test_the_library_knows_guide_and_model() -> None:
    assert library.class_of("TX") == "TRIAL DESIGN"
    assert library.class_of("DM") == "SPECIAL PURPOSE"
    assert library.class_of("XX") is None
    assert not library.is_standard("XX")
    names = [one.name for one in library.guide_variables("APMH", None) or []]
    assert names[:3] == ["STUDYID", "APID", "DOMAIN"]
    assert [one.name for one in library.model_variables("TX", None) or []][:3] == [
        "STUDYID",
        "DOMAIN",
        "SETCD",
    ]
    assert library.guide_variables("XX", None) is None
    assert library.model_variables("XX", None) is None
    assert len({one.name for one in library.model_variables("XX", "FINDINGS") or []}) == 164

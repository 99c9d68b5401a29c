"""What a rule must see at once, told from what it asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packages import rule
from script_modules import script

from trialect.schemas.core.locality import Locality, locality
from trialect.schemas.core.pack import pack
from trialect.schemas.core.rule import CoreRule

ROOT = Path(__file__).resolve().parents[2]
EMPTY: dict[str, Any] = {"name": "AETERM", "operator": "empty"}
UNIQUE = {"operator": "is_not_unique_set", "name": "AESEQ"}
KEYS = [{"Name": "DM", "Keys": ["USUBJID"]}]


def operations(**keys: Any) -> dict[str, Any]:
    return {"Operations": [{"id": "$it", "name": "EXDOSE", "domain": "EX", **keys}]}


@pytest.mark.parametrize(
    ("check", "keys", "expected"),
    [
        (EMPTY, {}, Locality.RECORD),
        (EMPTY, {"Rule Type": "Variable Metadata Check"}, Locality.METADATA),
        (EMPTY, {"Sensitivity": "Study"}, Locality.STUDY),
        (UNIQUE | {"value": ["USUBJID"]}, {}, Locality.SUBJECT),
        (UNIQUE | {"value": ["AETERM"]}, {}, Locality.STUDY),
        (UNIQUE | {"value": ["USUBJID"], "regex": "^A"}, {}, Locality.STUDY),
        (
            {"operator": "is_not_unique_relationship", "name": "AETERM", "value": "USUBJID"},
            {},
            Locality.STUDY,
        ),
        (EMPTY, {"Match Datasets": KEYS}, Locality.SUBJECT),
        (EMPTY, {"Match Datasets": [{"Name": "DM", "Keys": ["STUDYID"]}]}, Locality.STUDY),
        (EMPTY, {"Match Datasets": [{"Name": "TV", "Keys": ["VISITNUM"]}]}, Locality.RECORD),
        (EMPTY, {"Match Datasets": [{"Name": "SUPPAE", "Keys": ["USUBJID"]}]}, Locality.STUDY),
        (EMPTY, operations(operator="max", group=["USUBJID"]), Locality.SUBJECT),
        (EMPTY, operations(operator="max"), Locality.STUDY),
        (EMPTY, operations(operator="max_date", group=["USUBJID"]), Locality.STUDY),
        (EMPTY, operations(operator="distinct", name="ARMCD", domain="TA"), Locality.RECORD),
        (
            {"operator": "is_not_contained_by", "name": "USUBJID", "value": "$it"},
            operations(operator="distinct", name="USUBJID", domain="DM"),
            Locality.SUBJECT,
        ),
        (
            {"operator": "is_not_contained_by", "name": "AETERM", "value": "$it"},
            operations(operator="distinct", name="USUBJID", domain="DM"),
            Locality.STUDY,
        ),
        (
            {"operator": "is_not_contained_by", "name": "AETERM", "value": "AEDECOD"},
            {},
            Locality.STUDY,
        ),
        (
            {"operator": "is_not_contained_by", "name": "AETERM", "value": ["A"]},
            {},
            Locality.RECORD,
        ),
        (
            {"operator": "exists", "name": "AETERM"},
            operations(operator="distinct", group=["USUBJID"]),
            Locality.STUDY,
        ),
    ],
)
def test_what_is_asked_says_what_must_be_seen(
    check: dict[str, Any], keys: dict[str, Any], expected: Locality
) -> None:
    assert locality(rule(check, **keys)) is expected


def test_the_page_on_large_data_is_current_and_names_the_rules_that_need_all() -> None:
    page = (ROOT / "docs" / "large-data.md").read_text("utf-8")
    assert script("build_docs").PAGES["large-data.md"]() == page, "run make docs"
    whole = [one for one in pack() if isinstance(one, CoreRule) and locality(one) is Locality.STUDY]
    assert whole
    assert all(f"| {one.id} |" in page for one in whole)

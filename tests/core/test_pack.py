from pathlib import Path

import pytest
from pack_case import asked, pack_cases, places

from trialect.schemas.core.pack import pack
from trialect.schemas.core.rule import BrokenRule, CoreRule
from trialect.schemas.sdtm.checks import CHECKS, WHOLE_CHECKS

RULES = {one.id: one for one in pack()}
CASES = pack_cases()


def usable(rule_id: str) -> CoreRule:
    rule = RULES[rule_id]
    assert isinstance(rule, CoreRule)
    return rule


def test_every_rule_can_run_and_has_an_id_of_its_own() -> None:
    assert [one for one in pack() if isinstance(one, BrokenRule)] == []
    assert len(RULES) == len(pack())


@pytest.mark.parametrize("rule_id", RULES)
def test_a_rule_says_what_it_is_from_and_how_to_mend_it(rule_id: str) -> None:
    rule = usable(rule_id)
    assert rule_id.startswith("TRL-")
    assert rule.description
    assert rule.mend
    assert rule.references


def test_every_check_of_a_conversion_is_said_by_a_rule() -> None:
    said = {check for one in RULES for check in usable(one).replaces}
    assert {one for one in said if one.startswith("SDTM-")} == CHECKS.keys() | WHOLE_CHECKS.keys()


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert sorted(RULES) == sorted(CASES)


@pytest.mark.parametrize("rule_id", CASES)
def test_what_is_good_is_not_found(rule_id: str, tmp_path: Path) -> None:
    result = asked(usable(rule_id), CASES[rule_id], "good", tmp_path)
    assert (result.status, result.reason) == ("run", "")
    assert places(result) == []


@pytest.mark.parametrize("rule_id", CASES)
def test_what_is_bad_is_found_where_it_is(rule_id: str, tmp_path: Path) -> None:
    result = asked(usable(rule_id), CASES[rule_id], "bad", tmp_path)
    assert CASES[rule_id]["finds"]
    assert places(result) == sorted(CASES[rule_id]["finds"])

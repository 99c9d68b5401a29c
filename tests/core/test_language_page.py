"""docs/rule-language.md: it is current, and its rule does what it says."""

from __future__ import annotations

import re
from pathlib import Path

from packages import dataset, package
from script_modules import script

from trialect.schemas.core import not_run
from trialect.schemas.core.engine import run
from trialect.schemas.core.load import load_rule
from trialect.schemas.core.operations import OPERATIONS
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.rule import CoreRule
from trialect.schemas.core.rule_types import RULE_TYPES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rule-language.md").read_text("utf-8")


def test_the_page_is_current() -> None:
    assert script("build_docs").PAGES["rule-language.md"]() == PAGE, "run make docs"


def test_everything_of_the_language_says_what_it_does() -> None:
    said = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", PAGE, flags=re.MULTILINE))
    told = {*not_run.OPERATORS, *not_run.OPERATIONS, *not_run.RULE_TYPES}
    assert set(said) == {*OPERATORS, *OPERATIONS, *RULE_TYPES, *told}
    assert [name for name, words in said.items() if len(words) < 10] == []


def test_the_rule_of_the_page_finds_what_it_says() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    rule = load_rule(text, "MY-001.yml")
    assert isinstance(rule, CoreRule)
    assert (rule.id, rule.severity, rule.mend) == ("MY-001", "warning", "Look at the consent.")
    ages = dataset("DM", {"DOMAIN": ["DM"] * 3, "AGE": [17, 18, None]})
    others = dataset("AE", {"DOMAIN": ["AE"], "AGE": [3]})
    (result,) = run([rule], package(ages, others))
    (finding,) = result.findings
    assert (finding.dataset, finding.record) == ("DM", 1)
    assert (finding.variables, finding.message) == ({"AGE": "17.0"}, "The subject is a minor.")

"""How far the shipped rules reach on the public cases of CDISC's own rules."""

from pathlib import Path
from types import ModuleType

import pytest
from script_modules import script

from trialect.schemas.core.cases import find_cases
from trialect.schemas.core.load import load_rules

ROOT = Path(__file__).parents[2]
OFFICIAL = ROOT.parent / "shared/conformance/cdisc-open-rules"

pytestmark = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="CDISC's rules and cases are not beside the project"
)


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return script("measure_pack")


def test_nine_of_ten_negative_cases_are_reached(measure: ModuleType) -> None:
    reached = list(measure.reaches(find_cases(OFFICIAL / "cases")))
    assert sum(one.is_reached for one in reached) >= 0.9 * len(reached)


def test_no_positive_case_has_an_error_that_nothing_official_says(measure: ModuleType) -> None:
    official = load_rules(OFFICIAL / "rules")
    assert list(measure.untold(find_cases(OFFICIAL / "cases"), official)) == []

"""How far the shipped rules reach on the public cases of CDISC's own rules."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from trialect.schemas.core.cases import find_cases
from trialect.schemas.core.load import load_rules

ROOT = Path(__file__).parents[2]
OFFICIAL = ROOT.parent / "shared/conformance/cdisc-open-rules"

pytestmark = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="CDISC's rules and cases are not beside the project"
)


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "measure_pack", ROOT / "scripts" / "measure_pack.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_nine_of_ten_negative_cases_are_reached(measure: ModuleType) -> None:
    reached = list(measure.reaches(find_cases(OFFICIAL / "cases")))
    assert sum(one.is_reached for one in reached) >= 0.9 * len(reached)


def test_no_positive_case_has_an_error_that_nothing_official_says(measure: ModuleType) -> None:
    official = load_rules(OFFICIAL / "rules")
    assert list(measure.untold(find_cases(OFFICIAL / "cases"), official)) == []

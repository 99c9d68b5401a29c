"""Resources that others call valid: HL7's own examples, and what fhir.resources parses."""

import json
import os
import shutil
import subprocess
import tarfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_examples import DATA, GOOD

from trialect.problems import Problem, Severity
from trialect.schemas.fhir import check_bundle_text, check_ndjson, check_resource

KNOWN_FAULTS: dict[str, Any] = json.loads((DATA / "official_faults.json").read_text())
"""By release, the reasons why examples of HL7's are at fault: file names with counts by rule; and
how often each recommendation is not followed, or an extension is used that no package defines.
"""


def is_warning(problem: Problem) -> bool:
    return problem.severity is Severity.WARNING


def about(problem: Problem) -> str:
    """The key of a recommendation, or the name of an extension."""
    if problem.rule == "FHIR-GUIDELINE":
        return problem.message.split(": ")[0]
    if problem.value is None:
        return problem.rule
    return str(problem.value).rsplit("/", 1)[1]


PACKAGES = {
    "R4": ("hl7.fhir.r4.examples@4.0.1", 5306),
    "R5": ("hl7.fhir.r5.examples@5.0.0", 2822),
}


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.parametrize("release", PACKAGES)
def test_the_official_examples_have_no_problems_but_those_listed(
    tmp_path: Path, release: str
) -> None:
    package, total = PACKAGES[release]
    given = os.environ.get(f"FHIR_{release}_EXAMPLES", "")
    if not given:
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        done = subprocess.run(
            ["npm", "pack", "--silent", package],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if done.returncode:
            pytest.skip(f"npm gave no package {package}")
        given = str(tmp_path / done.stdout.strip())
    found: dict[str, dict[str, int]] = {}
    warnings: Counter[str] = Counter()
    count = 0
    with tarfile.open(given) as tar:
        for member in tar.getmembers():
            file = tar.extractfile(member)
            if file is None or not member.name.endswith(".json"):
                continue
            resource = json.load(file, parse_float=Decimal)
            if "resourceType" in resource:
                count += 1
                problems = check_resource(resource, release)
                warnings.update(map(about, filter(is_warning, problems)))
                rules = Counter(one.rule for one in problems if not is_warning(one))
                if rules:
                    found[member.name.removeprefix("package/")] = dict(sorted(rules.items()))
    assert count == total
    known = {name: rules for one in KNOWN_FAULTS[release] for name, rules in one["files"].items()}
    assert found == known
    assert dict(warnings) == KNOWN_FAULTS[f"{release} warnings"]
    assert all(one["reason"] for one in KNOWN_FAULTS[release])


def parsed(resource: dict[str, Any]) -> Any:
    from importlib import import_module

    name = resource["resourceType"]
    module = import_module(f"fhir.resources.R4B.{name.lower()}")
    return getattr(module, name).model_validate_json(json.dumps(resource, default=float))


@pytest.mark.parametrize("name", GOOD)
def test_what_is_valid_here_is_read_by_fhir_resources(name: str) -> None:
    pytest.importorskip("fhir.resources.R4B")
    assert parsed(GOOD[name]).get_resource_type() == GOOD[name]["resourceType"]


def test_the_same_bundle_is_valid_as_text_and_as_ndjson_line() -> None:
    text = json.dumps(GOOD["Bundle"], default=float).encode()
    assert check_bundle_text(text) == list(check_ndjson([text])) == []

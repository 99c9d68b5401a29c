"""Each invariant is broken by a case and held by the same resource without the fault."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_examples import changed, load

from trialect.problems import Severity
from trialect.schemas.fhir import check_resource
from trialect.schemas.fhir.dates import after
from trialect.schemas.fhir.invariants import INVARIANTS, Place
from trialect.schemas.fhir.structure import EXTRA
from trialect.schemas.fhir.table import table

CASES: list[dict[str, Any]] = load("invariants.json")
IDS = [f"{case['key']} {number}" for number, case in enumerate(CASES)]


def broken(resource: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [
        (problem.message.split(":")[0], problem.path)
        for problem in check_resource(resource)
        if problem.rule in ("FHIR-INVARIANT", "FHIR-GUIDELINE")
    ]


def with_fault(case: dict[str, Any]) -> dict[str, Any]:
    return changed(case["on"], case.get("holds", {}), case)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_invariant_fires(case: dict[str, Any]) -> None:
    assert (case["key"], case["path"]) in broken(with_fault(case)), check_resource(with_fault(case))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_invariant_is_asked_and_holds(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = INVARIANTS["R4"][case["key"]]
    asked: list[str] = []

    def holds(item: Any, place: Place) -> bool:
        asked.append(place.path)
        return declared.holds(item, place)

    monkeypatch.setitem(INVARIANTS["R4"], case["key"], replace(declared, holds=holds))
    assert check_resource(changed(case["on"], case.get("holds", {}))) == []
    assert asked


def test_each_invariant_has_a_case() -> None:
    assert {case["key"] for case in CASES} == set(INVARIANTS["R4"])


def test_each_invariant_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "fhir-validation.md").read_text("utf-8")
    listed = text.split("## Invariants")[1].split("Three are stricter")[0]
    assert set(re.findall(r"[a-z]+-\d+", listed)) == set(INVARIANTS["R4"]) | set(EXTRA)


def test_each_invariant_is_one_of_the_release() -> None:
    for release, declared in INVARIANTS.items():
        assert set(declared) <= set(table(release).invariants)


def test_a_recommendation_is_a_warning() -> None:
    case = next(case for case in CASES if case["key"] == "que-0")
    (problem,) = check_resource(with_fault(case))
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2026-02-02", "2026-02-01", True),
        ("2026-02-01", "2026-02-01", False),
        ("2026", "2026-02-01", False),
        ("2027", "2026-12-31", True),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T09:00:00Z", False),
        ("2026-02-01T12:00:00+02:00", "2026-02-01T09:00:00Z", True),
        ("2026-02-01T12:00:00-02:00", "2026-02-01T13:59:59Z", True),
        ("2026-02-01T12:00:00.5Z", "2026-02-01T12:00:00.25Z", True),
        ("2026-02-01T23:59:60Z", "2026-02-02T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", True),
        ("2026-02-01", "2026-02-01T09:00:00Z", False),
        ("2026-02-02", "2026-02-01T09:00:00Z", True),
    ],
)
def test_dates_are_compared_as_far_as_they_are_known(one: str, other: str, expected: bool) -> None:
    assert after(one, other) is expected


def test_ranges_compare_decimals_and_not_floats() -> None:
    text = '{"low":{"value":0.30000000000000004},"high":{"value":0.3}}'
    item = json.loads(text, parse_float=Decimal)
    assert not INVARIANTS["R4"]["rng-2"].holds(item, Place("", {}, {}))

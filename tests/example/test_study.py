"""Every fact of the example's protocol has its source or stands in the list of assumptions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"
NO_FACTS = ("invented", "sources", "assumptions", "records", "sdtm", "fhir", "outputs")
"""Keys that tell how the study is read and written, not what the protocol says."""

Path_ = tuple[str, ...]


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    loaded = yaml.safe_load((EXAMPLE / "study.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def name(item: Any, place: int) -> str:
    if isinstance(item, dict):
        for key in ("code", "id", "num"):
            if key in item:
                return str(item[key])
    return str(place)


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, name(one, place)))
    else:
        yield path


def covers(pattern: Path_, path: Path_) -> bool:
    return len(pattern) <= len(path) and all(
        said in ("*", there) for said, there in zip(pattern, path, strict=False)
    )


def said(study: dict[str, Any]) -> tuple[list[Path_], list[Path_]]:
    sourced = [tuple(fact.split(".")) for one in study["sources"] for fact in one["facts"]]
    return sourced, [tuple(one["about"].split(".")) for one in study["assumptions"]]


def test_every_fact_has_a_source_or_is_assumed(study: dict[str, Any]) -> None:
    sourced, assumed = said(study)
    facts = [path for path in leaves(study) if path[0] not in NO_FACTS]
    assert len(facts) > 100
    uncovered = [
        ".".join(path)
        for path in facts
        if not any(covers(pattern, path) for pattern in sourced + assumed)
    ]
    assert uncovered == []


def test_every_path_leads_to_something(study: dict[str, Any]) -> None:
    sourced, assumed = said(study)
    there = list(leaves(study))
    # A default that the file does not repeat is still a fact that somebody assumed.
    defaults = [("criteria", name(one, 0), "version") for one in study["criteria"]]
    stale = [
        ".".join(pattern)
        for pattern in sourced + assumed
        if not any(covers(pattern, path) for path in [*there, *defaults])
    ]
    assert stale == []


def test_an_unsourced_fact_would_be_seen(study: dict[str, Any]) -> None:
    sourced, assumed = said(study)
    path = ("acronym",)
    assert not any(covers(pattern, path) for pattern in sourced + assumed)


@pytest.mark.parametrize(
    "about",
    [
        "eligibility",
        "sites",
        "arms.*.type",
        "outcomes.*.type",
        "design.model",
        "design.masked",
        "records",
        "sdtm.stamp",
    ],
)
def test_what_no_source_says_is_assumed(study: dict[str, Any], about: str) -> None:
    assert about in [one["about"] for one in study["assumptions"]]


def test_the_contradiction_on_masking_stays_visible(study: dict[str, Any]) -> None:
    assert study["design"]["masking"] == "DOUBLE"
    assert study["design"]["masked"] == ["OUTCOMES_ASSESSOR"]


def test_the_outputs_say_that_the_records_are_invented(study: dict[str, Any]) -> None:
    assert "invented" in study["invented"]

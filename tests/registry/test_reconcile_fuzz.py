"""Records with anything anywhere are compared, or refused with a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_sides import STUDY, data

from trialect.converters.reconcile import Sides, compare
from trialect.converters.study_sources import HeldRecord, study_source
from trialect.problems import Problem, Unusable

RECORD = json.loads((Path(__file__).parent / "reconcile_record.json").read_text(encoding="utf-8"))
FOUND = data()
ANYTHING = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just([]), st.just({})),
    st.sampled_from(["\x00", "N/A", "9" * 400, "2026-02-30", "18 Years", "NOT_A_WORD"]),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of a record: keys and indexes to everything in it."""
    if isinstance(value, dict):
        items = list(value.items())
    else:
        items = list(enumerate(value)) if isinstance(value, list) else []
    found: list[tuple[Any, ...]] = []
    for key, child in items:
        found += [(*path, key), *paths(child, (*path, key))]
    return found


def changed(path: tuple[Any, ...], put: Any) -> Any:
    record = json.loads(json.dumps(RECORD))
    here = record
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = put
    return record


@given(st.sampled_from(paths(RECORD)), ANYTHING)
@settings(max_examples=150, deadline=None)
def test_a_record_with_anything_in_it_is_compared_or_refused(
    path: tuple[Any, ...], put: Any
) -> None:
    text = json.dumps(changed(path, put)).encode()
    told: list[Problem] = []
    try:
        record = study_source("ctgov").read(HeldRecord("r.json", 1, text), told.append).study
    except Unusable:
        return
    for sides in (Sides(record, STUDY, FOUND), Sides(None, record, FOUND)):
        found = compare(sides)
        assert found.as_dict()["rows"]
        assert all(problem.message for problem in found.problems)

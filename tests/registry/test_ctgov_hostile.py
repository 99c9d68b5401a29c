"""Records in which anything may be wrong: no traceback, and what is not taken is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from ctgov_small import small_record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_ctgov_round_trip import TABLES, with_value

from trialect.converters.readers.ctgov_records import read, records
from trialect.mappings.registry.ctgov_from_study import record_of
from trialect.mappings.registry.ctgov_odds import number_of_leaves
from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Problem, Unusable

ANY = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["", " ", "NA", "2024-13-01", "\x00", "\ud800", "Drug: X", "NCT00000003"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
HOLDERS = ("protocolSection", "resultsSection", "hasResults", "derivedSection")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in a record, below its sections."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        found += places(item, (*path, key))
    return found


PLACES = places(small_record())


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """The small record with anything at some of its places, members added and others gone."""
    record = small_record()
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)):
        within: Any = record
        for step in path[:-1]:
            try:
                within = within[step]
            except (KeyError, IndexError, TypeError):
                break
        else:
            what = draw(st.sampled_from(["set", "add", "remove"]))
            if isinstance(within, list) and path[-1] in range(len(within)):
                within[path[-1]] = draw(ANY)
            elif isinstance(within, dict) and what == "remove":
                within.pop(path[-1], None)
            elif isinstance(within, dict):
                within[path[-1] if what == "set" else draw(st.text(max_size=6))] = draw(ANY)
    return record


@given(broken())
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
def test_whatever_is_wrong_is_told_and_every_value_is_accounted_for(record: dict[str, Any]) -> None:
    told: list[Problem] = []
    left: dict[str, int] = {}
    try:
        study = study_of(record, told.append, file="a.json", row=1, left=left)
    except Unusable as error:
        raised = error.problems[0].rule
    else:
        raised = None
    if raised is not None:
        assert raised == "CTGOV-NO-RECORD"
        return
    written = record_of(study, told.append)
    orjson.dumps([one.as_dict() for one in told])
    before = sum(number_of_leaves(one) for name, one in record.items() if name != "hasResults")
    after = sum(number_of_leaves(one) for name, one in written.items() if name != "hasResults")
    lost = sum(count for path, count in left.items() if not path.startswith("hasResults"))
    assert before == after + lost
    places = [one.path for one in told if one.rule in ("CTGOV-TYPE", "CTGOV-FORM")]
    assert all(places)


WRONG: tuple[Any, ...] = (5, -1, 1.5, True, "x", " ", [], {}, [[1]], {"x": {"y": 1}}, [{"x": 1}, 2])


@pytest.mark.parametrize("path", sorted(TABLES))
def test_a_wrong_type_at_each_path_is_told_there(path: str) -> None:
    shown = path.replace("[]", "[0]")
    for value in WRONG:
        record = with_value(path, value)
        told: list[Problem] = []
        left: dict[str, int] = {}
        study = study_of(record, told.append, left=left)
        written = record_of(study, told.append)
        before, after = (number_of_leaves(one["protocolSection"]) for one in (record, written))
        lost = sum(count for at, count in left.items() if at.startswith("protocolSection"))
        assert before == after + lost, value
        if lost:
            at = {str(one.path) for one in told}
            assert any(one.startswith((shown, shown.rpartition(".")[0])) for one in at), value


@pytest.mark.parametrize(("wrong", "counted"), [(10, 0), (260, 1)])
def test_of_a_record_that_is_wrong_everywhere_the_rest_is_counted(wrong: int, counted: int) -> None:
    record = small_record()
    record["protocolSection"]["conditionsModule"] = {"keywords": list(range(wrong))}
    told: list[Problem] = []
    study_of(record, told.append)
    assert [one.rule for one in told].count("CTGOV-MORE") == counted
    if counted:
        assert told[-1].rule == "CTGOV-MORE"
        assert len(told) == 201


@given(broken(), st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=100)
def test_a_damaged_text_is_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps([record, small_record()], ensure_ascii=data.draw(st.booleans()))
    content = text.encode("utf-8", "surrogatepass")
    start = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 30))
    damaged = content[:start] + data.draw(st.binary(max_size=10)) + content[start + gone :]
    file = Path(tmp_path_factory.mktemp("damaged")) / "a.json"
    file.write_bytes(damaged)
    found = 0
    for held in records(file):
        found += 1
        if held.problems:
            assert all(one.file == "a.json" and one.row == held.number for one in held.problems)
            continue
        told: list[Problem] = []
        try:
            read(held, told.append)
        except Unusable as error:
            told += error.problems
        assert all(one.file == "a.json" for one in told)
    assert found >= 1

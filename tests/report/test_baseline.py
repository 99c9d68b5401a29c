"""New, remaining and gone: what makes two findings the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.baseline import State, compare, read_baseline
from trialect.converters.review import Checked, review, to_look_at
from trialect.converters.writers.report import write_json
from trialect.problems import Problem, Severity, Unusable

NEW, REMAINING = State.NEW, State.REMAINING


def found(seq: int, **more: object) -> Problem:
    place = {"domain": "AE", "usubjid": "S-1", "variable": "AETERM", "file": "ae.xpt", "row": seq}
    return Problem("R-1", Severity.ERROR, "m", seq=str(seq), **{**place, **more})  # type: ignore[arg-type]


def states(then: list[Problem], now: list[Problem]) -> tuple[list[State], list[Problem]]:
    compared = compare(then, now)
    return list(compared.states), list(compared.gone)


def test_the_same_findings_remain() -> None:
    assert states([found(1), found(2)], [found(2), found(1)]) == ([REMAINING] * 2, [])


def test_a_record_that_got_another_number_is_the_same() -> None:
    assert states([found(1), found(4)], [found(2), found(5)]) == ([REMAINING] * 2, [])


def test_a_file_and_a_sentence_that_changed_are_the_same() -> None:
    then = Problem("R-1", Severity.ERROR, "old words", domain="AE", file="ae.json", value="x")
    now = Problem("R-1", Severity.WARNING, "new words", domain="AE", file="ae.xpt", value="x")
    assert states([then], [now]) == ([REMAINING], [])


@pytest.mark.parametrize(
    "changed",
    [{"usubjid": "S-2"}, {"variable": "AEDECOD"}, {"value": "y"}, {"domain": "CM"}],
)
def test_another_place_or_value_is_another_finding(changed: dict[str, object]) -> None:
    then = found(1, value="x")
    now = found(1, **{"value": "x", **changed})
    assert states([then], [now]) == ([NEW], [then])


def test_of_equal_findings_the_nearest_are_paired() -> None:
    assert states([found(3), found(5)], [found(3), found(4), found(5)]) == (
        [REMAINING, NEW, REMAINING],
        [],
    )
    assert states([found(3), found(4), found(5)], [found(5)]) == (
        [REMAINING],
        [found(3), found(4)],
    )


def test_findings_without_a_dataset_are_told_apart_by_file() -> None:
    then = Problem("R-1", Severity.ERROR, "m", file="a.json", path="Bundle.entry[1].id")
    now = Problem("R-1", Severity.ERROR, "m", file="a.json", path="Bundle.entry[7].id")
    assert states([then], [now]) == ([REMAINING], [])
    assert states([then], [now.at(file="b.json")]) == ([NEW], [then])


PLACES = st.builds(
    found,
    st.integers(1, 4),
    usubjid=st.sampled_from(["S-1", "S-2"]),
    value=st.sampled_from(["x", "y", None]),
)


@given(st.lists(PLACES, max_size=12), st.lists(PLACES, max_size=12), st.randoms())
def test_each_finding_is_paired_once(then: list[Problem], now: list[Problem], random) -> None:  # type: ignore[no-untyped-def]
    told, gone = states(then, now)
    counts = Counter(told)
    assert counts[REMAINING] + len(gone) == len(then)
    assert counts[REMAINING] + counts[NEW] == len(now)
    assert states(now, now) == ([REMAINING] * len(now), [])
    # However the records are numbered, as many remain as have an equal one.
    same = lambda one: (one.usubjid, one.value)  # noqa: E731
    expected = (Counter(map(same, then)) & Counter(map(same, now))).total()
    assert counts[REMAINING] == expected
    shuffled = list(then)
    random.shuffle(shuffled)
    assert Counter(states(shuffled, now)[0]) == counts


def test_a_report_is_read_back(tmp_path: Path) -> None:
    first = review([found(1), found(2)])
    write_json(tmp_path / "old.json", first)
    baseline = read_baseline(tmp_path / "old.json")
    assert list(baseline.problems) == list(first.problems)
    second = review([found(2), found(3, value="z")], baseline=baseline, checked=Checked())
    assert second.by_state == {"new": 1, "remaining": 1, "gone": 1}
    write_json(tmp_path / "new.json", second)
    report = json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))
    assert report["baseline"]["file"] == "old.json"
    assert [one["seq"] for one in report["baseline"]["gone"]] == ["1"]
    assert [one["state"] for one in report["problems"]] == ["remaining", "new"]
    # What a report says of its own earlier run is nothing to the next.
    assert list(read_baseline(tmp_path / "new.json").problems) == list(second.problems)
    assert to_look_at(second) == [1, 0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "unexpected end"),
        ("[]", "indices"),
        ("{}", "problems is missing"),
        ('{"problems": 3}', "not iterable"),
        ('{"problems": [3]}', "3 is no finding"),
        ('{"problems": [], "rules": [3]}', "list"),
        ('{"problems": [], "rules": {"R": 3}}', "not subscriptable"),
        ('{"problems": [{"rule": "R"}]}', "message is missing"),
        ('{"problems": [{"rule": "R", "message": "m"}]}', "severity is missing"),
        ('{"problems": [{"rule": "R", "message": "m", "severity": "bad"}]}', "'bad'"),
        ('{"problems": [{"rule": 3, "message": "m", "severity": "note"}]}', "rule is 3"),
        (
            '{"problems": [{"rule": "R", "message": "m", "severity": "note", "row": "3"}]}',
            "row is '3'",
        ),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "old.json").write_text(text, encoding="utf-8")
    with pytest.raises(Unusable) as told:
        read_baseline(tmp_path / "old.json")
    assert [one.rule for one in told.value.problems] == ["BASELINE-NOT-READ"]
    assert told.value.problems[0].message.startswith("old.json is no report.json of trialect: ")
    assert reason in told.value.problems[0].message


def test_rules_that_found_nothing_now_keep_their_titles(tmp_path: Path) -> None:
    old = {
        "rules": {"R-1": {"severity": "error", "title": "What R-1 says", "source": "CG1"}},
        "problems": [found(1).as_dict()],
    }
    (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")
    write_json(tmp_path / "new.json", review([], baseline=read_baseline(tmp_path / "old.json")))
    report = json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))
    assert report["rules"] == old["rules"]
    assert report["summary"]["by_rule"] == {}


def test_a_report_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="No such file"):
        read_baseline(tmp_path / "none.json")

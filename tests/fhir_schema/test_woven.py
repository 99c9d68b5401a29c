"""Texts checked by what they are woven of: the same problems as when they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.problems import Problem
from trialect.schemas.fhir import ReferenceIndex, check_bundle_texts, check_ndjson
from trialect.schemas.fhir.fast import kept_shapes
from trialect.schemas.fhir.woven import Values, Woven, sifted
from trialect.schemas.fhir.woven_files import check_woven, check_woven_bundles

RELEASES = pytest.mark.parametrize("release", ["R4", "R5"])

HEAD = b'{"resourceType":"Bundle","type":"transaction","entry":[\n'
NIL = "00000000-0000-4000-8000-{:012x}"
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

_GAP = "\0"
_OBSERVATION = (
    '{"resourceType":"Observation","id":"\0","extension":[\0],"status":"final",'
    '"code":\0,"subject":{"reference":"Patient/\0"},"effectiveDateTime":"\0",'
    '"valueQuantity":{"value":\0,"unit":"\0"}}'
)
_ENTRY = (
    '{"fullUrl":"urn:uuid:\0","resource":{"resourceType":"\0","meta":{"tag":[{"code":"\0"}]}\0},'
    '"request":{"method":"PUT","url":"\0?identifier=http://a.example/x|\0"}}'
)


def woven(template: str, columns: list[list[str]], rows: list[int] | None = None) -> Woven:
    """Texts of a template with gaps, numbered from 1 unless `rows` says otherwise."""
    numbers = rows if rows is not None else range(1, len(columns[0]) + 1)
    return Woven(
        np.array(numbers, np.int64),
        tuple(template.split(_GAP)),
        tuple(Values(pl.Series(column, dtype=pl.String)) for column in columns),
    )


def told(problems: Any) -> list[tuple[Any, ...]]:
    return sorted((p.rule, p.file or "", p.row or 0, p.path or "", p.message) for p in problems)


def by_lines(texts: list[str], release: str) -> tuple[list[Problem], ReferenceIndex]:
    index = ReferenceIndex()
    lines = [text.encode() + b"\n" for text in texts]
    return list(check_ndjson(lines, file="f", index=index, release=release)), index


def held(index: ReferenceIndex) -> tuple[list[tuple[int, int]], list[int]]:
    """The resources with their places, and the references that are sought."""
    resources = list(zip(*(one.tolist() for one in index.resources.columns()), strict=True))
    return sorted(resources), sorted(set(index.references.columns()[0].tolist()))


GOOD: dict[str, list[str]] = {
    "id": ["a", "b-1", "A.9"],
    "more": [
        '{"url":"http://a.example/x","valueString":"x"}',
        '{"url":"http://a.example/y","valueDecimal":1.50}',
        '{"url":"http://a.example/x","valueString":"y"},{"url":"u:1","valueBoolean":true}',
    ],
    "code": ['{"text":"a"}', '{"coding":[{"system":"http://a","code":"b"}],"text":"c"}'],
    "patient": ["1", "2"],
    "at": ["2026-01-05", "2026-01-05T12:57:00+03:00", "2026"],
    "value": ["1", "-0.50", "19.00"],
    "unit": ["mg", "\u00b5g", "per l\\n"],
}
BAD: dict[str, list[str]] = {
    "id": ["", "a b", "a" * 65, 'x","id":"y'],
    "more": [
        '{"url":"http://a.example/x"}',
        '{"url":"a b","valueString":"x"}',
        '{"url":"u:1","valueString":""}',
        "null",
        '{"url":"u:1","valueNothing":1}',
    ],
    "code": ["{}", '"a"', '{"text":""}', '{"texts":"a"}', "[]", '{"text":"a"'],
    "patient": ["", "a/b", "1 2"],
    "at": ["2026-02-30", "2026-1-5", "2026-01-05T12:57", "", "\u0664026"],
    "value": ["1.", "01", '"1"', "NaN", "null", "1e999"],
    "unit": ["", " ", "a\tb", 'a"b', "\x00", "\ud7ff\\u0000", '","unit":"x'],
}


def rows(bad: float) -> Any:
    """Values for the gaps of _OBSERVATION, few of them wrong."""

    def one(name: str) -> Any:
        good = st.sampled_from(GOOD[name])
        return st.floats(0, 1).flatmap(
            lambda p: st.sampled_from(BAD[name]) if p < bad else good,
        )

    return st.tuples(*(one(name) for name in GOOD))


@RELEASES
@FEW
@given(st.lists(rows(0.04), min_size=1, max_size=60), st.text(max_size=4))
def test_lines_have_the_problems_that_reading_them_finds(
    release: str, some: list[tuple[str, ...]], unit: str
) -> None:
    some.append((*some[0][:-1], json.dumps(unit)[1:-1]))
    columns = [list(column) for column in zip(*some, strict=True)]
    made = woven(_OBSERVATION, columns)
    texts = [made.text(n) for n in range(len(made))]
    assert made.texts().to_list() == texts
    index = ReferenceIndex()
    found = list(check_woven([made], "f", index, release))
    expected, reference = by_lines(texts, release)
    assert told(found) == told(expected)
    assert held(index) == held(reference)


@RELEASES
def test_good_lines_are_vouched_for_in_number(release: str) -> None:
    columns = [[values[n % len(values)] for n in range(600)] for values in GOOD.values()]
    made = woven(_OBSERVATION, columns)
    assert list(check_woven([made], "f", ReferenceIndex(), release)) == []
    strands, left = sifted([made], kept_shapes(release, ""), lambda text: True)
    assert sum(map(len, strands)) + len(left) == 600
    assert len(left) < 60


@RELEASES
def test_a_value_that_is_right_by_itself_is_wrong_without_what_belongs_around_it(
    release: str,
) -> None:
    columns = [[values[0]] * 40 for values in GOOD.values()]
    columns[0] = [f"o{n}" for n in range(40)]
    columns[2][21] = '"a"'
    found = list(check_woven([woven(_OBSERVATION, columns)], "f", ReferenceIndex(), release))
    assert {(p.path, p.row) for p in found} == {("Observation.code", 22)}


@RELEASES
def test_a_wrong_value_among_many_is_told_at_its_line(release: str) -> None:
    columns = [[values[0]] * 400 for values in GOOD.values()]
    columns[0] = [f"o{n}" for n in range(400)]
    columns[4][321] = "2026-02-30"
    found = list(check_woven([woven(_OBSERVATION, columns)], "f", ReferenceIndex(), release))
    assert [(p.path, p.row) for p in found] == [("Observation.effective.ofType(dateTime)", 322)]


def refers(to: str) -> str:
    """What an Observation of _ENTRY has beside its meta, with a reference to an entry."""
    return f',"status":"final","code":{{"text":"x"}},"derivedFrom":[{{"reference":"{to}"}}]'


def entries(count: int, together: int) -> list[list[str]]:
    """Columns of _ENTRY: Observations, each of which refers to the first of so many together."""
    ids = [NIL.format(n) for n in range(count)]
    return [
        ids,
        ["Observation"] * count,
        ["t"] * count,
        [refers(f"urn:uuid:{ids[n - n % together]}") for n in range(count)],
        ["Observation"] * count,
        [f"S-{n}" for n in range(count)],
    ]


def in_bundles(columns: list[list[str]], size: int, release: str) -> tuple[list[Any], list[Any]]:
    """The problems of bundles of so many entries, by what they are woven of and by their texts."""
    count = len(columns[0])
    made = woven(_ENTRY, columns, [n // size for n in range(count)])
    texts = [made.text(n) for n in range(count)]
    bundles = [
        HEAD + ",\n".join(texts[n : n + size]).encode() + b"\n]}\n" for n in range(0, count, size)
    ]
    given = [(f"b{n}", lambda text=text: text) for n, text in enumerate(bundles)]
    found = check_woven_bundles([made], HEAD, given, release)
    read = check_bundle_texts(((f"b{n}", text) for n, text in enumerate(bundles)), release)
    return told(found), told(read)


@RELEASES
def test_bundles_that_agree_have_no_problem(release: str) -> None:
    assert in_bundles(entries(80, 40), 40, release) == ([], [])


@RELEASES
@pytest.mark.parametrize(
    ("column", "value"),
    [
        (0, NIL.format(7)),  # a fullUrl that stands twice
        (0, "x"),
        (1, "Patient"),  # another resource, whose elements and request do not fit
        (1, "Nothing"),
        (2, "two  blanks"),
        (3, ',"status":"final"'),
        (3, refers("urn:uuid:" + NIL.format(99))),
        (3, refers("urn:uuid:" + NIL.format(1)).replace("derivedFrom", "basedOn")),
        (4, "Patient"),
        (5, "S-3"),  # a condition that stands twice
        (5, ""),
        (5, 'a b"'),
    ],
)
def test_what_is_wrong_in_a_bundle_is_told_as_when_it_is_read(
    release: str, column: int, value: str
) -> None:
    columns = entries(90, 30)
    columns[column][21] = value
    found, read = in_bundles(columns, 30, release)
    assert found == read
    assert {file for _, file, *_ in found} == ({"b0"} if value else set())


@RELEASES
def test_a_reference_into_another_bundle_leads_nowhere(release: str) -> None:
    found, read = in_bundles(entries(60, 60), 30, release)
    assert found == read
    assert len(found) == 30
    assert {file for _, file, *_ in found} == {"b1"}


def test_a_text_too_long_for_a_shape_is_read(tmp_path: Path) -> None:
    columns = [[values[0]] * 30 for values in GOOD.values()]
    columns[6][4] = "x" * (1 << 20) + "x"
    columns[0] = [f"o{n}" for n in range(30)]
    made = woven(_OBSERVATION, columns)
    index = ReferenceIndex()
    found = list(check_woven([made], "f", index))
    expected, _ = by_lines([made.text(n) for n in range(30)], "R4")
    assert told(found) == told(expected)
    assert found

"""The fast path says valid only where the exact path finds no problem."""

import json
from typing import Any

import pytest
from fhir_examples import GOOD, OF_RELEASE, TOKENS, leaves
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.schemas.fhir.json_text import Leaf, NotPlainError, decode, parse
from trialect.schemas.fhir.shapes import Shape, UnfitError, compile_shape
from trialect.schemas.fhir.structure import Walk
from trialect.schemas.fhir.table import table

Key = tuple[str, str]
"""A release, and the name of a good resource."""


def compiled() -> dict[Key, tuple[str, Shape, list[Leaf]]]:
    made = {}
    for release, good in OF_RELEASE.items():
        for name, resource in good.items():
            text = json.dumps(resource, default=float, ensure_ascii=False)
            try:
                shape = compile_shape(text, table(release))
            except UnfitError:
                continue
            made[release, name] = (text, shape, leaves(parse(text)))
    return made


SHAPES = compiled()


def is_valid(text: str, release: str) -> bool:
    value, problems = decode(text)
    if problems:
        return False
    walk = Walk(table(release))
    walk.resource(value, "", None)
    return walk.problems == []


@pytest.mark.parametrize("release", OF_RELEASE)
def test_nearly_every_good_resource_has_a_shape(release: str) -> None:
    unfit = {name for name in OF_RELEASE[release] if (release, name) not in SHAPES}
    assert unfit == {"Bundle", "Questionnaire", "Practitioner with contained"}


@pytest.mark.parametrize("key", SHAPES, ids=" ".join)
def test_a_text_has_its_own_shape(key: Key) -> None:
    text, shape, _ = SHAPES[key]
    assert shape.groups(text) is not None


@pytest.mark.parametrize("key", SHAPES, ids=" ".join)
def test_every_value_that_a_shape_takes_is_valid(key: Key) -> None:
    text, shape, places = SHAPES[key]
    taken = 0
    for leaf in places:
        for token in TOKENS:
            changed = text[: leaf.start] + token + text[leaf.end :]
            if shape.groups(changed) is not None:
                taken += 1
                assert is_valid(changed, key[0]), f"{leaf.path}: {leaf.raw} -> {token}"
    assert taken


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_several_changed_values_at_once(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(SHAPES)))
    text, shape, places = SHAPES[key]
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4, unique_by=id))
    everywhere = [leaf.raw for leaf in places]
    for leaf in sorted(chosen, key=lambda leaf: -leaf.start):
        token = data.draw(
            st.one_of(
                st.sampled_from(TOKENS),
                st.sampled_from(everywhere),
                st.text(max_size=8).map(json.dumps),
                st.text(max_size=8).map(lambda t: json.dumps(t, ensure_ascii=False)),
                st.integers(-(10**12), 10**12).map(str),
                st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
                st.dates().map(lambda d: f'"{d.isoformat()}"'),
            )
        )
        text = text[: leaf.start] + token + text[leaf.end :]
    if shape.groups(text) is not None:
        assert is_valid(text, key[0])


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_text_changed_at_any_place(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(SHAPES)))
    text, shape, _ = SHAPES[key]
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(
        st.sampled_from(
            [
                "",
                '"',
                ",",
                ":",
                "{",
                "}",
                "[",
                "]",
                "\\",
                " ",
                "\n",
                "0",
                "a",
                "\x00",
                '","id":"x',
                '{"a":1}',
            ]
        )
    )
    text = text[:at] + put + text[at + cut :]
    if shape.groups(text) is not None:
        assert is_valid(text, key[0])


def test_values_that_decide_together_are_asked_each_time() -> None:
    text, shape, _ = SHAPES["R4", "Encounter"]
    earlier = text.replace('"end": "2026-02-01T09', '"end": "2026-02-01T05')
    assert earlier != text
    assert shape.groups(earlier) is None
    later = text.replace('"end": "2026-02-01T09', '"end": "2026-02-03T05')
    assert shape.groups(later) is not None


def test_decimals_are_compared_to_the_last_digit() -> None:
    text, shape, _ = SHAPES["R4", "ActivityDefinition"]
    same = text.replace('"value": 2.5', '"value": 1.00000000000000000001')
    assert same != text
    assert shape.groups(same) is not None
    below = same.replace('"value": 1}', '"value": 1.00000000000000000002}')
    assert below != same
    assert shape.groups(below) is None


def test_a_system_belongs_to_the_shape_where_a_value_set_is_required() -> None:
    text, shape, _ = SHAPES["R4", "AdverseEvent"]
    assert shape.groups(text.replace("adverse-event-severity", "adverse-event-outcome")) is None
    assert shape.groups(text.replace("Bruise", "Swelling")) is not None


def test_captured_values_name_the_resource_and_what_it_refers_to() -> None:
    text, shape, _ = SHAPES["R4", "Observation"]
    groups = shape.groups(text)
    assert groups is not None
    assert shape.type == "Observation"
    assert shape.identity is not None
    assert groups[shape.identity] == '"score-1"'
    assert {groups[n] for n in shape.sought} == {
        '"ResearchStudy/study-1"',
        '"Patient/subject-1"',
        '"Encounter/visit-1"',
        '"QuestionnaireResponse/answer-1"',
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        "[1",
        "{}x",
        '{"a"}',
        '{"a":1 "b":2}',
        "[1 2]",
        "",
        "{,}",
        "[}",
        '{"\\u0061":1}',
        "nul",
    ],
)
def test_text_that_is_not_plain_json_has_no_shape(text: str) -> None:
    with pytest.raises(NotPlainError):
        parse(text)
    with pytest.raises(UnfitError):
        compile_shape(text, table())


def test_the_tree_of_a_text_is_its_json() -> None:
    def plain(tree: Any) -> Any:
        if isinstance(tree, Leaf):
            return json.loads(tree.raw)
        if isinstance(tree, dict):
            return {key: plain(one) for key, one in tree.items()}
        return [plain(one) for one in tree]

    for resource in GOOD.values():
        for indent in (None, 2):
            text = json.dumps(resource, default=float, indent=indent)
            assert plain(parse(text)) == json.loads(text)

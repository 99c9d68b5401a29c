"""The fast path says valid only where the exact path finds no problem."""

import json
from typing import Any

import pytest
from fhir_examples import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.schemas.fhir.json_text import Leaf, NotPlainError, decode, parse
from trialect.schemas.fhir.shapes import Shape, UnfitError, compile_shape
from trialect.schemas.fhir.structure import Walk
from trialect.schemas.fhir.table import table

WORDS = [
    *(
        "x",
        "",
        " ",
        "a b",
        " a",
        "a ",
        "a  b",
        "\\u0041",
        "\\ud800",
        "\\u0000",
        "a\\nb",
        "é≥",
        "\u00a0",
    ),
    *("2020", "2020-02-29", "2020-02-30", "2021-02-29", "1900-02-29", "2020-13", "0000", "2020-5"),
    *(
        "2020-05-05T10:00:00Z",
        "2020-05-05T10:00:00",
        "2020-05-05T24:00:00Z",
        "2020-05-05T10:00:00.5+14:00",
    ),
    *("2020-05-05T10:00:00+14:01", "12:00:00", "25:00:00", "12:00"),
    *(
        "http://x y",
        "http://hl7.org/fhir/x",
        "urn:uuid:1",
        "urn:oid:1.2.3",
        "URN:UUID:z",
        "urn:iso:x",
    ),
    *(
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
    ),
    *(
        "Patient/1",
        "Group/1",
        "Organization/1",
        "Patient/1/_history/2",
        "Patient/a b",
        "Foo/1",
        "Patient",
    ),
    *("Patient?identifier=a|b", "Patient?", "Encounter?x=\u00a0", "#a", "#", "http://x/Patient/1"),
    *("http://x/Group/1/_history/3", "https://x/foo", "mailto:a@b", "ftp://a", "/_history/"),
    *(
        "final",
        "fnal",
        "male",
        "active",
        "home",
        "mg",
        "display",
        "group",
        "exists",
        "text/plain",
        "en_US",
    ),
    *("QUJD", "QUJ", "QUI=", "1.0", "http://unitsofmeasure.org", "http://loinc.org", "a" * 65),
    *("<div>x</div>", '<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>', "urn:uu\u0131d:1"),
]
BARE = [
    "true",
    "false",
    "null",
    "0",
    "1",
    "-1",
    "-0",
    "1.5",
    "1.0",
    "1e5",
    "99999999999",
    "{}",
    "[]",
]
TOKENS = [f'"{word}"' for word in WORDS] + BARE


def leaves(tree: Any) -> list[Leaf]:
    if isinstance(tree, Leaf):
        return [tree]
    inner = tree.values() if isinstance(tree, dict) else tree
    return [leaf for one in inner for leaf in leaves(one)]


def compiled() -> dict[str, tuple[str, Shape, list[Leaf]]]:
    made = {}
    for name, resource in GOOD.items():
        text = json.dumps(resource, default=float, ensure_ascii=False)
        try:
            made[name] = (text, compile_shape(text, table()), leaves(parse(text)))
        except UnfitError:
            continue
    return made


SHAPES = compiled()


def is_valid(text: str) -> bool:
    value, problems = decode(text)
    if problems:
        return False
    walk = Walk(table())
    walk.resource(value, "", None)
    return walk.problems == []


def test_nearly_every_good_resource_has_a_shape() -> None:
    assert set(GOOD) - set(SHAPES) == {"Bundle", "Questionnaire", "Practitioner with contained"}


@pytest.mark.parametrize("name", SHAPES)
def test_a_text_has_its_own_shape(name: str) -> None:
    text, shape, _ = SHAPES[name]
    assert shape.groups(text) is not None


@pytest.mark.parametrize("name", SHAPES)
def test_every_value_that_a_shape_takes_is_valid(name: str) -> None:
    text, shape, places = SHAPES[name]
    taken = 0
    for leaf in places:
        for token in TOKENS:
            changed = text[: leaf.start] + token + text[leaf.end :]
            if shape.groups(changed) is not None:
                taken += 1
                assert is_valid(changed), f"{leaf.path}: {leaf.raw} -> {token}"
    assert taken


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_several_changed_values_at_once(data: st.DataObject) -> None:
    text, shape, places = SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))]
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
        assert is_valid(text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_text_changed_at_any_place(data: st.DataObject) -> None:
    text, shape, _ = SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))]
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
        assert is_valid(text)


def test_values_that_decide_together_are_asked_each_time() -> None:
    text, shape, _ = SHAPES["Encounter"]
    earlier = text.replace('"end": "2026-02-01T09', '"end": "2026-02-01T05')
    assert earlier != text
    assert shape.groups(earlier) is None
    later = text.replace('"end": "2026-02-01T09', '"end": "2026-02-03T05')
    assert shape.groups(later) is not None


def test_decimals_are_compared_to_the_last_digit() -> None:
    text, shape, _ = SHAPES["ActivityDefinition"]
    same = text.replace('"value": 2.5', '"value": 1.00000000000000000001')
    assert same != text
    assert shape.groups(same) is not None
    below = same.replace('"value": 1}', '"value": 1.00000000000000000002}')
    assert below != same
    assert shape.groups(below) is None


def test_a_system_belongs_to_the_shape_where_a_value_set_is_required() -> None:
    text, shape, _ = SHAPES["AdverseEvent"]
    assert shape.groups(text.replace("adverse-event-severity", "adverse-event-outcome")) is None
    assert shape.groups(text.replace("Bruise", "Swelling")) is not None


def test_captured_values_name_the_resource_and_what_it_refers_to() -> None:
    text, shape, _ = SHAPES["Observation"]
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

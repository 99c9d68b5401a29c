"""Whatever the input, the checks give problems and do not fail."""

import json
from typing import Any

import pytest
from fhir_examples import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.schemas.fhir import check_bundle, check_bundle_text, check_ndjson, check_resource
from trialect.schemas.fhir.structure import DEEPEST

KEYS = [
    *("resourceType", "id", "extension", "url", "reference", "type", "coding", "system", "code"),
    *("value", "contained", "entry", "resource", "request", "method", "item", "linkId", "start"),
    *("end", "text", "div"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["Patient", "Bundle", "Patient/1", "#a", "2026-01-01", "urn:uuid:1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in list(pairs):
        found.append((value, key))
        if isinstance(inner, dict | list):
            found.extend(places(inner))
    return found


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json(document: Any) -> None:
    check_resource(document)
    check_bundle(document)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(GOOD)), JSON, st.data())
def test_any_json_anywhere_in_a_good_resource(name: str, junk: Any, data: st.DataObject) -> None:
    resource = json.loads(json.dumps(GOOD[name], default=float))
    holder, key = data.draw(st.sampled_from(places(resource)))
    if data.draw(st.booleans()):
        holder[key] = junk
    elif isinstance(holder, dict):
        holder["_" + key] = junk
        if data.draw(st.booleans()):
            del holder[key]
    else:
        holder.insert(key, junk)
    found = check_resource(resource)
    in_bundle = check_bundle(resource)
    assert all(problem.path for problem in found)
    if resource.get("resourceType") != "Bundle":
        assert in_bundle == found
        lines = [json.dumps(resource).encode()]
        if "NaN" not in str(lines) and "Infinity" not in str(lines) and "\\ud" not in str(lines):
            assert {p.rule for p in check_ndjson(lines)} == {p.rule for p in found}


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert isinstance(check_bundle_text(data), list)
    assert isinstance(list(check_ndjson([data])), list)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500, 100_000])
def test_deep_nesting_is_a_problem(depth: int) -> None:
    text = '{"item":[' * depth + '{"linkId":"x"}' + "]}" * depth
    text = '{"resourceType":"QuestionnaireResponse","status":"completed",' + text[1:]
    found = {problem.rule for problem in check_ndjson([text.encode()])}
    assert found & {"FHIR-DEPTH", "FHIR-JSON"}
    assert {p.rule for p in check_bundle_text(text.encode())} & {"FHIR-DEPTH", "FHIR-JSON"}


def test_a_usual_depth_is_no_problem() -> None:
    item: dict[str, Any] = {"linkId": "x"}
    for _ in range(20):
        item = {"linkId": "x", "item": [item]}
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]}
    assert check_resource(response) == []


@pytest.mark.parametrize(
    "div",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>',
        '<div xmlns="http://www.w3.org/1999/xhtml">&nbsp;</div>',
        '<?xml version="1.0"?><?php x?><div>',
        "<div>" * 10_000,
    ],
)
def test_markup_cannot_do_harm(div: str) -> None:
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    assert [p.rule for p in check_resource(patient)] == ["FHIR-INVARIANT"]


def test_a_broken_neighbour_does_not_stop_the_check() -> None:
    inner = {"resourceType": "Condition", "id": "a", "subject": {"reference": "#x"}}
    patient = {"resourceType": "Patient", "contained": [5, inner]}
    assert [(p.rule, p.path) for p in check_resource(patient)] == [
        ("FHIR-TYPE", "Patient.contained[0]"),
        ("FHIR-INVARIANT", "Patient.contained[1].subject"),
    ]
    bundle = {"resourceType": "Bundle", "type": "document", "identifier": 5, "entry": [inner]}
    assert {p.rule for p in check_bundle(bundle)} == {"FHIR-TYPE", "FHIR-STRUCTURE"}


def test_numbers_beyond_all_bounds() -> None:
    start = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":'
    )
    assert list(check_ndjson([start + b"1e999999}}"])) == []
    assert list(check_ndjson([start + b"1" * 10_000 + b"}}"])) == []


def test_long_values_are_shortened_in_messages() -> None:
    (problem,) = check_resource({"resourceType": "Patient", "id": "x" * 10_000})
    assert len(problem.message) < 500


def observation(name: str, *members: str) -> dict[str, Any]:
    made = {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": "x"}}
    return made | {"hasMember": [{"reference": one} for one in members]}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_contained_resources_in_a_circle_are_told(release: str) -> None:
    members = {"a": ["#b"], "b": ["#c", "#d"], "c": ["#a"], "d": ["#d"]}
    whole = observation("o", "#a")
    whole["contained"] = [observation(name, *some) for name, some in members.items()]
    found = check_resource(whole, release)
    assert [(p.rule, p.path) for p in found] == [
        ("FHIR-CONTAINED-CIRCLE", "Observation.contained[0]"),
        ("FHIR-CONTAINED-CIRCLE", "Observation.contained[3]"),
    ]
    assert "#a to #b to #c to #a" in found[0].message
    whole["contained"] = [observation("a", "#b", "#c"), observation("b", "#c"), observation("c")]
    del whole["contained"][2]["hasMember"]
    assert check_resource(whole, release) == []
    whole["contained"] = [observation("a", "#")]
    assert check_resource(whole, release) == []


def test_a_long_row_of_contained_resources_is_no_trouble() -> None:
    count = 5000
    whole = observation("o", "#n0")
    whole["contained"] = [observation(f"n{n}", f"#n{(n + 1) % count}") for n in range(count)]
    assert [p.rule for p in check_resource(whole)] == ["FHIR-CONTAINED-CIRCLE"]


def test_a_bundle_inside_a_bundle_is_told() -> None:
    inner = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": GOOD["Patient"]}],
    }
    url = "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-%012d"
    entries = [{"fullUrl": url % n, "resource": inner} for n in range(40)]
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    expected = [("FHIR-BUNDLE-INSIDE", f"Bundle.entry[{n}].resource") for n in range(40)]
    assert [(p.rule, p.path) for p in check_bundle(whole)] == expected
    text = json.dumps(whole, default=float).encode()
    assert [(p.rule, p.path) for p in check_bundle_text(text)] == expected


def test_of_a_long_key_the_beginning_is_told() -> None:
    (problem,) = check_resource({"resourceType": "Patient", "x" * 10**6: 1})
    assert len(str(problem)) < 5000
    (problem,) = check_resource({"resourceType": "P" * 10**6})
    assert len(str(problem)) < 5000


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_number_of_more_digits_than_an_int_has_is_looked_at(release: str) -> None:
    number = b"9" * 5000
    extension = b'{"url":"http://a.example/b","valueDecimal":%s}' % number
    basic = b'{"resourceType":"Basic","code":{"text":"a"},"extension":[%s]}'
    found = [problem.rule for problem in check_ndjson([basic % extension], release=release)]
    # R4 sets a decimal no limit, R5 one of 18 digits.
    assert found == ([] if release == "R4" else ["FHIR-FORMAT"])
    bundle = b'{"resourceType":"Bundle","type":"searchset","total":%s,"entry":[{"resource":%s}]}'
    told = check_bundle_text(bundle % (number, basic % b""), release=release)
    assert "Bundle.total" in [problem.path for problem in told]
    assert all(len(problem.message) < 6000 for problem in told)

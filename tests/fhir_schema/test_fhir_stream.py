"""Files are checked like the resources in them."""

import json
from typing import Any

import pytest
from fhir_examples import GOOD, TOKENS, changed, leaves, load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.schemas.fhir import check_bundle, check_bundle_text, check_ndjson, fast, is_fhir
from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.json_text import decode, parse
from trialect.schemas.fhir.table import table

TEXT_RULES = {"FHIR-JSON", "FHIR-DUPLICATE-KEY"}


@pytest.fixture(autouse=True)
def no_shapes_kept() -> None:
    fast.kept_shapes.cache_clear()


def line(resource: dict[str, Any], **how: Any) -> bytes:
    return json.dumps(resource, default=float, **how).encode()


def observation(number: int, **changes: Any) -> dict[str, Any]:
    made = changed(
        "Observation", {"set": {"id": f"score-{number}", "identifier.0.value": str(number)}}
    )
    return made | changes


def bundle(count: int) -> dict[str, Any]:
    uuid = "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-%012d"
    patient = GOOD["Bundle"]["entry"][0] | {"fullUrl": uuid % 0}
    entries = [patient]
    for number in range(1, count):
        resource = observation(number)
        del resource["id"]
        resource["subject"] = {"reference": uuid % 0}
        request = {"method": "POST", "url": "Observation", "ifNoneExist": f"identifier=a|{number}"}
        entries.append({"fullUrl": uuid % number, "resource": resource, "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_valid_lines_have_no_problems_and_take_the_fast_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned: list[str] = []
    learn = Shapes.learn
    monkeypatch.setattr(
        Shapes, "learn", lambda self, text: (learned.append(text), learn(self, text))[1]
    )
    lines = [line(observation(n), separators=(",", ":")) + b"\n" for n in range(1000)]
    assert list(check_ndjson(lines)) == []
    assert len(learned) == fast.OFTEN


def test_each_line_is_its_own_and_named_by_file_and_row() -> None:
    lines = [line(observation(n)) + b"\r\n" for n in range(100)]
    lines[70] = line(observation(70, status="done")) + b"\n"
    lines[71] = b"\n"
    lines[72] = b'{"resourceType":"Observation"'
    lines[73] = b'{"resourceType":"Basic","id":"\xff"}'
    lines[74] = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"status":"final"}'
    )
    lines[75] = b'{"resourceType":"Observation","status":"final","code":{"text":"\\ud83d"}}'
    lines[76] = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":NaN}}'
    )
    lines[77] = b"[]"
    lines[78] = b"null"
    found = [(p.row, p.rule) for p in check_ndjson(lines, file="Observation.ndjson")]
    assert found == [
        (71, "FHIR-REQUIRED-BINDING"),
        (73, "FHIR-JSON"),
        (74, "FHIR-JSON"),
        (75, "FHIR-DUPLICATE-KEY"),
        (76, "FHIR-JSON"),
        (77, "FHIR-JSON"),
        (78, "FHIR-TYPE"),
        (79, "FHIR-TYPE"),
    ]
    places = {p.place for p in check_ndjson(lines, file="Observation.ndjson")}
    assert "Observation.ndjson:71: Observation.status" in places


def test_a_key_that_stands_twice_is_seen_whatever_came_before() -> None:
    lines = [line(observation(n)) for n in range(50)]
    lines.append(lines[-1].replace(b'"status": "final"', b'"status": "final", "status": "final"'))
    assert [(p.row, p.rule, p.value) for p in check_ndjson(lines)] == [
        (51, "FHIR-DUPLICATE-KEY", "status")
    ]


def test_shapes_that_nobody_repeats_are_not_compiled() -> None:
    lines = [
        line(
            {
                "resourceType": "Basic",
                "code": {"text": "x"},
                "extension": [
                    {"url": f"https://example.org/{i}", "valueInteger": i} for i in range(n)
                ],
            }
        )
        for n in range(1, 60)
    ]
    assert list(check_ndjson(lines)) == []
    shapes = Shapes(table())
    for text in lines:
        shapes.learn(text.decode())
    assert shapes.vouch(lines[-1].decode()) is None


def test_no_more_shapes_are_compiled_than_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "MOST_SHAPES", 2)
    monkeypatch.setattr(fast, "MOST_COUNTED", 3)
    lines = []
    for n in range(5):
        for i in range(50):
            lines.append(line(observation(i, note=[{"text": "x"}] * (n + 1))))
    assert list(check_ndjson(lines)) == []


@pytest.mark.parametrize("how", [{"separators": (",", ":")}, {}, {"indent": 2}])
def test_a_bundle_file_is_valid_however_it_is_written(how: dict[str, Any]) -> None:
    text = json.dumps(bundle(60), default=float, **how).encode()
    assert check_bundle(bundle(60)) == []
    assert check_bundle_text(text) == []


@pytest.mark.parametrize("number", [2, 58])
@pytest.mark.parametrize(
    "case", [c for c in load("defects.json") if c["on"] == "Observation"], ids=lambda c: c["name"]
)
def test_a_fault_in_an_entry_is_found_before_and_after_shapes(
    case: dict[str, Any], number: int
) -> None:
    whole = bundle(60)
    resource = changed("Observation", case)
    if "done" not in case["name"]:
        resource["subject"] = resource.get("subject")
    whole["entry"][number]["resource"] = resource
    text = json.dumps(whole, default=float).encode()
    found = check_bundle_text(text)
    assert found == check_bundle(json.loads(text))
    assert case["rule"] in {p.rule for p in found}


def test_faults_between_entries_are_found_by_the_fast_path() -> None:
    whole = bundle(80)
    entries = whole["entry"]
    entries[60]["resource"]["subject"] = {
        "reference": "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-999999999999"
    }
    entries[61]["fullUrl"] = entries[62]["fullUrl"]
    entries[63]["request"]["ifNoneExist"] = entries[64]["request"]["ifNoneExist"]
    entries[65]["resource"]["subject"] = {"reference": entries[66]["fullUrl"]}
    entries[67]["request"]["url"] = "Patient"
    text = json.dumps(whole, default=float).encode()
    found = check_bundle_text(text, file="b.json")
    assert [p.at(file=None) for p in found] == check_bundle(whole)
    assert [(p.rule, p.path) for p in found] == [
        ("FHIR-BUNDLE-FULL-URL", "Bundle.entry[62].fullUrl"),
        ("FHIR-BUNDLE-CONDITION", "Bundle.entry[64].request"),
        ("FHIR-BUNDLE-REQUEST", "Bundle.entry[67].request"),
        ("FHIR-DANGLING-REFERENCE", "Bundle.entry[60].resource.subject.reference"),
        ("FHIR-REFERENCE-TARGET", "Bundle.entry[65].resource.subject.reference"),
    ]
    assert {p.file for p in found} == {"b.json"}


def test_bundles_that_cannot_be_split_are_read_whole() -> None:
    whole = bundle(3)
    whole["entry"][1] = dict(reversed(whole["entry"][1].items()))
    assert check_bundle_text(json.dumps(whole, default=float).encode()) == []
    signed = bundle(3) | {
        "signature": {
            "type": [{"code": "x"}],
            "when": "2026-01-01T00:00:00Z",
            "who": {"display": "x"},
        }
    }
    assert check_bundle_text(json.dumps(signed, default=float).encode()) == []
    nested = bundle(2)
    nested["entry"].append(
        {
            "fullUrl": "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-0000000000ff",
            "resource": bundle(2),
            "request": {"method": "POST", "url": "Bundle"},
        }
    )
    text = json.dumps(nested, default=float).encode()
    found = check_bundle_text(text)
    assert found == check_bundle(nested)
    assert [(p.rule, p.path) for p in found] == [("FHIR-BUNDLE-INSIDE", "Bundle.entry[2].resource")]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"", "FHIR-JSON"),
        (b"\xff", "FHIR-JSON"),
        (b"{", "FHIR-JSON"),
        (b"null", "FHIR-TYPE"),
        (b"[]", "FHIR-TYPE"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[]}', "FHIR-EMPTY"),
        (b'{"resourceType":"Bundle","type":"batch","entry":{}}', "FHIR-TYPE"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[null]}', "FHIR-NULL"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[1]}', "FHIR-TYPE"),
        (b'{"resourceType":"Bundle","entry":[{"fullUrl":"urn:oid:1.2"}]}', "FHIR-CARDINALITY"),
        (
            b'{"resourceType":"Bundle","type":"x","entry":[{"fullUrl":"urn:oid:1.2"}]}',
            "FHIR-REQUIRED-BINDING",
        ),
        (
            b'{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:oid:1.2"}],"entry":[]}',
            "FHIR-DUPLICATE-KEY",
        ),
        (b'{"resourceType":"Patient","entry":[{"fullUrl":"urn:oid:1.2"}]}', "FHIR-STRUCTURE"),
        (
            b'{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:oid:1.2"},]}',
            "FHIR-JSON",
        ),
        (
            b'{"resourceType":"Bundle","type":"x","entry":[{"fullUrl":"a"} {"fullUrl":"x"}]}',
            "FHIR-JSON",
        ),
    ],
)
def test_a_broken_bundle_file_has_problems_and_raises_nothing(text: bytes, rule: str) -> None:
    assert rule in {problem.rule for problem in check_bundle_text(text)}


def test_shapes_are_kept_from_one_bundle_to_the_next() -> None:
    shapes = fast.kept_shapes("R4", "Bundle.entry")
    for _ in range(20):
        assert check_bundle_text(json.dumps(bundle(5), default=float).encode()) == []
    entry = json.dumps(bundle(5)["entry"][3], default=float)
    assert shapes.vouch(entry) is not None


def test_what_claims_to_be_fhir() -> None:
    assert all(is_fhir(resource) for resource in GOOD.values())
    assert is_fhir({"resourceType": "Pateint"})
    for other in (
        {},
        {"resourceType": 1},
        {"resourceType": ""},
        [],
        None,
        {"datasetJSONVersion": "1.1"},
    ):
        assert not is_fhir(other)


WARM = json.dumps(bundle(20), default=float).encode()
PLACES = leaves(parse(WARM.decode()))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_a_bundle_text_has_the_problems_of_the_bundle(data: st.DataObject) -> None:
    text = WARM.decode()
    chosen = data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique_by=id))
    for leaf in sorted(chosen, key=lambda leaf: -leaf.start):
        other = st.sampled_from(PLACES).map(lambda leaf: leaf.raw)
        token = data.draw(st.sampled_from(TOKENS) | other)
        text = text[: leaf.start] + token + text[leaf.end :]
    check_bundle_text(WARM)
    value, problems = decode(text)
    found = check_bundle_text(text.encode())
    if problems:
        assert [p.rule for p in problems] == [p.rule for p in found if p.rule in TEXT_RULES]
    else:
        assert found == check_bundle(value)


@pytest.mark.parametrize("condition", ["a\nb", 'a"b', "a\\b", "a", "n=\n", "n=é\u00a0"])
def test_a_condition_with_escapes_is_told_as_it_is(condition: str) -> None:
    (asked,) = [one for one in PLACES if one.raw == '"identifier=a|10"']
    for token in (json.dumps(condition), json.dumps(condition, ensure_ascii=False)):
        text = WARM.decode()[: asked.start] + token + WARM.decode()[asked.end :]
        check_bundle_text(WARM)
        assert check_bundle_text(text.encode()) == check_bundle(json.loads(text))

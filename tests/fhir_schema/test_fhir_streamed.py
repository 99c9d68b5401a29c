"""A Bundle that is read a piece at a time has the problems that the whole has."""

import json
from io import BytesIO
from typing import Any

import pytest
from fhir_examples import GOOD, GOOD_R5, changed, load
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.problems import Problem
from trialect.schemas.fhir import check_bundle, check_bundle_stream, check_bundle_text, entries
from trialect.schemas.fhir import noted as noted_module
from trialect.schemas.fhir.entries import Entries, NotSplitError

UUID = "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-%012d"
KINDS = ["transaction", "batch", "collection", "searchset", "history", "document"]


def streamed(data: bytes, release: str = "R4") -> list[Problem]:
    return list(check_bundle_stream(lambda: BytesIO(data), release=release))


def bundle(kind: str, count: int, by_url: bool = False) -> dict[str, Any]:
    """A patient and observations about him, as they stand in a Bundle of this kind.

    `by_url` has a server's ids and versions.
    """
    made = []
    for number in range(count):
        resource: dict[str, Any] = {"resourceType": "Patient", "active": True}
        if number:
            resource = {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": f"Pain {number}"},
                "subject": {"reference": UUID % 0},
                "valueInteger": number,
            }
        entry: dict[str, Any] = {"fullUrl": UUID % number, "resource": resource}
        name = resource["resourceType"]
        if kind in ("transaction", "batch", "history"):
            entry["request"] = {"method": "PUT", "url": f"{name}?identifier=a|{number}"}
            if number % 3 == 2 and kind != "history":
                asked = {"ifNoneExist": f"identifier=b|{number}"}
                entry["request"] = {"method": "POST", "url": name, **asked}
        if kind == "history":
            entry["response"] = {"status": "200"}
        if by_url:
            resource |= {"id": f"n{number}", "meta": {"versionId": "1"}}
            entry["fullUrl"] = f"https://example.org/{name}/n{number}"
        made.append(entry)
    return {"resourceType": "Bundle", "type": kind, "entry": made}


@pytest.fixture(params=[7, 50, 1 << 16])
def small_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "FIRST_BYTES", request.param)
    monkeypatch.setattr(entries, "MOST_BYTES", 20 * request.param)


BUNDLE_CASES = [case for case in load("defects.json") if case["on"] == "Bundle"]


@pytest.mark.parametrize("case", BUNDLE_CASES, ids=lambda case: case["name"])
@pytest.mark.usefixtures("small_pieces")
def test_a_defect_of_a_bundle_is_found(case: dict[str, Any]) -> None:
    whole = changed("Bundle", case)
    text = json.dumps(whole, default=float).encode()
    if type(whole.get("entry")) is list and whole["entry"]:
        assert streamed(text) == check_bundle(json.loads(text))
        assert (case["rule"], case["path"]) in [(p.rule, p.path) for p in streamed(text)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", [{"separators": (",", ":")}, {}, {"indent": 2}])
@pytest.mark.usefixtures("small_pieces")
def test_a_bundle_has_the_problems_of_the_whole(kind: str, how: dict[str, Any]) -> None:
    whole = bundle(kind, 90)
    whole["entry"][0]["resource"]["contact"] = [{"name": {"text": 'a "b" \\ {[}'}}]
    expected = check_bundle(whole)
    assert bool(expected) == (kind in ("document",))
    assert streamed(json.dumps(whole, **how).encode()) == expected


def spoil(whole: dict[str, Any], how: str, number: int, other: int) -> None:
    entry, second = whole["entry"][number], whole["entry"][other]
    match how:
        case "lost":
            entry["resource"]["subject"] = {"reference": UUID % 999}
        case "wrong type":
            entry["resource"]["subject"] = {"reference": second["fullUrl"]}
        case "fullUrl":
            entry["fullUrl"] = second["fullUrl"]
        case "odd fullUrl":
            entry["fullUrl"] = second["fullUrl"] = "a\nb" + "c" * 2000
        case "url of another":
            entry["fullUrl"] = "https://example.org/Patient/a"
        case "id":
            entry["resource"]["id"] = "x1"
        case "version of another":
            entry["fullUrl"] = second["fullUrl"]
            entry["resource"]["id"] = second["resource"].get("id", "a")
            entry["resource"]["meta"] = {"versionId": "2"}
        case "version":
            entry["resource"]["meta"] = {"versionId": "2"}
        case "condition" if "request" in entry:
            entry["request"] = second["request"]
        case "status":
            entry["resource"]["status"] = "done"
        case "null":
            whole["entry"][number] = None
        case "number":
            whole["entry"].insert(number, 5)
        case "list":
            whole["entry"].insert(number, [{"fullUrl": "a"}, "]"])
        case "empty":
            whole["entry"][number] = {}
        case "no fullUrl":
            entry.pop("fullUrl")
        case "bundle inside":
            entry["resource"] = bundle("collection", 3)


HOW = ["lost", "wrong type", "fullUrl", "odd fullUrl", "url of another", "version", "condition"]
HOW += [
    "id",
    "version of another",
    "status",
    "null",
    "number",
    "list",
    "empty",
    "no fullUrl",
    "bundle inside",
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.dictionaries(
        st.integers(1, 59), st.tuples(st.sampled_from(HOW), st.integers(1, 39)), max_size=4
    ),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["R4", "R5"]),
)
def test_any_spoiled_bundle_has_the_problems_of_the_whole(
    kind: str, how: dict[int, tuple[str, int]], first: bool, by_url: bool, release: str
) -> None:
    whole = bundle(kind, 60, by_url)
    for number, (fault, other) in sorted(how.items(), reverse=True):
        if other != number and all(whole["entry"][n] for n in (number, other)):
            try:
                spoil(whole, fault, number, other)
            except (TypeError, KeyError, AttributeError):
                continue  # an earlier fault has taken the entry away
    if first:
        whole = {"entry": whole.pop("entry"), **whole}
    assert streamed(json.dumps(whole).encode(), release) == check_bundle(whole, release)


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_good_bundle_is_good(release: str) -> None:
    good = {"R4": GOOD, "R5": GOOD_R5}[release]["Bundle"]
    text = json.dumps(good, default=float).encode()
    assert streamed(text, release) == check_bundle_text(text, release=release) == []


def test_references_that_are_settled_early_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted_module, "MOST_UNSETTLED", 20)
    monkeypatch.setattr(entries, "FIRST_BYTES", 2000)
    whole = bundle("transaction", 400)
    whole["entry"][7]["resource"]["subject"]["reference"] = UUID % 5000
    found = streamed(json.dumps(whole).encode())
    assert [(p.rule, p.path) for p in found] == [
        ("FHIR-DANGLING-REFERENCE", "Bundle.entry[7].resource.subject.reference")
    ]


def test_a_key_that_stands_twice_and_bytes_that_are_no_text_are_told_where_they_are() -> None:
    text = json.dumps(bundle("transaction", 30)).encode()
    text = text.replace(b'"Pain 4"', b'"Pain \xff"')
    text = text.replace(b'"valueInteger": 6', b'"valueInteger": 6, "valueInteger": 6')
    assert [(p.rule, p.path) for p in streamed(text)] == [
        ("FHIR-JSON", "Bundle.entry[4]"),
        ("FHIR-DUPLICATE-KEY", "Bundle.entry[6]"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule", "path"),
    [
        (b'"Pain 4"', b'"Pain 4', "FHIR-JSON", "Bundle.entry[4]"),
        (b'"Pain 4"', b"Pain 4", "FHIR-JSON", "Bundle.entry[4]"),
        (b'"entry": [', b'"entry": [,', "FHIR-JSON", "Bundle.entry[0]"),
        (b"}}]}", b"}},]}", "FHIR-JSON", "Bundle.entry[30]"),
        (b"}}]}", b"}}]", "FHIR-JSON", None),
        (b"}}]}", b"}}}", "FHIR-JSON", None),
        (b"}}]}", b"}}]}]", "FHIR-JSON", None),
        (b"}}]}", b"}}", "FHIR-JSON", "Bundle.entry[30]"),
        (b"}}]}", b"", "FHIR-JSON", "Bundle.entry[29]"),
        (b'"type": "transaction"', b'"type": "trans"', "FHIR-REQUIRED-BINDING", "Bundle.type"),
        (b'{"resourceType": "Bundle"', b'{"resourceType": "Bundle\xff"', "FHIR-JSON", None),
        (b'"entry"', b'"entries"', "FHIR-JSON", "Bundle"),
        (b"}}]}", b'}}], "entry": []}', "FHIR-DUPLICATE-KEY", None),
    ],
)
@pytest.mark.usefixtures("small_pieces")
def test_text_that_is_no_bundle_is_a_problem(
    old: bytes, new: bytes, rule: str, path: str | None
) -> None:
    text = json.dumps(bundle("transaction", 30)).encode()
    assert old in text
    found = streamed(text.replace(old, new))
    assert (rule, path) in [(p.rule, p.path) for p in found]


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LARGEST", 100_000)
    monkeypatch.setattr(entries, "FIRST_BYTES", 1000)
    monkeypatch.setattr(entries, "MOST_BYTES", 1000)
    whole = bundle("collection", 5)
    assert streamed(json.dumps(whole).encode()) == []
    whole["entry"][3]["resource"]["code"]["text"] = "x" * 200_000
    assert [(p.rule, p.path) for p in streamed(json.dumps(whole).encode())] == [
        ("FHIR-SIZE", "Bundle.entry[3]")
    ]
    whole = {"resourceType": "Bundle", "id": "x" * 200_000, "entry": []}
    assert [(p.rule, p.path) for p in streamed(json.dumps(whole).encode())] == [
        ("FHIR-SIZE", "Bundle")
    ]
    with pytest.raises(NotSplitError):
        list(Entries(BytesIO(json.dumps({"entry": [], "id": "x" * 200_000}).encode())))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_behind_a_bundles_start(rest: bytes) -> None:
    for start in (b"", b'{"resourceType":"Bundle","type":"collection","entry":[{}'):
        assert isinstance(streamed(start + rest), list)

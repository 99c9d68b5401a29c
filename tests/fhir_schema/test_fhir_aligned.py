"""Texts that lie alike: what is found valid as a block is what is found valid text by text."""

import json
import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from fhir_examples import GOOD, OF_RELEASE, TOKENS, leaves
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.schemas.fhir import ReferenceIndex, check_bundle, check_bundle_texts, check_ndjson
from trialect.schemas.fhir.aligned import left_over, stacks_of
from trialect.schemas.fhir.bundles import check_bundle_text
from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.json_text import parse
from trialect.schemas.fhir.positions import NARROWER, certain
from trialect.schemas.fhir.primitives import ANY_UUID, ID
from trialect.schemas.fhir.primitives import TOKENS as PATTERNS
from trialect.schemas.fhir.shapes import FULL_URL, UnfitError, compile_shape
from trialect.schemas.fhir.table import table
from trialect.schemas.fhir.texts import joined, line_batches, lines_of, texts_of


def learned(text: str, release: str = "R4") -> Shapes:
    shapes = Shapes(table(release))
    for _ in range(64):
        shapes.learn(text)
    return shapes


def fit() -> list[tuple[str, str]]:
    texts = []
    for release, good in OF_RELEASE.items():
        for resource in good.values():
            text = json.dumps(resource, default=float, ensure_ascii=False)
            try:
                compile_shape(text, table(release))
            except UnfitError:
                continue
            texts.append((release, text))
    return texts


FIT = fit()
"""Texts of good resources that have a shape, each with its release."""


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_block_takes_what_its_shape_takes(data: st.DataObject) -> None:
    release, text = data.draw(st.sampled_from(FIT))
    shapes = learned(text, release)
    places = leaves(parse(text))
    texts = [text] * 8
    values = st.one_of(
        st.sampled_from(TOKENS),
        st.sampled_from([leaf.raw for leaf in places]),
        st.text(max_size=8).map(lambda t: json.dumps(t, ensure_ascii=False)),
    )
    for _ in range(data.draw(st.integers(1, 12))):
        leaf = data.draw(st.sampled_from(places))
        value = data.draw(values)
        if data.draw(st.booleans()):
            value = (value + " " * len(leaf.raw))[: len(leaf.raw)]
        texts.append(text[: leaf.start] + value + text[leaf.end :])
    given_bytes = texts_of([one.encode() for one in texts])
    stacks = stacks_of(given_bytes, shapes) if given_bytes.is_plain() else []
    taken = {row for stack in stacks for row in stack.rows.tolist()}
    for stack in stacks:
        for place, row in enumerate(stack.rows.tolist()):
            groups = stack.shape.groups(texts[row])
            assert groups is not None
            for capture, value in enumerate(groups):
                found = stack.captured(capture)[place].tobytes().rstrip(b"\0")
                assert found == value[1:-1].encode()
    assert set(left_over(given_bytes, stacks)) == set(range(len(texts))) - taken


def test_texts_that_lie_alike_need_no_other_path(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(GOOD["Observation"], default=float)
    shapes = learned(text)
    texts = [text.encode()] * 500
    asked: list[str] = []
    vouch = Shapes.vouch
    monkeypatch.setattr(Shapes, "vouch", lambda self, one: (asked.append(one), vouch(self, one))[1])
    (stack,) = stacks_of(texts_of(texts), shapes)
    assert len(stack) == 500
    assert len(asked) == 1


@pytest.mark.parametrize("bad", [b"\xff", b"a\0b", b"\xed\xa0\x80"])
def test_texts_that_are_no_plain_utf8_are_left(bad: bytes) -> None:
    assert not texts_of([b"{}", bad]).is_plain()
    assert texts_of([b"{}", "größer".encode()]).is_plain()


def test_half_a_character_is_none_with_the_next_text() -> None:
    assert not texts_of([b"a\xc3", b"\xa4b"]).is_plain()
    assert not joined([texts_of([b"a\xc3"]), texts_of([b"\xa4b"])]).is_plain()


@given(st.lists(st.binary(max_size=9).map(lambda one: one.replace(b"\n", b" ")), min_size=1))
def test_texts_are_what_was_given(given_texts: list[bytes]) -> None:
    stripped = [one.strip(b" \t\r\n") for one in given_texts]
    texts = texts_of(given_texts)
    assert list(texts) == given_texts
    assert list(texts.stripped()) == stripped
    assert list(joined([texts, texts])) == given_texts * 2
    assert texts.lengths.tolist() == [len(one) for one in given_texts]
    assert list(lines_of(b"\n".join(given_texts) + b"\n")) == given_texts
    read = [one for batch in line_batches(BytesIO(b"\n".join(given_texts))) for one in batch]
    assert read + [b""] * (len(stripped) - len(read)) == stripped
    same = [row for row, one in enumerate(given_texts) if len(one) == len(given_texts[0])]
    if given_texts[0]:
        block = texts.block(np.array(same), len(given_texts[0]))
        assert [bytes(one) for one in block] == [given_texts[row] for row in same]


PATTERN = st.sampled_from([*PATTERNS.values(), FULL_URL, f'"Patient/{ID}"', f'"{ANY_UUID}"'])
WORDS = (
    '" urn:uuid: 0b0e7a52-6f5c-5d0e-9d5e-000000000003 Patient/ a.b-c é x \\ 2026-02-28 \x01 ≥'
    " https://example.org/a?b=c T09:30:00Z true -12.50"
)
PIECES = st.sampled_from([" ", *WORDS.split(" ")])


@settings(max_examples=500, deadline=None)
@given(PATTERN, st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=5))
def test_what_positions_tell_the_pattern_tells(pattern: str, inside: list[str]) -> None:
    values = [f'"{one}"'.encode() for one in inside] + [one.encode() for one in inside if one]
    for value in values:
        column = np.frombuffer(value, np.uint8).reshape(1, -1)
        if certain(pattern, column)[0]:
            assert re.fullmatch(pattern, value.decode(), re.ASCII)


def test_the_usual_values_are_told_by_their_positions() -> None:
    usual = {
        f'"Patient/{ID}"': b'"Patient/0b0e7a52-6f5c-5d0e-9d5e-000000000003"',
        FULL_URL: b'"urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-000000000003"',
        PATTERNS["string"]: '"größer ≥ 5"'.encode(),
        PATTERNS["uri"]: b'"https://example.org/records"',
        PATTERNS["id"]: b'"a.1"',
    }
    for pattern, value in usual.items():
        assert certain(pattern, np.frombuffer(value, np.uint8).reshape(1, -1)).all(), pattern
    assert all(re.compile(one) for one in NARROWER.values())


def transaction(number: int, **changes: Any) -> dict[str, Any]:
    """A bundle of one patient and observations, in the form in which bundles are written."""
    uuid = "urn:uuid:0b0e7a52-6f5c-5d0e-9d5e-%06d%06d"
    identifier = {"system": "https://example.org/s", "value": f"S-{number:03d}"}
    entries = [
        {
            "fullUrl": uuid % (number, 0),
            "resource": {"resourceType": "Patient", "identifier": [identifier]},
            "request": {"method": "PUT", "url": f"Patient?identifier=s|S-{number:03d}"},
        }
    ]
    for place in range(1, 9):
        resource = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Pain"},
            "subject": {"reference": uuid % (number, 0)},
            "valueInteger": place,
        }
        url = f"Observation?identifier=s|S-{number:03d}.{place}"
        request = {"method": "PUT", "url": url}
        entries.append(
            {"fullUrl": uuid % (number, place), "resource": resource, "request": request}
        )
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries, **changes}


def written(bundle: dict[str, Any]) -> bytes:
    head = {key: value for key, value in bundle.items() if key != "entry"}
    entries = ",\n".join(json.dumps(one, separators=(",", ":")) for one in bundle["entry"])
    return f'{json.dumps(head)[:-1]},"entry":[\n{entries}\n]}}\n'.encode()


def broken(bundle: dict[str, Any], how: str) -> dict[str, Any]:
    first, second = bundle["entry"][3], bundle["entry"][4]
    match how:
        case "lost reference":
            first["resource"]["subject"]["reference"] = first["fullUrl"].replace("0003", "0999")
        case "wrong type":
            first["resource"]["subject"]["reference"] = second["fullUrl"]
        case "another's patient":
            other = first["resource"]["subject"]["reference"].replace("5e-0000", "5e-0009")
            first["resource"]["subject"]["reference"] = other
        case "fullUrl twice":
            first["fullUrl"] = second["fullUrl"]
        case "condition twice":
            first["request"]["url"] = second["request"]["url"]
        case "status":
            first["resource"]["status"] = "done!"
        case "method":
            first["request"]["method"] = "PUD"
        case "url":
            first["request"]["url"] = "Patient?identifier=s|S-000.3"
        case "no condition":
            first["request"]["url"] = "Observation?identifier"
        case "kind":
            bundle["type"] = "collection"
        case "total":
            bundle["total"] = 3
    return bundle


HOW = ["lost reference", "wrong type", "another's patient", "fullUrl twice", "condition twice"]
HOW += ["status", "method", "url", "no condition", "kind", "total"]


@pytest.mark.parametrize("how", HOW)
def test_one_broken_bundle_among_many_is_found(how: str) -> None:
    bundles = [transaction(number) for number in range(60)]
    assert list(check_bundle_texts((str(n), written(one)) for n, one in enumerate(bundles))) == []
    bundles[41] = broken(bundles[41], how)
    expected = [(p.rule, p.path, p.value) for p in check_bundle(bundles[41])]
    assert expected
    texts = [(str(number), written(one)) for number, one in enumerate(bundles)]
    found = list(check_bundle_texts(texts))
    assert [(p.rule, p.path, p.value) for p in found] == expected
    assert {p.file for p in found} == {"41"}


@pytest.mark.parametrize("cut", [1, 5, 40, 400])
def test_a_cut_bundle_among_many_is_found(cut: int) -> None:
    texts = [(str(number), written(transaction(number))) for number in range(30)]
    texts[20] = ("20", texts[20][1][:-cut])
    assert {p.file for p in check_bundle_texts(texts)} == ({"20"} if cut > 1 else set())
    assert list(check_bundle_texts(texts)) == check_bundle_text(texts[20][1], file="20")


def test_many_lines_note_what_single_lines_note() -> None:
    lines = []
    for number in range(400):
        resource = {
            "resourceType": "Observation",
            "id": f"o{number % 390:03d}",
            "status": "final",
            "code": {"text": "Pain"},
            "subject": {"reference": f"Patient/p{number % 7}"},
        }
        lines.append(json.dumps(resource).encode() + b"\n")
    lines += [json.dumps({"resourceType": "Patient", "id": f"p{n}"}).encode() for n in range(6)]
    index = ReferenceIndex()
    assert list(check_ndjson(lines, "all.ndjson", index)) == []
    assert len(index) == len(lines)

    def again(_: str) -> list[bytes]:
        return lines

    assert {(p.row, p.value) for p in index.unresolved(again)} == {(7, "Patient/p6")}
    assert [(p.row, p.value) for p in index.duplicates(again)] == [
        (391 + n, f"Observation/o{n:03d}") for n in range(10)
    ]


def test_what_is_settled_stays_found_and_what_is_lost_stays_lost() -> None:
    def lines(name: str) -> list[bytes]:
        if name == "patients":
            return [b'{"resourceType":"Patient","id":"p%d"}' % n for n in range(3)]
        start = b'{"resourceType":"Consent","id":"c%d","status":"active","scope":{"text":"x"},'
        end = b'"category":[{"text":"y"}],"policyRule":{"text":"z"},"patient":{"reference":"%b"}}'
        named = [b"Patient/p1", b"Patient/p9", b"Patient/p2", b"Patient/late"]
        return [start % n + end % one for n, one in enumerate(named)]

    one, other = ReferenceIndex(), ReferenceIndex()
    for name in ("patients", "consents"):
        assert list(check_ndjson(lines(name), name, one)) == []
    one.settle()
    assert len(one.references) == 2
    assert list(check_ndjson([b'{"resourceType":"Patient","id":"late"}'], "late", other)) == []
    one.merge(other)
    assert [(p.file, p.row, p.value) for p in one.unresolved(lines)] == [
        ("consents", 2, "Patient/p9")
    ]

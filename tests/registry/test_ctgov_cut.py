"""Records are cut from a text by brackets outside of strings, whatever its layout and size."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.converters.readers import ctgov_cut
from trialect.converters.readers.ctgov_cut import Cut, Depth, cut


def record(number: int, text: str = "x", **more: Any) -> dict[str, Any]:
    section = {"identificationModule": {"nctId": f"NCT{number:08}"}, "text": text}
    return {"protocolSection": section, **more, "hasResults": False}


def cuts(text: bytes, piece: int | None = None) -> list[Cut]:
    before = ctgov_cut.PIECE, ctgov_cut.HEAD
    if piece is not None:
        ctgov_cut.PIECE, ctgov_cut.HEAD = piece, max(piece, 50)
    try:
        return list(cut(BytesIO(text)))
    finally:
        ctgov_cut.PIECE, ctgov_cut.HEAD = before


LAYOUTS = {
    "compact": lambda records: json.dumps(records, separators=(",", ":")),
    "blanks": json.dumps,
    "indented": lambda records: json.dumps(records, indent=4, ensure_ascii=False),
    "site": lambda records: "[\n" + ",\n".join(map(json.dumps, records)) + "\n]",
    "page": lambda records: json.dumps({"totalCount": 9, "studies": records, "a": {"b": "}"}}),
    "page indented": lambda records: json.dumps({"studies": records}, indent=2),
    "lines": lambda records: "".join(json.dumps(one) + "\n" for one in records),
    "lines without end": lambda records: "\r\n".join(map(json.dumps, records)),
    "one after the other": lambda records: "".join(json.dumps(one, indent=1) for one in records),
    "line ends": lambda records: json.dumps(records, separators=(",\n", ":\n")),
    "one with line ends": lambda records: (
        json.dumps(records[0], separators=(",\n", ":\n"))
        + "".join(json.dumps(one) for one in records[1:])
    ),
    "mark": lambda records: "\ufeff" + json.dumps(records),
}

RECORDS = [
    record(1, 'a "b" \\ [ { }] "studies": [ '),
    record(2, '{"protocolSection": \\'),
    record(3, "é" * 40, resultsSection={"x": [[1, {}], []]}),
    {"hasResults": True, "protocolSection": {"identificationModule": {"nctId": "NCT4"}}},
    {"protocolSection": {}},
    record(6),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("piece", [1, 7, 64, 1000, None])
def test_every_layout_gives_the_same_records(layout: str, piece: int | None) -> None:
    found = cuts(LAYOUTS[layout](RECORDS).encode(), piece)
    assert [one.kind for one in found] == [""] * len(RECORDS)
    assert [json.loads(one.text) for one in found] == RECORDS
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_record_alone(layout: str) -> None:
    found = cuts(LAYOUTS[layout](RECORDS[:1]).encode())
    assert [json.loads(one.text) for one in found] == RECORDS[:1]


@pytest.mark.parametrize("layout", ["compact", "indented", "site", "page", "lines"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"nctId"', '"nctId'),
        ("}}", "}"),
        ("}}", "}}}"),
        ('"text": "broken"', '"text": "broken'),
        ("false", "false]"),
    ],
)
@pytest.mark.parametrize("piece", [50, None])
def test_a_broken_record_does_not_cost_the_others(
    layout: str, old: str, new: str, piece: int | None
) -> None:
    good = [record(1), record(3), record(4)]
    text = LAYOUTS[layout]([good[0], record(2, "broken"), *good[1:]])
    start = text.rindex('"protocolSection"', 0, text.index("NCT00000002"))
    broken = text[start:].replace(old, new, 1)
    if broken == text[start:]:
        old, new = old.replace(": ", ":"), new.replace(": ", ":")
        broken = text[start:].replace(old, new, 1)
    found = cuts((text[:start] + broken).encode(), piece)
    kept = [json.loads(one.text) for one in found if not one.kind and _is_json(one.text)]
    assert [one for one in kept if one in good] == good


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_other_things_among_the_records() -> None:
    text = json.dumps([record(1), 5, None, "a [b", {"foo": 1}, [1, 2], record(2), True])
    found = cuts(text.encode())
    assert [(one.number, one.kind, one.text) for one in found[1:4]] == [
        (2, "item", b'5, null, "a [b"'),
        (5, "", b'{"foo": 1}'),
        (6, "", b"[1, 2]"),
    ]
    assert [json.loads(found[at].text) for at in (0, 4)] == [record(1), record(2)]
    assert [(one.number, one.text) for one in found[4:]] == [(7, found[4].text), (8, b"true")]


def test_a_long_run_of_other_things_is_one_cut() -> None:
    text = json.dumps([record(1), *range(100_000), record(2)]).encode()
    assert [one.number for one in cuts(text)] == [1, 2, 100_002]
    assert len(cuts(b"{}" + b"}" * 100_000)) == 1
    assert len(cuts(b"{},{} " + b"] " * 100_000)) <= 3


@pytest.mark.parametrize("layout", ["compact", "indented", "site", "page"])
def test_a_text_that_ends_too_early_is_told_and_what_is_whole_is_kept(layout: str) -> None:
    text = LAYOUTS[layout]([record(1), record(2)]).encode()
    for end in range(1, len(text) - 1):
        found = cuts(text[:end])
        if not text[end:].strip(b" \n]}"):
            continue
        assert found[-1].kind, text[:end]
        whole = [json.loads(one.text) for one in found if not one.kind]
        assert whole == [record(1), record(2)][: len(whole)]


def test_a_page_that_names_the_next_one() -> None:
    text = json.dumps({"studies": [record(1)], "nextPageToken": "abc"})
    assert [(one.kind, one.number) for one in cuts(text.encode())] == [("", 1), ("more", 2)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (b"NCT Number,Title\n", "it begins with 'NCT Number,Title"),
        ("[]".encode("utf-16"), "it is in UTF-16, not in UTF-8"),
    ],
)
def test_what_is_no_text_of_records(text: bytes, fault: str) -> None:
    (one,) = cuts(text)
    assert one.kind == "text"
    assert one.fault.startswith(fault)


@pytest.mark.parametrize("layout", ["compact", "site", "page", "lines"])
def test_a_record_that_is_too_large_is_passed_over(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctgov_cut, "LARGEST", 5000)
    text = LAYOUTS[layout]([record(1), record(2, "x" * 20_000), record(3)])
    found = cuts(text.encode(), 500)
    assert [one.kind for one in found] == ["", "large", ""]
    assert [json.loads(one.text) for one in found if not one.kind] == [record(1), record(3)]


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_are_cut_without_an_end(text: bytes, piece: int) -> None:
    for start in (b"", b"[", b"{", b'{"studies": [', b'[{"protocolSection":'):
        found = cuts(start + text, piece)
        assert [one.number for one in found] == sorted(one.number for one in found)


@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(alphabet='a"\\{}[],:é\n', max_size=8)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    ),
    st.integers(1, 30),
)
@settings(max_examples=200)
def test_the_end_of_a_value_is_found_however_it_comes_in_pieces(value: Any, size: int) -> None:
    text = json.dumps([value], ensure_ascii=False).encode()
    depth, at = Depth(), 0
    data = text + b', "more"]'
    while True:
        end = depth.feed(data[at : at + size])
        if end is not None:
            break
        at += size
    assert at + end == len(text)

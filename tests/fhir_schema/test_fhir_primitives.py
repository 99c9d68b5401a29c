"""The formats of primitive types, clause by clause, and as patterns of JSON text."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.primitives import JSON_TYPES, TOKENS, checks, tokens, wrong
from trialect.schemas.fhir.shapes import LONGEST

RIGHT: dict[str, list[Any]] = {
    "boolean": [True, False],
    "integer": [0, -1, 2147483647, -2147483648],
    "positiveInt": [1, 2147483647],
    "unsignedInt": [0, 2147483647],
    "decimal": [0, 1.5, -1, Decimal("19.00"), Decimal("1E+3"), 10**30],
    "string": ["a", " a", "é≥", "a\tb\nc\r", "\u00a0", "x" * 1_048_576],
    "markdown": ["# a"],
    "xhtml": ["<div/>"],
    "base64Binary": ["QUJD", "QUI=", "QQ==", "QUJD QUJD\n", "+/+/"],
    "uri": ["http://a", "urn:oid:1.2.3", "urn:oid:1.2|3", "a", "urn:iso:std:iso:3166", "é"],
    "url": ["https://a/b?c=d#e", "mailto:a@b"],
    "canonical": ["http://a|1.0", "http://a|1#b", "#a"],
    "date": ["2026", "2026-02", "2026-02-28", "2024-02-29", "2000-02-29", "0001", "9999-12-31"],
    "dateTime": ["2026", "2026-02-01T00:00:00Z", "2026-02-01T23:59:60.123456789-13:59"],
    "instant": ["2026-02-01T00:00:00Z", "2026-02-01T00:00:00.0+14:00"],
    "time": ["00:00:00", "23:59:59.999", "12:00:60"],
    "id": ["a", "A-1.b", "x" * 64],
    "code": ["a", "a b", "a-b", "≥"],
    "oid": ["urn:oid:0.1", "urn:oid:2.16.840.1"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
}
WRONG: dict[str, list[Any]] = {
    "boolean": [0, 1, "true", None],
    "integer": [True, 1.0, Decimal("1.0"), "1", 2147483648, -2147483649, float("nan")],
    "positiveInt": [0, -1, True, 2147483648],
    "unsignedInt": [-1, 0.0],
    "decimal": [True, "1", float("inf"), float("nan"), Decimal("NaN"), None],
    "string": ["", " \t\n", "a\u0000", "a\u001f", 1, "x" * 1_048_577, "é" * 600_000],
    "markdown": ["", []],
    "xhtml": ["", "\u0001", {}],
    "base64Binary": ["", "QUJ", "QUJD=", "Q=JD", "QÜJD", 5, "===="],
    "uri": ["", " ", "http://a b", "a\n", "urn:uuid:1", "urn:oid:3.1", "urn:oid:1", 1],
    "url": ["a b"],
    "canonical": ["http://a |1"],
    "date": [
        *("", "0000", "26", "2026-2", "2026-13", "2026-00", "2026-02-30", "2026-04-31"),
        *("2026-02-29", "1900-02-29", "2026-02-01T00:00:00Z", "2026-02-01 ", "٢٠٢٦", 2026),
    ],
    "dateTime": [
        *(
            "2026-02-01T00:00:00",
            "2026-02-01T00:00Z",
            "2026-02-01T24:00:00Z",
            "2026-02-30T00:00:00Z",
        ),
        *("2026-02-01T00:00:00+14:01", "2026-02-01T00:00:00z", "2026-02-01 00:00:00Z"),
        *("2026-02T00:00:00Z", "2026-02-01T00:00:61Z", "2026-02-01T00:00:00.Z"),
    ],
    "instant": ["2026", "2026-02-01", "2026-02-01T00:00:00"],
    "time": ["24:00:00", "12:00", "1:00:00", "12:00:00Z"],
    "id": ["", "a b", "a_b", "x" * 65, "é", "a\n"],
    "code": ["", " a", "a ", "a  b", "a\tb", 1],
    "oid": ["1.2", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02"],
    "uuid": [
        "c757873d-ec9a-4326-a141-556f43239520",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
    ],
}


def test_every_type_has_examples() -> None:
    assert set(RIGHT) == set(WRONG) == set(checks("R4")) == set(TOKENS)
    r5 = {*RIGHT, "integer64"}
    assert r5 == set(checks("R5")) == set(JSON_TYPES) == set(tokens("R5"))


R5 = {
    "integer64": (
        ["12", "0", "-9223372036854775808", "9223372036854775807"],
        [12, "+1", "01", "1.0", "9223372036854775808", "-9223372036854775809", ""],
    ),
    "dateTime": (
        ["2026-02-01T00:00:00.123456789Z", "2026"],
        ["2026-02-01T00:00:00.1234567890Z", "2026-02-30"],
    ),
    "instant": (["2026-02-01T00:00:00.123456789Z"], ["2026-02-01T00:00:00.1234567890Z"]),
    "time": (["12:00:00.123456789"], ["12:00:00.1234567890"]),
}


@pytest.mark.parametrize("name", R5)
def test_values_of_r5(name: str) -> None:
    right, false = R5[name]
    assert [value for value in right if wrong(name, value, "R5")] == []
    assert [value for value in false if wrong(name, value, "R5") is None] == []
    match = re.compile(tokens("R5")[name], re.ASCII).fullmatch
    assert match(json.dumps(right[0]))
    assert not any(match(json.dumps(value)) for value in false)


@given(st.sampled_from(sorted(tokens("R5"))), st.data())
def test_what_the_pattern_of_r5_takes_is_right(name: str, data: st.DataObject) -> None:
    raw = data.draw(st.from_regex(re.compile(tokens("R5")[name], re.ASCII), fullmatch=True))
    value, problems = decode(f'{{"v":{raw}}}')
    assert problems == []
    assert name == "xhtml" or wrong(name, value["v"], "R5") is None, raw[:99]


@pytest.mark.parametrize("name", RIGHT)
def test_right_values(name: str) -> None:
    assert {
        str(value)[:40]: wrong(name, value) for value in RIGHT[name] if wrong(name, value)
    } == {}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values(name: str) -> None:
    assert [value for value in WRONG[name] if wrong(name, value) is None] == []


@pytest.mark.parametrize("name", RIGHT)
def test_the_pattern_takes_usual_spellings(name: str) -> None:
    usual = json.dumps(RIGHT[name][0], ensure_ascii=False)
    assert re.fullmatch(TOKENS[name], usual, re.ASCII)


@pytest.mark.parametrize("name", TOKENS)
def test_the_pattern_takes_nothing_wrong(name: str) -> None:
    for value in [v for values in (*RIGHT.values(), *WRONG.values()) for v in values]:
        for ascii_only in (True, False):
            raw = (
                str(value)
                if isinstance(value, Decimal)
                else json.dumps(value, ensure_ascii=ascii_only)
            )
            check(name, raw)


def check(name: str, raw: str) -> None:
    if len(raw) <= LONGEST and re.fullmatch(TOKENS[name], raw, re.ASCII):
        value, problems = decode(f'{{"v":{raw}}}')
        assert problems == []
        assert name == "xhtml" or wrong(name, value["v"]) is None, raw[:99]


@given(st.sampled_from(sorted(TOKENS)), st.data())
def test_what_the_pattern_takes_is_right(name: str, data: st.DataObject) -> None:
    raw = data.draw(st.from_regex(re.compile(TOKENS[name], re.ASCII), fullmatch=True))
    assert re.fullmatch(TOKENS[name], raw, re.ASCII)
    check(name, raw)


@given(st.dates())
def test_every_day_is_a_date(day: date) -> None:
    assert wrong("date", day.isoformat()) is None
    assert re.fullmatch(TOKENS["date"], f'"{day.isoformat()}"', re.ASCII)


@given(st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32))
def test_only_days_that_exist_are_dates(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        exists = date(year, month, day) is not None
    except ValueError:
        exists = False
    assert (wrong("date", text) is None) == exists

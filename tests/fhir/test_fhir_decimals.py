"""Numbers of many digits: the same number, in a form that both releases take."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.mappings.fhir.decimals import NUMBER, decimal_text, decimal_texts
from trialect.mappings.sdtm.numbers import number_text
from trialect.schemas.fhir import check_ndjson


def rules_of(number: str, release: str) -> set[str]:
    line = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        f'"valueQuantity":{{"value":{number}}}}}'
    )
    many = [line.replace(number, "1.5").encode()] * 20 + [line.encode()] * 8
    return {problem.rule for problem in check_ndjson(many, release=release)}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_so_that_it_comes_back(number: float) -> None:
    (text,) = decimal_texts(number_text(pl.Series([number])))
    assert float(text) == number
    assert pl.Series([text]).str.contains(NUMBER).all()
    assert decimal_text(text) == text


def test_what_is_short_stays_as_it_is() -> None:
    texts = pl.Series(["19", "0.5", "-120.25", None])
    assert decimal_texts(texts).equals(texts, null_equal=True)
    assert decimal_text("0.039999999999999994") == "3.9999999999999994E-2"


@pytest.mark.parametrize("number", ["0.039999999999999994", "1234567890123456789.5"])
def test_r5_limits_the_digits(number: str) -> None:
    assert rules_of(number, "R4") == set()
    assert rules_of(number, "R5") == {"FHIR-FORMAT"}
    assert rules_of("3.9999999999999994E-2", "R5") == set()
    assert not pl.Series([number]).str.contains(NUMBER).any()

"""Units: exact, or told; rounded only where a line says so."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.mappings.units import (
    Converter,
    NotExactError,
    UnknownUnitsError,
    Wanted,
    unit_names,
    wanted,
)
from trialect.schemas.ct import terminology

CT = terminology("2025-03-28")
CONVERTER = Converter(CT, {("mg/dL", "mmol/L"): ("0.0555", "0"), ("X", "Y"): ("2", "1")})


@pytest.mark.parametrize(
    ("value", "start", "end", "made"),
    [
        ("154.5", "LB", "kg", "70.080021165"),
        ("1", "LB", "kg", "0.45359237"),
        ("70", "in", "cm", "177.8"),
        ("98.6", "F", "C", "37"),
        ("37", "C", "F", "98.6"),
        ("-40", "F", "C", "-40"),
        ("0", "C", "K", "273.15"),
        ("760", "mmHg", "kPa", "101.3250144354"),
        ("1.50", "kg", "kg", "1.50"),
        ("1.5", "kg", "g", "1500"),
        ("0.1", "ug", "kg", "0.0000000001"),
        ("5", "mg/mL", "g/L", "5"),
        ("13.5", "g/dL", "g/L", "135"),
        ("2", "hr", "min", "120"),
        ("18", "MONTHS", "YEARS", "1.5"),
        ("10", "mg/dL", "mmol/L", "0.555"),
        ("3", "X", "Y", "7"),
        ("7", "Y", "X", "3"),
        ("1E3", "g", "kg", "1"),
    ],
)
def test_a_value_is_converted_exactly(value, start, end, made):
    assert CONVERTER.convert(value, start, end) == made


@pytest.mark.parametrize(
    ("value", "start", "end"), [("1", "in", "ft"), ("70", "kg", "LB"), ("100", "F", "C")]
)
def test_a_value_without_a_last_digit_is_not_rounded(value, start, end):
    with pytest.raises(NotExactError):
        CONVERTER.convert(value, start, end)


@pytest.mark.parametrize(
    ("value", "digits", "made"),
    [
        ("100", 1, "37.8"),
        ("100", 0, "38"),
        ("31", 1, "-0.6"),
        ("32", 2, "0.00"),
        ("99.5", 2, "37.50"),
    ],
)
def test_a_line_may_say_to_how_many_digits(value, digits, made):
    assert CONVERTER.convert(value, "F", "C", digits) == made


@pytest.mark.parametrize(("start", "end"), [("kg", "cm"), ("kg", "parsec"), ("mg/dL", "mol/L")])
def test_units_of_different_kinds_are_not_converted(start, end):
    with pytest.raises(UnknownUnitsError):
        CONVERTER.convert("1", start, end)


@pytest.mark.parametrize("value", ["", "abc", "1,5", "NaN", "inf", "-"])
def test_what_is_no_number_is_not_converted(value):
    with pytest.raises(ValueError):  # noqa: PT011 # the value alone is told
        CONVERTER.convert(value, "kg", "g")


def test_what_a_line_says():
    assert wanted("LB -> kg") == Wanted("LB", "kg")
    assert wanted("@unit->kg round 2") == Wanted("@unit", "kg", 2)
    for text in ("kg", "-> kg", "kg ->", ""):
        with pytest.raises(ValueError):  # noqa: PT011 # as above
            wanted(text)


def test_units_are_named_as_sdtm_ct_names_them():
    codelist = CT.codelist("C71620")
    assert codelist is not None
    assert [name for name in unit_names() if name not in codelist.by_value] == []


@given(
    st.decimals(-(10**6), 10**6, places=3),
    st.sampled_from([("kg", "g"), ("LB", "kg"), ("C", "F"), ("m", "mm"), ("DAYS", "HOURS")]),
)
def test_there_and_back_is_the_same_number(value, pair):
    start, end = pair
    there = CONVERTER.convert(str(value), start, end)
    assert Decimal(CONVERTER.convert(there, end, start)) == value

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.converters.ibm_float import LARGEST, SMALLEST, from_ibm, to_ibm

held = st.one_of(
    st.just(0.0),
    st.floats(min_value=SMALLEST, max_value=LARGEST),
    st.floats(min_value=-LARGEST, max_value=-SMALLEST),
)


def encoded(*values: float) -> list[bytes]:
    words, exact = to_ibm(np.array(values), 0)
    assert exact
    return [word.tobytes() for word in words]


def exact_value(word: bytes) -> Fraction:
    """The number by the definition of the format, in fractions."""
    sign = -1 if word[0] & 0x80 else 1
    fraction = Fraction(int.from_bytes(word[1:], "big"), 2**56)
    return sign * fraction * Fraction(16) ** ((word[0] & 0x7F) - 64)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        # IBM Enterprise Systems Architecture/390: 1 is 0.1 (hex) * 16 ** 1.
        (1.0, "4110000000000000"),
        (-1.0, "c110000000000000"),
        (0.5, "4080000000000000"),
        (-118.625, "c276a00000000000"),
        (100.0, "4264000000000000"),
        (0.0, "0000000000000000"),
        (-0.0, "0000000000000000"),
        (SMALLEST, "0010000000000000"),
        (LARGEST, "7ffffffffffffff8"),
        (0.1, "401999999999999a"),
    ],
)
def test_known_words(value: float, word: str) -> None:
    assert encoded(value) == [bytes.fromhex(word)]


@given(st.lists(held, min_size=1, max_size=50))
@settings(deadline=None)
def test_every_number_in_range_is_held_exactly(values: list[float]) -> None:
    words = encoded(*values)
    assert [exact_value(word) for word in words] == [Fraction(value) for value in values]
    for value, word in zip(values, words, strict=True):
        assert value == 0 or word[1] >> 4, "the first hexadecimal digit of a fraction is not 0"
    back = from_ibm(np.frombuffer(b"".join(words), dtype=np.uint64))
    assert back.values.tolist() == values
    assert back.rounded is None
    assert back.missing is None or not back.missing.any()


@given(st.floats())
@settings(deadline=None)
def test_what_is_out_of_range_is_told(value: float) -> None:
    inside = value == 0 or SMALLEST <= abs(value) <= LARGEST
    assert to_ibm(np.array([1.0, value]), 0).exact is inside


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        16.0**63,
        math.nextafter(SMALLEST, 0),
        5e-324,
        -2.2250738585072014e-308,
    ],
)
def test_just_outside(value: float) -> None:
    assert not to_ibm(np.array([value]), 0).exact


def test_a_null_is_missing_and_a_nan_is_not_one() -> None:
    words, exact = to_ibm(np.array([np.nan, 0.0, 1.0]), null_count=1)
    assert exact
    assert words[0].tobytes() == b"." + bytes(7)
    assert not to_ibm(np.array([np.nan, np.nan]), null_count=1).exact


@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=40))
@settings(deadline=None)
def test_any_word_is_the_nearest_double_or_missing(words: list[bytes]) -> None:
    found = from_ibm(np.frombuffer(b"".join(words), dtype=np.uint64))
    for number, word in enumerate(words):
        is_missing = word[1:] == bytes(7) and word[:1] in b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert bool(found.missing is not None and found.missing[number]) is is_missing
        if is_missing:
            assert math.isnan(found.values[number])
            assert found.special is not None
            assert found.special[number] == word[0]
            continue
        true = exact_value(word)
        assert found.values[number] == float(true)
        was_rounded = bool(found.rounded is not None and found.rounded[number])
        assert was_rounded is (Fraction(float(true)) != true)


def test_a_zero_with_an_exponent_is_zero() -> None:
    found = from_ibm(np.frombuffer(struct.pack(">Q", 0x30 << 56) + bytes([0x80, *[0] * 7]), "u8"))
    assert found.values.tolist() == [0.0, 0.0]
    assert not np.signbit(found.values).any()
    assert found.missing is not None
    assert not found.missing.any()

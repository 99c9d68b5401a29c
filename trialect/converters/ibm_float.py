"""IBM hexadecimal floating point (8 bytes), as TS-140 stores numbers, to and from doubles.

A sign bit, a 7-bit exponent of 16 with excess 64, and a 56-bit fraction: sign * fraction * 16 **
(exponent - 64) with 1/16 <= fraction < 1. Every double from 16 ** -65 to just under 16 ** 63 in
size fits exactly, since 53 bits shifted by at most 3 fit in 56. Zero is all zero bits (the sign of
a zero is not kept). A missing number is one character (`.`, `_` or `A` to `Z`) and seven zeros.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SMALLEST = 16.0**-65
"""The smallest positive number the format holds in full precision (about 5.4e-79)."""

LARGEST = 16.0**63 * (1 - 2.0**-53)
"""The largest double below the format's upper end (about 7.237e75)."""

LARGEST_WHOLE = 2**53
"""Every whole number up to this has a double of its own."""

MISSING = 0x2E << 56
"""`.` and seven zeros: the missing number of a null."""

_FRACTION = np.uint64(0x000F_FFFF_FFFF_FFFF)
_IMPLICIT_ONE = np.uint64(1 << 52)
_SIGN = np.uint64(1 << 63)
_MANTISSA = np.uint64((1 << 56) - 1)


class Encoded(NamedTuple):
    """Big-endian words ready to be written, and whether every number is held exactly."""

    words: NDArray[np.uint64]
    exact: bool


class Decoded(NamedTuple):
    """Doubles with NaN where missing; which are missing; which lost bits a double has no room for.

    `special` holds the character of each missing number (0 where there is a number); `rounded` is
    None when nothing was rounded.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_] | None
    special: NDArray[np.uint8] | None
    rounded: NDArray[np.bool_] | None


def to_ibm(values: NDArray[np.float64], null_count: int) -> Encoded:
    """Encode doubles of shape (n,); `null_count` of them are NaN because they are missing.

    `exact` is False when there is a NaN more than that, an infinity, or a number whose size is
    outside `SMALLEST` to `LARGEST`; the words of such numbers mean nothing.
    """
    bits = np.ascontiguousarray(values).view(np.uint64)
    # With e = 4 * (h - 1) + s the unbiased exponent and 0 <= s <= 3, a double is
    # 2 ** s * mantissa * 16 ** (h - 14). Both h and s come from the biased exponent plus 1,
    # because its bias of 1023 is one less than a multiple of 4.
    exponent = bits >> np.uint64(52)
    exponent &= np.uint64(0x7FF)
    exponent += np.uint64(1)
    shift = exponent & np.uint64(3)
    exponent >>= np.uint64(2)
    exponent -= np.uint64(191)
    # Too small an exponent wraps round and is as far outside as too large a one.
    outside = exponent > np.uint64(127)
    words = bits & _FRACTION
    words |= _IMPLICIT_ONE
    words <<= shift
    exponent <<= np.uint64(56)
    words |= exponent
    words |= bits & _SIGN
    exact = True
    if outside.any():
        is_zero = values == 0
        exact = int(np.count_nonzero(outside)) == int(np.count_nonzero(is_zero)) + null_count
        words[outside] = MISSING
        words[is_zero] = 0
    if np.little_endian:
        words.byteswap(inplace=True)
    return Encoded(words, exact)


# sign * 16 ** (exponent - 64) * 2 ** -56 for each first byte; every entry is a power of two that
# a double holds, so that multiplying by it never rounds.
_SCALE = np.array(
    [(-1.0 if byte & 0x80 else 1.0) * 2.0 ** (4 * ((byte & 0x7F) - 64) - 56) for byte in range(256)]
)
_MISSING_BYTES = np.zeros(256, dtype=bool)
_MISSING_BYTES[[0x2E, 0x5F, *range(0x41, 0x5B)]] = True


def from_ibm(words: NDArray[np.uint64]) -> Decoded:
    """Decode big-endian words of shape (n,) as they are in the file.

    A word with an empty fraction is missing when its first byte is `.`, `_` or `A` to `Z`, else 0.
    A fraction with more than 53 significant bits (no double has them) is rounded to the nearest.
    """
    native = words.byteswap() if np.little_endian else words.copy()
    first = (native >> np.uint64(56)).astype(np.uint8)
    native &= _MANTISSA
    mantissa = native.view(np.int64)
    values = mantissa.astype(np.float64)
    back = values.astype(np.int64)
    rounded = None if np.array_equal(back, mantissa) else back != mantissa
    values *= _SCALE.take(first)
    missing = special = None
    empty = mantissa == 0
    if empty.any():
        values[empty] = 0.0
        missing = empty & _MISSING_BYTES.take(first)
        special = np.where(missing, first, np.uint8(0)).astype(np.uint8)
        values[missing] = np.nan
    return Decoded(values, missing, special, rounded)

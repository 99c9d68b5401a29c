"""Patterns as what may stand at each place of a value of a known width, asked of whole columns.

Ids, references and most texts are runs of a class of characters between fixed ones. When one run
at most has no fixed length, the width of a value says where each of them lies, and a column of
values of one width is checked by a table of bytes. A pattern that is not of this kind says nothing
here, and its values are matched one by one.
"""

from __future__ import annotations

import re
from functools import cache
from re import _constants as codes  # type: ignore[attr-defined]  # the parser that re itself uses
from re import _parser as parser  # type: ignore[attr-defined]  # has no public name since 3.11
from typing import TYPE_CHECKING, Any

from trialect.schemas.fhir.primitives import ANY_UUID, TOKENS
from trialect.schemas.fhir.shapes import FULL_URL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bits = NDArray[np.uint8] | NDArray[np.uint16]
    Classes = tuple[bool, ...]
    Run = tuple[Classes, int, int | None]

_NO_URN = r'"[^"\\\x00-\x20u][^"\\\x00-\x20]*"'
NARROWER = {
    FULL_URL: f'"{ANY_UUID}"',
    TOKENS["string"]: r'"[^"\\\x00-\x20][^"\\\x00-\x1f]*"',
    TOKENS["markdown"]: r'"[^"\\\x00-\x20][^"\\\x00-\x1f]*"',
    TOKENS["uri"]: _NO_URN,
    TOKENS["url"]: _NO_URN,
    TOKENS["canonical"]: _NO_URN,
}
"""What nearly all values of a pattern are, as a pattern of the kind that is known here."""


def certain(pattern: str, column: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which values (rows of bytes of valid UTF-8) the pattern takes for sure."""
    import numpy as np

    height, width = column.shape
    laid = _laid(NARROWER.get(pattern, pattern), width)
    if laid is None:
        return np.zeros(height, bool)
    classes, wanted = laid
    padded = -(-width // 8) * 8
    step = max(1, _CACHED // padded)
    wrong = np.zeros((min(step, height), padded), bool)
    taken = np.empty((min(step, height), width), classes.dtype)
    good = np.empty(height, bool)
    for start in range(0, height, step):
        some = column[start : start + step]
        here, known = wrong[: len(some)], taken[: len(some)]
        np.take(classes, some, out=known, mode="clip")
        known &= wanted
        np.equal(known, 0, out=here[:, :width])
        words = here.view(np.uint64)
        faults = words[:, 0].copy()
        for place in range(1, words.shape[1]):
            faults |= words[:, place]
        np.equal(faults, 0, out=good[start : start + step])
    return good


_CACHED = 64 * 1024
MOST_CLASSES = 16
"""How many classes the bits of two bytes tell apart; one byte tells half as many."""


@cache
def bare(pattern: str, before: str, after: str) -> str | None:
    """The pattern of what stands between two texts with which the pattern starts and ends.

    None where it does not start or end with these characters, each of them once.
    """
    try:
        items = list(parser.parse(pattern))
    except RecursionError:
        return None
    count = len(items) - len(after)
    ends = items[: len(before)] + items[max(count, len(before)) :]
    literal = [(codes.LITERAL, ord(one)) for one in before + after]
    if ends != literal:
        return None
    return pattern[len(re.escape(before)) : len(pattern) - len(re.escape(after))]


@cache
def linear(pattern: str) -> str | None:
    """The pattern for an engine that never goes back, or None if it looks around.

    What possessive repeats give back is never taken by what follows them in these patterns, so
    plain ones take the same values.
    """
    if any(look in pattern for look in ("(?!", "(?=", "(?<")):
        return None
    return pattern.replace("++", "+").replace("*+", "*")


@cache
def _laid(pattern: str, width: int) -> tuple[Bits, Bits] | None:
    """For each byte the classes it is in, as bits, and for each place the class wanted there."""
    import numpy as np

    runs = _runs(pattern)
    if runs is None:
        return None
    spare = width - sum(low for _, low, _ in runs)
    found: list[Classes] = []
    for allowed, low, high in runs:
        length = low if low == high else low + spare
        if spare < 0 or (high is not None and length > high):
            return None
        found += [allowed] * length
    known = list(dict.fromkeys(found))
    if len(found) != width or not width:
        return None
    if len(known) > MOST_CLASSES:
        return None
    bits = np.array([1 << number for number in range(len(known))], np.uint16)
    members = np.array(known, np.uint16)  # classes x 256
    classes = (members * bits[:, None]).sum(axis=0, dtype=np.uint16)
    wanted = bits[[known.index(allowed) for allowed in found]]
    if len(known) <= MOST_CLASSES // 2:
        return classes.astype(np.uint8), wanted.astype(np.uint8)
    return classes, wanted


@cache
def _runs(pattern: str) -> tuple[Run, ...] | None:
    """Classes of bytes with how often they stand at least and at most, in the order of the text.

    None where more than one may stand in various numbers, or where there are alternatives.
    """
    try:
        runs: list[Run] = [run for item in parser.parse(pattern) for run in _run(*item)]
    except _OtherKindError:
        return None
    # A character of several bytes may stand for one only where further bytes may follow it.
    wide = [low != high for allowed, low, high in runs if any(allowed[128:])]
    fits = not wide or (wide.count(False) <= 1 and any(wide))
    return tuple(runs) if fits and sum(low != high for _, low, high in runs) <= 1 else None


class _OtherKindError(Exception):
    """A pattern that is not made of runs."""


def _run(code: Any, given: Any) -> list[Run]:
    if code is codes.LITERAL and given < 128:
        return [(tuple(byte == given for byte in range(256)), 1, 1)]
    if code is codes.IN:
        return [(_class(given), 1, 1)]
    if code is codes.NOT_LITERAL and given < 128:
        return [(tuple(byte != given for byte in range(256)), 1, 1)]
    if code is codes.SUBPATTERN and given[0] is None and not given[1] and not given[2]:
        return [run for item in given[3] for run in _run(*item)]
    if code in (codes.MAX_REPEAT, codes.POSSESSIVE_REPEAT):
        low, high, repeated = given
        runs: list[Run] = [run for item in repeated for run in _run(*item)]
        if low == high:
            repeats: int = low
            return runs * repeats
        most = None if high is codes.MAXREPEAT else high
        # Bytes do not tell how many characters there are.
        if len(runs) == 1 and runs[0][1:] == (1, 1) and (most is None or not any(runs[0][0][128:])):
            only: Run = (runs[0][0], low, most)
            return [only]
    raise _OtherKindError


def _class(items: list[tuple[Any, Any]]) -> Classes:
    negated = items[0][0] is codes.NEGATE
    taken = [False] * 128
    for code, given in items[1:] if negated else items:
        if code is codes.LITERAL and given < 128:
            taken[given] = True
        elif code is codes.RANGE and given[1] < 128:
            taken[given[0] : given[1] + 1] = [True] * (given[1] + 1 - given[0])
        else:
            raise _OtherKindError
    return (*(not one if negated else one for one in taken), *[negated] * 128)

"""Units that are converted, by exact factors; what does not come out even is not rounded."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files


class UnknownUnitsError(ValueError):
    """A pair of units that the table does not hold."""


class NotExactError(ValueError):
    """A value that has no finite decimal in the other unit."""


@cache
def _factors() -> dict[tuple[str, str], tuple[Fraction, Fraction]]:
    text = files(__package__).joinpath("units.csv").read_text(encoding="utf-8")
    return {
        (row["from"].upper(), row["to"].upper()): (Fraction(row["factor"]), Fraction(row["offset"]))
        for row in csv.DictReader(text.splitlines())
    }


def known(start: str, end: str) -> bool:
    """Whether the table converts between the two units."""
    return start.upper() == end.upper() or (start.upper(), end.upper()) in _factors()


def convert(value: str, start: str, end: str) -> str:
    """A decimal text in another unit, exactly.

    Raises `UnknownUnitsError` for a pair that is not in the table, `NotExactError` when the
    result has no finite decimal, ValueError when the text is no number.
    """
    if start.upper() == end.upper():
        return value
    pair = _factors().get((start.upper(), end.upper()))
    if pair is None:
        raise UnknownUnitsError(f"{start} to {end}")
    factor, offset = pair
    result = Fraction(Decimal(value)) * factor + offset
    rest = result.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        raise NotExactError(f"{value} {start} in {end}")
    places = 0
    while (result * 10**places).denominator != 1:
        places += 1
    return format(Decimal(int(result * 10**places)).scaleb(-places), "f")

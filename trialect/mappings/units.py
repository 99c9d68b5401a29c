"""Units that are converted by exact factors, never rounding unless a line says to how many digits.

units.csv gives each unit's kind and its value in the kind's first unit: (x + offset) * factor. The
pound, ounce, inch, foot and the conventional millimetre of mercury are exact by definition. Names
are the submission values of SDTM CT's codelist UNIT (C71620), whose synonyms are understood too
(mg/mL is g/L, hr is HOURS). A study adds pairs of its own in mappings/units.csv, for what depends
on the substance.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

from trialect.mappings.decimals import exact
from trialect.schemas.ct import Terminology

UNIT_CODELIST = "C71620"

Pairs = Mapping[tuple[str, str], tuple[str, str]]
"""The study's own factors: (factor, offset) as decimal texts or fractions, by (from, to)."""

_VALUE = re.compile(r"(?P<start>.+?)\s*->\s*(?P<end>.+?)(?:\s+round\s+(?P<digits>\d{1,2}))?")


class UnknownUnitsError(ValueError):
    """A pair of units that no table holds."""


class NotExactError(ValueError):
    """A value that has no finite decimal in the other unit."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`FROM -> TO` of a line: `start` may be `@column`; `digits` after the point, if declared."""

    start: str
    end: str
    digits: int | None = None


def wanted(value: str) -> Wanted:
    """What `lb -> kg round 2` says. Raises ValueError when it is not so written."""
    found = _VALUE.fullmatch(value.strip())
    if found is None:
        raise ValueError(value)
    digits = found["digits"]
    return Wanted(found["start"], found["end"], None if digits is None else int(digits))


@dataclass(frozen=True, slots=True)
class _Unit:
    kind: str
    factor: Fraction
    offset: Fraction


@cache
def _units() -> dict[str, _Unit]:
    text = files(__package__).joinpath("units.csv").read_text(encoding="utf-8")
    return {
        row["unit"]: _Unit(row["kind"], Fraction(row["factor"]), Fraction(row["offset"]))
        for row in csv.DictReader(text.splitlines())
    }


def unit_names() -> list[str]:
    """Every unit that is converted, as SDTM CT writes it, in the order of units.csv."""
    return list(_units())


@dataclass(frozen=True, slots=True)
class Converter:
    """Converts decimal texts, by the study's own pairs first."""

    terminology: Terminology
    pairs: Pairs

    def name(self, unit: str) -> str:
        """The unit as SDTM CT writes it; as it stands where SDTM CT has none."""
        codelist = self.terminology.codelist(UNIT_CODELIST)
        term = codelist.find(unit) if codelist else None
        return term.value if term else unit

    def rule(self, start: str, end: str) -> tuple[Fraction, Fraction]:
        """Factor and offset: the value is x * factor + offset. Raises `UnknownUnitsError`."""
        if start == end:
            return Fraction(1), Fraction(0)
        own = self.pairs.get((start, end))
        if own is not None:
            return Fraction(own[0]), Fraction(own[1])
        back = self.pairs.get((end, start))
        if back is not None:
            return 1 / Fraction(back[0]), -Fraction(back[1]) / Fraction(back[0])
        one, other = _units().get(self.name(start)), _units().get(self.name(end))
        if self.name(start) == self.name(end):
            return Fraction(1), Fraction(0)
        if one is None or other is None or one.kind != other.kind:
            raise UnknownUnitsError(f"{start} to {end}")
        factor = one.factor / other.factor
        return factor, one.offset * factor - other.offset

    def convert(self, value: str, start: str, end: str, digits: int | None = None) -> str:
        """A decimal text in another unit: exact, or rounded half up where digits are declared.

        The same unit leaves the text as it is. Raises `UnknownUnitsError`, `NotExactError` when
        the result has no finite decimal and no digits are declared, ValueError when the text is
        no number.
        """
        number = exact(value)
        if number is None:
            raise ValueError(value)
        factor, offset = self.rule(start, end)
        if factor == 1 and offset == 0:
            return value
        result = Fraction(number) * factor + offset
        if digits is not None:
            return _rounded(result, digits)
        places = _places(result.denominator)
        if places is None:
            raise NotExactError(f"{value} {start} in {end}")
        return _decimal(int(result * 10**places), places)


def _places(denominator: int) -> int | None:
    """The decimal places of a fraction in lowest terms; None when they have no end."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator //= prime
            count += 1
        counts.append(count)
    return max(counts) if denominator == 1 else None


def _rounded(number: Fraction, digits: int) -> str:
    scaled = abs(number) * 10**digits
    whole = int(scaled + Fraction(1, 2))
    return _decimal(-whole if number < 0 else whole, digits)


def _decimal(digits: int, places: int) -> str:
    sign, text = ("-" if digits < 0 else ""), str(abs(digits)).rjust(places + 1, "0")
    return sign + (f"{text[:-places]}.{text[-places:]}" if places else text)

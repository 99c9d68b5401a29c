"""Codelists that come in pairs: the code and the name of a term are one concept of NCI's.

Questionnaires, functional tests and clinical classifications have a pair each, which no variable
names: its short names are the instrument's prefix with TC and TN (PI01TC holds PI0101, PI01TN
"PI01-Pain Intensity").
"""

from __future__ import annotations

from collections.abc import Iterable

from trialect.schemas.ct.codelists import Codelist, Terminology

_PREFIX = range(7, 2, -1)
"""Lengths that the prefix of a --TESTCD (at most 8 characters) may have, the longest first."""


def paired_term(
    terminology: Terminology, codes: Iterable[str], names: Iterable[str], value: str
) -> str | None:
    """What the codelists `names` call the term that the codelists `codes` know as `value`.

    Both are NCI codes. None when the codelists do not know it, or when no name has its concept.
    """
    for codelist in _known(terminology, codes):
        term = codelist.by_value.get(value)
        if term is None:
            continue
        for other in _known(terminology, names):
            for one in other.terms:
                if one.code == term.code:
                    return one.value
    return None


def _known(terminology: Terminology, codes: Iterable[str]) -> list[Codelist]:
    found = map(terminology.codelist, codes)
    return [codelist for codelist in found if codelist is not None]


def instrument_of_code(terminology: Terminology, testcd: str) -> tuple[str, str] | None:
    """The codelists of the instrument that a --TESTCD is of (its codes, its names), or None."""
    for length in _PREFIX:
        codes = terminology.codelist(testcd[:length] + "TC") if length < len(testcd) else None
        names = terminology.codelist(testcd[:length] + "TN") if codes is not None else None
        if codes is not None and names is not None and testcd in codes.by_value:
            return codes.code, names.code
    return None


def is_instrument_name(terminology: Terminology, test: str) -> bool:
    """Whether a --TEST is a question of an instrument ("PI01-Pain Intensity")."""
    names = terminology.codelist(test.partition("-")[0] + "TN")
    return names is not None and test in names.by_value

"""Countries in the words of registries, and their codes of ISO 3166-1 (alpha-3).

`countries.csv` has a line a country: the word that ClinicalTrials.gov uses in locations, its code,
other words for it (ISO's short name, names of earlier years, common ones), and for a country
without a code the reason. Codes and short names are those of ISO 3166-1, withdrawn ones those of
ISO 3166-3. A word that is not listed has no code; none is guessed.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Country:
    """A line of countries.csv: `code` is None where ISO 3166-1 has none, and `why` says so."""

    name: str
    code: str | None
    why: str | None = None


def country(word: str) -> Country | None:
    """The country that a word or an alpha-3 code means; None for one that is not listed.

    Capitals, accents and the form of apostrophes make no difference.
    """
    by_word = _by_word()
    return by_word.get(word) or by_word.get(_plain(word))


def country_code(word: str) -> str | None:
    """The ISO 3166-1 alpha-3 code of a country's word; a code is its own."""
    found = country(word)
    return found.code if found is not None else None


def country_name(code: str) -> str | None:
    """ClinicalTrials.gov's word for an alpha-3 code."""
    found = _by_word().get(code)
    return found.name if found is not None and found.code == code else None


@cache
def _by_word() -> Mapping[str, Country]:
    """Every country by its words, as they stand and in plain letters, and by its code."""
    found: dict[str, Country] = {}
    with files(__package__).joinpath("countries.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            one = Country(line["name"], line["alpha3"] or None, line["why_none"] or None)
            words = [one.name, *filter(None, line["also"].split("; "))]
            for word in words:
                found[word] = found[_plain(word)] = one
            if one.code is not None:
                found[one.code] = one
    return found


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.replace("\u2019", "'"))
    kept = "".join(char for char in letters if not unicodedata.combining(char))
    return " ".join(kept.casefold().split())

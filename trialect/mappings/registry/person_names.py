"""Names as registries show them, in the parts that uploads ask for, where these are certain.

ClinicalTrials.gov joins what was entered (first, middle and last name, degrees) to one text:
`Jane Q. Doe, MD, PhD`. That a person is meant shows by the degrees alone, since titles stand as
names too (`Study Director`, `Clinical Trials Office`). So a name is divided where degrees follow a
comma and two or three plain words come before it; everything else stays whole.
"""

from __future__ import annotations

import csv
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple


class PersonName(NamedTuple):
    """A name in parts; `whole` where it was not certain, and then `last` is all of it."""

    last: str
    first: str | None = None
    middle: str | None = None
    degrees: str | None = None
    whole: bool = False


@cache
def _words(kind: str) -> frozenset[str]:
    """Words of person_words.csv in capitals, without points: degrees and titles that stand behind
    a comma, words that show that no person is meant or no name begins, particles and suffixes.
    """
    with files(__package__).joinpath("person_words.csv").open(encoding="utf-8") as lines:
        return frozenset(one["word"] for one in csv.DictReader(lines) if one["kind"] == kind)


def person_name(text: str) -> PersonName:
    """The parts of a name that a registry shows as one text."""
    name, comma, after = text.strip().partition(",")
    degrees = after.strip()
    if not comma or not name.strip() or not _are_degrees(degrees):
        return PersonName(text.strip(), whole=True)
    words = name.split()
    plain = [word.rstrip(".").upper() for word in words]
    certain = (
        len(words) in (2, 3)
        and not any(one in _words("no name") or one in _words("particle") for one in plain)
        and all(word[:1].isupper() and not word.isdigit() for word in words)
        and len(plain[-1]) > 1
    )
    if not certain:
        return PersonName(name.strip(), degrees=degrees, whole=True)
    return PersonName(words[-1], words[0], words[1] if len(words) == 3 else None, degrees)


@lru_cache(4096)
def _are_degrees(text: str) -> bool:
    parts = [part for one in text.split(",") for part in one.split()]
    return bool(parts) and all(
        part.replace(".", "").strip("()").upper() in _words("degree") for part in parts
    )

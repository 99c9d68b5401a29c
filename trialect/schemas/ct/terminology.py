"""Codelists of SDTM controlled terminology (NCI EVS), each read when it is first asked for.

The tables are built by scripts/build_sdtm_tables.py; the first line of each tells its provenance.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

_PREFIX, _SUFFIX = "sdtm-ct-", ".jsonl.gz"


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its CDISC submission value, NCI code, preferred term and synonyms."""

    value: str
    code: str
    preferred: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class Codelist:
    """A codelist: NCI code, short name (as in C66742 NY), full name and terms in order."""

    code: str
    short: str
    name: str
    extensible: bool
    terms: tuple[Term, ...]

    @cached_property
    def by_value(self) -> dict[str, Term]:
        """Terms by their submission value, exactly as published."""
        return {term.value: term for term in self.terms}

    @cached_property
    def _by_word(self) -> dict[str, Term]:
        found: dict[str, Term] = {}
        for words in (
            lambda term: (term.value,),
            lambda term: term.synonyms,
            lambda term: (term.preferred,),
        ):
            here: dict[str, Term | None] = {}
            for term in self.terms:
                for word in words(term):
                    key = word.casefold()
                    here[key] = term if here.get(key, term) is term else None
            # A word that means two terms names neither; a submission value beats a synonym.
            for key, one in here.items():
                if one is not None:
                    found.setdefault(key, one)
        return found

    def find(self, text: str) -> Term | None:
        """The term a text means: its submission value, else any case of it, a synonym that only
        one term has, or the preferred term; None when no term is meant.
        """
        return self.by_value.get(text) or self._by_word.get(text.strip().casefold())


class Terminology:
    """One version of SDTM CT. `codelist` takes an NCI code or a codelist's short name."""

    def __init__(self, version: str, packed: bytes) -> None:
        self.version = version
        head, *self._lines = gzip.decompress(packed).split(b"\n")
        facts = json.loads(head)
        self.provenance: str = facts["provenance"]
        self._place: dict[str, int] = {}
        for place, (code, short) in enumerate(facts["codelists"]):
            self._place[code] = place
            self._place.setdefault(short.upper(), place)
        self._read: dict[int, Codelist] = {}

    def codelist(self, key: str) -> Codelist | None:
        """The codelist with this NCI code or short name; None when there is none."""
        place = self._place.get(key.upper())
        if place is None:
            return None
        if place not in self._read:
            facts = json.loads(self._lines[place])
            self._read[place] = Codelist(
                code=facts["code"],
                short=facts["short"],
                name=facts["name"],
                extensible=facts["extensible"],
                terms=tuple(
                    Term(
                        value,
                        code,
                        preferred,
                        tuple(word.strip() for word in synonyms.split(";") if word.strip()),
                    )
                    for value, code, preferred, synonyms in facts["terms"]
                ),
            )
        return self._read[place]


def versions() -> list[str]:
    """The versions of SDTM CT that are at hand, oldest first."""
    names = (file.name for file in files(__package__).iterdir())
    return sorted(
        name[len(_PREFIX) : -len(_SUFFIX)]
        for name in names
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
    )


@cache
def terminology(version: str) -> Terminology:
    """The terminology of one version (a date). Raises KeyError when it is not at hand."""
    if version not in versions():
        raise KeyError(version)
    return Terminology(
        version, files(__package__).joinpath(f"{_PREFIX}{version}{_SUFFIX}").read_bytes()
    )

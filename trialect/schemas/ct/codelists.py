"""Codelists of SDTM controlled terminology (NCI EVS), each read when it is first asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trialect.problems import Unusable
from trialect.schemas.ct.table import DAMAGED, fingerprint, unpack


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its CDISC submission value, NCI code, preferred term and synonyms."""

    value: str
    code: str
    preferred: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class Codelist:
    """A codelist: NCI code, short name (as in C66742 NY), full name and terms in order.

    `package` is set where the codelist is from another package of CDISC's terminology of the same
    release (Protocol, say), which completes that of SDTM.
    """

    code: str
    short: str
    name: str
    extensible: bool
    terms: tuple[Term, ...]
    package: str | None = None

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

    @cached_property
    def by_pair(self) -> dict[str, list[int]]:
        """The places of the terms whose submission value has a pair of letters, for each pair."""
        found: dict[str, list[int]] = {}
        for place, term in enumerate(self.terms):
            for pair in letter_pairs(term.value.casefold()):
                found.setdefault(pair, []).append(place)
        return found

    def find(self, text: str) -> Term | None:
        """The term a text means: its submission value, else any case of it, a synonym that only
        one term has, or the preferred term; None when no term is meant.
        """
        return self.by_value.get(text) or self._by_word.get(text.strip().casefold())


def letter_pairs(word: str) -> set[str]:
    """The pairs of neighbouring letters, those with the beginning and the end among them."""
    framed = f"^{word}$"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}


class Terminology:
    """One version of SDTM CT. `codelist` takes an NCI code or a codelist's short name.

    `packed` is the table as `table.pack` makes it. Raises `Unusable` when it is none; `file` is
    what the problem calls it.
    """

    def __init__(self, version: str, packed: bytes, file: str = "") -> None:
        self.version = version
        self.file = file
        facts, self._lines = unpack(packed, file)
        self._packed = packed
        if facts["version"] != version:
            reason = f"it says that it is version {facts['version']}"
            raise Unusable(DAMAGED.problem(file=file, reason=reason))
        self.provenance: str = facts["provenance"]
        self._place: dict[str, int] = {}
        for place, (code, short) in enumerate(facts["codelists"]):
            self._place[code] = place
            self._place.setdefault(short.upper(), place)
        self._read: dict[int, Codelist] = {}
        self.codes: tuple[str, ...] = tuple(code for code, _ in facts["codelists"])
        """The NCI codes of all codelists, in the order of the publication."""

    @cached_property
    def content_sha256(self) -> str:
        """SHA-256 of what the table holds, the same wherever it lies and however it is packed."""
        return fingerprint(self._packed, self.file)

    def codelist(self, key: str) -> Codelist | None:
        """The codelist with this NCI code or short name; None when there is none."""
        place = self._place.get(key.upper())
        if place is None:
            return None
        if place not in self._read:
            try:
                self._read[place] = _codelist(json.loads(self._lines[place]))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                reason = f"codelist {key} cannot be read ({error})"
                raise Unusable(DAMAGED.problem(file=self.file, reason=reason)) from error
        return self._read[place]

    def codelists(self) -> list[Codelist]:
        """All codelists in the order of their NCI codes; reads those not asked for before."""
        places = {place: key for key, place in reversed(self._place.items())}
        found = (self.codelist(places[place]) for place in sorted(places))
        return [one for one in found if one is not None]


def _codelist(facts: dict[str, Any]) -> Codelist:
    return Codelist(
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
        package=facts.get("package"),
    )

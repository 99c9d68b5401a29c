"""The term that was probably meant by a value that is none.

The work is bounded, whatever is held against a codelist by mistake: a long text has no term like
it, and of a long codelist only the terms that share most letter pairs with a value are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from trialect.schemas.ct.codelists import Codelist, Term, letter_pairs

LONGEST = 80
"""Characters of a value that may be a slip of the pen; longer ones are free text."""

COMPARED = 60
"""Terms that a value is compared to, letter by letter."""


def meant(value: str, codelists: Sequence[Codelist]) -> Term | None:
    """The term that a value is another word for: another case of it, a synonym that only one term
    has, or its preferred term; that of the first codelist which has one.
    """
    found = (one.find(value) for one in codelists)
    return next((term for term in found if term is not None), None)


def alike(value: str, codelists: Sequence[Codelist]) -> Term | None:
    """The term whose submission value is spelled most like a value, whatever its case; None when
    none is like it. A value without letters is a number or a date, and misspells nothing.
    """
    word = value.strip().casefold()
    if len(word) > LONGEST or not any(map(str.isalpha, word)):
        return None
    words: dict[str, Term] = {}
    for one in codelists:
        for term in _candidates(word, one):
            words.setdefault(term.value.casefold(), term)
    close = get_close_matches(word, list(words), n=1)
    return words[close[0]] if close else None


def nearest(value: str, codelists: Sequence[Codelist]) -> Term | None:
    """The term that a value means, else the one that is spelled most like it."""
    return meant(value, codelists) or alike(value, codelists)


def hint(value: str, codelists: Sequence[Codelist]) -> str:
    """` (nearest: TERM)`, the term to propose as a sentence takes it; "" where there is none."""
    term = nearest(value, codelists)
    return "" if term is None else f" (nearest: {term.value})"


def _candidates(word: str, codelist: Codelist) -> Iterator[Term]:
    """The terms of a codelist that share most letter pairs with a word, in the codelist's order."""
    if len(codelist.terms) <= COMPARED:
        yield from codelist.terms
        return
    shared: Counter[int] = Counter()
    for pair in letter_pairs(word):
        shared.update(codelist.by_pair.get(pair, ()))
    most = sorted(shared, key=lambda place: (-shared[place], place))[:COMPARED]
    for place in sorted(most):
        yield codelist.terms[place]

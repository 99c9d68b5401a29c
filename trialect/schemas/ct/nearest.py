"""The term that was probably meant by a value that is none."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from trialect.schemas.ct.codelists import Codelist, Term


def meant(value: str, codelists: Sequence[Codelist]) -> Term | None:
    """The term that a value is another word for: another case of it, a synonym that only one term
    has, or its preferred term; that of the first codelist which has one.
    """
    found = (one.find(value) for one in codelists)
    return next((term for term in found if term is not None), None)


def alike(value: str, codelists: Sequence[Codelist]) -> Term | None:
    """The term whose submission value is spelled most like a value, whatever its case; None when
    none is like it.
    """
    words: dict[str, Term] = {}
    for one in codelists:
        for term in one.terms:
            words.setdefault(term.value.casefold(), term)
    close = get_close_matches(value.casefold(), list(words), n=1)
    return words[close[0]] if close else None


def suggestion(value: str, codelists: Sequence[Codelist]) -> str:
    """The term to propose, in brackets with a blank in front, as a sentence takes it; else ""."""
    if (term := meant(value, codelists)) is not None:
        return f" ({term.value})"
    if (term := alike(value, codelists)) is not None:
        return f" (nearest: {term.value})"
    return ""

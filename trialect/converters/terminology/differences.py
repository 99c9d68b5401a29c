"""What sets one content of a version apart from another, in one sentence."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from trialect.schemas.ct import Codelist, Term

SHOWN = 3


def differences(old: Sequence[Codelist], new: Sequence[Codelist]) -> str:
    """How many codelists and terms are more, fewer and other in `new`, with the first of each."""
    before, after = {one.code: one for one in old}, {one.code: one for one in new}
    both = before.keys() & after.keys()
    heads = {code for code in both if _head(before[code]) != _head(after[code])}
    terms_before = _terms(before, after.keys())
    terms_after = _terms(after, before.keys())
    same = terms_before.keys() & terms_after.keys()
    parts = [
        _part("more codelists", after.keys() - before.keys()),
        _part("fewer codelists", before.keys() - after.keys()),
        _part("other codelists", heads),
        _part("more terms", map(_named, terms_after.keys() - same)),
        _part("fewer terms", map(_named, terms_before.keys() - same)),
        _part("other terms", (_named(k) for k in same if terms_before[k] != terms_after[k])),
    ]
    return "; ".join(part for part in parts if part) or "the order or the origin of codelists"


def _head(one: Codelist) -> tuple[str, str, bool]:
    return one.short, one.name, one.extensible


def _terms(
    codelists: Mapping[str, Codelist], wanted: Container[str]
) -> dict[tuple[str, str, str], Term]:
    return {
        (code, term.code, term.value): term
        for code, one in codelists.items()
        if code in wanted
        for term in one.terms
    }


def _named(key: tuple[str, str, str]) -> str:
    codelist, _, value = key
    return f"{codelist} {value}"


def _part(what: str, found: Iterable[str]) -> str:
    names = sorted(found)
    if not names:
        return ""
    more = ", ..." if len(names) > SHOWN else ""
    return f"{len(names)} {what} ({', '.join(names[:SHOWN])}{more})"

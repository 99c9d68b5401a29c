"""Collected texts as controlled terms."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import polars as pl

from trialect.mappings.tables import Line, Words
from trialect.mappings.values import Call, RowProblem
from trialect.problems import rule
from trialect.schemas.ct import Codelist, Terminology
from trialect.schemas.sdtm import Variable

UNKNOWN_TERM = rule(
    "MAP-TERM-UNKNOWN",
    "error",
    "A text means no term of a codelist that takes no others",
    "{value!r} is no term of {codelist}{nearest}; it is kept as it is.",
    "Add a line to the study's codelist that says which term it means.",
    "SDTMIG 3.4, 4.3; CDISC CT",
)
NEW_TERM = rule(
    "MAP-TERM-NEW",
    "warning",
    "A text means no term of an extensible codelist",
    "{value!r} is no term of {codelist}{nearest}; it is kept as a term of the sponsor.",
    "Map it to CDISC's term if one means the same; else list it in the study's codelist.",
    "SDTMIG 3.4, 4.3; Define-XML 2.1, def:ExtendedValue",
)
UNLISTED = rule(
    "MAP-TERM-UNLISTED",
    "error",
    "A text is not in the study's codelist",
    "{value!r} is not in codelist {codelist}; it is kept as it is.",
    "Add a line to mappings/codelists/{codelist}.csv.",
)


def codelists_of(
    line: Line,
    variable: Variable | None,
    own: Mapping[str, Words],
    terminology: Terminology,
) -> tuple[list[tuple[str, Words]], list[Codelist]]:
    """The study's and CDISC's codelists behind a line: those it names, else the variable's."""
    words: list[tuple[str, Words]] = []
    codelists: list[Codelist] = []
    for name in line.codelist:
        if name in own:
            words.append((name, own[name]))
        elif (named := terminology.codelist(name)) is not None:
            codelists.append(named)
    if not codelists and variable is not None:
        of_variable = (terminology.codelist(code) for code in variable.codelists)
        codelists = [codelist for codelist in of_variable if codelist is not None]
    return words, codelists


def to_terms(call: Call, texts: pl.Series) -> tuple[pl.Series, list[RowProblem]]:
    """The term each text means; a text that means none is kept and a problem."""
    words, codelists = codelists_of(
        call.line, call.variable, call.context.tables.codelists, call.context.terminology
    )
    meaning: dict[str, str] = {}
    unknown: dict[str, None] = {}
    for text in texts.drop_nulls().unique(maintain_order=True):
        term = find(text, words, codelists)
        meaning[text] = text if term is None else term
        if term is None:
            unknown[text] = None
    values = (
        texts.replace_strict(
            list(meaning), list(meaning.values()), default=None, return_dtype=pl.String
        )
        if meaning
        else texts
    )
    problems = []
    for text in unknown:
        for place in (texts == text).arg_true():
            problems.append(_unknown(place, text, words, codelists))
    return values, problems


def find(text: str, words: list[tuple[str, Words]], codelists: list[Codelist]) -> str | None:
    """The study's term for a text, else CDISC's; None when neither knows it."""
    for _, one in words:
        term = one.find(text)
        if term is not None:
            return term
    for codelist in codelists:
        found = codelist.find(text)
        if found is not None:
            return found.value
    return None


def _unknown(
    place: int, text: str, words: list[tuple[str, Words]], codelists: list[Codelist]
) -> RowProblem:
    if not codelists:
        name = words[0][0] if words else ""
        return RowProblem(place, UNLISTED, {"value": text, "codelist": name})
    names = " or ".join(f"{codelist.name} ({codelist.code})" for codelist in codelists)
    declared = UNKNOWN_TERM if not any(c.extensible for c in codelists) else NEW_TERM
    given = {"value": text, "codelist": names, "nearest": nearest(text, codelists)}
    return RowProblem(place, declared, given)


def nearest(text: str, codelists: list[Codelist]) -> str:
    """` (nearest: TERM)`, or nothing when no term is like the text."""
    terms = [term.value for codelist in codelists for term in codelist.terms]
    close = get_close_matches(text.upper(), terms, n=1)
    return f" (nearest: {close[0]})" if close else ""

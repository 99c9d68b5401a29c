"""Collected texts as controlled terms."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from trialect.mappings.tables import Line, Words
from trialect.mappings.values import Call, RowProblem
from trialect.problems import Rule, rule
from trialect.schemas.ct import Codelist, Terminology
from trialect.schemas.ct.nearest import hint
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
    if not words and not codelists:
        return texts, []
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
    told: dict[str, tuple[Rule, dict[str, str]]] = {
        text: _unknown(text, words, codelists) for text in unknown
    }
    strange = texts.is_in(list(unknown)).fill_null(value=False)
    return values, [RowProblem(place, *told[texts[place]]) for place in strange.arg_true()]


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
    text: str, words: list[tuple[str, Words]], codelists: list[Codelist]
) -> tuple[Rule, dict[str, str]]:
    if not codelists:
        return UNLISTED, {"value": text, "codelist": words[0][0]}
    names = " or ".join(f"{codelist.name} ({codelist.code})" for codelist in codelists)
    declared = UNKNOWN_TERM if not any(c.extensible for c in codelists) else NEW_TERM
    return declared, {"value": text, "codelist": names, "nearest": hint(text, codelists)}

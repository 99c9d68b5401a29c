"""What the codelists of a variable permit and how they pair: operations of trialect's own.

SDTMIG names the codelists of a variable; a variable that it does not list where it stands has
those that the model's class gives it. The terminology is the version that the package follows.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from trialect.schemas.core.operations.doing import Doing, operation
from trialect.schemas.core.operations.terminology import terms_of
from trialect.schemas.core.table import Column, Same
from trialect.schemas.ct.codelists import Codelist, Terminology
from trialect.schemas.ct.nearest import nearest
from trialect.schemas.ct.paired import instrument_of_code, is_instrument_name, paired_term
from trialect.schemas.sdtm.model import VERSION, datasets

VALUE = "variable_value"


@operation("permitted_terms")
def permitted_terms(doing: Doing) -> Column:
    """The submission values of all codelists of the variable; empty when it has none.

    Of --TESTCD and --TEST the questions of instruments that the values name are permitted too:
    each instrument has a codelist of its own.
    """
    codelists = _codelists(doing)
    if not codelists:
        return Same([])
    found = {term.value: None for codelist in codelists for term in codelist.terms}
    is_question = _QUESTIONS.get(_variable(doing)[2:])
    if is_question is not None:
        terminology = terms_of(doing)
        others = (value for value in _values(doing) if value not in found)
        found.update({value: None for value in others if is_question(terminology, value)})
    return Same(list(found))


@operation("permitted_terms_extensible")
def permitted_terms_extensible(doing: Doing) -> Column:
    """Whether one of the codelists of the variable takes terms of the sponsor."""
    return Same(any(codelist.extensible for codelist in _codelists(doing)))


@operation("paired_term")
def paired_name(doing: Doing) -> Column:
    """For each code of `name` what CDISC calls it in the codelist of the variable `to`.

    Nothing where the codelists of the two do not know the code. A question of an instrument has
    the codelists of the instrument.
    """
    code, name = doing.target, doing.spelt(doing.text("to"))
    dataset = datasets(VERSION).get(doing.dataset.whole)
    known = dataset.allowed(code) if dataset else None
    named = dataset.allowed(name) if dataset else None
    told = (known.codelists if known else (), named.codelists if named else ())
    terminology = terms_of(doing)
    codes = doing.table.series(code)
    if codes.dtype != pl.String:
        return Same(None)
    words: dict[str, str] = {}
    for value in codes.drop_nulls().unique(maintain_order=True):
        instrument = instrument_of_code(terminology, value)
        of_code, of_name = told if instrument is None else ((one,) for one in instrument)
        if (found := paired_term(terminology, of_code, of_name, value)) is not None:
            words[value] = found
    if not words:
        return Same(None)
    return codes.replace_strict(words, default=None, return_dtype=pl.String)


@operation("nearest_permitted_term")
def nearest_permitted_term(doing: Doing) -> Column:
    """For each value that is no term the one that was probably meant, where one is like it.

    Of a variable with very many values, which are no slips of the pen, none is looked for.
    """
    codelists = _codelists(doing)
    if not codelists:
        return Same(None)
    unknown = [
        value
        for value in _values(doing)
        if not any(value in codelist.by_value for codelist in codelists)
    ]
    if not unknown or not _has_few_values(doing):
        return Same(None)
    near = {value: nearest(value, codelists) for value in unknown}
    words = {value: term.value for value, term in near.items() if term is not None}
    if not words:
        return Same(None)
    column = doing.table.series(VALUE).cast(pl.String)
    return column.replace_strict(words, default=None, return_dtype=pl.String)


_ASKED = 2_000
"""Values of a variable in its file for which a term is looked for."""


def _has_few_values(doing: Doing) -> bool:
    """The same for any part of the records, which its own values could not tell."""
    name = doing.table.dataset
    dataset = doing.datasets.by_name.get(str(name.value)) if isinstance(name, Same) else None
    return dataset is None or dataset.has_at_most(_ASKED, _variable(doing))


def _variable(doing: Doing) -> str:
    column = doing.table.column("variable_name")
    return str(column.value if isinstance(column, Same) else column[0])


def _values(doing: Doing) -> list[str]:
    series = doing.table.series(VALUE).drop_nulls()
    if series.dtype != pl.String:
        return []
    return [value for value in series.unique(maintain_order=True).to_list() if value]


def _codelists(doing: Doing) -> list[Codelist]:
    name = _variable(doing)

    def make() -> list[Codelist]:
        dataset = datasets(VERSION).get(doing.dataset.whole)
        variable = dataset.allowed(name) if dataset is not None else None
        found = map(terms_of(doing).codelist, variable.codelists if variable else ())
        return [one for one in found if one is not None]

    return doing.study.kept(("permitted", doing.dataset.whole, name), make)


def _is_question_code(terminology: Terminology, value: str) -> bool:
    return instrument_of_code(terminology, value) is not None


_QUESTIONS: dict[str, Callable[[Terminology, str], bool]] = {
    "TESTCD": _is_question_code,
    "TEST": is_instrument_name,
}

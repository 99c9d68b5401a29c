"""Controlled terminology: codelists, their terms and codes, and which versions there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from trialect.schemas.core.operations.doing import Doing, operation
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.table import Column, Same
from trialect.schemas.ct.codelists import Codelist, Term, Terminology
from trialect.schemas.ct.terminology import terminology, versions


def terms_of(doing: Doing) -> Terminology:
    """The terminology that the package follows. Raises `NotAsked` when it is not at hand."""
    version = doing.datasets.terminology or versions()[-1]
    try:
        return terminology(version)
    except KeyError:
        raise NotAsked(f"terminology {version} is not installed") from None


def _codelist(table: Terminology, name: str) -> Codelist:
    found = table.codelist(name)
    if found is None:
        raise NotAsked(f"codelist {name} is not in terminology {table.version}")
    return found


@operation("codelist_terms")
def codelist_terms(doing: Doing) -> Column:
    """The terms (or the codelists themselves) as codes, submission values or preferred terms.

    With `version` naming a column, the code or value of one term in the version of each row.
    """
    wanted = str(doing.option.get("returntype") or "")
    if doing.option.get("codelists"):
        table = terms_of(doing)
        found: list[str] = []
        for name in doing.option["codelists"]:
            codelist = _codelist(table, str(name))
            if doing.option.get("level") == "codelist":
                found.append(_of_codelist(codelist, wanted))
            elif doing.option.get("level") == "term":
                found.extend(_of_term(term, wanted) for term in codelist.terms)
            else:
                raise NotAsked("operation codelist_terms needs level: codelist or term")
        return Same(found)
    return _by_version(doing, wanted)


def _of_codelist(codelist: Codelist, wanted: str) -> str:
    names = {"code": codelist.code, "pref_term": codelist.name}
    return names.get(wanted, codelist.short)


def _of_term(term: Term, wanted: str) -> str:
    return {"value": term.value, "pref_term": term.preferred}.get(wanted, term.code)


def _by_version(doing: Doing, wanted: str) -> Column:
    """One term of a codelist, in the version that each row names."""
    keys = [key for key in ("term_code", "term_value", "term_pref_term") if doing.option.get(key)]
    if len(keys) != 1:
        raise NotAsked("operation codelist_terms needs codelists, or one of term_code, ...")
    key = keys[0]
    column = doing.table.series(doing.text("version")).cast(pl.String).to_list()
    code_name = doing.text("codelist_code")
    codes = (
        doing.table.series(code_name).cast(pl.String).to_list()
        if doing.table.has(code_name)
        else [code_name] * len(column)
    )
    given = doing.table.series(doing.text(key)).cast(pl.String).to_list()
    returned = wanted or ("value" if key == "term_code" else "code")
    kind = {"term_code": "code", "term_value": "value", "term_pref_term": "pref_term"}[key]
    found: list[str | None] = []
    for version, code, text in zip(column, codes, given, strict=True):
        codelist = _versioned(version, code)
        terms: Iterable[Term] = codelist.terms if codelist is not None else ()
        lower = (text or "").lower()
        hit = next((one for one in terms if _of_term(one, kind).lower() == lower), None)
        found.append(_of_term(hit, returned) if hit is not None else None)
    return pl.Series(found, dtype=pl.String)


def _versioned(version: str | None, code: str | None) -> Codelist | None:
    if not version or not code or version not in versions():
        return None
    return terminology(version).codelist(code)


@operation("codelist_extensible")
def codelist_extensible(doing: Doing) -> Column:
    """Whether the codelist may be extended; by row where `version` names a column."""
    if doing.option.get("codelist"):
        return Same(_codelist(terms_of(doing), str(doing.option["codelist"])).extensible)
    column = doing.table.series(doing.text("version")).cast(pl.String).to_list()
    name = doing.text("codelist_code")
    codes = (
        doing.table.series(name).cast(pl.String).to_list()
        if doing.table.has(name)
        else [name] * len(column)
    )
    found = [_versioned(version, code) for version, code in zip(column, codes, strict=True)]
    return pl.Series(
        [one.extensible if one is not None else None for one in found], dtype=pl.Boolean
    )


@operation("valid_codelist_dates")
def valid_codelist_dates(doing: Doing) -> Column:
    """The versions of the terminology that are at hand, sorted; of SDTM only."""
    types = doing.option.get("ct_package_types")
    return Same(versions() if not types or "SDTM" in types else [])


_ATTRIBUTES: dict[str, tuple[bool, str]] = {
    "Codelist CCODE": (False, "code"),
    "Codelist Value": (False, "value"),
    "Term CCODE": (True, "code"),
    "Term Value": (True, "value"),
    "Term Submission Value": (True, "value"),
    "Term Preferred Term": (True, "pref_term"),
}


@operation("get_codelist_attributes")
def get_codelist_attributes(doing: Doing) -> Column:
    """For each row the codes or values of all codelists or terms, in the version it names."""
    attribute = doing.text("ct_attribute")
    if attribute not in _ATTRIBUTES:
        raise NotAsked(f"ct_attribute {attribute!r} is none of {', '.join(_ATTRIBUTES)}")
    names = doing.table.series(doing.target).cast(pl.String).to_list()
    given = doing.table.series(doing.text("version")).cast(pl.String).to_list()
    made: dict[tuple[str | None, str | None], list[str]] = {}
    for row in dict.fromkeys(zip(names, given, strict=True)):
        made[row] = _attributes(*row, *_ATTRIBUTES[attribute])
    lists: list[Any] = [made[row] for row in zip(names, given, strict=True)]
    return pl.Series(lists, dtype=pl.List(pl.String))


def _attributes(name: str | None, version: str | None, of_terms: bool, what: str) -> list[str]:
    known = (name or "").strip() in ("CDISC", "CDISC CT", "sdtmct")
    if not known or version not in versions():
        return []
    found: set[str] = set()
    for codelist in terminology(str(version)).codelists():
        if of_terms:
            found.update(_of_term(term, what) for term in codelist.terms)
        else:
            found.add(_of_codelist(codelist, what))
    return sorted(found)


@operation("define_extensible_codelists")
def define_extensible_codelists(doing: Doing) -> Column:
    """The terms that the Define-XML adds to the codelists named (`ALL`: to any of them)."""
    define = doing.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    wanted = doing.option.get("codelists")
    if not isinstance(wanted, list) or not wanted:
        raise NotAsked("operation define_extensible_codelists needs codelists")
    names = {str(name).lower() for name in wanted}
    found: dict[str, None] = {}
    seen: set[str] = set()
    for dataset in define:
        for variable in dataset.variables:
            codelist = variable.codelist
            if codelist is None or codelist.code is None or codelist.oid in seen:
                continue
            seen.add(codelist.oid)
            if wanted == ["ALL"] or codelist.name.lower() in names:
                found.update({term.value: None for term in codelist.terms if term.code is None})
    return Same(list(found))

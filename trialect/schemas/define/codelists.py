"""Which codelist a variable uses in this study: the terms that occur, with their NCI codes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from trialect.metadata import CodelistMeta, TermMeta
from trialect.profile import RESULTS, VALUE_LEVEL_KEYS, VariableProfile
from trialect.schemas.ct import Codelist, Terminology, terminology
from trialect.schemas.define import oids
from trialect.schemas.define.xml import in_xml
from trialect.schemas.sdtm import Variable
from trialect.trial import Study

Decodes = Mapping[str, Mapping[str, str | None]]
"""The study's own terms and what they mean, by `DOMAIN.VARIABLE`."""

_DICTIONARIES = {"MedDRA": "MedDRA", "LOINC": "LOINC", "ISO 21090 NullFlavor": "ISO 21090"}
"""The external dictionary (C-codelist C66788) that a value domain of SDTMIG means."""
_COUNTRIES = frozenset({"COUNTRY"})

DSCAT_CODELISTS = {
    "DISPOSITION EVENT": "C66727",
    "PROTOCOL MILESTONE": "C114118",
    "OTHER EVENT": "C150811",
}
"""The codelist of DSDECOD under each DSCAT (SDTMIG 3.4, 6.2.3, DS assumption 3)."""

CODELISTS = {"DOMAIN": ("C66734",)}
"""Codelists of variables that SDTMIG describes in words only."""


@dataclass(frozen=True, slots=True)
class Codelists:
    """The terminology of the study, the study's own terms and the versions of dictionaries."""

    ct: Terminology
    own: Decodes
    dictionaries: Mapping[str, str]
    named: Decodes
    """What the protocol names: arms and elements, by variable."""
    criteria: Mapping[str, str]
    """The whole text of each criterion (IETESTCD), of which IETEST may hold the beginning."""

    @classmethod
    def of(cls, study: Study, own: Decodes) -> Codelists:
        """Those of a study. Raises KeyError when its terminology is not at hand."""
        versions = {
            one.dictionary: one.dictionary_version
            for one in study.parameters
            if one.dictionary and one.dictionary_version
        }
        arms = {arm.code: arm.name for arm in study.arms}
        elements = {element.code: element.name for element in study.elements}
        named = {"ARMCD": arms, "ACTARMCD": arms, "ETCD": elements}
        return cls(terminology(study.sdtm.ct), own, versions, named, whole_criteria(study))

    def external(self, name: str, value_domain: str) -> CodelistMeta | None:
        """The dictionary that a variable's values are from, by SDTMIG's value domain."""
        dictionary = _DICTIONARIES.get(value_domain)
        if name in _COUNTRIES:
            dictionary = "ISO 3166"
        if dictionary is None:
            return None
        return CodelistMeta(
            oid=oids.codelist_oid(dictionary),
            name=dictionary,
            code=None,
            terms=(),
            external=dictionary,
            external_version=self.dictionaries.get(dictionary),
        )

    def of_variable(
        self,
        dataset: str,
        column: str,
        facts: Variable | None,
        found: VariableProfile,
        decodes: Mapping[str, str] | None,
    ) -> CodelistMeta | None:
        """The dictionary or codelist of a whole variable. Values of results, qualifiers and
        parameters have one only where all are terms of it; else each kind of value has its own.
        """
        external = self.external(column, facts.value_domain if facts else "")
        if external is not None or column == "QNAM":
            return external
        codes = facts.codelists if facts else ()
        codes = codes or CODELISTS.get(column, ())
        used = self.used(dataset, column, codes, found, decodes)
        if used is None or not (column in VALUE_LEVEL_KEYS or column[2:] in RESULTS):
            return used
        return used if all(term.code for term in used.terms) else None

    def says(self, codes: Collection[str], found: VariableProfile) -> bool:
        """Whether some of the values are terms of one of the codelists."""
        lists = [one for one in map(self.ct.codelist, codes) if one is not None]
        return any(value in one.by_value for one in lists for value in found.values or ())

    def used(
        self,
        dataset: str,
        variable: str,
        codes: Collection[str],
        found: VariableProfile,
        decodes: Mapping[str, str] | None = None,
    ) -> CodelistMeta | None:
        """The codelist with the terms that occur; None when no codelist applies or the values are
        too many to be terms. `decodes` are what the terms mean (--TEST of --TESTCD).
        """
        values = sorted(found.values or ())
        own = {
            **self.named.get(variable, {}),
            **self.own.get(f"{dataset}.{variable}", {}),
            **(decodes or {}),
        }
        if variable == "IETESTCD":
            own = fuller(own, self.criteria)
        lists = [one for one in map(self.ct.codelist, codes) if one is not None]
        if not values or not (lists or own):
            return None
        codelist = max(lists, key=lambda one: sum(v in one.by_value for v in values), default=None)
        terms = tuple(_term(value, codelist, own.get(value)) for value in _order(values, codelist))
        return CodelistMeta(
            oid="",
            name=codelist.name if codelist else f"{variable} terms",
            code=codelist.code if codelist else None,
            terms=terms,
            type=_type(found),
        )


def whole_criteria(study: Study) -> dict[str, str]:
    """The text of each criterion by its code, where the code has one in all versions."""
    texts: dict[str, set[str]] = {}
    for one in study.criteria:
        texts.setdefault(one.code, set()).add(in_xml(one.text))
    return {code: min(known) for code, known in texts.items() if len(known) == 1}


def fuller(decodes: Mapping[str, str | None], whole: Mapping[str, str]) -> dict[str, str | None]:
    """The decodes, with the whole text where a decode is only its beginning (SDTMIG 3.4, 7.4.1)."""
    return {
        code: whole[code] if len(whole.get(code, "")) > len(decode or "") else decode
        for code, decode in decodes.items()
    }


def _order(values: Collection[str], codelist: Codelist | None) -> list[str]:
    published = {} if codelist is None else {t.value: n for n, t in enumerate(codelist.terms)}
    return sorted(values, key=lambda value: (published.get(value, len(published)), value))


def _term(value: str, codelist: Codelist | None, decode: str | None) -> TermMeta:
    term = codelist.by_value.get(value) if codelist else None
    if term is None:
        return TermMeta(value, decode)
    return TermMeta(value, decode or term.preferred or None, term.code)


def _type(found: VariableProfile) -> Literal["text", "integer", "float"]:
    if not found.numeric:
        return "text"
    return "float" if found.decimals else "integer"

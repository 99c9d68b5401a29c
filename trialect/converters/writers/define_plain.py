"""The define.xml of protocol datasets as one text, made of parts that are kept between studies.

The bytes are those of `define_bytes` (define_xml.py), which builds a tree of elements and takes
some twenty milliseconds for it: too long for thousands of registry records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache

import trialect
from trialect.converters.writers import define_parts_text as part
from trialect.converters.writers.define_elements import STANDARD_CT, STANDARD_IG
from trialect.converters.writers.define_xml import STYLESHEET
from trialect.mappings.sdtm.study_datasets import Cell, PlainDataset, PlainVariable
from trialect.mappings.sdtm.trial_summary import parameter_name
from trialect.profile import DISTINCT_LIMIT, VariableProfile, kind_of_text
from trialect.schemas.ct import Codelist, terminology
from trialect.schemas.define import oids
from trialect.schemas.define.codelist_names import SHARED, suffixes
from trialect.schemas.define.codelists import CODELISTS, fuller, whole_criteria
from trialect.schemas.define.datatypes import WITH_LENGTH, date_type, text_type
from trialect.schemas.define.variables import facts
from trialect.schemas.define.xml import DEF, DEFINE_VERSION, ODM, XLINK
from trialect.schemas.sdtm import dataset
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS
from trialect.trial import Study

_KNOWN = frozenset({"TA", "TE", "TI", "TS", "TV"})
"""The datasets that are written here."""


@dataclass(slots=True)
class _Value:
    """A parameter of TS: its name, and what its values are."""

    code: str
    label: str
    texts: list[str] = field(default_factory=list)
    terms: part.Terms | None = None


def plain_define(study: Study, datasets: Sequence[PlainDataset], stamp: datetime) -> bytes | None:
    """The define.xml; None where it must be made from a tree."""
    if not all(map(_is_known, datasets)):
        return None
    return _Define(study, stamp).text(datasets).encode()


def _is_known(one: PlainDataset) -> bool:
    return one.name in _KNOWN and one.rows <= DISTINCT_LIMIT


class _Define:
    """The text of one define.xml."""

    def __init__(self, study: Study, stamp: datetime) -> None:
        self._study = study
        self._stamp = stamp
        self._codelists: dict[part.Terms, tuple[str, ...]] = {}
        """Each codelist and who uses it first."""
        self._used: dict[tuple[str, str], part.Terms] = {}
        self._users: list[tuple[tuple[str, ...], part.Terms]] = []
        self._values: list[_Value] = []
        self._comment: str | None = None

    def text(self, datasets: Sequence[PlainDataset]) -> str:
        for one in datasets:
            self._look_at(one)
        self._share()
        oid_of, codelists = self._named()
        groups = [part.group(one.name, _columns(one), self._study.sdtm.ig) for one in datasets]
        items = [item for one in datasets for item in self._items(one, oid_of)]
        parts = [self._head(), *self._value_level(), *groups, *items]
        if any(v.name == "TSVALNF" for one in datasets for v in one.variables):
            oid, external = part.null_flavors(self._version("ISO 21090"))
            codelists[oid] = external
        parts += [codelists[oid] for oid in sorted(codelists)]
        if self._comment is not None:
            parts.append(part.comment(self._comment))
        parts.append("    </MetaDataVersion>\n  </Study>\n</ODM>\n")
        return "".join(parts)

    def _look_at(self, one: PlainDataset) -> None:
        """Find the codelists of a dataset and the values of parameters."""
        ct = self._study.sdtm.ct
        for variable, column in zip(one.variables, one.columns, strict=True):
            codelist = _codelist_code(one.name, variable.name, self._study.sdtm.ig)
            own = self._own(one, variable.name)
            if codelist is not None or own:
                values = {value for value in set(column) if isinstance(value, str)}
                terms = _terms(ct, codelist, f"{variable.name} terms", values, own)
                if terms is not None:
                    self._used[one.name, variable.name] = terms
                    self._users.append(((one.name, variable.name), terms))
            if variable.name == "TSVAL":
                self._look_at_values(one, column)

    def _share(self) -> None:
        """Give variables that mean the same everywhere the terms of all, and note first users."""
        shared: dict[str, part.Terms] = {}
        for (_, variable), mine in self._used.items():
            if variable in SHARED:
                other = shared.get(variable, mine)
                terms = dict.fromkeys((*other.terms, *mine.terms))
                ordered = sorted(terms, key=lambda term: (term[2] is None, term[0]))
                shared[variable] = replace(other, terms=tuple(ordered))
        for user, mine in self._users:
            settled = mine
            if len(user) == 2:
                settled = self._used[user[0], user[1]] = shared.get(user[1], mine)
            self._codelists.setdefault(settled, user)

    def _own(self, one: PlainDataset, variable: str) -> Mapping[str, str | None]:
        """What the study's own codes mean."""
        if variable == "ARMCD":
            return {arm.code: arm.name for arm in self._study.arms}
        if variable == "ETCD":
            return {element.code: element.name for element in self._study.elements}
        if variable == "TSPARMCD":
            return _names_of(frozenset(one.column("TSPARMCD")), self._study.sdtm.ct)
        if variable == "IETESTCD":
            return fuller(dict(_pairs(one, "IETESTCD", "IETEST")), whole_criteria(self._study))
        return {}

    def _look_at_values(self, one: PlainDataset, column: Sequence[Cell]) -> None:
        found: dict[str, _Value] = {}
        rows = zip(one.column("TSPARMCD"), one.column("TSPARM"), column, strict=True)
        for code, label, value in rows:
            if value is None:
                continue
            here = found.get(str(code))
            if here is None:
                here = found[str(code)] = _Value(str(code), str(label))
            here.texts.append(str(value))
        for code in sorted(found):
            one_of = found[code]
            self._values.append(one_of)
            if code in PARAMETER_CODELISTS:
                listed = PARAMETER_CODELISTS[code]
                terms = _terms(self._study.sdtm.ct, listed, "", set(one_of.texts), {})
                one_of.terms = terms
                if terms is not None:
                    self._users.append((("TS", "TSVAL", code), terms))

    def _named(self) -> tuple[dict[part.Terms, str], dict[str, str]]:
        """The OID of each codelist, and the codelists by their OIDs."""
        by_base: dict[str, list[part.Terms]] = {}
        for terms, user in self._codelists.items():
            by_base.setdefault(terms.base or user[1], []).append(terms)
        oid_of: dict[part.Terms, str] = {}
        texts: dict[str, str] = {}
        for base, subsets in by_base.items():
            listed = [tuple(value for value, _, _ in one.terms) for one in subsets]
            users = [self._codelists[one] for one in subsets]
            for one, suffix in zip(subsets, suffixes(listed, users), strict=True):
                oid = oid_of[one] = part.codelist_oid(base, suffix)
                name = f"{one.name} ({', '.join(suffix)})" if suffix else one.name
                # Terms of CDISC come back in other studies, those of a study do not.
                written = part.codelist if one.code is None else part.kept_codelist
                texts[oid] = written(oid, name, one)
        return oid_of, texts

    def _version(self, dictionary: str) -> str | None:
        versions = {
            one.dictionary: one.dictionary_version
            for one in self._study.parameters
            if one.dictionary and one.dictionary_version
        }
        return versions.get(dictionary)

    def _head(self) -> str:
        study, sdtm = self._study, self._study.sdtm
        identity = oids.study_oid(study.studyid)
        described = " ".join(text for text in (study.name, study.invented) if text)
        about = study.invented or f"Data definitions of {study.studyid}."
        return (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<?xml-stylesheet type="text/xsl" href="{STYLESHEET}"?>'
            f'<ODM xmlns="{ODM}" xmlns:def="{DEF}" xmlns:xlink="{XLINK}" ODMVersion="1.3.2" '
            f'FileType="Snapshot" FileOID="{identity}.define" '
            f'CreationDateTime="{self._stamp.isoformat(timespec="seconds")}Z" '
            f'Originator="{part.attribute(study.sponsor.name)}" SourceSystem="trialect" '
            f'SourceSystemVersion="{trialect.__version__}" def:Context="Submission">\n'
            f'  <Study OID="{identity}">\n'
            "    <GlobalVariables>\n"
            f"      {part.element('StudyName', study.acronym or study.studyid)}\n"
            f"      {part.element('StudyDescription', described)}\n"
            f"      {part.element('ProtocolName', study.studyid)}\n"
            "    </GlobalVariables>\n"
            f'    <MetaDataVersion OID="{oids.version_oid(study.studyid, sdtm.ig)}" '
            f'Name="{part.attribute(study.studyid)}, data definitions" '
            f'Description="{part.attribute(about)}" def:DefineVersion="{DEFINE_VERSION}">\n'
            "      <def:Standards>\n"
            f'        <def:Standard OID="{STANDARD_IG}" Name="SDTMIG" Type="IG" '
            f'Version="{part.attribute(sdtm.ig)}" Status="Final"/>\n'
            f'        <def:Standard OID="{STANDARD_CT}" Name="CDISC/NCI" Type="CT" '
            f'PublishingSet="SDTM" Version="{part.attribute(sdtm.ct)}" Status="Final"/>\n'
            "      </def:Standards>\n"
        )

    def _value_level(self) -> Iterator[str]:
        """The values of TSVAL by parameter, and the conditions that they hold under."""
        if not self._values:
            return
        yield '      <def:ValueListDef OID="VL.TS.TSVAL">\n'
        for number, one in enumerate(self._values, start=1):
            yield part.value_reference(one.code, number)
        yield "      </def:ValueListDef>\n"
        for one in self._values:
            yield part.where(one.code)

    def _items(self, one: PlainDataset, oid_of: Mapping[part.Terms, str]) -> Iterator[str]:
        for variable, column in zip(one.variables, one.columns, strict=True):
            terms = self._used.get((one.name, variable.name))
            codelist = oid_of[terms] if terms is not None else None
            if variable.name == "TSVALNF":
                codelist = "CL.ISO_21090"
            comment = None
            if all(value is None for value in column):
                if self._comment is None:
                    self._comment = oids.comment_oid(one.name, variable.name)
                comment = self._comment
            typed = _typed(one.name, variable, column)
            by_value = variable.name == "TSVAL" and bool(self._values)
            yield part.item(one.name, variable, typed, codelist, comment, by_value)
            if by_value:
                for value in self._values:
                    yield part.value_item(
                        value.code,
                        value.label,
                        _kind_of(value.texts),
                        oid_of[value.terms] if value.terms is not None else None,
                    )


def _pairs(one: PlainDataset, code: str, name: str) -> Iterator[tuple[str, str]]:
    for key, label in zip(one.column(code), one.column(name), strict=True):
        yield str(key), str(label)


@lru_cache(maxsize=1000)
def _names_of(codes: frozenset[Cell], ct: str) -> Mapping[str, str | None]:
    """TSPARM of each TSPARMCD."""
    return {str(code): parameter_name(str(code), ct) for code in codes}


def _columns(one: PlainDataset) -> tuple[tuple[str, bool], ...]:
    """The variables of a dataset and whether they have values."""
    return tuple(
        (variable.name, any(value is not None for value in column))
        for variable, column in zip(one.variables, one.columns, strict=True)
    )


def _typed(name: str, variable: PlainVariable, column: Sequence[Cell]) -> part.Typed:
    """What a variable is by its values."""
    if variable.type == "Num":
        numbers = [_spelled(float(value)) for value in column if value is not None]
        found = [kind_of_text(number) for number in numbers]
        digits = max((digits for _, digits, _ in found), default=0)
        decimals = max((decimals for _, _, decimals in found), default=0)
        return ("float" if decimals else "integer", max(1, digits + decimals), decimals or None)
    if name == "TE" and variable.name == "TEDUR":
        kinds = [kind_of_text(str(value)) for value in column if value is not None]
        profile = VariableProfile(
            kinds={kind for kind, _, _ in kinds},
            digits=max((digits for _, digits, _ in kinds), default=0),
            decimals=max((decimals for _, _, decimals in kinds), default=0),
        )
        type_ = date_type(profile, empty="durationDatetime")
        return type_, variable.length if type_ in WITH_LENGTH else None, None
    return "text", variable.length, None


def _spelled(value: float) -> str:
    """A number as the shortest decimal that gives it back."""
    text = repr(value)
    return (format(Decimal(text), "f") if "e" in text else text).removesuffix(".0")


def _kind_of(texts: Sequence[str]) -> part.Typed:
    """The data type of a parameter's values, their length and decimals."""
    found = [kind_of_text(text) for text in texts]
    kinds = frozenset([kind for kind, _, _ in found])
    if "text" in kinds:
        return "text", max(map(len, texts)), None
    digits = max([digits for _, digits, _ in found])
    decimals = max([decimals for _, _, decimals in found])
    type_ = _type(kinds, digits, decimals)
    length = max(map(len, texts)) if type_ in WITH_LENGTH else None
    return type_, length, decimals if type_ == "float" else None


@lru_cache(maxsize=1000)
def _type(kinds: frozenset[str], digits: int, decimals: int) -> str:
    return text_type(VariableProfile(kinds=set(kinds), digits=digits, decimals=decimals))


@cache
def _codelist_code(name: str, variable: str, ig: str) -> str | None:
    """The NCI code of the codelist that a variable takes its terms from."""
    model = dataset(name, ig)
    known = facts(model, variable) if model is not None else None
    codes = (known.codelists if known is not None else ()) or CODELISTS.get(variable, ())
    return codes[0] if codes else None


def _terms(
    ct: str, code: str | None, name: str, values: set[str], own: Mapping[str, str | None]
) -> part.Terms | None:
    """The terms that occur, in the order of the codelist; None where nothing says what they are."""
    codelist = _published(ct, code) if code is not None else None
    if not values or (codelist is None and not own):
        return None
    if codelist is None or code is None:
        terms = tuple([(value, own.get(value), None) for value in sorted(values)])
        return part.Terms(name, None, "", terms)
    if not own:
        return _of_codelist(ct, code, tuple(sorted(values)))
    return _ordered(ct, code, [(value, own.get(value)) for value in values])


@lru_cache(maxsize=10_000)
def _of_codelist(ct: str, code: str, values: tuple[str, ...]) -> part.Terms:
    return _ordered(ct, code, [(value, None) for value in values])


def _ordered(ct: str, code: str, values: Iterable[tuple[str, str | None]]) -> part.Terms:
    found = sorted([_ranked(ct, code, value, decode) for value, decode in values])
    name, short = _names(ct, code)
    return part.Terms(name, code, short, tuple([term for _, _, term in found]))


@lru_cache(maxsize=10_000)
def _ranked(
    ct: str, code: str, value: str, decode: str | None
) -> tuple[int, str, tuple[str, str | None, str | None]]:
    """A term with its place in the codelist; one that it has not comes last."""
    codelist = _published(ct, code)
    terms = codelist.terms if codelist is not None else ()
    for place, term in enumerate(terms):
        if term.value == value:
            return place, value, (value, decode or term.preferred or None, term.code)
    return len(terms), value, (value, decode, None)


@cache
def _names(ct: str, code: str) -> tuple[str, str]:
    codelist = _published(ct, code)
    return (codelist.name, codelist.short) if codelist is not None else ("", "")


@cache
def _published(ct: str, code: str) -> Codelist | None:
    return terminology(ct).codelist(code)

"""The parts of a define.xml as text, kept between studies; `define_plain` puts them together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from trialect.converters.writers.define_elements import STANDARD_CT, STANDARD_IG, says_more
from trialect.mappings.sdtm.study_datasets import PlainVariable
from trialect.schemas.define import oids
from trialect.schemas.define.describe import NO_DATA
from trialect.schemas.define.keys import natural_keys
from trialect.schemas.define.parts import class_name
from trialect.schemas.define.variables import facts
from trialect.schemas.define.xml import in_xml
from trialect.schemas.sdtm import Dataset, dataset

_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
    | {"\r": "&#13;"}
)
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})

_ORIGIN = '        <def:Origin Type="Protocol" Source="Sponsor"/>\n'


@dataclass(frozen=True, slots=True)
class Terms:
    """A codelist as a variable uses it: its terms as (value, decode, NCI code)."""

    name: str
    code: str | None
    base: str
    terms: tuple[tuple[str, str | None, str | None], ...]


Typed = tuple[str, int | None, int | None]
"""A data type, its length and its decimals."""


def attribute(text: str) -> str:
    """A text within an attribute."""
    return in_xml(text).translate(_ATTRIBUTE)


def element(name: str, text: str) -> str:
    """An element that holds a text."""
    return f"<{name}>{in_xml(text).translate(_TEXT)}</{name}>" if text else f"<{name}></{name}>"


@lru_cache(maxsize=10_000)
def codelist_oid(base: str, suffix: tuple[str, ...]) -> str:
    """The OID of a CodeList."""
    return oids.codelist_oid(base, *suffix)


@lru_cache(maxsize=10_000)
def value_reference(code: str, number: int) -> str:
    """The ItemRef of TSVAL for a parameter, in the ValueListDef."""
    return (
        f'        <ItemRef ItemOID="{oids.item_oid("TS", "TSVAL", code)}" '
        f'OrderNumber="{number}" Mandatory="No">\n'
        f'          <def:WhereClauseRef WhereClauseOID="{oids.where_oid("TS", code)}"/>\n'
        "        </ItemRef>\n"
    )


@lru_cache(maxsize=1000)
def where(code: str) -> str:
    """The condition that a record is of a parameter."""
    return (
        f'      <def:WhereClauseDef OID="{oids.where_oid("TS", code)}">\n'
        '        <RangeCheck SoftHard="Soft" def:ItemOID="IT.TS.TSPARMCD" Comparator="EQ">\n'
        f"          {element('CheckValue', code)}\n"
        "        </RangeCheck>\n"
        "      </def:WhereClauseDef>\n"
    )


@lru_cache(maxsize=1000)
def group(name: str, columns: tuple[tuple[str, bool], ...], ig: str) -> str:
    """The ItemGroupDef of a dataset."""
    model = dataset(name, ig)
    standard = (
        f'def:StandardOID="{STANDARD_IG}"' if model is not None else 'def:IsNonStandard="Yes"'
    )
    model = model or Dataset(name, name, "", "", ())
    filled = dict(columns)
    keys = [key for key in natural_keys(name) if filled.get(key)]
    file = f"{name.lower()}.xpt"
    parts = [
        f'      <ItemGroupDef OID="IG.{name}" Name="{name}" Domain="{name}" '
        f'SASDatasetName="{name}" Repeating="No" IsReferenceData="Yes" Purpose="Tabulation" '
        f'def:Structure="{attribute(model.structure)}" {standard} '
        f'def:ArchiveLocationID="{oids.leaf_id(name)}">\n',
        _description(model.label),
    ]
    for number, (column, has_data) in enumerate(columns, start=1):
        known = facts(model, column)
        key = f' KeySequence="{keys.index(column) + 1}"' if column in keys else ""
        role = f' Role="{attribute(known.role)}"' if known is not None and known.role else ""
        mandatory = "Yes" if known is not None and known.core == "Req" else "No"
        empty = "" if has_data else ' def:HasNoData="Yes"'
        parts.append(
            f'        <ItemRef ItemOID="{oids.item_oid(name, column)}" OrderNumber="{number}" '
            f'Mandatory="{mandatory}"{key}{role}{empty}/>\n'
        )
    parts.append(
        f'        <def:Class Name="{class_name(model.observation_class)}"/>\n'
        f'        <def:leaf ID="{oids.leaf_id(name)}" xlink:href="{file}">\n'
        f"          <def:title>{file}</def:title>\n"
        "        </def:leaf>\n"
        "      </ItemGroupDef>\n"
    )
    return "".join(parts)


def _description(text: str) -> str:
    return (
        "        <Description>\n"
        f'          <TranslatedText xml:lang="en">{text.translate(_TEXT)}</TranslatedText>\n'
        "        </Description>\n"
    )


@lru_cache(maxsize=10_000)
def item(
    name: str,
    variable: PlainVariable,
    typed: Typed,
    codelist: str | None,
    comment: str | None,
    by_value: bool,
) -> str:
    """The ItemDef of a variable."""
    commented = f' def:CommentOID="{comment}"' if comment is not None else ""
    listed = f'        <CodeListRef CodeListOID="{codelist}"/>\n' if codelist else ""
    values = oids.value_list_oid(name, variable.name)
    made = f'        <def:ValueListRef ValueListOID="{values}"/>\n' if by_value else _ORIGIN
    return (
        f'      <ItemDef OID="{oids.item_oid(name, variable.name)}" Name="{variable.name}" '
        f'{_sized(typed)} SASFieldName="{variable.name}"{commented}>\n'
        f"{_description(variable.label)}{listed}{made}      </ItemDef>\n"
    )


def _sized(typed: Typed) -> str:
    """The attributes that say what values are."""
    type_, length, decimals = typed
    sized = "" if length is None else f' Length="{length}"'
    exact = "" if decimals is None else f' SignificantDigits="{decimals}"'
    return f'DataType="{type_}"{sized}{exact}'


@lru_cache(maxsize=10_000)
def value_item(code: str, label: str, typed: Typed, codelist: str | None) -> str:
    """The ItemDef of TSVAL for a parameter."""
    listed = f'        <CodeListRef CodeListOID="{codelist}"/>\n' if codelist else ""
    return (
        f'      <ItemDef OID="{oids.item_oid("TS", "TSVAL", code)}" Name="{attribute(code)}" '
        f"{_sized(typed)}>\n{_description(label)}{listed}{_ORIGIN}      </ItemDef>\n"
    )


def codelist(oid: str, name: str, one: Terms) -> str:
    """A CodeList."""
    standard = 'def:IsNonStandard="Yes"' if one.code is None else f'def:StandardOID="{STANDARD_CT}"'
    decoded = any(_says_more(value, decode) for value, decode, _ in one.terms)
    extends = one.code is not None
    items = [_term(value, decode, code, decoded, extends) for value, decode, code in one.terms]
    alias = f'        <Alias Context="nci:ExtCodeID" Name="{one.code}"/>\n' if one.code else ""
    return (
        f'      <CodeList OID="{oid}" Name="{attribute(name)}" DataType="text" {standard}>\n'
        f"{''.join(items)}{alias}      </CodeList>\n"
    )


kept_codelist = lru_cache(maxsize=5000)(codelist)


@lru_cache(maxsize=10_000)
def _says_more(value: str, decode: str | None) -> bool:
    return says_more(value, decode)


@lru_cache(maxsize=10_000)
def _term(value: str, decode: str | None, code: str | None, decoded: bool, extends: bool) -> str:
    kind = "CodeListItem" if decoded else "EnumeratedItem"
    extended = ' def:ExtendedValue="Yes"' if extends and code is None else ""
    inner = ""
    if decoded:
        text = (decode or value).translate(_TEXT)
        inner = (
            "          <Decode>\n"
            f'            <TranslatedText xml:lang="en">{text}</TranslatedText>\n'
            "          </Decode>\n"
        )
    if code is not None:
        inner += f'          <Alias Context="nci:ExtCodeID" Name="{code}"/>\n'
    opening = f'        <{kind} CodedValue="{attribute(value)}"{extended}'
    return f"{opening}>\n{inner}        </{kind}>\n" if inner else f"{opening}/>\n"


@cache
def null_flavors(version: str | None) -> tuple[str, str]:
    """The OID and the CodeList of the dictionary of null flavours."""
    oid = oids.codelist_oid("ISO 21090")
    said = f' Version="{attribute(version)}"' if version else ""
    return oid, (
        f'      <CodeList OID="{oid}" Name="ISO 21090" DataType="text" def:IsNonStandard="Yes">\n'
        f'        <ExternalCodeList Dictionary="ISO 21090"{said}/>\n'
        "      </CodeList>\n"
    )


@cache
def comment(oid: str) -> str:
    """The comment on variables without a value."""
    return f'      <def:CommentDef OID="{oid}">\n{_description(NO_DATA)}      </def:CommentDef>\n'

"""Elements of Define-XML that stand on their own: codelists, methods, leafs, descriptions."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from trialect.metadata import CodelistMeta, MethodMeta
from trialect.schemas.define.xml import XLINK, XML, define, odm

STANDARD_IG = "STD.SDTMIG"
STANDARD_CT = "STD.SDTM_CT"

Attributes = Mapping[str, str | None]


def codelist(one: CodelistMeta) -> etree._Element:
    """A CodeList with its terms, or the dictionary they are from."""
    element = etree.Element(odm("CodeList"))
    set_attributes(
        element,
        {
            "OID": one.oid,
            "Name": one.name,
            "DataType": one.type,
            define("StandardOID"): STANDARD_CT if one.code else None,
            define("IsNonStandard"): None if one.code else "Yes",
        },
    )
    if one.external:
        dictionary = {"Dictionary": one.external, "Version": one.external_version}
        add(element, odm("ExternalCodeList"), dictionary)
    decoded = any(says_more(term.value, term.decode) for term in one.terms)
    for term in one.terms:
        extends = one.code is not None and term.code is None
        item = add(
            element,
            odm("CodeListItem" if decoded else "EnumeratedItem"),
            {"CodedValue": term.value, define("ExtendedValue"): "Yes" if extends else None},
        )
        if decoded:
            translated(add(item, odm("Decode")), term.decode or term.value)
        if term.code is not None:
            add(item, odm("Alias"), {"Context": "nci:ExtCodeID", "Name": term.code})
    if one.code is not None:
        add(element, odm("Alias"), {"Context": "nci:ExtCodeID", "Name": one.code})
    return element


def says_more(value: str, decode: str | None) -> bool:
    """Whether a decode tells more than its term (Y: Yes), not the same in other case."""
    return decode is not None and _letters(decode) != _letters(value)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def method(one: MethodMeta) -> etree._Element:
    """A MethodDef."""
    attributes = {"OID": one.oid, "Name": one.name, "Type": "Computation"}
    element = etree.Element(odm("MethodDef"), attributes)
    describe(element, one.description)
    return element


def leaf(identity: str, file: str, title: str) -> etree._Element:
    """A def:leaf: where a file is."""
    element = etree.Element(define("leaf"), {"ID": identity, f"{{{XLINK}}}href": file})
    add(element, define("title")).text = title
    return element


def describe(element: etree._Element, text: str) -> None:
    """Give an element its Description."""
    translated(add(element, odm("Description")), text)


def translated(element: etree._Element, text: str) -> None:
    """Give an element its text, which is in English as the standards' words are."""
    add(element, odm("TranslatedText"), {f"{{{XML}}}lang": "en"}).text = text


def add(parent: etree._Element, name: str, attributes: Attributes | None = None) -> etree._Element:
    """A new last child; attributes that are None are left out."""
    element = etree.SubElement(parent, name)
    set_attributes(element, attributes or {})
    return element


def set_attributes(element: etree._Element, attributes: Attributes) -> None:
    """Set the attributes that are not None, in order."""
    for name, value in attributes.items():
        if value is not None:
            element.set(name, value)


def text_of(number: int | None) -> str | None:
    """A number as an attribute; None stays out."""
    return None if number is None else str(number)


def yes(value: bool) -> str:
    """Yes or No."""
    return "Yes" if value else "No"

"""Define-XML as XML: its namespaces, and a parser that fetches nothing and expands nothing."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree

from trialect.problems import Unusable, rule

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"

DEFINE_VERSION = "2.1.0"

NOT_XML = rule(
    "DEFINE-NOT-XML",
    "error",
    "A define.xml is no XML",
    "{file} cannot be read as XML: {reason}",
    "Make it anew, or correct the place that is named.",
    "XML 1.0",
)
NOT_DEFINE = rule(
    "DEFINE-NOT-DEFINE",
    "error",
    "An XML file is no Define-XML 2.1",
    "{file} starts with {value}; a Define-XML 2.1 file starts with ODM and holds a "
    "MetaDataVersion in its Study.",
    "Give a define.xml of version 2.1.",
    "Define-XML 2.1, 5.3.1",
)

_HUGE = 200_000_000

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 (2.2) cannot hold."""


def in_xml(text: str) -> str:
    """The text, with characters that XML cannot hold as their codes (`<U+0007>`)."""
    if text.isprintable() or NOT_IN_XML.search(text) is None:
        return text
    return NOT_IN_XML.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def odm(name: str) -> str:
    """An ODM element's name in full."""
    return f"{{{ODM}}}{name}"


def define(name: str) -> str:
    """A def: element's or attribute's name in full."""
    return f"{{{DEF}}}{name}"


def parse(path: Path) -> etree._ElementTree:
    """The file as a tree.

    Entities are not expanded, DTDs and anything on the network not loaded. Raises `Unusable` for
    a file that is missing, too large, or no XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        if path.stat().st_size > _HUGE:
            raise Unusable(
                NOT_XML.problem(file=path.name, reason=f"it is larger than {_HUGE:,} bytes")
            )
        tree = etree.parse(str(path), parser)
    except (etree.XMLSyntaxError, OSError) as error:
        reason = str(error).replace(str(path), path.name)
        line = getattr(error, "lineno", None)
        raise Unusable(NOT_XML.problem(file=path.name, row=line, reason=reason)) from error
    if tree.docinfo.internalDTD is not None:
        reason = "it declares a document type; Define-XML needs none, and its entities are not read"
        raise Unusable(NOT_XML.problem(file=path.name, reason=reason))
    return tree


def version_of(tree: etree._ElementTree, path: Path) -> etree._Element:
    """The MetaDataVersion of a define.xml. Raises `Unusable` where there is none."""
    root = tree.getroot()
    version = root.find(f"{odm('Study')}/{odm('MetaDataVersion')}")
    if root.tag != odm("ODM") or version is None or version.get(define("DefineVersion")) is None:
        raise Unusable(NOT_DEFINE.problem(file=path.name, value=str(root.tag)))
    return version


@cache
def xsd() -> etree.XMLSchema:
    """The XML Schema of Define-XML 2.1, as the package odmlib carries it."""
    folder = files("odmlib").joinpath("schemas", "define", "2.1", "define2-1-0.xsd")
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.XMLSchema(etree.parse(str(folder), parser))

"""`SDTM Terminology.odm.xml`: ODM 1.3 with the extension of NCI EVS, a CodeList a codelist.

The root says package and release (`CDISC_CT.SDTM.2024-09-27`). Entities are not expanded, nothing
is fetched, and a document type is refused before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from trialect.converters.terminology.distribution import Said, said_by
from trialect.converters.terminology.gather import Gathered, Place
from trialect.converters.terminology.rows import NOT_KNOWN
from trialect.problems import Unusable, rule

FORMAT = "odm"

MOST_ELEMENTS = 3_000_000
"""Elements of a file at most; that of 2025-03-28 has about 300,000."""

NOT_XML = rule(
    "CT-XML",
    "error",
    "A terminology in ODM is no XML",
    "it cannot be read as XML: {reason}.",
    "Download the file again; it was changed or cut.",
    "XML 1.0",
)

_ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
_NCI = "{http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC}"
_OID = re.compile(r"CDISC_CT\.(.+)\.\d{4}-\d{2}-\d{2}")
_ITEMS = (f"{_ODM}EnumeratedItem", f"{_ODM}CodeListItem")
_LAST_LINE = 65534
"""The last line whose number libxml2 keeps."""


def read(path: Path, _: str | None) -> tuple[Gathered, list[Said]]:
    """What an ODM file holds. Raises `Unusable` when it is none or has errors."""
    found = Gathered(path.name)
    said: list[Said] = []
    try:
        for event, element in _events(path):
            if event == "start":
                said.extend(_said(element, path.name))
            else:
                _codelist(element, found)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        reason = " ".join(str(error.msg).split())
        raise Unusable(
            NOT_XML.problem(file=path.name, row=error.lineno or None, reason=reason)
        ) from None
    if not said:
        raise Unusable(NOT_KNOWN.problem(file=path.name, reason="its ODM holds no Study"))
    return found, said


def _events(path: Path) -> Iterator[tuple[str, Any]]:
    """The Study's beginning, and the end of each CodeList."""
    parser = etree.iterparse(
        str(path),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    elements = 0
    for event, element in parser:
        if event == "start":
            elements += 1
            if elements == 1:
                _check_root(element, path.name)
            elif elements > MOST_ELEMENTS:
                reason = f"it has more than {MOST_ELEMENTS:,} elements"
                raise Unusable(NOT_KNOWN.problem(file=path.name, reason=reason))
            if element.tag == f"{_ODM}Study":
                yield event, element
        elif element.tag == f"{_ODM}CodeList":
            yield event, element


def _check_root(root: Any, file: str) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        reason = "it declares a document type; a terminology needs none"
        raise Unusable(NOT_XML.problem(file=file, row=1, reason=reason))
    if root.tag != f"{_ODM}ODM":
        reason = f"its root element is {etree.QName(root).localname}, not ODM 1.3"
        raise Unusable(NOT_KNOWN.problem(file=file, row=1, reason=reason))


def _said(study: Any, file: str) -> Iterator[Said]:
    oid = study.get("OID", "")
    match = _OID.fullmatch(oid)
    if match is None:
        reason = f"its study is {oid!r}, where CDISC_CT.SDTM.<date> is expected"
        raise Unusable(NOT_KNOWN.problem(file=file, row=study.sourceline, reason=reason))
    said = said_by(f"its study ({oid})", oid)
    # A package that is not known here is told by the name it gives itself.
    yield Said(said.place, said.package or match[1], said.version)


def _codelist(element: Any, found: Gathered) -> None:
    code = element.get(f"{_NCI}ExtCodeID", "")
    at = _place(element, f"CodeList[{element.get('OID', '')}]")
    found.codelist(
        at,
        code,
        element.findtext(f"{_NCI}CDISCSubmissionValue") or "",
        element.get("Name", ""),
        element.get(f"{_NCI}CodeListExtensible", ""),
    )
    for item in element.iterchildren(*_ITEMS):
        value = item.get("CodedValue", "")
        found.term(
            _place(item, f"{at['path']}/{etree.QName(item).localname}[{value}]"),
            code,
            item.get(f"{_NCI}ExtCodeID", ""),
            value,
            item.findtext(f"{_NCI}PreferredTerm") or "",
            [one.text or "" for one in item.iterchildren(f"{_NCI}CDISCSynonym")],
        )


def _place(element: Any, path: str) -> Place:
    line = element.sourceline
    known = line is not None and line <= _LAST_LINE
    return {"path": path, "row": line} if known else {"path": path}

"""Whether a narrative is the plain XHTML that FHIR allows.

Source: http://hl7.org/fhir/R4/narrative.html (invariants txt-1 and txt-2): one div in the XHTML
namespace, the elements and attributes of HTML 4 that format text, no scripts, forms or frames.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, XMLParser

XHTML = "{http://www.w3.org/1999/xhtml}"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _words(
    """
    p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite
    blockquote hr address bdo kbd sub sup ul ol li dl dt dd pre table caption colgroup col thead
    tr tfoot tbody th td code samp img map area ins del style
    """
)
"""The elements of HTML that a narrative may have."""

NAMED = {
    "a": {"href", "name"},
    "img": {"src", "alt", "longdesc", "usemap", "ismap"},
    "area": {"href", "alt", "coords", "shape"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "ins": {"cite", "datetime"},
    "del": {"cite", "datetime"},
    "ol": {"start", "type"},
    "ul": {"compact", "type"},
    "li": {"value", "type"},
    "th": {"axis"},
    "td": {"axis"},
}
"""The attributes that only some elements may have."""

ATTRIBUTES = _words(
    """
    title style class id lang dir accesskey tabindex align valign abbr scope span width height
    rowspan colspan headers border cellpadding cellspacing frame rules summary char charoff
    bgcolor nowrap clear noshade size color face name {http://www.w3.org/XML/1998/namespace}lang
    """
)
"""The attributes that any of the elements may have."""


def narrative_fault(text: str) -> str | None:
    """`markup` for markup that FHIR does not allow, `empty` when nothing is said, or None."""
    root = _parse(text)
    if root is None or root.tag != XHTML + "div":
        return "markup"
    for element in root.iter():
        tag = element.tag
        name = tag.removeprefix(XHTML) if isinstance(tag, str) else ""
        if name not in ELEMENTS or set(element.keys()) - ATTRIBUTES - NAMED.get(name, set()):
            return "markup"
    said = "".join(root.itertext()).strip() or any(True for _ in root.iter(XHTML + "img"))
    return None if said else "empty"


def _parse(text: str) -> Element | None:
    if "<!" in text.replace("<!--", ""):  # no document types: they can declare entities
        return None
    parser = XMLParser()
    try:
        parser.feed(text)
        root = parser.close()
    except ParseError:
        return None
    return root if isinstance(root, Element) else None

"""What a `<usdm:ref .../>` in USDM refers to, as text."""

from __future__ import annotations

import re

from trialect.mappings.registry.usdm.graph import Graph, Node

_REFERENCE = re.compile(r"<usdm:ref\b([^<>]*?)/?>(?:\s*</usdm:ref\s*>)?")
_PART = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")


def referenced_text(graph: Graph, reference: str) -> str | None:
    """The text of the value that a reference leads to.

    A reference names a class, an id and an attribute; a value that is an instance is its number
    with its unit, its name, or its code's. None where it leads to nothing that is a text. A
    reference without a tag is the text itself.
    """
    found = _REFERENCE.search(reference)
    if found is None:
        return reference or None
    parts = dict(_PART.findall(found[1]))
    node = graph.node(parts.get("id"), parts.get("klass"))
    return _text(node, parts.get("attribute", "")) if node is not None else None


def references(text: str) -> list[dict[str, str]]:
    """The classes, ids and attributes of the references in a text."""
    return [dict(_PART.findall(one)) for one in _REFERENCE.findall(text)]


def _text(node: Node, attribute: str) -> str | None:
    if (text := node.text(attribute)) is not None:
        return text
    if (number := node.number(attribute)) is not None:
        return f"{number:g}"
    if (flag := node.flag(attribute)) is not None:
        return "true" if flag else "false"
    inner = node.node(attribute)
    if inner is None:
        return None
    if (number := inner.number("value")) is not None:
        return f"{number:g}"
    code = inner.as_coding()
    return inner.called or inner.text("text") or (code.decode if code is not None else None)

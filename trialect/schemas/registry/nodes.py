"""An element of a registry's XML as a plain value: what is written, what is read, what is checked.

Writers build `Node`s of a Study, `read.py` reads them from a file, and the same checks look at
both. A node has a text or parts; `fact` is the Study's path that it was written from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

INDENT = "  "


class Node:
    """An element: its name, its text or the elements in it, its attributes, its line in a file."""

    __slots__ = ("attributes", "fact", "line", "name", "parts", "text")

    def __init__(
        self,
        name: str,
        text: str = "",
        parts: Sequence[Node] | None = None,
        attributes: dict[str, str] | None = None,
        fact: str | None = None,
        line: int | None = None,
    ) -> None:
        self.name = name
        self.text = text
        self.parts = parts
        self.attributes = attributes
        self.fact = fact
        self.line = line

    def part(self, name: str) -> Node | None:
        """The first element in it of a name."""
        for one in self.parts or ():
            if one.name == name:
                return one
        return None

    def all(self, name: str) -> list[Node]:
        """The elements in it of a name."""
        return [one for one in self.parts or () if one.name == name]

    def at(self, path: str) -> Node | None:
        """The element that a path of names leads to, the first where there are several."""
        found: Node | None = self
        for name in path.split("/"):
            if found is None:
                return None
            found = found.part(name)
        return found

    def said(self, path: str) -> str:
        """The text of the element that a path leads to, without spaces around it; else empty."""
        found = self.at(path)
        return found.text.strip() if found is not None else ""

    def walk(self) -> Iterator[Node]:
        """The element and everything in it."""
        yield self
        for one in self.parts or ():
            yield from one.walk()


def xml(node: Node, before: str = "") -> str:
    """The element as XML, a line each, indented; texts stand as they are, escaped."""
    lines: list[str] = []
    _write(node, before, lines)
    return "".join(lines)


def _write(node: Node, before: str, lines: list[str]) -> None:
    name = node.name
    start = name
    if node.attributes:
        start += "".join(f' {key}="{_quoted(value)}"' for key, value in node.attributes.items())
    if node.parts is None:
        text = node.text
        if "&" in text:
            text = text.replace("&", "&amp;")
        if "<" in text:
            text = text.replace("<", "&lt;")
        if ">" in text:
            text = text.replace(">", "&gt;")
        lines.append(f"{before}<{start}>{text}</{name}>\n")
        return
    lines.append(f"{before}<{start}>\n")
    within = before + INDENT
    for one in node.parts:
        _write(one, within, lines)
    lines.append(f"{before}</{name}>\n")


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


_CONTROLS = bytes(one for one in range(32) if one not in b"\t\n\r")
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold, not even as a reference (section 2.2)."""


def is_xml_text(document: str) -> bool:
    """Whether every character is one that XML 1.0 has."""
    try:
        octets = document.encode()
    except UnicodeEncodeError:
        return False
    if len(octets.translate(None, _CONTROLS)) != len(octets):
        return False
    return b"\xef\xbf\xbe" not in octets and b"\xef\xbf\xbf" not in octets


def without_controls(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_CHARACTER.sub("", text)

"""Texts of USDM: XHTML with tags that stand for values elsewhere, as plain text and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

Resolve = Callable[[str], str | None]
"""The text of a tag's name; None for one that no dictionary of the instance knows."""

_TAG = re.compile(r"<usdm:tag\s+name\s*=\s*[\"']([^\"'<>]*)[\"']\s*(?:/>|>\s*</usdm:tag\s*>)")
_BLOCK = re.compile(r"<\s*(/?)\s*(p|div|br|ul|ol|table|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(r"<\s*li\b[^<>]*>\s*(?:<\s*p\b[^<>]*>)?", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_SPACE = re.compile(r"[ \t\r\n]+")


def paragraph(text: str) -> str:
    """A plain text as a paragraph of XHTML; `plain` gives the same text again."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{safe}</p>"


def plain(text: str, resolve: Resolve) -> str:
    """What a text of USDM says, without its markup; what a tag stands for in its place.

    Paragraphs and items of a list become lines. A text without markup stands as it is.
    """
    filled = _TAG.sub(lambda tag: _safe(resolve(unescape(tag[1])), tag[0]), text)
    inner = filled.removeprefix("<p>").removesuffix("</p>")
    if len(inner) == len(filled) - 7 and "<" not in inner:
        return unescape(inner)
    if not _MARKUP.search(filled):
        return unescape(filled) if "&" in filled else filled
    spaced = _SPACE.sub(" ", filled)
    lines = _BLOCK.sub("\n", _ITEM.sub("\n- ", spaced))
    words = unescape(_MARKUP.sub("", lines))
    kept = (line.strip() for line in words.split("\n"))
    return "\n".join(line for line in kept if line and line != "-")


def tags(text: str) -> list[str]:
    """The names of the tags in a text."""
    return [unescape(found) for found in _TAG.findall(text)]


def _safe(value: str | None, tag: str) -> str:
    if value is None:
        return tag.replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

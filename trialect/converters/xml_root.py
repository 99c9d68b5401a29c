"""The root element of an XML file, found in its beginning by reading it once.

What stands before the root is passed over and not interpreted: nothing is resolved, and the time
does not grow faster than the text, whatever that is.
"""

from __future__ import annotations

import codecs
import re

_NAME = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_SPACE = re.compile(rb"\s*")
_SUBSET_END = re.compile(rb"\]\s*>")
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""How XML begins in encodings of several bytes (XML 1.0, appendix F), longer beginnings first."""


def xml_beginning(head: bytes) -> bytes | None:
    """The beginning of a file as UTF-8 or another encoding that has ASCII; None for no XML."""
    for start, encoding in _WIDE:
        if head.startswith(start):
            head = head.decode(encoding, errors="ignore").encode()
            break
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return text if text.startswith(b"<") else None


def root_of(text: bytes) -> bytes | None:
    """The root's name without its prefix; empty where there is none, None where the text ends
    before it can be known.
    """
    place = 0
    while True:
        found = _SPACE.match(text, place)
        place = found.end() if found is not None else place
        for start, end in ((b"<!--", b"-->"), (b"<?", b"?>")):
            if text.startswith(start, place):
                last = text.find(end, place + len(start))
                past = last + len(end) if last >= 0 else -1
                break
        else:
            if not text.startswith(b"<!DOCTYPE", place):
                named = _NAME.match(text, place)
                return named[1] if named is not None else b""
            past = _after_doctype(text, place)
        if past < 0:
            return None
        place = past


def _after_doctype(text: bytes, place: int) -> int:
    """Where a document type ends; negative where the text ends before it."""
    close = text.find(b">", place)
    subset = text.find(b"[", place, close if close >= 0 else len(text))
    if subset >= 0:
        found = _SUBSET_END.search(text, subset)
        return found.end() if found is not None else -1
    return close + 1 if close >= 0 else -1

"""Characters that no text of XML, FHIR or SDTM may have, in a document of USDM."""

from __future__ import annotations

import re
from typing import Any

import orjson

REPLACEMENT = "\ufffd"
NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""XML 1.0, 2.2 (Char); FHIR R4, datatypes (string)."""


def without_odd_characters(document: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The document with U+FFFD in place of such characters, and the number of texts with one.

    It is the document itself where there are none.
    """
    try:
        text = orjson.dumps(document)
    except TypeError:  # nested deeper than orjson writes
        text = b"\\u00"
    if not (b"\\u00" in text or b"\xef\xbf\xbe" in text or b"\xef\xbf\xbf" in text):
        return document, 0
    changed = 0
    waiting: list[Any] = [document]
    while waiting:
        here = waiting.pop()
        for key, value in here.items() if isinstance(here, dict) else enumerate(here):
            if isinstance(value, str) and NOT_ALLOWED.search(value):
                here[key] = NOT_ALLOWED.sub(REPLACEMENT, value)
                changed += 1
            elif isinstance(value, (dict, list)):
                waiting.append(value)
    return document, changed

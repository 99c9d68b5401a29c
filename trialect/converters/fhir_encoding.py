"""FHIR in another encoding than UTF-8, told by its first bytes, so that its file can be named.

JSON's first two characters are ASCII: where its zeros stand says how wide characters are (RFC 4627,
section 3), whether or not a byte order mark does.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from trialect.converters.recognise import HEAD, unpacked_head
from trialect.problems import Problem, rule

ENCODING = rule(
    "FHIR-ENCODING",
    "error",
    "FHIR is not in UTF-8",
    "{file} holds FHIR in {value} and was not checked.",
    "Write it again in UTF-8 without a byte order mark.",
    "https://hl7.org/fhir/R4/json.html",
)
NUL = rule(
    "FHIR-NUL",
    "error",
    "FHIR holds a zero byte",
    "Byte {place} of {file} is zero (NUL), which no JSON text can hold; the file was not checked.",
    "Take the zero out, and find out what is lost where it stands: such files are often cut.",
    "https://hl7.org/fhir/R4/json.html",
)

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32 (little-endian, with a byte order mark)"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32 (big-endian, with a byte order mark)"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 (little-endian, with a byte order mark)"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 (big-endian, with a byte order mark)"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with a byte order mark"),
)
_WIDE = {
    (True, False, False, False): ("utf-32-le", "UTF-32 (little-endian)"),
    (False, False, False, True): ("utf-32-be", "UTF-32 (big-endian)"),
    (True, False, True, False): ("utf-16-le", "UTF-16 (little-endian)"),
    (False, True, False, True): ("utf-16-be", "UTF-16 (big-endian)"),
}
"""Encodings without a mark, by which of the first four bytes are not zero."""


def encoding_problem(path: Path) -> Problem | None:
    """What is wrong with the encoding of a file of FHIR; None where nothing is, or it is no FHIR.

    Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    head = unpacked_head(head) or head
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            is_fhir = _is_fhir(head[len(mark) :], codec)
            return ENCODING.problem(file=path.name, value=name) if is_fhir else None
    wide = _WIDE.get(tuple(map(bool, head[:4])))  # type: ignore[arg-type]  # of shorter heads none
    if wide is not None and _is_fhir(head, wide[0]):
        return ENCODING.problem(file=path.name, value=wide[1])
    if b"\0" in head and _is_fhir(head, "utf-8"):
        return NUL.problem(file=path.name, place=head.index(b"\0") + 1)
    return None


def _is_fhir(head: bytes, codec: str) -> bool:
    text = head.decode(codec, "ignore").lstrip()
    return text.startswith("{") and '"resourceType"' in text

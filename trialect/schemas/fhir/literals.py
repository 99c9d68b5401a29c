"""The forms that a literal reference may have, and the type of resource that its text names.

Source: http://hl7.org/fhir/R4/references.html#literal and http.html#transaction (conditional
references).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ID = r"[A-Za-z0-9\-.]{1,64}"
_RELATIVE = re.compile(rf"([A-Za-z]+)/({_ID})(?:/_history/{_ID})?(?:#[^\s]*)?", re.ASCII)
_CONDITIONAL = re.compile(r"([A-Za-z]+)\?([^\s]+)", re.ASCII)
_ABSOLUTE = re.compile(
    rf"https?://[^\s]*?(?:/([A-Za-z]+)/({_ID})(?:/_history/{_ID})?)?(?:#[^\s]*)?", re.ASCII
)
_URN = re.compile(
    r"urn:(?:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|oid:[0-2](?:\.(?:0|[1-9][0-9]*))+)(?:#[^\s]*)?",
    re.ASCII,
)
_OTHER = re.compile(r"(?!urn:|https?:)[A-Za-z][A-Za-z0-9+.\-]*:[^\s]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Literal:
    """A reference's form and the type of resource that it names (None where it names none)."""

    form: str
    type: str | None = None
    id: str | None = None


_FRAGMENT = Literal("fragment")
_URN_LITERAL = Literal("urn")
_OTHER_LITERAL = Literal("other")


def read_reference(text: str, resources: frozenset[str]) -> Literal | None:
    """The form of a reference: fragment, urn, relative, conditional, absolute or other.

    A relative or conditional reference to no known type of resource keeps the name it has, so that
    the caller can name it. None for a text that is no reference.
    """
    if text[:1] == "#":
        return None if re.search(r"\s", text, re.ASCII) else _FRAGMENT
    if found := _RELATIVE.fullmatch(text):
        return Literal("relative", found[1], found[2])
    if text.startswith("urn:"):
        return _URN_LITERAL if _URN.fullmatch(text) else None
    if found := _CONDITIONAL.fullmatch(text):
        return Literal("conditional", found[1], found[2])
    if found := _ABSOLUTE.fullmatch(text):
        known = found[1] if found[1] in resources else None
        return Literal("absolute", known, found[2])
    return _OTHER_LITERAL if _OTHER.fullmatch(text) else None

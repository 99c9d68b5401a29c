"""Whether a code, Coding, CodeableConcept or Quantity comes from the value set it must come from.

Four code systems that value sets of R4 name cannot be listed (UCUM, languages, media types,
currencies). The units of UCUM are known (ucum.py), of the others the grammar of their codes.
"""

from __future__ import annotations

import re
from typing import Any

from trialect.schemas.fhir import ucum
from trialect.schemas.fhir.table import Binding

GRAMMARS = {
    "urn:ietf:bcp:47": re.compile(r"(?:[A-Za-z]{2,8}|[xXiI])(?:-[A-Za-z0-9]{1,8})*"),
    "urn:iso:std:iso:4217": re.compile(r"[A-Z]{3}"),
    "urn:ietf:bcp:13": re.compile(r"[^\s/;]+(?:/[^\s/;]+)?\s*(?:;.*)?"),
}
"""What a code of a system that nobody lists must look like (BCP 47, ISO 4217, BCP 13)."""


def in_system(binding: Binding, system: str, code: str) -> bool:
    """Whether the value set has this code of this system."""
    if system not in binding.systems:
        return False
    codes = binding.systems[system]
    if codes is not None:
        return code in codes
    if system == ucum.SYSTEM:
        return ucum.unit_fault(code) is None
    grammar = GRAMMARS.get(system)
    return grammar is None or grammar.fullmatch(code) is not None


def has_code(binding: Binding, code: str) -> bool:
    """Whether the value set has this code in any of its systems."""
    if binding.codes is not None:
        return code in binding.codes
    return any(in_system(binding, system, code) for system in binding.systems)


def has_coding(binding: Binding, coding: dict[str, Any]) -> bool:
    """Whether a Coding or Quantity names a code of the value set, with its system."""
    system, code = coding.get("system"), coding.get("code")
    return isinstance(system, str) and isinstance(code, str) and in_system(binding, system, code)


def some(binding: Binding) -> str:
    """The first codes of the value set, for a message."""
    listed = [c for codes in binding.systems.values() for c in sorted(codes or ())]
    if not listed:
        return "a code of " + ", ".join(binding.systems)
    shown = ", ".join(listed[:12])
    return f"{shown}, ... ({len(listed)} codes)" if len(listed) > 12 else shown

"""Values of FHIR as cells of SDTM: kept as they were written, or found in a table of codes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from trialect.mappings.fhir_sdtm.nodes import Node, Number
from trialect.mappings.zones import offset_text, zone_of

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})")

_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

_WITH_SECONDS = len("2026-01-05T09:58:00")

SYSTEMS = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://unitsofmeasure.org": "ucum",
    "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl": "ncit",
}
"""Short names that the tables call code systems by."""


def words(node: Node) -> str | None:
    """What a value says in words: a concept's text, else its first display, else its code.

    A Ratio is 1:128, a Range 1-3, >=1 or <=3.
    """
    if isinstance(node, str):
        return str(node) or None
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, dict):
        if "numerator" in node:
            parts = [compared(node.get(key)) for key in ("numerator", "denominator")]
            return ":".join(one for one in parts if one) or None
        if "low" in node or "high" in node:
            low, high = compared(node.get("low")), compared(node.get("high"))
            return f"{low}-{high}" if low and high else f">={low}" if low else f"<={high}"
        if "concept" in node or isinstance(node.get("reference"), dict):
            return words(node.get("concept")) or words(node.get("reference"))
        for key in ("text", "display"):
            if isinstance(node.get(key), str):
                return str(node[key]) or None
        coding = node.get("coding")
        if isinstance(coding, list):
            for key in ("display", "code"):
                for one in coding:
                    if isinstance(one, dict) and isinstance(one.get(key), str):
                        return str(one[key]) or None
        for key in ("code", "value", "name"):
            if key in node:
                return words(node[key])
    return None


def code(node: Node) -> str | None:
    """The code of a Coding or of a concept's first coding; of a code, itself."""
    if isinstance(node, dict):
        node = next((one.get("code") for one in codings(node) if one.get("code")), None)
    return str(node) if isinstance(node, str) else None


def codings(node: Node) -> Iterator[dict[str, Any]]:
    """The codings of a concept, of a Coding, of a CodeableReference."""
    if not isinstance(node, dict):
        return
    if isinstance(node.get("concept"), dict):
        node = node["concept"]
    given = node.get("coding")
    if isinstance(given, list):
        yield from (one for one in given if isinstance(one, dict))
    elif isinstance(node.get("code"), str) and "system" in node:
        yield node


def keys(node: Node) -> Iterator[str]:
    """How tables may name a value: `system|code`, the code alone, its words."""
    for one in codings(node):
        system, given = one.get("system", ""), one.get("code")
        if isinstance(given, str):
            yield f"{SYSTEMS.get(system, system)}|{given}"
    given = code(node)
    if given is not None:
        yield given
    text = words(node)
    if text is not None:
        yield text


def moment(text: str, zone: str | None, *, ours: bool = False) -> str:
    """A date or time of FHIR as --DTC: as it was written.

    At the site's own time the offset from UTC goes without saying, as SDTM's times do; any other
    offset stays. `ours` were made of times without seconds, which FHIR asks for and which are zero
    where there were none (docs/fhir.md).
    """
    found = _MOMENT.fullmatch(text)
    if found is None or zone is None or found[2] != _offset(found[1][:16], zone):
        return text
    return found[1].removesuffix(":00") if ours and len(found[1]) == _WITH_SECONDS else found[1]


@cache
def _offset(minute: str, zone: str) -> str | None:
    """The offset of a zone at a minute; None where its clock shows that twice or never."""
    rules = zone_of(zone)
    try:
        local = datetime.fromisoformat(minute)
    except ValueError:
        return None
    if rules is None:
        return None
    shifts = {local.replace(tzinfo=rules, fold=fold).utcoffset() for fold in (0, 1)}
    shift = shifts.pop()
    if shifts or shift is None or shift.total_seconds() % 60:
        return None
    return offset_text(shift)


def tail(text: str) -> str:
    """The last part of a URL, as it reads."""
    return unquote(text.partition("|")[0].rstrip("/").rpartition("/")[2])


def number(node: Node) -> str | None:
    """The text of a number, or of the number that a Quantity holds."""
    if isinstance(node, dict):
        node = node.get("value")
    return str(node) if isinstance(node, Number) else None


def num(text: str) -> float | None:
    """The number of a Num variable that a text writes as FHIR's decimal does; None of any other,
    also of what Python would take for one (`nan`, `1_000`).
    """
    found = float(text) if _DECIMAL.fullmatch(text) else math.inf
    return found if math.isfinite(found) else None


def compared(node: Node) -> str | None:
    """A Quantity's number with its comparator (`<0.5`), exactly as written."""
    if not isinstance(node, dict):
        return words(node)
    text = number(node)
    sign = node.get("comparator")
    return f"{sign}{text}" if text is not None and isinstance(sign, str) else text

"""Whether an extension that HL7 defines stands where it may, with a value that it may have.

Source: the extension definitions of the release (http://hl7.org/fhir/R4/extensibility-registry.html).
Extensions of others are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from trialect.problems import Rule
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.table import Table

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
HL7 = "http://hl7.org/fhir/StructureDefinition/"
ANYWHERE = frozenset({"Element", "Resource", "DomainResource", "BackboneElement"})


def extension_faults(
    definitions: Table, extension: Any, contexts: frozenset[str], key: str
) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """The rules that an HL7 extension breaks, with what their messages need.

    `contexts` are the names of the place it stands at: the paths and types of its parent element;
    `key` is extension or modifierExtension.
    """
    url = extension.get("url") if type(extension) is dict else None
    if type(url) is not str:
        return
    if not url.startswith(HL7):
        # The name of a part alone is no URL; one that is empty is told elsewhere.
        if url and "Extension" not in contexts and not _ABSOLUTE.match(url):
            yield rules.EXTENSION, _fault(url[:200], "must have an absolute URL")
        return
    known = definitions.extensions.get(url)
    if known is None:
        close = get_close_matches(url[:200], definitions.extensions, 1, 0.9)
        hint = f"; did you mean {close[0]}?" if close else ""
        given = {"url": url, "release": definitions.release, "hint": hint, "value": url}
        yield rules.EXTENSION_UNKNOWN, given
        return
    if contexts.isdisjoint(known["on"]):
        places = ", ".join(known["on"])
        yield rules.EXTENSION, _fault(url, f"may stand on {places} only")
    if known["modifier"] != (key == "modifierExtension"):
        other = "modifierExtension" if known["modifier"] else "extension"
        yield rules.EXTENSION, _fault(url, f"must stand in {other}")
    values = [name for name in extension if name.startswith("value") and name != "value"]
    allowed = allowed_values(known)
    for name in values:
        if name not in allowed:
            named = ", ".join(sorted(allowed)) or "no value"
            yield rules.EXTENSION, _fault(url, f"may have {named}, not {name}")
    yield from _wrong_targets(definitions, url, known, extension)
    parts = known.get("parts")
    inner = extension.get("extension")
    if parts and type(inner) is list:
        urls = [one.get("url") for one in inner if type(one) is dict]
        present = [name for name in urls if type(name) is str]
        for name in present:
            if name not in parts and not name.startswith("http"):
                yield rules.EXTENSION, _fault(url, f"has no part {name!r}")
        for name, (cardinality, *_) in parts.items():
            if not cardinality.startswith("0") and name not in present:
                yield rules.EXTENSION, _fault(url, f"must have the part {name!r}")


def _wrong_targets(
    definitions: Table, url: str, known: dict[str, Any], extension: dict[str, Any]
) -> Iterator[tuple[Rule, dict[str, Any]]]:
    reference = extension.get("valueReference")
    text = reference.get("reference") if type(reference) is dict else None
    literal = read_reference(text, definitions.resources) if type(text) is str else None
    if literal is None or literal.type is None or "value" not in known:
        return
    for declared in known["value"][1].split():
        name, _, targets = declared.rstrip(")").partition("(")
        allowed = frozenset(targets.split("|"))
        if name == "Reference" and targets and not definitions.is_subtype(literal.type, allowed):
            named = ", ".join(sorted(allowed))
            yield rules.EXTENSION, _fault(url, f"may refer to {named}, not to {literal.type}")


def allowed_values(known: dict[str, Any]) -> set[str]:
    """The keys (valueReference, ...) that an extension's definition allows."""
    if "value" not in known:
        return set()
    types = [text.split("(")[0].split("{")[0] for text in known["value"][1].split()]
    return {"value" + name[0].upper() + name[1:] for name in types}


def _fault(url: str, fault: str) -> dict[str, Any]:
    return {"url": url, "fault": fault, "value": url}

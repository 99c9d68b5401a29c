"""What resources of ours carry of the record that they were made of (docs/fhir.md).

The identifier tells the record; an extension BASE/StructureDefinition/VARIABLE a variable that no
element says letter by letter; extensions of several parts its supplemental qualifiers (SUPP--), its
comments (CO) and relations (RELREC), and a subject's records of datasets without a resource (DS,
SE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trialect.mappings.fhir_sdtm.nodes import Number
from trialect.schemas.sdtm import dataset

BLOCK = "carried"
"""The block of records that are in extensions."""

OF_SUBJECT = ("DS", "SE")
"""Datasets whose records a ResearchSubject carries."""

RELREC = "RELREC"

RECORDS = "/records"
SUBJECTS = "/subjects"
"""How the systems end of the identifiers of a record and of a subject."""
_RECORD = re.compile(r"(?P<usubjid>.+)\.(?P<domain>[A-Z][A-Z0-9]{1,3})\.(?P<number>\d+(?:\.\d+)?)")
_URL = re.compile(r".+/StructureDefinition/(?P<name>[A-Z][A-Z0-9-]{1,7})")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Record:
    """The record that a resource was made of: its domain, and what numbers it there."""

    domain: str
    keys: dict[str, float]


def record_of(resource: dict[str, Any]) -> Record | None:
    """The record that the identifier of a resource tells; None of what is not ours."""
    found = _RECORD.fullmatch(_identified(resource, RECORDS) or "")
    if found is None:
        return None
    domain = found["domain"]
    key = "VISITNUM" if domain == "SV" else f"{domain}SEQ"
    return Record(domain, {key: float(found["number"])})


def usubjid_of(resource: dict[str, Any]) -> str | None:
    """The USUBJID that the identifier of a resource is."""
    return _identified(resource, SUBJECTS)


def variables(resource: dict[str, Any], domain: str) -> dict[str, Any]:
    """The variables that extensions carry."""
    found: dict[str, Any] = {}
    for name, extension in _extensions(resource):
        if _VARIABLE.fullmatch(name) and "extension" not in extension:
            _take(found, domain, name, extension)
    return found


def parts(resource: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The extensions of several parts of a name, each as a record."""
    for one, extension in _extensions(resource):
        if one == name and isinstance(extension.get("extension"), list):
            found: dict[str, Any] = {}
            for inner in extension["extension"]:
                if isinstance(inner, dict) and isinstance(inner.get("url"), str):
                    _take(found, "SUPPQUAL" if name == "SUPP--" else name, inner["url"], inner)
            yield found


def whole_records(
    resource: dict[str, Any], name: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The records of `parts`, each with its extension, which carries what stands beside it."""
    carriers = (one for known, one in _extensions(resource) if known == name)
    whole = (one for one in carriers if isinstance(one.get("extension"), list))
    yield from zip(parts(resource, name), whole, strict=True)


def dataset_relations(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The relations of whole datasets (RELREC) that a ResearchStudy of ours carries."""
    return [one for one in parts(resource, RELREC) if "RDOMAIN" in one]


def _take(found: dict[str, Any], domain: str, name: str, extension: dict[str, Any]) -> None:
    model = dataset(domain)
    variable = model.allowed(name) if model else None
    for key in ("valueString", "valueDecimal", "valueDateTime", "valueInteger"):
        value = extension.get(key)
        if isinstance(value, str):
            is_number = variable.type == "Num" if variable else isinstance(value, Number)
            try:
                found[name] = float(value) if is_number and variable else str(value)
            except ValueError:
                return


def _extensions(resource: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    given = resource.get("extension")
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict):
            found = _URL.fullmatch(str(one.get("url", "")))
            if found:
                yield found["name"], one


def _identified(resource: dict[str, Any], end: str) -> str | None:
    given = resource.get("identifier")
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, dict) and str(one.get("system", "")).endswith(end):
            return str(one.get("value"))
    return None

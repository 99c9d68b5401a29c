"""What is valid FHIR: facts generated from the official definitions, and the checks that use them.

`check_resource` and `check_bundle` take decoded JSON; `check_ndjson` and `check_bundle_texts` take
files' bytes and are made for hundreds of thousands of resources; `ReferenceIndex` finds references
between files that lead nowhere. All of them give `Problem`s. What is being written is checked by
what it is made of (woven_files.py).
"""

from trialect.schemas.fhir.bundle import check_bundle
from trialect.schemas.fhir.bundles import check_bundle_text, check_bundle_texts
from trialect.schemas.fhir.references import ReferenceIndex
from trialect.schemas.fhir.stream import check_ndjson, check_resource_text
from trialect.schemas.fhir.streamed import check_bundle_stream
from trialect.schemas.fhir.structure import check_resource

__all__ = [
    "ReferenceIndex",
    "check_bundle",
    "check_bundle_stream",
    "check_bundle_text",
    "check_bundle_texts",
    "check_ndjson",
    "check_resource",
    "check_resource_text",
    "is_fhir",
]


def is_fhir(document: object) -> bool:
    """Whether a decoded JSON document claims to be a FHIR resource (whatever its faults)."""
    if not isinstance(document, dict):
        return False
    name = document.get("resourceType")
    return isinstance(name, str) and name[:1].isupper() and name.isalpha()

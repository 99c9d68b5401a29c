"""Publications, pages and data of the study as relatedArtifact.

A publication is a citation, a page and data that can be had are documentation. What kind it is
stands in R5's classifier, in R4 in the extension for it. A PMID is the address of its page at
PubMed. An address with white space in it is no URL; it is told in an extension of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.told_facts import told
from trialect.schemas.fhir.primitives import wrong

PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"

AVAILABLE_DATA = "AVAILABLE_DATA"
"""The classifier of data that can be had."""

Artifact = dict[str, Any]


def artifacts(protocol: Protocol) -> Iterator[Artifact]:
    """Publications, then pages, then data that can be had."""
    study, identity = protocol.study, protocol.identity
    for one in study.references:
        url = f"{PUBMED}{one.pmid}/" if one.pmid else None
        found = _artifact(protocol, "citation", one.type, url)
        for notice in one.retractions:
            found["extension"] += told(identity.extension("retraction"), notice)
        if one.citation:
            found["citation"] = one.citation
        yield _without_empty(found)
    for link in study.links:
        found = _artifact(protocol, "documentation", None, link.url)
        if link.label:
            found["display"] = link.label
        yield _without_empty(found)
    for data in study.available_data:
        found = _artifact(protocol, "documentation", AVAILABLE_DATA, data.url)
        if data.id:
            found["label"] = data.id
        if data.type:
            found["display"] = data.type
        if data.comment:
            comment = {"url": identity.extension("comment"), "valueString": data.comment}
            found["extension"].append(comment)
        yield _without_empty(found)


def _artifact(protocol: Protocol, type: str, kind: str | None, url: str | None) -> Artifact:
    r5 = protocol.study.fhir.release == "R5"
    found: Artifact = {"extension": [], "type": type}
    if kind and r5:
        found["classifier"] = [{"text": kind}]
    elif kind:
        told = as_extension(protocol.identity, "R5", "RelatedArtifact.classifier", {"text": kind})
        found["extension"].append(told)
    if url and wrong("url", url):
        text = {"url": protocol.identity.extension("address"), "valueString": url}
        found["extension"].append(text)
    elif url and r5:
        found["document"] = {"url": url}
    elif url:
        found["url"] = url
    return found


def _without_empty(found: Artifact) -> Artifact:
    if not found["extension"]:
        del found["extension"]
    return found

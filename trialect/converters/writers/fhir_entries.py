"""A transaction bundle's text: how it begins, an entry of each resource, and its end.

Each entry stands on a line of its own and is stored under the condition that its identifier makes,
so that sending a bundle twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.opening import meta
from trialect.mappings.fhir.protocol import Resource
from trialect.trial import Study

BETWEEN = ",\n"
"""Stands between the entries of a bundle."""

TAIL = b"\n]}\n"

_REFERENCE = re.compile(rb'"reference":"[A-Za-z]+/(?=[0-9a-f-]{36}")')
"""A reference up to its id, as orjson writes it; inside of a text its quotation marks would be
escaped."""


def head(study: Study, identity: Identity) -> bytes:
    """A bundle up to its first entry."""
    start: dict[str, Any] = {"resourceType": "Bundle"}
    if mark := meta(study, identity):
        start["meta"] = mark
    start["type"] = "transaction"
    return orjson.dumps(start)[:-1] + b',"entry":[\n'


def study_bundle(study: Study, identity: Identity, resources: Iterable[Resource]) -> bytes:
    """The bundle of the study's own resources, which refer to each other alone."""
    entries = BETWEEN.encode().join([orjson.dumps(entry(one, identity)) for one in resources])
    return head(study, identity) + _REFERENCE.sub(b'"reference":"urn:uuid:', entries) + TAIL


def entry(resource: Resource, identity: Identity) -> Resource:
    """A resource of the study as an entry; a server chooses the id of what it stores."""
    body = dict(resource)
    name = body.pop("id")
    condition = identity.condition(body["resourceType"], body["identifier"][0]["value"])
    return {
        "fullUrl": f"urn:uuid:{name}",
        "resource": body,
        "request": {"method": "PUT", "url": condition},
    }

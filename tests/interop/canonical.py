"""Resources without what a server adds, so that what was sent and what it keeps can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

Json = dict[str, Any]

OF_THE_SERVER = ("versionId", "lastUpdated", "source")
"""Elements of `meta` that a server sets. HAPI also keeps the words of a tag once for all resources
that have it, so that those which did not say them come back with them.
"""


def name(resource: Json) -> str:
    """What a resource is called by us, wherever it lies: its type and its identifier.

    An AdverseEvent of R4 has its identifier as a tag, since there is no search for the other.
    """
    found = resource.get("identifier") or resource["meta"]["tag"]
    one = found[0] if isinstance(found, list) else found
    return f"{resource['resourceType']} {one.get('value') or one['code']}"


def canonical(resources: Iterable[Json]) -> dict[str, str]:
    """By name: the resource as text, with references as names. Decimals are the text they were."""
    held = list(resources)
    names = {f"{one['resourceType']}/{one['id']}": name(one) for one in held}
    assert len(set(names.values())) == len(names), "two resources of one name"
    return {name(one): _text(_plain(one, names)) for one in held}


def _plain(resource: Json, names: dict[str, str]) -> Json:
    meta = {key: value for key, value in resource["meta"].items() if key not in OF_THE_SERVER}
    for codings in ("tag", "security"):
        if codings in meta:
            meta[codings] = sorted([one["system"], one["code"]] for one in meta[codings])
    rest = {key: _named(value, names) for key, value in resource.items() if key != "id"}
    return {**rest, "meta": meta}


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(value, dict):
        return {
            key: names[item] if key == "reference" else _named(item, names)
            for key, item in value.items()
        }
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_number)


def _number(value: Decimal) -> str:
    """As text marked as a number: JSON's own writer would round it."""
    return f"number {value}"


def read_ndjson(folder: Path) -> dict[str, list[Json]]:
    """Each type's resources of a folder of NDJSON files."""
    return {
        path.stem: [json.loads(line, parse_float=Decimal) for line in path.open("rb")]
        for path in sorted(folder.glob("*.ndjson"))
    }

"""What resources are called, and what references call them, whoever made them.

A resource answers to its fullUrl, to `Type/id` (under the base of its fullUrl, if it has one) and
to its identifiers; a reference may be a URL, `urn:uuid:`, `Type/id`, a search (`Type?identifier=`)
or an identifier. Both become names; a reference leads to the resource that has one of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

_REST = re.compile(
    r"(?P<base>https?://.+/)?(?P<name>[A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/.+)?"
)
_SEARCH = re.compile(r"(?P<type>[A-Za-z]+)\?(?:identifier|_tag)=(?P<token>.+)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ESCAPED = re.compile(r"\\([\\|,$])")


def base_of(full_url: str | None) -> str:
    """The base under which the relative references of an entry stand; "" when it says none."""
    found = _REST.fullmatch(full_url) if full_url else None
    return (found["base"] or "") if found else ""


def names_of(resource: Json, full_url: str | None) -> Iterator[str]:
    """The names of a resource: the surest first."""
    type_, id_ = resource.get("resourceType"), resource.get("id")
    if full_url:
        yield full_url
    if isinstance(id_, str):
        yield f"{base_of(full_url)}{type_}/{id_}"
        if _UUID.fullmatch(id_):
            yield f"urn:uuid:{id_.lower()}"
    yield from identifier_names(resource)


def identifier_names(resource: Json) -> Iterator[str]:
    """The names that a resource has by its identifiers, and by tags that stand for one."""
    type_ = resource.get("resourceType")
    given = resource.get("identifier")
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield f"{type_}|{one.get('system', '')}|{one['value']}"


def names_in(reference: Any, base: str, type_: str = "") -> tuple[str, ...]:
    """The names of which a referenced resource has one: the surest first.

    `base` is that of the entry in which the reference stands, `type_` the type that is meant
    where the reference itself does not say it. A reference to a contained resource has no name.
    """
    if not isinstance(reference, dict):
        return ()
    text = reference.get("reference")
    found: list[str] = []
    if isinstance(text, str) and not text.startswith("#"):
        search = _SEARCH.fullmatch(text)
        rest = _REST.fullmatch(text)
        if search:
            token = _ESCAPED.sub(r"\1", unquote(search["token"]))
            found.append(f"{search['type']}|{token}")
        elif rest:
            found.append(f"{rest['base'] or base}{rest['name']}")
            if rest["base"] or base:
                found.append(rest["name"])
        else:
            found.append(text.lower() if text.lower().startswith("urn:uuid:") else text)
    named = reference.get("identifier")
    if isinstance(named, dict) and isinstance(named.get("value"), str):
        meant = reference.get("type") or type_
        found.append(f"{meant}|{named.get('system', '')}|{named['value']}")
    return tuple(found)


def contained(reference: Any, root: Json) -> Json | None:
    """The contained resource that a reference (`#id`) means; `#` alone is the resource itself."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str) or not text.startswith("#"):
        return None
    if text == "#":
        return root
    inner = root.get("contained")
    for one in inner if isinstance(inner, list) else []:
        if isinstance(one, dict) and one.get("id") == text[1:]:
            return one
    return None


def has_cycle(root: Json) -> bool:
    """Whether contained resources refer to each other in a circle."""
    inner = root.get("contained")
    known = {
        one["id"]: one
        for one in (inner if isinstance(inner, list) else [])
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    below = {
        name: {ref[1:] for ref in _references(one)} & known.keys() for name, one in known.items()
    }
    while True:
        leaves = {name for name, others in below.items() if not others}
        if not leaves:
            return bool(below)
        below = {n: others - leaves for n, others in below.items() if n not in leaves}


def _references(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            text = one.get("reference")
            if isinstance(text, str) and text.startswith("#") and len(text) > 1:
                yield text
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one

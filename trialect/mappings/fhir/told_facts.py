"""Facts of registries that no element of FHIR holds, as extensions of ours, and read from them.

A fact with parts is an extension of its parts, each named as the field of the Study is
(`first_posted` is `first-posted`); a list has its part as often as it has items. What is None or
empty is not written. The dataclasses say which types there are, so that a field that is added to
one of them is carried without a line here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from trialect.mappings.fhir.periods import is_date
from trialect.mappings.registry.places import item_of

Extension = dict[str, Any]


def value_of(value: Any) -> dict[str, Any]:
    """A plain value as that of an extension: `{"valueBoolean": True}`."""
    kind = type(value)
    if kind is bool:
        return {"valueBoolean": value}
    if kind is str:
        # The longest text that may be a date is ten characters; others are not looked at.
        if len(value) <= 10 and value[:4].isdigit() and is_date(value):
            return {"valueDate": value}
        return {"valueString": value}
    return {"valueInteger" if kind is int else "valueDecimal": value}


def told(url: str, record: Any, without: frozenset[str] = frozenset()) -> Iterator[Extension]:
    """The extension that tells of a record, of as many of its parts as are said; none of nothing.

    `without` names fields that stand elsewhere.
    """
    if parts := _parts(record, without):
        yield {"url": url, "extension": parts}


def _parts(record: Any, without: frozenset[str]) -> list[Extension]:
    found: list[Extension] = []
    for field, name in _names(record.__class__):
        value = getattr(record, field)
        if value is None or value in ((), "") or field in without:
            continue
        for one in value if type(value) is tuple else (value,):
            if is_dataclass(one):
                if within := _parts(one, without):
                    found.append({"url": name, "extension": within})
            else:
                found.append({"url": name, **value_of(one)})
    return found


@cache
def _names(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.name.replace("_", "-")) for one in fields(cls))


@cache
def _hints(cls: type) -> Mapping[str, tuple[str, Any, bool]]:
    """By the name of a part the field, what it holds and whether it is a list."""
    found = {}
    for field, annotated in get_type_hints(cls).items():
        hint = item_of(annotated)
        many = get_origin(hint) is tuple
        found[field.replace("_", "-")] = (field, item_of(get_args(hint)[0]) if many else hint, many)
    return found


def heard(cls: type, parts: Iterable[Any]) -> dict[str, Any]:
    """The fields of a record of a class that an extension's parts tell of; others are passed over.

    The other direction of `told`. What is of another type than the field says is passed over too.
    """
    found: dict[str, Any] = {}
    hints = _hints(cls)
    for part in parts:
        field, kind, many = hints.get(_text(part, "url"), ("", None, False))
        if not field:
            continue
        value = _heard(kind, part)
        if value is not None:
            found[field] = (*found.get(field, ()), value) if many else value
    return found


def _heard(kind: Any, part: Mapping[str, Any]) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        inner = part.get("extension")
        found = heard(kind, inner) if isinstance(inner, list) else {}
        needed = [one.name for one in fields(kind) if one.default is MISSING]
        return kind(**found) if found and all(name in found for name in needed) else None
    value = plain(part)
    if kind is float and type(value) is int:
        return float(value)
    if get_origin(kind) is not None:
        return value if value in get_args(kind) else None
    return value if type(value) is kind else None


def plain(extension: Mapping[str, Any]) -> Any:
    """The plain value of an extension, whichever type it says it has; None without one."""
    return next((value for key, value in extension.items() if key.startswith("value")), None)


def _text(part: Any, key: str) -> str:
    value = part.get(key) if isinstance(part, dict) else None
    return value if isinstance(value, str) else ""

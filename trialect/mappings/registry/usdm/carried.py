"""Facts of a Study that USDM has no attribute for, as extension attributes, and back.

A fact's place is its dotted path in the Study (`design.masking`, `locations.0.status`), the url
`urn:trialect:study:` and that path. A text, a truth or a whole number is the value; a list or a
group of facts an ExtensionClass whose attributes are its items; nothing at all says that the
fact is not stated, where USDM had to write something.

Where USDM's own attributes say something of the fact too, or of the list that it is an item of,
`urn:trialect:said:` and the path hold a digest of that. When it is another one on reading, they
have been changed since, and what was carried for them is no longer believed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import orjson

from trialect.mappings.registry.places import NO_FACTS
from trialect.mappings.registry.usdm.graph import Node
from trialect.mappings.registry.usdm.instances import Instance, Instances
from trialect.trial import Study

URN = "urn:trialect:study:"
"""What the url of a carried fact begins with."""

SAID = "urn:trialect:said:"
"""What the url of a digest begins with, of what USDM says at a path."""


def differences(said: Study, meant: Study) -> Iterator[tuple[str, Any]]:
    """What of a Study another one does not say alike: the smallest facts by their paths."""
    for field in dataclasses.fields(Study):
        if field.name not in NO_FACTS:
            yield from _differ(getattr(said, field.name), getattr(meant, field.name), field.name)


def _differ(said: Any, meant: Any, path: str) -> Iterator[tuple[str, Any]]:
    if said == meant and type(said) is type(meant):
        return
    if dataclasses.is_dataclass(meant) and type(said) is type(meant):
        for field in dataclasses.fields(meant):
            name = field.name
            yield from _differ(getattr(said, name), getattr(meant, name), f"{path}.{name}")
    elif isinstance(meant, tuple) and isinstance(said, tuple) and len(said) == len(meant):
        for place, (one, other) in enumerate(zip(said, meant, strict=True)):
            yield from _differ(one, other, f"{path}.{place}")
    else:
        yield path, meant


def attribute(path: str, value: Any, make: Instances) -> Instance:
    """A fact as an ExtensionAttribute."""
    url = URN + path
    if isinstance(value, bool):
        return make.make("ExtensionAttribute", url=url, valueBoolean=value)
    if isinstance(value, int):
        return make.make("ExtensionAttribute", url=url, valueInteger=value)
    if isinstance(value, float):
        return make.make("ExtensionAttribute", url=url, valueString=repr(value))
    if isinstance(value, str):
        return make.make("ExtensionAttribute", url=url, valueString=value)
    if value is None or value == ():
        return make.make("ExtensionAttribute", url=url)
    if isinstance(value, tuple):
        parts = [(f"{path}.{place}", one) for place, one in enumerate(value)]
    else:
        parts = [
            (f"{path}.{field.name}", getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        ]
    inner = [attribute(where, one, make) for where, one in parts]
    group = make.make("ExtensionClass", url=url, extensionAttributes=inner)
    return make.make("ExtensionAttribute", url=url, valueExtensionClass=group)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


class WrongCarriedError(ValueError):
    """A carried fact that is none of a Study's, or of which the value is of another kind."""


def digests(said: Study, facts: Iterable[tuple[str, Any]], make: Instances) -> list[Instance]:
    """What USDM says where facts are carried, as digests; `said` is what its attributes say."""
    places = dict.fromkeys(_place(path) for path, _ in facts)
    found = ((place, _digest(_at(said, place))) for place in places)
    return [
        make.make("ExtensionAttribute", url=SAID + place, valueString=digest)
        for place, digest in found
        if digest
    ]


def _place(path: str) -> str:
    """What a fact is held against: itself, or the list that it is an item of."""
    names = path.split(".")
    first = next((n for n, name in enumerate(names) if name.isdecimal()), len(names))
    return ".".join(names[:first])


def _at(study: Study, path: str) -> Any:
    value: Any = study
    for name in path.split("."):
        value = getattr(value, name, None)
    return value


def _digest(value: Any) -> str:
    """A digest of what a value says; empty of one that says nothing."""
    plain = _told(value)
    if plain is None or plain == [] or plain == {}:
        return ""
    return sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _told(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: _told(given)
            for field in dataclasses.fields(value)
            if (given := getattr(value, field.name)) != _default(field)
        }
    return value


@dataclasses.dataclass(slots=True)
class Carried:
    """What extension attributes carry: facts by path, the paths of those that cannot be read, and
    of those for which USDM's own attributes say something else since.
    """

    facts: list[tuple[str, Any]] = dataclasses.field(default_factory=list)
    wrong: list[str] = dataclasses.field(default_factory=list)
    outdated: list[str] = dataclasses.field(default_factory=list)


def carried(attributes: list[Node], said: Study) -> Carried:
    """The facts among extension attributes; `said` is what USDM's attributes say."""
    found = Carried()
    urls = [(one.text("url") or "", one) for one in attributes]
    then = {
        url.removeprefix(SAID): one.text("valueString") for url, one in urls if url.startswith(SAID)
    }
    for url, one in urls:
        if not url.startswith(URN):
            continue
        path = url.removeprefix(URN)
        try:
            value = _value(hint_of(path), one, path)
        except WrongCarriedError:
            found.wrong.append(path)
            continue
        place = _place(path)
        if (then.get(place) or "") == _digest(_at(said, place)):
            found.facts.append((path, value))
        else:
            found.outdated.append(path)
    return found


def hint_of(path: str) -> Any:
    """The type of the fact at a path. Raises WrongCarriedError where there is none."""
    hint: Any = Study
    names = path.split(".")
    if names[0] in NO_FACTS:
        raise WrongCarriedError(path)
    for name in names:
        hint = _plain(hint)
        if get_origin(hint) is tuple and name.isascii() and name.isdecimal() and len(name) < 8:
            hint = get_args(hint)[0]
        elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
            try:
                hint = field_hints(hint)[name]
            except KeyError:
                raise WrongCarriedError(path) from None
        else:
            raise WrongCarriedError(path)
    return hint


@cache
def field_hints(cls: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields by name."""
    return get_type_hints(cls)


def _plain(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _value(hint: Any, node: Node, path: str) -> Any:
    is_optional = get_origin(hint) in (Union, UnionType)
    hint = _plain(hint)
    origin = get_origin(hint)
    group = node.node("valueExtensionClass")
    if group is None and is_optional and _is_empty(node):
        return None
    if origin is tuple:
        return _tuple(get_args(hint)[0], group, node, path)
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, group, path)
    if origin is Literal:
        text = node.text("valueString")
        if text not in get_args(hint):
            raise WrongCarriedError(path)
        return text
    return _scalar(hint, node, path)


def _is_empty(node: Node) -> bool:
    return not any(
        name.startswith("value") and value is not None for name, value in node.values.items()
    )


def _tuple(item: Any, group: Node | None, node: Node, path: str) -> tuple[Any, ...]:
    if group is None:
        if not _is_empty(node):
            raise WrongCarriedError(path)
        return ()
    inner = group.nodes("extensionAttributes")
    if any(one.text("url") != f"{URN}{path}.{place}" for place, one in enumerate(inner)):
        raise WrongCarriedError(path)
    return tuple(_value(item, one, f"{path}.{place}") for place, one in enumerate(inner))


def _dataclass(cls: Any, group: Node | None, path: str) -> Any:
    if group is None:
        raise WrongCarriedError(path)
    given: dict[str, Any] = {}
    for one in group.nodes("extensionAttributes"):
        name = (one.text("url") or "").removeprefix(f"{URN}{path}.")
        if name not in field_hints(cls):
            raise WrongCarriedError(path)
        given[name] = _value(field_hints(cls)[name], one, f"{path}.{name}")
    try:
        return cls(**given)
    except TypeError:
        raise WrongCarriedError(path) from None


def _scalar(hint: Any, node: Node, path: str) -> Any:
    value: Any = None
    if hint is str:
        value = node.values.get("valueString")
        value = value if isinstance(value, str) else None
    elif hint is bool:
        value = node.flag("valueBoolean")
    elif hint is int:
        value = node.values.get("valueInteger")
        value = value if isinstance(value, int) and not isinstance(value, bool) else None
    elif hint is float:
        value = _decimal(node.text("valueString"))
        value = node.number("valueInteger") if value is None else value
    if value is None:
        raise WrongCarriedError(path)
    return value


def _decimal(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


def with_fact(study: Study, path: str, value: Any) -> Study:
    """A Study with one fact another. Raises WrongCarriedError where a list has no such place."""
    changed: Study = _with(study, path.split("."), value, path)
    return changed


def _with(here: Any, names: list[str], value: Any, path: str) -> Any:
    if not names:
        return value
    name, *rest = names
    if isinstance(here, tuple):
        place = int(name)
        if place >= len(here):
            raise WrongCarriedError(path)
        return (*here[:place], _with(here[place], rest, value, path), *here[place + 1 :])
    if not dataclasses.is_dataclass(here) or isinstance(here, type):
        raise WrongCarriedError(path)
    return dataclasses.replace(here, **{name: _with(getattr(here, name), rest, value, path)})

"""The elements of a resource as FHIRPath sees them: each with its type, and with its children.

A value may be decoded JSON, or a `Leaf` of json_text.parse: the fast path asks an invariant of such
a tree to learn which values the answer depends on. Reading a leaf's value fixes it in the shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trialect.schemas.fhir.json_text import Leaf
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.primitives import LongDecimal, whole_number
from trialect.schemas.fhir.table import Property, Table

SYSTEM = {
    **{bool: "boolean", str: "string", int: "integer"},
    **dict.fromkeys((Decimal, LongDecimal, float), "decimal"),
}
"""The types of values that an expression makes."""


@dataclass(slots=True)
class Item:
    """An element: its value (None when it has extensions alone), its type, and its extensions.

    `type` is the name of a primitive type, or the path of a node of the table.
    """

    value: Any
    type: str
    sibling: Any = None

    @property
    def read(self) -> Any:
        """The value; a leaf's is fixed in its shape by this."""
        value = self.value
        if type(value) is Leaf:
            value.pattern = ""
            return json.loads(value.raw, parse_float=Decimal, parse_int=whole_number)
        return value


Items = list[Item]


def made(value: Any) -> Items:
    """A value that an expression makes, as a collection."""
    return [Item(value, SYSTEM[type(value)])]


def resource_item(value: Any) -> Item:
    """A resource as an item."""
    name = Item(value.get("resourceType"), "code").read if type(value) is dict else None
    return Item(value, name if type(name) is str else "Resource")


class Tree:
    """How the children of items are found with the definitions of a release."""

    def __init__(self, definitions: Table) -> None:
        self.definitions = definitions
        self._names: dict[str, dict[str, list[Property]]] = {}

    def named(self, item: Item, name: str) -> Iterator[Item]:
        """The children of an item that have this name (`value` for any type of value[x])."""
        if type(item.value) is not dict:
            if name == "value" and item.value is not None:
                yield item
            elif type(item.sibling) is dict:
                yield from self.named(Item(item.sibling, "Element"), name)
            return
        if name == item.type and name in self.definitions.resources:
            yield item
            return
        for prop in self._properties(item.type).get(name, ()):
            yield from self._under(item.value, prop)

    def children(self, item: Item) -> Iterator[Item]:
        """Every child of an item, in the order of the definitions."""
        if type(item.value) is dict:
            for props in self._properties(item.type).values():
                for prop in props:
                    yield from self._under(item.value, prop)
        elif type(item.sibling) is dict:
            yield from self.children(Item(item.sibling, "Element"))

    def supertypes(self, name: str) -> Iterator[str]:
        """A type and those it is derived from."""
        while name:
            yield name
            if name in self.definitions.primitives:
                name = self.definitions.primitives[name]["base"]
            else:
                name = self.definitions.base_of(name)

    def resolved(self, item: Item, root: Any) -> Iterator[Item]:
        """What a reference leads to: a contained resource, else as much as its text says.

        Of a resource that lies elsewhere the type is known, and `id` is the whole reference.
        """
        text = item.value.get("reference") if type(item.value) is dict else item.value
        raw = json.loads(text.raw, parse_int=whole_number) if type(text) is Leaf else text
        if type(raw) is not str:
            return
        if raw.startswith("#"):
            contained = root.get("contained") if type(root) is dict else None
            for one in contained if type(contained) is list else ():
                if type(one) is dict and one.get("id") == raw[1:]:
                    yield resource_item(one)
            return
        literal = read_reference(raw, self.definitions.resources)
        if literal is not None and literal.type in self.definitions.resources:
            yield Item({"resourceType": literal.type, "id": text}, literal.type or "")

    def _properties(self, path: str) -> dict[str, list[Property]]:
        known = self._names.get(path)
        if known is None:
            known = self._names[path] = {}
            for prop in self.definitions.node(path).properties.values():
                if prop.kind != "sibling":
                    known.setdefault(prop.path.rpartition(".")[2], []).append(prop)
        return known

    def _under(self, value: dict[str, Any], prop: Property) -> Iterator[Item]:
        given = value.get(prop.key)
        beside = value.get("_" + prop.key) if prop.kind == "primitive" else None
        values = given if type(given) is list else [given]
        besides = beside if type(beside) is list else [beside]
        for index in range(max(len(values), len(besides))):
            one = values[index] if index < len(values) else None
            other = besides[index] if index < len(besides) else None
            if type(one) is Leaf and one.raw == "null":
                one = None
            if one is None and other is None:
                continue
            if prop.kind == "resource":
                yield resource_item(one)
            else:
                yield Item(one, prop.type.partition("(")[0], other)

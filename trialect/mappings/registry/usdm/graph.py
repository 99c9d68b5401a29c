"""Reads values of a USDM document whatever stands in it; the check tells what is wrong.

A value of the wrong type is read as none, and a reference that leads nowhere likewise: what a
reader takes is safe, and `schemas/registry/usdm.py` names every such place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from trialect.mappings.registry.usdm.terms import UNKNOWN, Coding

DEPTH = 64
"""How deep instances may be nested; USDM's own classes need a dozen."""


class Graph:
    """Every instance of a document by its id, the first where an id stands twice."""

    def __init__(self, document: Any) -> None:
        self._by_id: dict[str, dict[str, Any]] = {}
        self.tags: dict[str | None, dict[str, str]] = {}
        """What the tags of dictionaries refer to, of those that were asked for."""
        self._index(document, 0)

    def _index(self, value: Any, depth: int) -> None:
        if depth > DEPTH:
            return
        if isinstance(value, dict):
            named = value.get("id")
            if isinstance(named, str) and isinstance(value.get("instanceType"), str):
                self._by_id.setdefault(named, value)
            for one in value.values():
                if isinstance(one, (dict, list)):
                    self._index(one, depth + 1)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, (dict, list)):
                    self._index(one, depth + 1)

    def node(self, id: Any, of: str | None = None) -> Node | None:
        """The instance with an id, where it is of the class that is asked for."""
        found = self._by_id.get(id) if isinstance(id, str) else None
        if found is None or (of is not None and found.get("instanceType") != of):
            return None
        return Node(self, found)


class Node:
    """An instance; each way to ask gives a value of that type or nothing."""

    __slots__ = ("graph", "values")

    def __init__(self, graph: Graph, values: dict[str, Any]) -> None:
        self.graph = graph
        self.values = values

    @property
    def id(self) -> str | None:
        """The id, where there is one."""
        return self.text("id")

    @property
    def type(self) -> str | None:
        """The class that it says it is of."""
        return self.text("instanceType")

    def text(self, name: str) -> str | None:
        """A text that is not empty."""
        found = self.values.get(name)
        return found if isinstance(found, str) and found else None

    @property
    def called(self) -> str | None:
        """The label, else the name."""
        return self.text("label") or self.text("name")

    def flag(self, name: str) -> bool | None:
        """True or false."""
        found = self.values.get(name)
        return found if isinstance(found, bool) else None

    def number(self, name: str) -> float | None:
        """A finite number."""
        found = self.values.get(name)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return None
        try:
            return found if math.isfinite(found) else None
        except OverflowError:
            return None

    def node(self, name: str) -> Node | None:
        """An instance that stands within this one."""
        found = self.values.get(name)
        return Node(self.graph, found) if isinstance(found, dict) else None

    def nodes(self, name: str) -> list[Node]:
        """The instances of a list within this one."""
        found = self.values.get(name)
        if not isinstance(found, list):
            return []
        return [Node(self.graph, one) for one in found if isinstance(one, dict)]

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        found = self.values.get(name)
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    def referred(self, name: str, of: str | None = None) -> Node | None:
        """The instance whose id stands in an attribute."""
        return self.graph.node(self.values.get(name), of)

    def all_referred(self, name: str, of: str | None = None) -> list[Node]:
        """The instances whose ids stand in a list."""
        found = (self.graph.node(one, of) for one in self.texts(name))
        return [one for one in found if one is not None]

    def coding(self, name: str) -> Coding | None:
        """A Code or the standard code of an AliasCode; None for one that says Unknown."""
        found = self.node(name)
        return found.as_coding() if found is not None else None

    def codings(self, name: str) -> list[Coding]:
        """The codes of a list."""
        found = (one.as_coding() for one in self.nodes(name))
        return [one for one in found if one is not None]

    def as_coding(self) -> Coding | None:
        """A Code or AliasCode as a value."""
        standard = self.node("standardCode") or self
        code = standard.text("code")
        if code is None or code == UNKNOWN:
            return None
        return Coding(
            code,
            standard.text("codeSystem") or "",
            standard.text("codeSystemVersion") or "",
            standard.text("decode") or code,
        )


def in_order(nodes: list[Node]) -> Iterator[Node]:
    """Instances in the order of their nextId, where that is a chain through all of them.

    Where it is none (a break, a cycle, two that come first), the order in which they stand.
    """
    by_id = {one.id: one for one in nodes}
    followed = {one.text("nextId") for one in nodes} - {None}
    first = [one for one in nodes if one.id not in followed]
    chain: dict[str | None, Node] = {}
    here = first[0] if len(first) == 1 else None
    while here is not None and here.id not in chain:
        chain[here.id] = here
        here = by_id.get(here.text("nextId"))
    yield from chain.values() if len(chain) == len(nodes) else nodes

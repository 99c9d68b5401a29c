"""What a registry's record is asked, and what is found on the way: places, facts, findings.

A place is a chain of `(place around, name, number, fact)`, made to an XPath when something is found
there; the findings of one record are collected by `Asked`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trialect.problems import Problem, Rule
from trialect.schemas.registry.layout import Element
from trialect.schemas.registry.nodes import Node

Where = tuple[Any, str, int, str | None]
"""The place around, the name, its number among those of its name (0 where there is but one), and
the fact that it was written from."""


class Asked:
    """A record that is checked: its facts, what may be left out, and what is found."""

    __slots__ = ("_alike", "facts", "field", "found", "is_partial", "merges", "root")

    def __init__(
        self,
        facts: frozenset[str] = frozenset(),
        is_partial: bool = False,
        root: str = "",
        field: Callable[[str, str | None], str | None] | None = None,
        merges: bool = False,
    ) -> None:
        self.facts = facts
        self.merges = merges
        self._alike: dict[tuple[str, str], list[Any]] = {}
        self.is_partial = is_partial
        self.root = root
        self.field = field
        self.found: list[Problem] = []

    def tell(self, rule: Rule, node: Node | None, where: Where | None, **given: Any) -> None:
        """A finding at an element; `node` is it, or what is around where it is missing."""
        self.found.append(self._problem(rule, node, where, given))

    def tell_of(
        self, rule: Rule, element: Element, node: Node | None, where: Where | None, **given: Any
    ) -> None:
        """A finding that says the same of every element of its kind; merged where that is asked:
        of 200 locations it is one finding, with the number of times.
        """
        if self.merges:
            known = self._alike.get((rule.id, element.path))
            if known is not None:
                known[1] += 1
                return
            self._alike[rule.id, element.path] = [len(self.found), 1]
        self.found.append(self._problem(rule, node, where, given))

    def close(self) -> list[Problem]:
        """What was found, with the number of times of what was merged."""
        for place, times in self._alike.values():
            if times > 1:
                one = self.found[place]
                field = one.field
                if field is not None:
                    field = ".".join("*" if part.isdigit() else part for part in field.split("."))
                told = f"{one.message} This is so {times} times."
                self.found[place] = replace(one, message=told, field=field)
        return self.found

    def _problem(
        self, rule: Rule, node: Node | None, where: Where | None, given: dict[str, Any]
    ) -> Problem:
        path, names, fact = _path(where)
        field = self.field(names, fact) if self.field is not None else None
        row = _line(node, where) if node is not None else None
        return rule.problem(path=self.root + path, field=field, row=row, **given)


def step(where: Where | None, name: str, number: int = 0, fact: str | None = None) -> Where:
    """The place of an element within another."""
    return (where, name, number, fact)


def _path(where: Where | None) -> tuple[str, str, str | None]:
    """The XPath of a place, the names in it, and the innermost fact that it was written from."""
    steps: list[str] = []
    names: list[str] = []
    fact = None
    while where is not None:
        around, name, number, told = where
        if fact is None:
            fact = told
        names.append(name)
        steps.append(f"/{name}[{number}]" if number else f"/{name}")
        where = around
    return "".join(reversed(steps)), "/".join(reversed(names[:-1])), fact


def _line(node: Node, where: Where | None) -> int | None:
    """The line of the place, or of the innermost element around it that is there; `node` is one
    on the way to it.
    """
    if node.line is None:
        return None
    within: list[tuple[str, int]] = []
    while where is not None and where[1] != node.name:
        where, name, number, _ = where
        within.append((name, number))
    if where is None:
        return node.line
    for name, number in reversed(within):
        parts = node.all(name)
        if len(parts) < max(number, 1):
            break
        node = parts[max(number, 1) - 1]
    return node.line

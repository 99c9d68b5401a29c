"""Asking a FHIRPath expression of an element: the tree becomes functions within functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from trialect.schemas.fhir.fhirpath.functions import FUNCTIONS
from trialect.schemas.fhir.fhirpath.items import Item, Items, Tree, made, resource_item
from trialect.schemas.fhir.fhirpath.operators import OPERATORS, boolean
from trialect.schemas.fhir.fhirpath.parser import Expression, NotUnderstoodError, parse
from trialect.schemas.fhir.table import Table

VARIABLES = {
    "%ucum": "http://unitsofmeasure.org",
    "%sct": "http://snomed.info/sct",
    "%loinc": "http://loinc.org",
}
"""The variables that are texts."""

OWN = {"is", "as", "ofType", "iif", "resolve", "children", "descendants", "repeat", "trace"}
"""The functions that need to know the definitions or their arguments unasked."""

EACH = {"where", "select", "all", "exists"}
"""The functions that ask their argument of each item."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an expression is asked about: the items before the dot, and what stands around."""

    items: Items
    context: Item
    resource: Any
    root: Any
    index: int = 0


Question = Callable[[Asked], Items]


class Expressions:
    """The expressions of one release, each read when it is first asked."""

    def __init__(self, definitions: Table) -> None:
        self._tree = Tree(definitions)
        self._known: dict[str, Question] = {}

    def compile(self, text: str) -> Question:
        """The function of an expression. Raises NotUnderstoodError."""
        if text not in self._known:
            self._known[text] = self._compiled(parse(text))
        return self._known[text]

    def holds(self, text: str, item: Item, resource: Any, root: Any) -> bool:
        """Whether an invariant holds at an item of a resource; no answer counts as no.

        Where an expression follows references, whose ends are not here, no answer counts as yes.
        """
        try:
            found = self.compile(text)(Asked([item], item, resource, root))
        except (TypeError, ValueError, ArithmeticError):  # of values that cannot be compared
            return True
        if not found:
            return "resolve()" in text
        return boolean(found) is True

    def _compiled(self, tree: Expression | None) -> Question:
        if tree is None:
            return lambda asked: asked.items
        if tree.kind == "call":
            return self._call(tree)
        parts = [self._compiled(part) for part in tree.parts]
        value = tree.value
        if tree.kind == "empty":
            return lambda _: []
        if tree.kind == "literal":
            return lambda _: made(value)
        if tree.kind == "variable":
            return _variable(str(value))
        if tree.kind == "member":
            return self._member(parts[0], str(value))
        if tree.kind == "index":
            return lambda asked: _at(parts[0](asked), parts[1](asked))
        operate = OPERATORS.get(str(value))
        if operate is None:
            raise NotUnderstoodError(f"the operator {value}")
        return lambda asked: operate(parts[0](asked), lambda: parts[1](asked))

    def _member(self, of: Question, name: str) -> Question:
        named = self._tree.named
        return lambda asked: [found for item in of(asked) for found in named(item, name)]

    def _call(self, tree: Expression) -> Question:
        name = str(tree.value)
        of, *arguments = tree.parts
        before = self._compiled(of)
        if name in ("is", "as", "ofType"):
            return self._typed(before, name, _type_name(arguments))
        inner = [self._compiled(argument) for argument in arguments]
        if name in OWN:
            return self._own(name, before, inner)
        if name in EACH and inner:
            return _each(name, before, inner[0])
        function = FUNCTIONS.get(name)
        if function is None:
            raise NotUnderstoodError(f"the function {name}()")
        return lambda asked: function(before(asked), *(one(asked) for one in inner))

    def _typed(self, before: Question, name: str, wanted: str) -> Question:
        def fits(item: Item) -> bool:
            names = list(self._tree.supertypes(item.type))
            # System.Boolean and the like are written with a capital
            return wanted in names or wanted[:1].lower() + wanted[1:] == item.type

        if name == "is":

            def ask(asked: Asked) -> Items:
                items = before(asked)
                # of nothing the specification gives nothing; HL7's examples count on false (ras-2)
                return made(len(items) == 1 and fits(items[0]))

            return ask
        return lambda asked: [item for item in before(asked) if fits(item)]

    def _own(self, name: str, before: Question, inner: list[Question]) -> Question:
        children = self._tree.children
        if name == "trace":
            return before
        if name == "resolve":
            resolved = self._tree.resolved
            return lambda asked: [
                found for item in before(asked) for found in resolved(item, asked.root)
            ]
        if name == "children":
            return lambda asked: [one for item in before(asked) for one in children(item)]
        if name == "descendants":
            return lambda asked: _repeated(before(asked), lambda item: list(children(item)))
        if name == "repeat":
            return lambda asked: _repeated(
                before(asked), lambda item: inner[0](replace(asked, items=[item]))
            )

        def iif(asked: Asked) -> Items:
            here = replace(asked, items=before(asked))
            if boolean(inner[0](here)) is True:
                return inner[1](here)
            return inner[2](here) if len(inner) > 2 else []

        return iif


def _variable(name: str) -> Question:
    if name in VARIABLES:
        return lambda _: made(VARIABLES[name])
    if name == "$this":
        return lambda asked: asked.items
    if name == "$index":
        return lambda asked: made(asked.index)
    if name == "%context":
        return lambda asked: [asked.context]
    if name == "%resource":
        return lambda asked: [resource_item(asked.resource)]
    if name == "%rootResource":
        return lambda asked: [resource_item(asked.root)]
    raise NotUnderstoodError(f"the variable {name}")


def _each(name: str, before: Question, criterion: Question) -> Question:
    def answers(asked: Asked) -> list[tuple[Item, Items]]:
        return [
            (item, criterion(replace(asked, items=[item], index=index)))
            for index, item in enumerate(before(asked))
        ]

    if name == "select":
        return lambda asked: [one for _, found in answers(asked) for one in found]
    if name == "where":
        return lambda asked: [item for item, found in answers(asked) if boolean(found) is True]
    if name == "all":
        return lambda asked: made(all(boolean(found) is True for _, found in answers(asked)))
    return lambda asked: made(any(boolean(found) is True for _, found in answers(asked)))


def _repeated(items: Items, step: Callable[[Item], Items]) -> Items:
    found: Items = []
    waiting = items
    while waiting:
        waiting = [one for item in waiting for one in step(item)]
        found += waiting
    return found


def _at(items: Items, place: Items) -> Items:
    wanted = place[0].read if place else -1
    return items[wanted : wanted + 1] if type(wanted) is int and wanted >= 0 else []


def _type_name(arguments: list[Expression | None]) -> str:
    (argument,) = arguments
    if argument is None or argument.kind != "member":
        raise NotUnderstoodError("a type that is no name")
    return str(argument.value)


__all__ = ["Expressions", "NotUnderstoodError"]

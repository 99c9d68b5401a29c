"""Whether resources that were just made are valid, asked of the values and not of their text.

Resources that a program makes have few kinds of objects: the same place in the definitions and the
same keys. What may be said of all objects of a kind (elements that there are, that must be there,
of which one may be) is said once, when the first is met, and becomes a plan: which keys hold texts,
which are to be checked, what lies below. An object costs a look at its keys then. What a plan
cannot say (contained resources, narratives, bindings of concepts) has none.

`vouches` says yes for the reasons for which the exact path (structure.py) would find nothing; no
says nothing, and the exact path is asked, which alone reports problems. A test holds the two
against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from trialect.schemas.fhir import bindings, ucum
from trialect.schemas.fhir.extensions import HL7, extension_faults
from trialect.schemas.fhir.invariants import Invariant, Place
from trialect.schemas.fhir.invariants.expressions import invariants_of
from trialect.schemas.fhir.primitives import checks
from trialect.schemas.fhir.shapes import LONGEST
from trialect.schemas.fhir.table import Binding, Node, Property, table

Resource = dict[str, Any]

BY_KEYS = frozenset(
    {
        *("att-1", "bdl-5", "bdl-8", "cod-1", "cpt-2", "dom-2", "dom-3", "dom-4", "dom-5"),
        *("ext-1", "ident-1", "org-1", "qty-3", "rat-1", "ref-1", "ref-2"),
    }
)
"""Invariants that look at an object's own keys alone, and are asked when its plan is made: there is
nothing contained and no local reference in what has a plan."""

MOST_PLANS = 4000
"""How many kinds of objects are kept (memory); a program that makes more has no use of plans."""

_ODD = (b"\\u", b"\\b", b"\\f", b':""', b':" ', b':"\\n', b':"\\t', b':"\\r')
"""What stands in JSON where a text has a control character, or begins with white space: it may have
nothing else. None of them says that it is wrong."""


@dataclass(slots=True)
class _Plan:
    """What is asked of an object with certain keys."""

    texts: list[str] = field(default_factory=list)
    inner: list[tuple[str, _Kinds]] = field(default_factory=list)
    lists: list[tuple[str, _Kinds]] = field(default_factory=list)
    checked: list[tuple[str, Callable[[Any], object]]] = field(default_factory=list)
    """Keys with what gives None for a value that is right, where all below it is."""
    asked: list[tuple[Invariant, str]] = field(default_factory=list)
    """Invariants that are asked of each object, with the type that it is of."""


_NO_PLAN = _Plan()
"""Stands for objects of which no plan can say that they are valid."""

_Kinds = dict[Any, Any]
"""The plans of a place by the keys of its objects; under `_PLACE` what makes them."""

_PLACE = object()


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in the definitions, and what a reference there may lead to."""

    node: Node
    contexts: frozenset[str]
    """What extensions may say they stand on there."""
    targets: frozenset[str] | None = None


class Made:
    """What is known of the resources of one release that this process makes."""

    def __init__(self, release: str) -> None:
        self._table = table(release)
        self._checks = checks(release)
        self._invariants = invariants_of(release)
        self._kinds: dict[tuple[str, frozenset[str], frozenset[str] | None], _Kinds] = {}
        self._resources: dict[str, _Kinds] = {}
        self._known: dict[str, str] = {}
        self._units: set[str] = set()
        self._resource: Resource = {}
        self._plans = 0

    def vouches(self, resources: Sequence[Resource], text: bytes) -> bool:
        """Whether a transaction of these resources is valid for sure.

        They refer to each other alone, as `Type/id`, and `text` is the JSON of all of them. That
        each is an entry of its own under a condition of its own follows from its id.
        """
        if len(text) > LONGEST or any(odd in text for odd in _ODD):
            return False
        known = self._known
        known.clear()
        for one in resources:
            kind = one["resourceType"]
            known[f"{kind}/{one['id']}"] = kind
        return len(known) == len(resources) and all(map(self._is_valid, resources))

    def _is_valid(self, resource: Resource) -> bool:
        kind = resource["resourceType"]
        kinds = self._resources.get(kind)
        if kinds is None:
            if kind not in self._table.resources:
                return False
            node = self._table.node(kind)
            kinds = self._resources[kind] = self._place(_Spot(node, node.contexts))
        self._resource = resource
        return self._holds(kinds, resource)

    def _holds(self, kinds: _Kinds, value: Any) -> bool:
        if value.__class__ is not dict:
            return False
        plan = kinds.get(tuple(value)) or self._plan(kinds, value)
        if plan is _NO_PLAN:
            return False
        for key in plan.texts:
            if value[key].__class__ is not str:
                return False
        for key, below in plan.inner:
            if not self._holds(below, value[key]):
                return False
        for key, below in plan.lists:
            items = value[key]
            if items.__class__ is not list or not items:
                return False
            for item in items:
                if not self._holds(below, item):
                    return False
        for key, wrong in plan.checked:
            if wrong(value[key]) is not None:
                return False
        for invariant, path in plan.asked:
            if not invariant.holds(value, Place(path, self._resource, self._resource, path)):
                return False
        return True

    def _place(self, spot: _Spot) -> _Kinds:
        name = (spot.node.path, spot.contexts, spot.targets)
        if name not in self._kinds:
            self._kinds[name] = {_PLACE: spot}
        return self._kinds[name]

    def _plan(self, kinds: _Kinds, value: dict[str, Any]) -> _Plan:
        """The plan for objects with the keys of this one."""
        if self._plans >= MOST_PLANS:
            return _NO_PLAN
        self._plans += 1
        found = kinds[tuple(value)] = self._planned(kinds[_PLACE], value) or _NO_PLAN
        return found

    def _planned(self, spot: _Spot, value: dict[str, Any]) -> _Plan | None:
        node, plan = spot.node, _Plan()
        if not value or value.keys() == {"id"}:
            return None
        if any(not any(key in value for key in keys) for _, keys in node.required):
            return None
        if any(sum(key in value for key in keys) > 1 for _, keys in node.choices):
            return None
        for key in value:
            if key == "resourceType" and node.resource:
                continue
            prop = node.properties.get(key)
            if prop is None or not self._property(plan, spot, key, prop):
                return None
            if prop.kind == "sibling" and key[1:] not in value:
                return None
        for name in node.invariants:
            invariant = self._invariants.get(name)
            if invariant is None:
                continue
            if name not in BY_KEYS:
                plan.asked.append((invariant, node.path))
            elif not invariant.holds(value, Place(node.path, value, value, node.path)):
                return None
        return plan

    def _property(self, plan: _Plan, spot: _Spot, key: str, prop: Property) -> bool:
        """Add to a plan what is asked of a key's value; False where no plan can say it."""
        own = self._table.node(prop.type).invariants if prop.kind == "complex" else ()
        for name in prop.invariants:
            if name in self._invariants and not (name in BY_KEYS and name in own):
                plan.checked.append((key, self._broken(self._invariants[name], prop)))
        if prop.kind == "primitive" and not prop.many:
            return self._primitive(plan, spot, key, prop)
        if prop.kind == "sibling" and not prop.many:
            node = self._table.node("Element")
            contexts = node.contexts | {prop.type, prop.path}
            plan.inner.append((key, self._place(_Spot(node, contexts))))
            return True
        if prop.kind != "complex" or prop.type == "Narrative" or prop.binding is not None:
            return False
        node = self._table.node(prop.type)
        targets = prop.targets if prop.type == "Reference" else None
        below = self._place(_Spot(node, node.contexts | {prop.path}, targets))
        (plan.lists if prop.many else plan.inner).append((key, below))
        if key in ("extension", "modifierExtension"):
            plan.checked.append((key, self._misplaced(spot.contexts, key)))
        if prop.type in ucum.QUANTITIES:
            if prop.many:
                return False
            plan.checked.append((key, self._wrong_unit))
        if prop.simple:
            plan.checked.append((key, _compared))
        return True

    def _primitive(self, plan: _Plan, spot: _Spot, key: str, prop: Property) -> bool:
        path = spot.node.path
        if path == "Reference" and key in ("reference", "type"):
            plan.checked.append((key, self._leads(spot.targets)))
            return key == "reference"
        if prop.binding is not None:
            plan.checked.append((key, _seen(_outside(prop.binding))))
        elif prop.type in ("string", "markdown") or (path[:9] == "Extension" and key == "url"):
            plan.texts.append(key)
        elif prop.type == "boolean":
            plan.checked.append((key, _no_boolean))
        elif prop.type == "uri":
            plan.checked.append((key, _seen(self._checks["uri"])))
        else:
            plan.checked.append((key, self._checks[prop.type]))
        return True

    def _misplaced(self, contexts: frozenset[str], key: str) -> Callable[[Any], object]:
        """What finds fault with extensions: names that are no URLs, those of HL7 out of place."""
        right: set[str] = set()

        def wrong(extensions: list[Any]) -> object:
            for one in extensions:
                url = one["url"]
                if url in right:
                    continue
                if self._checks["uri"](url) is not None:
                    return url
                if any(extension_faults(self._table, one, contexts, key)):
                    return url
                # What HL7 says of its own depends on what else they hold.
                if not url.startswith(HL7) and len(right) < _MOST_SEEN:
                    right.add(url)
            return None

        return wrong

    def _leads(self, targets: frozenset[str] | None) -> Callable[[Any], object]:
        """What finds fault with a reference: it leads to no resource, or to one of a wrong type."""
        known = self._known
        anything = targets is None or "Resource" in targets

        def wrong(text: Any) -> object:
            kind = known.get(text) if text.__class__ is str else None
            right = kind is not None and (anything or (targets is not None and kind in targets))
            return None if right else "leads nowhere"

        return wrong

    def _broken(self, invariant: Invariant, prop: Property) -> Callable[[Any], object]:
        """What finds fault with a value, or one of a list of values, that breaks an invariant."""

        def wrong(value: Any) -> object:
            place = Place(prop.path, self._resource, self._resource, prop.type)
            for one in value if prop.many and type(value) is list else (value,):
                if not invariant.holds(one, place):
                    return invariant.key
            return None

        return wrong

    def _wrong_unit(self, quantity: Any) -> object:
        """What is wrong with a unit of UCUM; equal ones are asked once."""
        if quantity.__class__ is not dict or quantity.get("system") != ucum.SYSTEM:
            return None
        code = quantity.get("code")
        if code is None or code in self._units:
            return None
        fault = ucum.unit_fault(code) if type(code) is str else "no text"
        if fault is None:
            self._units.add(code)
        return fault


def _compared(quantity: Any) -> object:
    return "a comparator" if "comparator" in quantity else None


def _no_boolean(value: Any) -> object:
    return None if value is True or value is False else "true or false"


def _outside(binding: Binding) -> Callable[[Any], object]:
    def wrong(value: Any) -> object:
        return None if type(value) is str and bindings.has_code(binding, value) else "no code of it"

    return wrong


_MOST_SEEN = 500
"""How many right values of an element are remembered; of those that have more few come again."""


def _seen(wrong: Callable[[Any], object]) -> Callable[[Any], object]:
    """The same, with values that were right remembered."""
    right: set[str] = set()

    def asked(value: Any) -> object:
        if value.__class__ is str and value in right:
            return None
        fault = wrong(value)
        if fault is None and len(right) < _MOST_SEEN:
            right.add(value)
        return fault

    return asked


@cache
def made(release: str) -> Made:
    """What this process knows of a release. Raises ValueError for a release that has no table."""
    return Made(release)

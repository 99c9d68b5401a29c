"""Whether resources that were just made are valid, asked of the values and not of their text.

Resources that a program makes have few kinds of objects: the same place in the definitions and the
same keys. What may be said of all objects of a kind (elements that there are, that must be there,
of which one may be) is said once, when the first is met, and becomes a plan: which keys hold texts,
which are to be checked, what lies below. The plan is put down as a Python function of its own, so
that an object costs a look at its keys and a call. What a plan cannot say (contained resources,
narratives, bindings of concepts) has none.

`vouches` says yes for the reasons for which the exact path (structure.py) would find nothing; no
says nothing, and the exact path is asked, which alone reports problems. A test holds the two
against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
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

_ESCAPED = re.compile(rb"\\[ubf]").search
"""Finds what stands in JSON where a text has a control character: it may have nothing else."""

_BLANK = " \n\t\r"
"""No text begins so; the empty text does."""

_Holds = Callable[[Resource], bool]
"""Whether an object with the keys of a plan is valid for sure."""

_Kinds = dict[Any, Any]
"""The plans of a place, as functions, by the keys of its objects."""


class _Plan:
    """What is asked of an object with certain keys, line by line of a function.

    The names that a line uses stand in `known`.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.last: list[str] = []
        """What is asked when all below is right."""
        self.lines: list[str] = []
        self.known: dict[str, Any] = {}

    def name(self, thing: object) -> str:
        """What a line may call a thing."""
        name = f"_{len(self.known)}"
        self.known[name] = thing
        return name

    def below(self, key: str, kinds: _Kinds, plan: Callable[[Resource], _Holds]) -> None:
        """An object lies below the key."""
        right = self._right("one", kinds, plan)
        self.lines += [f" one = value[{key!r}]", f" if not ({right}): return False"]

    def all_below(self, key: str, kinds: _Kinds, plan: Callable[[Resource], _Holds]) -> None:
        """A list of objects lies below the key."""
        self.lines += [
            f" some = value[{key!r}]",
            " if some.__class__ is not list or not some: return False",
            " for one in some:",
            f"  if not ({self._right('one', kinds, plan)}): return False",
        ]

    def _right(self, it: str, kinds: _Kinds, plan: Callable[[Resource], _Holds]) -> str:
        known = f"{self.name(kinds.get)}(tuple({it}))"
        return f"{it}.__class__ is dict and ({known} or {self.name(plan)}({it}))({it})"

    def text_is(self, key: str, right: set[str], wrong: _Wrong) -> None:
        """A text lies below the key that is one of the `right`, or has no fault."""
        self.lines += [
            f" one = value[{key!r}]",
            f" if one.__class__ is not str or one not in {self.name(right)}"
            f" and {self.name(wrong)}(one) is not None: return False",
        ]

    def text_leads(self, key: str, known: dict[str, str], targets: frozenset[str]) -> None:
        """A text lies below the key that is known as one of the targets."""
        self.lines += [
            f" one = value[{key!r}]",
            f" if one.__class__ is not str or {self.name(known)}.get(one)"
            f" not in {self.name(targets)}: return False",
        ]

    def checked(self, key: str, wrong: _Wrong) -> None:
        """`wrong` finds no fault with the value, if all below it is right."""
        self.last.append(f" if {self.name(wrong)}(value[{key!r}]) is not None: return False")

    def asked(self, holds: _Holds) -> None:
        """`holds` of the object, if all below it is right."""
        self.last.append(f" if not {self.name(holds)}(value): return False")

    def function(self) -> _Holds:
        """The plan as a function; objects that it is asked of have the keys."""
        text = " one = value[{!r}]\n if one.__class__ is not str or one[:1] in _blank: return False"
        texts = [text.format(key) for key in self.texts]
        lines = ["def holds(value):", *texts, *self.lines, *self.last, " return True"]
        self.known["_blank"] = _BLANK
        exec("\n".join(lines), self.known)  # keys are written as literals
        made: _Holds = self.known["holds"]
        return made


def _no_plan(_: Resource) -> bool:
    """Stands for objects of which no plan can say that they are valid."""
    return False


_Wrong = Callable[[Any], object]
"""What gives None for a value that is right."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in the definitions, and what a reference there may lead to."""

    node: Node
    contexts: frozenset[str]
    """What extensions may say they stand on there."""
    targets: frozenset[str] | None = None


_Place = tuple[_Kinds, Callable[[Resource], _Holds]]
"""The plans of a place, and what makes one for an object there."""


class Made:
    """What is known of the resources of one release that this process makes."""

    def __init__(self, release: str) -> None:
        self._table = table(release)
        self._checks = checks(release)
        self._invariants = invariants_of(release)
        self._places: dict[tuple[str, frozenset[str], frozenset[str] | None], _Place] = {}
        self._resources: dict[str, _Place] = {}
        self._known: dict[str, str] = {}
        self._units: set[str] = set()
        self._uris = _seen(self._checks["uri"])
        self._names: dict[bool, set[str]] = {True: set(), False: set()}
        """Names of extensions that are right, of others than HL7, within one and elsewhere."""
        self._resource: Resource = {}
        self._plans = 0

    def vouches(self, resources: Sequence[Resource], text: bytes) -> bool:
        """Whether a transaction of these resources is valid for sure.

        They refer to each other alone, as `Type/id`, and `text` is the JSON of all of them. That
        each is an entry of its own under a condition of its own follows from its id.
        """
        if len(text) > LONGEST or _ESCAPED(text):
            return False
        known = self._known
        known.clear()
        for one in resources:
            kind = one["resourceType"]
            known[f"{kind}/{one['id']}"] = kind
        return len(known) == len(resources) and all(map(self._is_valid, resources))

    def _is_valid(self, resource: Resource) -> bool:
        kind = resource["resourceType"]
        place = self._resources.get(kind)
        if place is None:
            if kind not in self._table.resources:
                return False
            node = self._table.node(kind)
            place = self._resources[kind] = self._place(_Spot(node, node.contexts))
        self._resource = resource
        kinds, plan = place
        holds: _Holds = kinds.get(tuple(resource)) or plan(resource)
        return holds(resource)

    def _place(self, spot: _Spot) -> _Place:
        name = (spot.node.path, spot.contexts, spot.targets)
        if name not in self._places:
            kinds: _Kinds = {}
            self._places[name] = kinds, partial(self._plan, kinds, spot)
        return self._places[name]

    def _plan(self, kinds: _Kinds, spot: _Spot, value: Resource) -> _Holds:
        """The plan for objects with the keys of this one."""
        if self._plans >= MOST_PLANS:
            return _no_plan
        self._plans += 1
        plan = self._planned(spot, value)
        found = kinds[tuple(value)] = _no_plan if plan is None else plan.function()
        return found

    def _planned(self, spot: _Spot, value: Resource) -> _Plan | None:
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
                plan.asked(partial(self._invariant_holds, invariant, node.path))
            elif not invariant.holds(value, Place(node.path, value, value, node.path)):
                return None
        return plan

    def _invariant_holds(self, invariant: Invariant, path: str, value: Resource) -> bool:
        return invariant.holds(value, Place(path, self._resource, self._resource, path))

    def _property(self, plan: _Plan, spot: _Spot, key: str, prop: Property) -> bool:
        """Add to a plan what is asked of a key's value; False where no plan can say it."""
        own = self._table.node(prop.type).invariants if prop.kind == "complex" else ()
        for name in prop.invariants:
            if name in self._invariants and not (name in BY_KEYS and name in own):
                plan.checked(key, self._broken(self._invariants[name], prop))
        if prop.kind == "primitive" and not prop.many:
            return self._primitive(plan, spot, key, prop)
        if prop.kind == "sibling" and not prop.many:
            node = self._table.node("Element")
            contexts = node.contexts | {prop.type, prop.path}
            plan.below(key, *self._place(_Spot(node, contexts)))
            return True
        if prop.kind != "complex" or prop.type == "Narrative" or prop.binding is not None:
            return False
        node = self._table.node(prop.type)
        targets = prop.targets if prop.type == "Reference" else None
        below = self._place(_Spot(node, node.contexts | {prop.path}, targets))
        (plan.all_below if prop.many else plan.below)(key, *below)
        if key in ("extension", "modifierExtension"):
            plan.checked(key, self._misplaced(spot.contexts, key))
        if prop.type in ucum.QUANTITIES:
            if prop.many:
                return False
            plan.checked(key, self._wrong_unit)
        if prop.simple:
            plan.checked(key, _compared)
        return True

    def _primitive(self, plan: _Plan, spot: _Spot, key: str, prop: Property) -> bool:
        path = spot.node.path
        if path == "Reference" and key in ("reference", "type"):
            anything = spot.targets is None or "Resource" in spot.targets
            targets = self._table.resources if anything else spot.targets
            plan.text_leads(key, self._known, frozenset(targets or ()))
            return key == "reference"
        if prop.binding is not None:
            plan.text_is(key, *_seen(_outside(prop.binding)))
        elif prop.type in ("string", "markdown") or (path[:9] == "Extension" and key == "url"):
            plan.texts.append(key)
        elif prop.type == "boolean":
            plan.checked(key, _no_boolean)
        elif prop.type == "uri":
            plan.text_is(key, *self._uris)
        else:
            plan.checked(key, self._checks[prop.type])
        return True

    def _misplaced(self, contexts: frozenset[str], key: str) -> _Wrong:
        """What finds fault with extensions: names that are no URLs, those of HL7 out of place."""
        # Of others only whether they are parts of an extension matters.
        right = self._names["Extension" in contexts]

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
                if not url.startswith(HL7):
                    _remember(right, url)
            return None

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
"""How many right values of an element are remembered."""


def _remember(right: set[str], value: str) -> None:
    """Add a right value. Those of one study come again in it, and not in the next."""
    if len(right) >= _MOST_SEEN:
        right.clear()
    right.add(value)


def _seen(wrong: _Wrong) -> tuple[set[str], _Wrong]:
    """Values that were right, and the same with them remembered."""
    right: set[str] = set()

    def asked(value: str) -> object:
        fault = wrong(value)
        if fault is None:
            _remember(right, value)
        return fault

    return right, asked


@cache
def made(release: str) -> Made:
    """What this process knows of a release. Raises ValueError for a release that has no table."""
    return Made(release)

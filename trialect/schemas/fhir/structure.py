"""Whether one resource is valid FHIR: a walk over its JSON with the definitions of its type.

The walk checks elements and their cardinality, JSON types and formats, choices, nulls and empty
values, required bindings, reference targets and extensions. The invariants of the places it passed
are tried at the end of each resource, unless its structure is broken: they may then rely on it.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from trialect.problems import Problem, Rule
from trialect.schemas.fhir import bindings, rules, ucum
from trialect.schemas.fhir.contained import circles
from trialect.schemas.fhir.extensions import extension_faults
from trialect.schemas.fhir.invariants import Place
from trialect.schemas.fhir.invariants.expressions import invariants_of
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.primitives import JSON_TYPES, checks
from trialect.schemas.fhir.table import Binding, Node, Property, Table, table

Json = dict[str, Any]

DEEPEST = 100
"""How deep elements may nest before a resource is refused (the walk is recursive)."""

LONGEST_SHOWN = 1000
"""Characters of a text from the resource that a message tells."""

BROKEN = frozenset(
    rule.id
    for rule in (
        rules.TYPE,
        rules.NULL,
        rules.EMPTY,
        rules.FORMAT,
        rules.STRUCTURE,
        rules.DEPTH,
        rules.RESOURCE_TYPE,
    )
)
"""The rules after whose breach the invariants of a resource are not tried."""


def check_resource(resource: Any, release: str = "R4") -> list[Problem]:
    """All problems of one resource (decoded JSON), in the order of its elements; none if valid.

    Contained resources and the entries of a Bundle are checked as well; whether references resolve
    is left to `check_bundle` and `ReferenceIndex`. Numbers may be int, float or Decimal. Raises
    ValueError for a release that has no table.
    """
    walk = Walk(table(release))
    walk.resource(resource, "", None)
    return walk.problems


class Walk:
    """One walk: the problems found so far, and the references seen with the types they may name.

    `skip` names invariants to leave out; `references` are (path, text, allowed types).
    """

    def __init__(self, definitions: Table, skip: frozenset[str] = frozenset()) -> None:
        self.table = definitions
        self._skip = skip
        self.problems: list[Problem] = []
        self.references: list[tuple[str, str, frozenset[str] | None]] = []
        self._pending: list[tuple[str, Any, Place]] = []
        self._resources: list[Json] = []
        self._depth = 0
        self._checks = checks(definitions.release)
        self._invariants = invariants_of(definitions.release)

    def add(self, rule: Rule, path: str, **given: Any) -> None:
        """Keep a problem; of long texts the beginning is told."""
        told = {name: shown(one) if type(one) is str else one for name, one in given.items()}
        self.problems.append(rule.problem(path=path, **told))

    def resource(self, value: Any, path: str, root: Json | None) -> None:
        """Check a resource at `path` ("" for one of its own); `root` is what contains it."""
        if type(value) is not dict:
            found = json_type(value)
            self.add(rules.TYPE, path or "$", expected="a resource (a JSON object)", found=found)
            return
        name = value.get("resourceType")
        if type(name) is not str or name not in self.table.resources:
            self.add(
                rules.RESOURCE_TYPE,
                path or "$",
                value=name,
                release=self.table.release,
                hint=nearest(str(name)[:LONGEST_SHOWN], self.table.resources),
            )
            return
        node, before = self.table.node(name), len(self.references)
        self.whole(node, value, path or name, value, root if root is not None else value)
        contained = value.get("contained")
        if type(contained) is list and root is None:
            seen = [(at, text) for at, text, _ in self.references[before:]]
            for number, ids in circles(contained, seen, path or name):
                circle = " to ".join(f"#{one}" for one in ids)
                self.add(rules.CIRCLE, f"{path or name}.contained[{number}]", circle=circle)

    def whole(self, node: Node, value: Any, path: str, resource: Json, root: Json) -> None:
        """Check an object with all that is in it, and then the invariants met on the way."""
        before, waiting = len(self.problems), len(self._pending)
        self._resources.append(root)
        self.node(node, value, path, node.contexts, resource)
        self._resources.pop()
        pending = self._pending[waiting:]
        del self._pending[waiting:]
        if BROKEN.isdisjoint(problem.rule for problem in self.problems[before:]):
            for key, item, place in pending:
                if not self._invariants[key].holds(item, place):
                    self.broken(key, place.path)

    def node(
        self, node: Node, value: Any, path: str, contexts: frozenset[str], resource: Json
    ) -> None:
        """Check an object against the node that describes its elements."""
        if type(value) is not dict:
            self.add(rules.TYPE, path, expected="a JSON object", found=json_type(value))
            return
        if not value:
            self.add(rules.EMPTY, path, what="The object")
            return
        self._depth += 1
        if self._depth > DEEPEST:
            self.add(rules.DEPTH, path, limit=DEEPEST)
            self._depth -= 1
            return
        properties = node.properties
        for key, item in value.items():
            prop = properties.get(key)
            if prop is None:
                if key != "resourceType" or not node.resource:
                    self._unknown(node, key, path)
            elif item is None:
                self.add(rules.NULL, f"{path}.{prop.step}", key=key.lstrip("_"))
            elif prop.many:
                self._many(prop, item, path, value, resource)
            else:
                self._one(prop, item, f"{path}.{prop.step}", resource)
                if prop.kind == "sibling" and key[1:] not in value:
                    self._only_id(item, f"{path}.{prop.step}")
                    self._codeless(properties.get(key[1:]), item, f"{path}.{prop.step}")
        for element, keys in node.required:
            if not any(key in value for key in keys):
                self.add(rules.CARDINALITY, path, node=node.path, element=element)
        for element, keys in node.choices:
            given = [key for key in keys if key in value or "_" + key in value]
            if len(given) > 1:
                self.add(rules.CHOICE, path, element=element, keys=", ".join(given))
        if value.keys() == {"id"} and not node.resource and node.path != "Element":
            self.broken("ele-1", path)
        for key in ("extension", "modifierExtension"):
            extensions = value.get(key)
            for index, one in enumerate(extensions if type(extensions) is list else ()):
                for rule, fault in extension_faults(self.table, one, contexts, key):
                    self.add(rule, f"{path}.{key}[{index}]", **fault)
        for key in node.invariants:
            self._later(key, value, path, resource, node.path)
        self._depth -= 1

    def _many(self, prop: Property, items: Any, path: str, parent: Json, resource: Json) -> None:
        place = f"{path}.{prop.step}"
        if type(items) is not list:
            self.add(rules.TYPE, place, expected="a list", found=json_type(items))
            return
        if not items:
            self.add(rules.EMPTY, place, what="The list")
            return
        twin: Any = None
        if prop.kind == "primitive":
            twin = parent.get("_" + prop.key)
        elif prop.kind == "sibling":
            twin = parent.get(prop.key[1:])
            if type(twin) is list and len(twin) != len(items):
                expected = f"a list of {len(twin)} items, as {prop.key[1:]} has"
                self.add(rules.TYPE, place, expected=expected, found=f"a list of {len(items)}")
        for index, item in enumerate(items):
            at = f"{place}[{index}]"
            if item is None:
                paired = type(twin) is list and index < len(twin) and twin[index] is not None
                if not paired:
                    self.add(rules.NULL, at, key=prop.key.lstrip("_"))
                else:
                    self._codeless(prop, twin[index], at)
            else:
                self._one(prop, item, at, resource)
                if prop.kind == "sibling":
                    valued = type(twin) is list and index < len(twin) and twin[index] is not None
                    if not valued:
                        self._only_id(item, at)

    def _only_id(self, item: Any, at: str) -> None:
        if type(item) is dict and item.keys() == {"id"}:
            self.broken("ele-1", at)

    def _codeless(self, prop: Property | None, beside: Any, at: str) -> None:
        """An extension cannot stand for a code of a required value set."""
        extended = type(beside) is dict and "extension" in beside
        if extended and prop and prop.kind == "primitive" and prop.binding and prop.binding.closed:
            self._outside(prop.binding, "(no code)", at, "")

    def _one(self, prop: Property, item: Any, at: str, resource: Json) -> None:
        kind = prop.kind
        if kind == "primitive":
            expected = self._checks[prop.type](item)
            if expected is not None:
                self._wrong(prop.type, item, at, expected)
            elif prop.binding is not None and not bindings.has_code(prop.binding, item):
                self._outside(prop.binding, item, at, "")
        elif kind == "complex":
            self._complex(prop, item, at, resource)
        elif kind == "sibling":
            inner = self.table.node("Element")
            self.node(inner, item, at, inner.contexts | {prop.type, prop.path}, resource)
        else:
            self._inner(prop, item, at, resource)
        for key in prop.invariants:
            self._later(key, item, at, resource, prop.type)

    def _complex(self, prop: Property, item: Any, at: str, resource: Json) -> None:
        inner = self.table.node(prop.type)
        self.node(inner, item, at, inner.contexts | {prop.path}, resource)
        if type(item) is not dict:
            return
        if prop.type == "Reference":
            self._reference(prop, item, at)
        elif prop.type in ucum.QUANTITIES and self._no_unit(item, at):
            pass
        elif prop.binding is not None:
            self._coded(prop, prop.binding, item, at)
        if prop.simple and "comparator" in item:
            self.broken("sqty-1", at)

    def _no_unit(self, quantity: Json, at: str) -> bool:
        code = quantity.get("code")
        if quantity.get("system") != ucum.SYSTEM or type(code) is not str:
            return False
        fault = ucum.unit_fault(code)
        if fault is not None:
            self.add(rules.UNIT, f"{at}.code", value=code, fault=fault)
        return fault is not None

    def _coded(self, prop: Property, binding: Binding, item: Json, at: str) -> None:
        if prop.type == "CodeableConcept":
            codings = item.get("coding")
            given = codings if type(codings) is list else []
            if any(type(c) is dict and bindings.has_coding(binding, c) for c in given):
                return
            if not given and ("extension" in item or not binding.closed):
                return
            codes = [str(c.get("code")) for c in given if type(c) is dict]
            self._outside(binding, ", ".join(codes) or item.get("text"), at, " and its system")
            return
        needed = "code" in item or (binding.closed and prop.type == "Coding")
        if needed and "extension" not in item and not bindings.has_coding(binding, item):
            self._outside(binding, item.get("code"), at, " and its system")

    def _outside(self, binding: Binding, value: Any, at: str, with_system: str) -> None:
        self.add(
            rules.BINDING,
            at,
            value=value,
            value_set=binding.value_set,
            codes=bindings.some(binding),
            with_system=with_system,
        )

    def _reference(self, prop: Property, item: Json, at: str) -> None:
        named = item.get("type")
        text = item.get("reference")
        found = named if type(named) is str else None
        if type(text) is str and text:
            literal = read_reference(text, self.table.resources)
            if literal is None:
                self.add(rules.REFERENCE, f"{at}.reference", value=text)
                return
            self.references.append((f"{at}.reference", text, prop.targets))
            kind = self._contained_type(text) if text[0] == "#" else literal.type
            if kind is not None and found is not None and kind != found:
                self.add(rules.TARGET, f"{at}.type", found=found, allowed=kind, value=found)
                return
            found = kind or found
        if found is None:
            return
        if found not in self.table.resources:
            if "/" not in found:  # Reference.type may be the URL of a logical model
                at = f"{at}.{'reference' if found != named else 'type'}"
                allowed = "types of resources, as the specification spells them"
                self.add(rules.TARGET, at, found=found, allowed=allowed, value=text or found)
            return
        if prop.targets and not self.table.is_subtype(found, prop.targets):
            allowed = ", ".join(sorted(prop.targets))
            self.add(rules.TARGET, at, found=found, allowed=allowed, value=text or found)

    def _contained_type(self, text: str) -> str | None:
        root = self._resources[-1]
        if text == "#":
            return str(root.get("resourceType"))
        contained = root.get("contained")
        for one in contained if type(contained) is list else ():
            if type(one) is dict and one.get("id") == text[1:]:
                kind = one.get("resourceType")
                return kind if type(kind) is str else None
        return None

    def _inner(self, prop: Property, item: Any, at: str, resource: Json) -> None:
        contained = prop.path.endswith(".contained")
        self.resource(item, at, resource if contained else None)

    def _later(self, key: str, item: Any, at: str, resource: Json, type: str) -> None:
        if key in self._invariants and key not in self._skip:
            self._pending.append((key, item, Place(at, resource, self._resources[-1], type)))

    def broken(self, key: str, path: str) -> None:
        """Keep the problem that an invariant does not hold."""
        severity, human, _ = self.table.invariants.get(key) or EXTRA[key]
        rule = rules.INVARIANT if severity == "error" else rules.GUIDELINE
        self.add(rule, path, key=key.split("@")[0], human=human)

    def _wrong(self, name: str, value: Any, at: str, expected: str) -> None:
        if type(value) not in JSON_TYPES[name]:
            self.add(rules.TYPE, at, expected=expected, found=json_type(value))
        elif type(value) is str and not value.strip():
            self.add(rules.EMPTY, at, what="The text")
        else:
            shown = value if len(str(value)) <= 200 else str(value)[:200] + "..."
            self.add(rules.FORMAT, at, value=shown, type=name, expected=expected)

    def _unknown(self, node: Node, key: str, path: str) -> None:
        hint = nearest(key, node.properties) if len(key) <= LONGEST_SHOWN else ""
        key = shown(key)
        self.add(rules.STRUCTURE, f"{path}.{key}", node=node.path, key=key, hint=hint)


EXTRA = {
    "ele-1": ("error", "All FHIR elements must have a @value or children", ""),
    "sqty-1": ("error", "The comparator is not used on a SimpleQuantity", ""),
}
"""Invariants that the walk itself checks, because the table lists them at no element."""


def shown(text: str) -> str:
    """A text, or the beginning of a long one."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def json_type(value: Any) -> str:
    """What JSON calls the type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a number"


def nearest(word: str, known: Any) -> str:
    """`; did you mean 'x'?`, or nothing."""
    close = get_close_matches(word[:64], [name for name in known if not name.startswith("_")], 1)
    return f"; did you mean {close[0]!r}?" if close else ""

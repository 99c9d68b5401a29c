"""The facts of one FHIR release, read from the table that scripts/build_fhir_tables.py writes.

The file (`r4.json.gz`, `r5.json.gz`) holds, from the definitions named in its `provenance`:

- `types`: per type its `nodes`, one per place that has child elements (`Observation`,
  `Observation.component`); an element is `[cardinality, types, binding]`, for example
  `["0..*", "Reference(Patient|Group)"]` or `["1..1", "code", "required http://..."]`; `=path` is
  an element described in the node of that path; a choice keeps its `[x]` and lists its types;
- `primitives`, `constraints` (the invariants of a node or element), `invariants` (severity, text,
  FHIRPath), `value_sets` (codes by system; null where nobody can list them) and `extensions`.

The file is decoded once per release (about 10 ms); nodes are built when they are first asked for.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import orjson

RELEASES = ("R4", "R5")
"""The releases whose table is in the package."""

ANY = frozenset({"Resource"})
"""A reference that may point to any type of resource."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The codes that an element must come from: the value set and its codes by system.

    `closed` is true where the element may not do without a code (strength required); for a
    maximum value set it is false. A system whose codes cannot be listed has None.
    """

    value_set: str
    systems: dict[str, frozenset[str] | None]
    codes: frozenset[str] | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Property:
    """One JSON key of a node, and what may stand under it.

    `kind` is primitive, complex or resource; `type` the primitive's name or the path of the node;
    `step` the FHIRPath step (`code`, `value.ofType(Quantity)`); `path` the element's path in the
    definitions; `targets` the resource types that a Reference may name, None where not restricted.
    """

    key: str
    step: str
    path: str
    kind: str
    type: str
    many: bool
    targets: frozenset[str] | None = None
    binding: Binding | None = None
    simple: bool = False
    invariants: tuple[str, ...] = ()


@dataclass(slots=True)
class Node:
    """A place with child elements: a resource, a data type or a backbone element of one.

    `properties` by JSON key, the `_key` of primitives among them as kind "sibling"; `required` and
    `choices` name an element and the keys it can have.
    """

    path: str
    resource: bool
    properties: dict[str, Property] = field(default_factory=dict)
    required: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    choices: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    invariants: tuple[str, ...] = ()
    contexts: frozenset[str] = frozenset()


class Table:
    """The definitions of one release. Use `table(release)`, which keeps one per release."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.release: str = facts["release"]
        self.provenance: list[dict[str, str]] = facts["provenance"]
        self.primitives: dict[str, dict[str, str]] = facts["primitives"]
        self.invariants: dict[str, list[str]] = facts["invariants"]
        self.constraints: dict[str, list[str]] = facts["constraints"]
        self.extensions: dict[str, dict[str, Any]] = facts["extensions"]
        self.resources = frozenset(
            name
            for name, given in facts["types"].items()
            if given["kind"] == "resource" and not given["abstract"]
        )
        self._types = facts["types"]
        self._value_sets = facts["value_sets"]
        self._bindings: dict[str, Binding | None] = {}
        self._nodes: dict[str, Node] = {}

    def node(self, path: str) -> Node:
        """The node at a path such as `Observation.component`. Raises KeyError for no such node."""
        known = self._nodes.get(path)
        if known is None:
            known = self._nodes[path] = self._build(path)
        return known

    def is_subtype(self, name: str, targets: frozenset[str]) -> bool:
        """Whether a resource type is one of `targets`, or targets name any resource."""
        return name in targets or "Resource" in targets

    def base_of(self, path: str) -> str:
        """The type that a type is derived from, "" for none; of a node within one its kind."""
        given = self._types.get(path)
        if given is None:
            return "BackboneElement" if "." in path else ""
        return str(given["base"])

    def binding(self, text: str) -> Binding | None:
        """What `required URL` or `max URL` asks; None where the codes are open or unknown."""
        if text not in self._bindings:
            self._bindings[text] = self._bind(text)
        return self._bindings[text]

    def _bind(self, text: str) -> Binding | None:
        strength, url = text.split()
        given = self._value_sets.get(url)
        if strength not in ("required", "max") or given is None:
            return None
        systems = {s: None if codes is None else frozenset(codes) for s, codes in given.items()}
        listed = [codes for codes in systems.values() if codes is not None]
        codes = frozenset().union(*listed) if len(listed) == len(systems) else None
        return Binding(url, systems, codes, strength == "required")

    def _build(self, path: str) -> Node:
        if path.startswith(CODEABLE_REFERENCE + "("):
            return self._codeable_reference(path)
        name = path.split(".", 1)[0]
        given = self._types[name]
        whole = path == name
        node = Node(path, whole and given["kind"] == "resource")
        node.invariants = tuple(self.constraints.get(path, ()))
        node.contexts = (
            self._contexts(name) if whole else self._contexts("BackboneElement") | {path}
        )
        for label, cells in given["nodes"].get(path, {}).items():
            self._add(node, label, cells)
        return node

    def _codeable_reference(self, path: str) -> Node:
        """The node of R5's CodeableReference where its element says which types it may name.

        `path` is `CodeableReference(Patient|Group)`, as the table's row has it.
        """
        general = self.node(CODEABLE_REFERENCE)
        targets = frozenset(path.removeprefix(CODEABLE_REFERENCE).strip("()").split("|"))
        reference = replace(general.properties["reference"], targets=targets)
        return replace(general, properties={**general.properties, "reference": reference})

    def _contexts(self, name: str) -> frozenset[str]:
        chain = []
        while name in self._types:
            chain.append(name)
            for interface in self._types[name].get("implements", ()):
                chain += self._contexts(interface)
            name = self._types[name]["base"]
        return frozenset([*chain, "Element"])  # R4's extensions say Element for resources too

    def _add(self, node: Node, label: str, cells: list[str]) -> None:
        least, most = cells[0].split("..")
        if most == "0":
            return
        element = label.removesuffix("[x]")
        path = f"{node.path}.{element}"
        binding = self.binding(cells[2]) if len(cells) > 2 else None
        invariants = tuple(self.constraints.get(path, ()))
        keys = []
        for text in cells[1].split():
            head, _, targets = text.rstrip(")").partition("(")
            code, _, profile = head.rstrip("}").partition("{")
            key, step = element, element
            if label.endswith("[x]"):
                key = element + code[0].upper() + code[1:]
                step = f"{element}.ofType({code})"
            kind, type_name = "complex", code.removeprefix("=")
            if code in self.primitives:
                kind = "primitive"
                sibling = Property("_" + key, step, path, "sibling", code, most == "*")
                node.properties["_" + key] = sibling
            elif code in ("Resource", "DomainResource"):
                kind = "resource"
            if code == CODEABLE_REFERENCE and targets:
                type_name = f"{code}({targets})"
            coded = binding if code in CODED or kind == "primitive" else None
            node.properties[key] = Property(
                key=key,
                step=step,
                path=path,
                kind=kind,
                type=type_name,
                many=most == "*",
                targets=frozenset(targets.split("|")) if targets and code != "canonical" else None,
                binding=coded,
                simple=profile == "SimpleQuantity",
                invariants=() if type_name == path else invariants,  # the node has them
            )
            keys.append(key)
        every = tuple(keys) + tuple("_" + k for k in keys if "_" + k in node.properties)
        if least != "0":
            node.required.append((element, every))
        if len(keys) > 1:
            node.choices.append((element, tuple(keys)))


CODEABLE_REFERENCE = "CodeableReference"
"""The data type of R5 whose element says which types its reference may name."""

CODED = frozenset({"Coding", "CodeableConcept", "Quantity"})
"""The data types beside primitives that a binding speaks about."""


@cache
def table(release: str = "R4") -> Table:
    """The definitions of a release. Raises ValueError for a release that has no table."""
    if release not in RELEASES:
        raise ValueError(f"no FHIR definitions for {release}; there are {', '.join(RELEASES)}")
    packed = resources.files(__package__).joinpath(f"{release.lower()}.json.gz").read_bytes()
    return Table(orjson.loads(gzip.decompress(packed)))

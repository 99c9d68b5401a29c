"""The fast path: one regular expression per shape of resource.

A file of resources has few shapes: the text of a resource without its values. When a text has been
found valid by the exact path (structure.py), its shape is compiled into a regular expression: the
text between the values stands as it is, and each value is replaced by what may stand there: the
pattern of its primitive type, the codes of its required value set, the form of its reference. A
text that matches is valid for the same reasons as the first one; a text that does not match says
nothing, and takes the exact path, which alone reports problems.

Why that is right: whether a resource is valid depends on which elements it has (the shape), on each
value by itself (the pattern), and on few values together. Of these last, values with few variants
(a system, an extension's url, what an invariant `reads`) belong to the shape and stand literally;
invariants over `values` are asked for each text. A test changes resources at random and holds the
two paths against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from trialect.schemas.fhir import ucum
from trialect.schemas.fhir.invariants import Invariant, Place, choice, has
from trialect.schemas.fhir.invariants.expressions import invariants_of
from trialect.schemas.fhir.json_text import Leaf, NotPlainError, parse
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.primitives import ANY_UUID, ID, tokens
from trialect.schemas.fhir.table import Node, Property, Table

LONGEST = 2**18
"""Texts beyond this many characters take the exact path (it measures single values in bytes)."""

MOST_CODES = 300
"""A value set of more codes than this is not written into a pattern."""

WORD = r'[^"\\\x00-\x20]'


FULL_URL = rf'"(?:{ANY_UUID}|https?://(?!{WORD}*/_history/){WORD}++)"'
"""A fullUrl that names no version (bdl-8)."""


class UnfitError(Exception):
    """A shape that no regular expression can stand for."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A value that is given to the caller: its role, its path and the types it may name.

    The role is id, reference, fullUrl, method, url, ifNoneExist or versionId; a reference has the
    form that `read_reference` gives.
    """

    role: str
    path: str
    targets: frozenset[str] | None
    form: str


@dataclass(frozen=True, slots=True)
class Question:
    """An invariant that is asked for each text, with the element it is asked about.

    `slots` say which group's value goes where: the keys that lead there (none: the element).
    """

    holds: Callable[[Any, Place], bool]
    item: Any
    place: Place
    slots: tuple[tuple[int, tuple[str, ...]], ...]

    def answer(self, groups: tuple[str, ...]) -> bool:
        """Whether the invariant holds for the values of a matched text."""
        item = self.item
        for group, keys in self.slots:
            item = _put(item, keys, _value(groups[group]))
        return self.holds(item, self.place)

    def answers(
        self, rows: Iterable[tuple[Any, ...]], captures: int, text_of: Callable[[Any], str] = str
    ) -> list[bool]:
        """Whether it holds for each row of the values of its slots; asked once for equal rows.

        `captures` is how many groups the shape has, `text_of` makes a value the text it is.
        """
        groups = [""] * captures
        known: dict[tuple[Any, ...], bool] = {}
        found: list[bool] = []
        for values in rows:
            holds = known.get(values)
            if holds is None:
                for (capture, _), value in zip(self.slots, values, strict=True):
                    groups[capture] = text_of(value)
                holds = known[values] = self.answer(tuple(groups))
            found.append(holds)
        return found


class Shape:
    """A compiled shape. `groups(text)` gives the captured values of a valid text of this shape.

    `type` is the resource's type (an entry's resource's, "" without one); `outline` has the keys
    of the object, and the values that OUTLINED names. The rest are numbers of
    groups: `identity` of the resource's id, `sought` of the references that must be found beside
    it, `urns` of those among them that name a fullUrl, `entry` of what ENTRY_PATHS says.

    `gaps` are the patterns of the values that may differ between texts of the shape, in the order
    of the text; `gap_of` says which of them a capture is, `questions` what is asked of captures.
    """

    __slots__ = (
        "_match",
        "captures",
        "entry",
        "gap_of",
        "gaps",
        "identity",
        "outline",
        "questions",
        "sought",
        "type",
        "urns",
    )

    def __init__(
        self,
        type: str,
        match: Callable[[str], re.Match[str] | None],
        gaps: tuple[str, ...],
        captures: Mapping[int, Capture],
        outline: dict[str, Any],
        questions: tuple[Question, ...],
    ) -> None:
        self.type = type
        self._match = match
        self.gaps = gaps
        self.gap_of = tuple(captures)
        self.captures = tuple(captures.values())
        self.outline = outline
        roles = [capture.role for capture in self.captures]
        self.identity = roles.index("id") if "id" in roles else None
        groups = {capture.path: n for n, capture in enumerate(self.captures)}
        self.entry = tuple(groups.get(path) for path in ENTRY_PATHS)
        forms = [(n, capture.form) for n, capture in enumerate(self.captures)]
        self.sought = tuple(n for n, form in forms if form in ("relative", "urn"))
        self.urns = tuple(n for n, form in forms if form == "urn")
        self.questions = questions

    def groups(self, text: str) -> tuple[str, ...] | None:
        """The JSON texts of the captured values, in the order of `captures`; None for no match."""
        found = self._match(text)
        if found is None:
            return None
        values = found.groups()
        groups = tuple([values[gap] for gap in self.gap_of])
        for question in self.questions:
            if not question.answer(groups):
                return None
        return groups

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the gaps lie in a text that has `groups`: from and to, in characters."""
        found = self._match(text)
        assert found is not None
        return [found.span(gap) for gap in range(1, len(self.gaps) + 1)]


def compile_shape(text: str, definitions: Table, root: str = "") -> Shape:
    """The shape of a text that is known to be valid: a resource, or at `root` the node it is.

    Raises UnfitError when resources of this shape have to take the exact path.
    """
    if len(text) > LONGEST:
        raise UnfitError("too long")
    try:
        tree = parse(text)
    except (NotPlainError, RecursionError) as error:
        raise UnfitError("not plain JSON") from error
    return _Compiler(definitions).compile(text, tree, root)


class _Compiler:
    def __init__(self, definitions: Table) -> None:
        self._table = definitions
        self._tokens = tokens(definitions.release)
        self._leaves: list[Leaf] = []
        self._asked: list[tuple[Invariant, Any, Place]] = []
        self._type = ""
        self._root: Any = None
        self._within: Any = None

    def compile(self, text: str, tree: Any, root: str) -> Shape:
        self._root = self._within = tree
        if root:
            self._node(self._table.node(root), tree, root, "")
        else:
            self._resource(tree, "", top=True)
        for invariant, item, place in self._asked:
            self._pin(invariant, item, place)
        gaps = [leaf for leaf in self._leaves if leaf.pattern or leaf.role]
        roles = {n: leaf for n, leaf in enumerate(gaps) if leaf.role}
        captured = {id(leaf): n for n, leaf in enumerate(roles.values())}
        questions = tuple(
            self._question(invariant, item, place.path, captured)
            for invariant, item, place in self._asked
            if _concerned(invariant, item)
        )
        pieces, at = [], 0
        for leaf in self._leaves:
            pattern = leaf.pattern or re.escape(leaf.raw)
            pieces.append(re.escape(text[at : leaf.start]))
            pieces.append(f"({pattern})" if leaf.pattern or leaf.role else pattern)
            at = leaf.end
        pieces.append(re.escape(text[at:]))
        if any(
            leaf.pattern and not re.fullmatch(leaf.pattern, leaf.raw, re.ASCII)
            for leaf in self._leaves
        ):
            raise UnfitError("rare spelling")
        captures = {
            n: Capture(leaf.role, leaf.path, leaf.targets, leaf.form) for n, leaf in roles.items()
        }
        patterns = tuple(leaf.pattern or re.escape(leaf.raw) for leaf in gaps)
        match = re.compile("".join(pieces), re.ASCII).fullmatch
        outline: dict[str, Any] = dict.fromkeys(tree, True)
        for key, inner in OUTLINED.items():
            if key in tree and root:
                outline[key] = {inner: _plain(tree[key][inner]) if inner in tree[key] else None}
        return Shape(self._type, match, patterns, captures, outline, questions)

    def _resource(self, tree: Any, path: str, top: bool) -> None:
        name = _text(tree.get("resourceType"))
        node = self._table.node(name)
        if top:
            self._type = name
        outer, self._within = (self._root, self._within), tree
        if "." in path:  # contained resources never come here: an entry's stands by itself
            self._root = tree
        self._node(node, tree, path or name, name)
        self._root, self._within = outer

    def _node(self, node: Node, tree: Any, path: str, resource: str) -> None:
        if type(tree) is not dict:
            raise UnfitError("no object")
        if "contained" in tree:
            raise UnfitError("contained resources")
        for key, item in tree.items():
            if key == "resourceType" and node.resource:
                self._leaves.append(item)
                continue
            prop = node.properties.get(key)
            if prop is None:
                raise UnfitError("unknown element")
            at = f"{path}.{prop.step}"
            for index, one in enumerate(item if type(item) is list else [item]):
                place = f"{at}[{index}]" if prop.many else at
                self._property(prop, one, place, resource)
        for key in node.invariants:
            self._ask(key, tree, path, node.path)

    def _property(self, prop: Property, tree: Any, path: str, resource: str) -> None:
        if type(tree) is Leaf and tree.raw == "null":
            self._leaves.append(tree)
        elif prop.kind == "primitive":
            self._primitive(prop, tree, path)
        elif prop.kind == "sibling":
            self._node(self._table.node("Element"), tree, path, resource)
        elif prop.kind == "resource":
            self._resource(tree, path, top=prop.path == "Bundle.entry.resource")
        else:
            self._node(self._table.node(prop.type), tree, path, resource)
            if prop.type == "Reference":
                self._reference(prop, tree, path)
            elif prop.type in ucum.QUANTITIES:
                self._unit(tree, path)
            elif prop.type == "Extension":
                _pin_all(tree.get("url"))
            if prop.binding is not None:
                for coding in tree.get("coding", [tree]) if type(tree) is dict else ():
                    _pin_all(coding.get("system"))
                    _pin_all(coding.get("code"))
        for key in prop.invariants:
            self._ask(key, tree, path, prop.type)

    def _primitive(self, prop: Property, tree: Any, path: str) -> None:
        if type(tree) is not Leaf:
            raise UnfitError("no value")
        self._leaves.append(tree)
        tree.path = path
        tree.role = ROLES.get(prop.path, "")
        if path in (f"{self._type}.id", "Bundle.entry.resource.id"):
            tree.role = "id"
        if prop.path == "Bundle.entry.fullUrl":
            tree.pattern = FULL_URL
        elif prop.path == "Bundle.entry.request.method":
            tree.pattern = ""  # the outline has it
        elif prop.binding is None:
            tree.pattern = self._tokens[prop.type]
        elif prop.binding.codes is not None and len(prop.binding.codes) <= MOST_CODES:
            codes = "|".join(re.escape(code) for code in sorted(prop.binding.codes))
            tree.pattern = f'"(?:{codes})"'

    def _reference(self, prop: Property, tree: dict[str, Any], path: str) -> None:
        _pin_all(tree.get("type"))
        leaf = tree.get("reference")
        if leaf is None:
            return
        literal = read_reference(_text(leaf), self._table.resources)
        if literal is None or literal.form == "fragment":
            raise UnfitError("a local reference")
        leaf.role, leaf.path, leaf.targets = "reference", path + ".reference", prop.targets
        kind = literal.type or ""
        leaf.form = literal.form
        if literal.form == "relative":
            leaf.pattern = f'"{kind}/{ID}"'
        elif literal.form == "conditional":
            leaf.pattern = rf'"{kind}\?{WORD}++"'
        elif literal.form == "urn":
            leaf.pattern = f'"{ANY_UUID}"'
        elif kind:
            leaf.pattern = rf'"https?://[^"\\\x00-\x20#]*/{kind}/{ID}"'
        else:
            leaf.pattern = ""
        if not leaf.pattern or not re.fullmatch(leaf.pattern, leaf.raw, re.ASCII):
            leaf.pattern = ""

    def _unit(self, tree: dict[str, Any], path: str) -> None:
        """A unit of UCUM is asked for each text, once for equal codes."""
        system = tree.get("system")
        _pin_all(system)
        if system is not None and "code" in tree and _text(system) == ucum.SYSTEM:
            self._asked.append((KNOWN_UNIT, tree, Place(path, self._within, self._root)))

    def _ask(self, key: str, tree: Any, path: str, type: str) -> None:
        known = invariants_of(self._table.release)
        if key in known:
            self._asked.append((known[key], tree, Place(path, self._within, self._root, type)))

    def _pin(self, invariant: Invariant, item: Any, place: Place) -> None:
        if invariant.traced and not invariant.holds(item, place):
            raise UnfitError(f"invariant {invariant.key}")
        for read in invariant.reads:
            if read == "*":
                raise UnfitError(f"invariant {invariant.key}")
            needed, _, names = read.rpartition("?")
            if not needed or has(item, needed) or choice(item, needed):
                for found in _below(item, names):
                    _pin_all(found)
        for name in invariant.values:
            for leaf in _below(item, name):
                leaf.role = leaf.role or "value"
                leaf.path = leaf.path or place.path

    def _question(
        self, invariant: Invariant, item: Any, path: str, captured: dict[int, int]
    ) -> Question:
        slots = tuple(
            (captured[id(leaf)], () if name == "$this" else tuple(name.split(".")))
            for name in invariant.values
            for leaf in _below(item, name)
        )
        return Question(invariant.holds, _plain(item), Place(path, {}, {}), slots)


KNOWN_UNIT = Invariant(
    "ucum", lambda item, _: ucum.unit_fault(item["code"]) is None, values=("code",)
)

ROLES = {
    "Bundle.entry.fullUrl": "fullUrl",
    "Bundle.entry.request.method": "method",
    "Bundle.entry.request.url": "url",
    "Bundle.entry.request.ifNoneExist": "ifNoneExist",
    "Meta.versionId": "versionId",
}
"""The elements beside ids and references whose values a caller is given."""


OUTLINED = {"resource": "resourceType", "request": "method"}
"""What the outline of a Bundle's entry has beside its keys: of these elements this value."""


ENTRY_PATHS = (
    "Bundle.entry.fullUrl",
    "Bundle.entry.resource.id",
    "Bundle.entry.resource.meta.versionId",
    "Bundle.entry.request.method",
    "Bundle.entry.request.url",
    "Bundle.entry.request.ifNoneExist",
)
"""What the rules between the entries of a Bundle need of an entry."""


def _value(raw: str) -> Any:
    return Decimal(raw) if raw[0] in "-0123456789" else orjson.loads(raw)


def _put(item: Any, keys: tuple[str, ...], value: Any) -> Any:
    """The item with another value below it."""
    if not keys:
        return value
    return {**item, keys[0]: _put(item[keys[0]], keys[1:], value)}


def _concerned(invariant: Invariant, item: Any) -> bool:
    return any(_below(item, name) for name in invariant.values)


def _text(leaf: Any) -> str:
    if type(leaf) is not Leaf or leaf.raw[0] != '"' or "\\" in leaf.raw:
        raise UnfitError("no plain text")
    return leaf.raw[1:-1]


def _below(item: Any, names: str) -> list[Any]:
    found = [item]
    for name in names.split("."):
        if name != "$this":
            found = [one[name] for one in found if type(one) is dict and name in one]
            found = [x for one in found for x in (one if type(one) is list else [one])]
    return found


def _pin_all(tree: Any) -> None:
    if type(tree) is Leaf:
        tree.pattern = ""
    elif tree is not None:
        for one in tree.values() if type(tree) is dict else tree:
            _pin_all(one)


def _plain(tree: Any) -> Any:
    if type(tree) is Leaf:
        return _value(tree.raw)
    if type(tree) is dict:
        return {key: _plain(one) for key, one in tree.items()}
    return [_plain(one) for one in tree]

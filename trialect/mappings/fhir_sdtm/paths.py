r"""The paths of the mapping tables: FHIRPath, as much of it as a mapping needs.

| written | means |
|---|---|
| `a.b` | the elements b of the elements a; `value` is whichever `value[x]` there is |
| `a.start`, `a.end` | of a Period of ours the exact text, where an extension has it |
| `value.ofType(Quantity)` | `valueQuantity` |
| `where(EXPR)` | those for which the expression holds |
| `extension('URL')` | the extensions with this URL; one that begins with `*` matches by its end |
| `resolve()` | the resources that references lead to |
| `repeat(item)` | the elements `item`, and theirs, to any depth |
| `first()`, `last()`, `exists()`, `empty()`, `not()` | as FHIRPath has them |
| `startsWith`, `contains`, `endsWith`, `matches('x')`, `substring(1, 2)` | of texts |
| `=`, `!=`, `in ('a' \\| 'b')`, `and`, `or`, `(...)` | in expressions |
| `%resource`, `%researchSubject`, `%study`, ... | what the mapping of a subject knows |

A path gives a list of values; an empty list is false, as FHIRPath's conditions take
it, but `!=` holds of it. Nothing is ever fetched: a reference to what
is not at hand leads to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from trialect.mappings.fhir_sdtm.nodes import Node, listed

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[%$]?[A-Za-z_][\w-]*)"
    r"|(?P<sign>!=|[().,=|]))"
)

_CHOICES = frozenset(
    {
        *("value", "effective", "performed", "occurrence", "occurence", "onset", "abatement"),
        *("medication", "deceased", "collected", "fastingStatus", "timing", "dose", "asNeeded"),
        *("product", "bounds", "rate", "reported", "multipleBirth", "answer"),
    }
)
"""Elements of which FHIR spells the type into the name."""


class PathError(ValueError):
    """A text that is no path."""


class Resolver(Protocol):
    """Who finds what a reference leads to."""

    def resolve(self, reference: Node, roots: list[Node]) -> Node | None:
        """The resource; `roots` are the resources whose contained ones it may mean."""


@dataclass(slots=True)
class Scope:
    """What a path is evaluated in: the names behind `%`, and who follows references."""

    resolver: Resolver
    names: Mapping[str, Node] = field(default_factory=dict)
    roots: list[Node] = field(default_factory=list)


Step = Callable[[list[Node], Scope], list[Node]]
Test = Callable[[Node, Scope], bool]


@cache
def path(text: str) -> Step:
    """The function of a path. Raises `PathError`."""
    parser = _Parser(text)
    found = parser.path()
    parser.end()
    return found


@cache
def condition(text: str) -> Test:
    """The function of an expression; the empty one always holds. Raises `PathError`."""
    if not text.strip():
        return _always
    parser = _Parser(text)
    found = parser.disjunction()
    parser.end()
    return found


def elements_of(text: str) -> frozenset[str]:
    """The first names of a path and of the paths in an expression: `%resource.a` begins with a."""
    tokens = _tokens(text)
    found = set()
    for place, (kind, token) in enumerate(tokens):
        before = tokens[place - 1][1] if place else "("
        after = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "name" and token[0] not in "%$" and after != "(":
            opens = before in {"(", "and", "or", "where", "=", "!=", "|", ","}
            of_resource = before == "." and place > 1 and tokens[place - 2][1] == "%resource"
            if opens or of_resource:
                found.add(token)
    return frozenset(found - {"and", "or", "in", "true", "false"})


_BEGINS = re.compile(
    r"(?P<whole>%resource\.)?(?P<name>[A-Za-z][\w-]*)(?:\.ofType\((?P<type>\w+)\)|(?=\.)|$)(?!\()"
)


def begins_with(text: str) -> tuple[str, bool]:
    """The element that a path finds nothing without, and whether it is one of `%resource`.

    The name is empty where no one element decides.
    """
    found = _BEGINS.match(text)
    if found is None or (found["type"] and found["name"] not in _CHOICES):
        return "", False
    type_ = found["type"] or ""
    return found["name"] + type_[:1].upper() + type_[1:], found["whole"] is not None


@cache
def _names_of(key: str) -> tuple[str, ...]:
    """The names by which paths know an element: its own, and that of the choice it is."""
    return (
        key,
        *(one for one in _CHOICES if key.startswith(one) and key[len(one) :][:1].isupper()),
    )


def present(node: Node) -> set[str] | None:
    """The names of the elements of a node that paths may begin with; None where it has none."""
    if type(node) is not dict:
        return None
    found: set[str] = set()
    for key in node:
        found.update(_names_of(key))
    return found


def _always(_node: Node, _scope: Scope) -> bool:
    return True


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise PathError(f"{text[at:]!r} is not understood")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    """One text; each method reads a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if not token or (wanted is not None and token != wanted):
            raise PathError(f"{wanted or 'more'} is missing at {token or 'the end'!r}")
        self.at += 1
        return token

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise PathError(f"{self.peek()!r} is one too many")

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.peek() == "or":
            self.take()
            tests.append(self.conjunction())
        if len(tests) == 2:
            left, right = tests
            return lambda n, s: left(n, s) or right(n, s)
        return tests[0] if len(tests) == 1 else lambda n, s: any(one(n, s) for one in tests)

    def conjunction(self) -> Test:
        tests = [self.comparison()]
        while self.peek() == "and":
            self.take()
            tests.append(self.comparison())
        if len(tests) == 2:
            left, right = tests
            return lambda n, s: left(n, s) and right(n, s)
        return tests[0] if len(tests) == 1 else lambda n, s: all(one(n, s) for one in tests)

    def comparison(self) -> Test:
        if self.peek() == "(":
            self.take()
            inner = self.disjunction()
            self.take(")")
            return inner
        step = self.path()
        sign = self.peek()
        if sign in {"=", "!="}:
            self.take()
            equal = sign == "="
            kind, token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
            if kind in {"text", "number"} or token in {"true", "false"}:
                one = self.literal()
                return lambda n, s: (one in map(_plain, step([n], s))) is equal
            wanted = self.path()
            return lambda n, s: _equal(step([n], s), wanted([n], s)) is equal
        if sign == "in":
            self.take()
            self.take("(")
            among = {self.literal()}
            while self.peek() == "|":
                self.take()
                among.add(self.literal())
            self.take(")")
            return lambda n, s: any(_plain(one) in among for one in step([n], s))
        return lambda n, s: _holds(step([n], s))

    def literal(self) -> str:
        token = self.take()
        if token[0] == "'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        return token

    def path(self) -> Step:
        steps = [self.step(first=True)]
        while self.peek() == ".":
            self.take()
            steps.append(self.step())
        if len(steps) == 1:
            return steps[0]

        def follow(nodes: list[Node], scope: Scope) -> list[Node]:
            for step in steps:
                nodes = step(nodes, scope)
            return nodes

        return follow

    def step(self, *, first: bool = False) -> Step:
        name = self.take()
        if first and name[0] == "%":
            key = name[1:]
            return lambda _nodes, scope: listed(scope.names.get(key))
        if first and name == "$this":
            return lambda nodes, _scope: nodes
        if not re.fullmatch(r"[A-Za-z_][\w-]*", name):
            raise PathError(f"{name!r} is no name")
        if self.peek() == "(":
            return self.function(name)
        if name in _CHOICES and self._follows(".", "ofType", "("):
            for _ in range(3):
                self.take()
            name += self._capital(self.take())
            self.take(")")
        return _child(name)

    def _follows(self, *wanted: str) -> bool:
        return [token for _, token in self.tokens[self.at : self.at + len(wanted)]] == list(wanted)

    @staticmethod
    def _capital(name: str) -> str:
        return name[0].upper() + name[1:]

    def function(self, name: str) -> Step:
        self.take("(")
        if name == "where":
            test = self.disjunction()
            self.take(")")
            return lambda nodes, scope: [one for one in nodes if test(one, scope)]
        if name == "repeat":
            child = _child(self.take())
            self.take(")")
            return lambda nodes, scope: _deep(child, nodes, scope)
        arguments = []
        while self.peek() != ")":
            arguments.append(self.literal())
            if self.peek() == ",":
                self.take()
        self.take(")")
        made = _FUNCTIONS.get(name)
        if made is None:
            raise PathError(f"there is no function {name}")
        return made(*arguments)


def _child(name: str) -> Step:
    if name in _ENDS:
        return _end_of_period(name)
    choice = name in _CHOICES

    def child(nodes: list[Node], _scope: Scope) -> list[Node]:
        found: list[Node] = []
        for node in nodes:
            if type(node) is not dict:
                continue
            value = node.get(name)
            if value is None and choice:
                for key in node:
                    if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
                        value = node[key]
                        break
            if value is None:
                continue
            if type(value) is list:
                found += [one for one in value if one is not None]
            else:
                found.append(value)
        return found

    return child


_ENDS = frozenset({"start", "end"})
_EXACT = "/StructureDefinition/exact"


def _end_of_period(name: str) -> Step:
    """An end of a Period, which R4 may ask to be cut: the extension beside it has all of it then
    (mappings/fhir/periods.py). What does not begin as the element does is no text of its.
    """
    beside = f"_{name}"

    def end(nodes: list[Node], scope: Scope) -> list[Node]:
        found = []
        for node in nodes:
            if type(node) is dict:
                value, said = node.get(name), node.get(beside)
                if type(said) is dict:
                    for one in exact([said], scope):
                        text = one.get("valueDateTime")
                        if type(text) is str and text.startswith(value or ""):
                            value = text
                if value is not None:
                    found += listed(value)
        return found

    exact = _extension(f"*{_EXACT}")
    return end


def _deep(child: Step, nodes: list[Node], scope: Scope) -> list[Node]:
    found: list[Node] = []
    waiting = child(nodes, scope)
    while waiting:
        one, *waiting = waiting
        found.append(one)
        below = child([one], scope)
        if type(one) is dict and "answer" in one:
            below += child(listed(one["answer"]), scope)
        waiting = below + waiting
    return found


def _plain(node: Node) -> Node:
    """A primitive as it is written in expressions."""
    if node is True:
        return "true"
    if node is False:
        return "false"
    return str(node) if isinstance(node, str) else node


def _equal(left: list[Node], right: list[Node]) -> bool:
    others = [_plain(one) for one in right]
    return any(_plain(one) in others for one in left)


def _holds(found: list[Node]) -> bool:
    return bool(found) and found[0] is not False


def _extension(url: str) -> Step:
    def extension(nodes: list[Node], _scope: Scope) -> list[Node]:
        found = []
        for node in nodes:
            if type(node) is dict:
                for one in listed(node.get("extension")):
                    given = one.get("url") if type(one) is dict else None
                    if given == url or (
                        url[0] == "*" and type(given) is str and given.endswith(url[1:])
                    ):
                        found.append(one)
        return found

    return extension


def _resolve() -> Step:
    def resolve(nodes: list[Node], scope: Scope) -> list[Node]:
        found = []
        for node in nodes:
            resource = scope.resolver.resolve(node, scope.roots)
            if resource is not None:
                if "contained" in resource:
                    scope.roots.append(resource)
                found.append(resource)
        return found

    return resolve


def _texts(test: Callable[[str], bool]) -> Step:
    return lambda nodes, _scope: [any(isinstance(one, str) and test(one) for one in nodes)]


def _matches(pattern: str) -> Step:
    compiled = re.compile(pattern)
    return _texts(lambda text: compiled.search(text) is not None)


def _substring(start: str, length: str = "") -> Step:
    first = int(start)
    last = first + int(length) if length else None
    return lambda nodes, _scope: [one[first:last] for one in nodes if isinstance(one, str)]


_FUNCTIONS: dict[str, Callable[..., Step]] = {
    "extension": _extension,
    "resolve": _resolve,
    "first": lambda: lambda nodes, _scope: nodes[:1],
    "last": lambda: lambda nodes, _scope: nodes[-1:],
    "exists": lambda: lambda nodes, _scope: [bool(nodes)],
    "empty": lambda: lambda nodes, _scope: [not nodes],
    "not": lambda: lambda nodes, _scope: [not _holds(nodes)],
    "startsWith": lambda start: _texts(lambda text: text.startswith(start)),
    "endsWith": lambda end: _texts(lambda text: text.endswith(end)),
    "contains": lambda part: _texts(lambda text: part in text),
    "matches": _matches,
    "substring": _substring,
}

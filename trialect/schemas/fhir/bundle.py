"""Whether a Bundle's entries fit together: fullUrls, references, requests and their conditions.

Source: http://hl7.org/fhir/R4/bundle.html#references and http.html#transaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.invariants import Place
from trialect.schemas.fhir.invariants.expressions import invariants_of
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.shapes import ENTRY_PATHS, OUTLINED, Capture, Shape
from trialect.schemas.fhir.structure import BROKEN, Walk
from trialect.schemas.fhir.table import Table, table

Json = dict[str, Any]


def check_bundle(bundle: Any, release: str = "R4") -> list[Problem]:
    """All problems of a Bundle: those of `check_resource`, and those between its entries.

    Every urn: reference must name the fullUrl of an entry whose type is allowed there; a relative,
    absolute or conditional one may be known to the server and is only checked for its type. Each
    fullUrl stands once and agrees with the resource's id; each entry of a transaction or batch has
    a request that fits its resource; no two entries have the same condition or address.
    """
    definitions = table(release)
    entries = bundle.get("entry") if type(bundle) is dict else None
    if type(entries) is not list or not entries or bundle.get("resourceType") != "Bundle":
        walk = Walk(definitions)
        walk.resource(bundle, "", None)
        return walk.problems
    check = BundleCheck(definitions, bundle)
    for number, entry in enumerate(entries):
        check.exact(number, entry)
    return check.finish()


@dataclass(slots=True)
class Entry:
    """What the rules between entries need to know of one entry; absent or broken parts are None."""

    number: int
    full_url: str | None
    type: str | None
    id: str | None
    version: str | None
    method: str | None
    url: str | None
    if_none_exist: str | None

    @property
    def path(self) -> str:
        """Where the entry stands."""
        return f"Bundle.entry[{self.number}]"

    @classmethod
    def of(cls, entry: Json, number: int) -> Entry:
        """The facts of a decoded entry."""
        resource = _object(entry.get("resource"))
        request = _object(entry.get("request"))
        return cls(
            number=number,
            full_url=_text(entry.get("fullUrl")),
            type=_text(resource.get("resourceType")),
            id=_text(resource.get("id")),
            version=_text(_object(resource.get("meta")).get("versionId")),
            method=_text(request.get("method")),
            url=_text(request.get("url")),
            if_none_exist=_text(request.get("ifNoneExist")),
        )


def _unescaped(raw: str) -> str:
    """What a text of JSON says."""
    return str(json.loads(raw)) if "\\" in raw else raw[1:-1]


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


def _object(value: Any) -> Json:
    return value if type(value) is dict else {}


def _outline(entry: Json) -> Json:
    """As much of an entry as the invariants of the whole Bundle look at."""
    kept: Json = dict.fromkeys(entry, True)
    for key, inner in OUTLINED.items():
        if key in entry:
            kept[key] = {inner: _object(entry[key]).get(inner)}
    return kept


class Names(Protocol):
    """What is known of entries by a name that they have: a dict, or what takes its place."""

    def __contains__(self, name: object, /) -> bool: ...
    def __getitem__(self, name: str, /) -> Any: ...
    def __setitem__(self, name: str, value: Any, /) -> None: ...
    def get(self, name: str, /) -> Any:
        """What is known of a name, or None."""

    def setdefault(self, name: str, value: Any, /) -> Any:
        """What is known of a name; if nothing is, then `value` is from now on."""


@dataclass(frozen=True, slots=True)
class Known:
    """The entries by their names: the types by fullUrl, and the numbers of the first entries by
    fullUrl (with the version that it has) and by condition.
    """

    types: Names = field(default_factory=dict[str, Any])
    firsts: Names = field(default_factory=dict[str, Any])
    conditions: Names = field(default_factory=dict[str, Any])


class BundleCheck:
    """The check of one Bundle: its head first, then its entries in order, then `finish`.

    An entry is given decoded (`exact`), or as what a shape captured of its text (`vouched`).
    `known` may know of entries that are not given.
    """

    def __init__(self, definitions: Table, bundle: Json, known: Known | None = None) -> None:
        self._definitions = definitions
        self._head = {key: value for key, value in bundle.items() if key != "entry"}
        self._kind = self._head.get("type")
        self._outlines: dict[int, Json] = {}  # of many entries alike one will do
        known = known or Known()
        self._first_of, self._types, self._conditions = known.firsts, known.types, known.conditions
        self._references: list[tuple[int, Shape | None, Sequence[Any]]] = []
        bundle_rules = frozenset(definitions.node("Bundle").invariants)
        self._walk = Walk(definitions, skip=bundle_rules)
        self.problems = self._walk.problems
        self._walk.resource(self._head, "", None)
        self._sound = BROKEN.isdisjoint(problem.rule for problem in self.problems)

    @property
    def kind(self) -> Any:
        """The Bundle's type."""
        return self._kind

    def outline(self, outlines: Iterable[Json]) -> None:
        """Take entries of these outlines, of which only the rules of the whole are still asked."""
        self._outlines.update((id(one), one) for one in outlines)

    def hand_over(self) -> tuple[list[Json], list[tuple[str, frozenset[str] | None]], bool]:
        """The outlines of the entries taken in, their references with the types that these may
        name, and whether problems were found; all that is forgotten here.
        """
        references = [
            (text, targets)
            for _, shape, found in self._references
            for text, targets in (
                [(text, targets) for _, text, targets in found]
                if shape is None
                else [(found[n][1:-1], shape.captures[n].targets) for n in shape.urns]
            )
        ]
        taken = list(self._outlines.values()), references, bool(self.problems)
        self._outlines.clear()
        self._references.clear()
        self.problems.clear()
        return taken

    def exact(self, number: int, value: Any) -> None:
        """Check a decoded entry."""
        path = f"Bundle.entry[{number}]"
        if value is None:
            self._walk.add(rules.NULL, path, key="entry")
            return
        walk = self._walk
        walk.references.clear()
        walk.whole(self._definitions.node("Bundle.entry"), value, path, self._head, self._head)
        named = [found for found in walk.references if ".resource.entry[" not in found[0]]
        self._references.append((number, None, named))
        if type(value) is dict:
            if _object(value.get("resource")).get("resourceType") == "Bundle":
                walk.add(rules.BUNDLE_INSIDE, f"{path}.resource")
            outline = _outline(value)
            self._outlines[id(outline)] = outline
            self._between(Entry.of(value, number))

    def valid(self, text: str, number: int) -> tuple[Shape, tuple[str, ...]] | None:
        """An entry as if a shape vouched for it, when it has no problem by itself; None if not."""
        value, problems = decode(text)
        if problems or type(value) is not dict:
            return None
        walk = Walk(self._definitions)
        path = f"Bundle.entry[{number}]"
        walk.whole(self._definitions.node("Bundle.entry"), value, path, self._head, self._head)
        entry = Entry.of(value, number)
        if walk.problems or entry.type == "Bundle":
            return None
        facts = (
            entry.full_url,
            entry.id,
            entry.version,
            entry.method,
            entry.url,
            entry.if_none_exist,
        )
        captures = [
            (Capture("", at, None, ""), json.dumps(fact, ensure_ascii=False))
            for at, fact in zip(ENTRY_PATHS, facts, strict=True)
            if fact is not None
        ]
        for place, named, targets in walk.references:
            literal = read_reference(named, self._definitions.resources)
            at = place.replace(path, "Bundle.entry", 1)
            form = literal.form if literal is not None else ""
            captures.append((Capture("reference", at, targets, form), f'"{named}"'))
        shape = Shape(
            entry.type or "",
            re.compile("(?!)").fullmatch,
            (),
            {n: capture for n, (capture, _) in enumerate(captures)},
            _outline(value),
            (),
        )
        return shape, tuple(raw for _, raw in captures)

    def vouched(self, number: int, shape: Shape, groups: tuple[str, ...]) -> None:
        """Take an entry that a shape vouches for."""
        self._outlines[id(shape.outline)] = shape.outline
        if shape.urns:
            self._references.append((number, shape, groups))
        if not self._usual(number, shape, groups):
            given = [None if n is None else _unescaped(groups[n]) for n in shape.entry]
            full_url, name, version, method, url, condition = given
            entry = Entry(number, full_url, shape.type, name, version, method, url, condition)
            self._between(entry)

    def finish(self) -> list[Problem]:
        """Check what needs all entries, and give all problems of the Bundle."""
        types = self._types
        for number, shape, found in self._references:
            if shape is None:
                for place, text, targets in found:
                    self._refer(place, text, targets)
                continue
            for n in shape.urns:
                capture = shape.captures[n]
                text = found[n][1:-1]
                named = types.get(text)
                if named is None or (capture.targets is not None and named not in capture.targets):
                    place = capture.path.replace("entry", f"entry[{number}]", 1)
                    self._refer(place, text, capture.targets)
        if self._sound:
            whole = {**self._head, "entry": list(self._outlines.values())}
            invariants = invariants_of(self._definitions.release)
            for key in self._definitions.node("Bundle").invariants:
                if key == "bdl-7" or key not in invariants:  # bdl-7 was checked at each entry
                    continue
                if not invariants[key].holds(whole, Place("Bundle", whole, whole, "Bundle")):
                    self._walk.broken(key, "Bundle")
        return self.problems

    def _usual(self, number: int, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Take in an entry of the usual form, of which the rules below would find nothing."""
        name, _, version, method, url, condition = shape.entry
        if name is None or version is not None or self._kind == "batch":
            return False
        full_url = _unescaped(groups[name])
        if full_url in self._types or not full_url.startswith("urn:"):
            return False
        if self._kind == "transaction":
            if method is None or url is None or not shape.type:
                return False
            address = _unescaped(groups[url])
            if groups[method] == '"PUT"' and condition is None:
                if not address.startswith(shape.type + "?") or "=" not in address:
                    return False
            elif groups[method] == '"POST"' and condition is not None and address == shape.type:
                asked = _unescaped(groups[condition])
                if "=" not in asked or "?" in asked:
                    return False
                address = f"{address}?{asked}"
            else:
                return False
            if address in self._conditions:
                return False
            self._conditions[address] = number
        self._types[full_url] = shape.type
        self._first_of[full_url] = number
        return True

    def _refer(self, path: str, text: str, targets: frozenset[str] | None) -> None:
        if not text.startswith("urn:"):
            return
        name = text.split("#")[0]
        if name not in self._types:
            self._walk.add(rules.DANGLING, path, value=text, kind="fullUrl")
            return
        found = self._types[name]
        if found and targets and not self._definitions.is_subtype(found, targets):
            allowed = ", ".join(sorted(targets))
            self._walk.add(rules.TARGET, path, value=text, found=found, allowed=allowed)

    def _between(self, entry: Entry) -> None:
        if entry.full_url is not None:
            self._full_url(entry, entry.full_url)
        if self._kind in ("transaction", "batch") and entry.method and entry.url:
            for fault, cure in _request_faults(entry, entry.method, entry.url):
                value = f"{entry.method} {entry.url}"
                path = f"{entry.path}.request"
                self._walk.add(rules.BUNDLE_REQUEST, path, value=value, fault=fault, cure=cure)
            if self._kind == "transaction":
                self._condition(entry, _condition(entry, entry.method, entry.url))

    def _condition(self, entry: Entry, condition: str | None) -> None:
        if condition is not None:
            first = self._conditions.setdefault(condition, entry.number)
            if first != entry.number:
                path = f"{entry.path}.request"
                place = f"Bundle.entry[{first}]"
                self._walk.add(rules.BUNDLE_CONDITION, path, value=condition, first=place)

    def _full_url(self, entry: Entry, full_url: str) -> None:
        self._types.setdefault(full_url, entry.type)
        path = f"{entry.path}.fullUrl"
        name = f"{full_url} {entry.version}" if entry.version else full_url
        first = self._first_of.setdefault(name, entry.number)
        if first != entry.number and self._kind != "history":
            fault = f"The fullUrl {full_url} stands at Bundle.entry[{first}] already (bdl-7)"
            cure = "Give each entry a fullUrl of its own"
            self._walk.add(rules.BUNDLE_FULL_URL, path, value=full_url, fault=fault, cure=cure)
        if full_url.startswith("urn:"):
            return
        literal = read_reference(full_url, self._definitions.resources)
        if literal is None or literal.form != "absolute" or literal.type is None:
            return
        if (entry.type and literal.type != entry.type) or (entry.id and literal.id != entry.id):
            fault = (
                f"The fullUrl names {literal.type}/{literal.id}, "
                f"the resource is {entry.type}/{entry.id or '(without id)'}"
            )
            cure = "Let the fullUrl end in the resource's type and id"
            self._walk.add(rules.BUNDLE_FULL_URL, path, value=full_url, fault=fault, cure=cure)


def _condition(entry: Entry, method: str, url: str) -> str | None:
    """What decides whether, and onto what, an entry is written; no two entries may share it."""
    if method == "POST":
        given = entry.if_none_exist
        return None if given is None else f"{url.split('?')[0]}?{given.rpartition('?')[2]}"
    return url if method in ("PUT", "PATCH", "DELETE") else None


def _request_faults(entry: Entry, method: str, url: str) -> Iterator[tuple[str, str]]:
    path, asked, query = url.partition("?")
    kind, _, name = path.partition("/")
    if method in ("POST", "PUT") and entry.type is None:
        yield f"{method} {url} comes without a resource", "Add the resource"
        return
    if method == "POST" and "$" in path:  # an operation, which has parameters of its own
        return
    if method in ("POST", "PUT") and kind != entry.type:
        yield (
            f"{method} {url} does not fit the resource, which is a {entry.type}",
            f"Let request.url start with {entry.type}",
        )
        return
    if method == "POST" and (name or asked):
        yield f"POST goes to a type, not to {url}", f"Write {kind} as request.url"
    if method == "PUT" and not name and not asked:
        yield (
            f"PUT {url} does not say what to write onto",
            f"Write {kind}/id, or {kind}?identifier=system|value",
        )
    if method == "PUT" and name and entry.id != name:
        yield (
            f"PUT {url} does not fit the resource's id, which is {entry.id or 'missing'}",
            "Let request.url end in the resource's id",
        )
    if method == "DELETE" and entry.type is not None:
        yield "DELETE comes with a resource", "Remove the resource"
    if asked and "=" not in query:
        yield f"{url} has no condition", "Write the condition as name=value"
    condition = entry.if_none_exist
    if condition is None:
        return
    if method != "POST":
        yield "ifNoneExist stands beside a method other than POST", "Remove ifNoneExist"
    elif "=" not in condition:
        yield (
            f"ifNoneExist {condition!r} is no condition",
            "Write it as identifier=system|value",
        )

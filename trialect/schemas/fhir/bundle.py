"""Whether a Bundle's entries fit together: fullUrls, references, requests and their conditions.

Source: http://hl7.org/fhir/R4/bundle.html#references and http.html#transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.literals import read_reference
from trialect.schemas.fhir.structure import Walk
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
    walk = Walk(definitions, skip=frozenset({"bdl-7"}))
    walk.resource(bundle, "", None)
    entries = bundle.get("entry") if type(bundle) is dict else None
    if type(entries) is not list or bundle.get("resourceType") != "Bundle":
        return walk.problems
    known = [Entry.of(entry, f"Bundle.entry[{i}]") for i, entry in enumerate(entries)]
    between = Between(definitions, bundle.get("type"))
    found = [problem for entry in known for problem in between.entry(entry)]
    found.extend(between.references(walk.references))
    return walk.problems + found


class Entry:
    """What the rules between entries need to know of one entry; absent or broken parts are None."""

    __slots__ = ("full_url", "id", "path", "request", "type", "version")

    def __init__(self, path: str) -> None:
        self.path = path
        self.full_url: str | None = None
        self.type: str | None = None
        self.id: str | None = None
        self.version: str | None = None
        self.request: Json | None = None

    @classmethod
    def of(cls, entry: Any, path: str) -> Entry:
        """The facts of a decoded entry."""
        made = cls(path)
        given = entry if type(entry) is dict else {}
        resource = given.get("resource")
        held = resource if type(resource) is dict else {}
        meta = held.get("meta")
        made.full_url = _text(given.get("fullUrl"))
        made.type = _text(held.get("resourceType"))
        made.id = _text(held.get("id"))
        made.version = _text(meta.get("versionId")) if type(meta) is dict else None
        request = given.get("request")
        made.request = request if type(request) is dict else None
        return made


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


class Between:
    """The rules between the entries of one Bundle; entries are given in order, then references."""

    def __init__(self, definitions: Table, kind: Any) -> None:
        self.definitions = definitions
        self.kind = kind
        self._named: dict[tuple[str, str | None], str] = {}
        self._types: dict[str, str | None] = {}
        self._conditions: dict[str, str] = {}

    def entry(self, entry: Entry) -> Iterator[Problem]:
        """The problems of an entry against those before it."""
        if entry.full_url is not None:
            yield from self._full_url(entry, entry.full_url)
        if self.kind in ("transaction", "batch") and entry.request is not None:
            yield from self._request(entry, entry.request)

    def references(
        self, references: list[tuple[str, str, frozenset[str] | None]]
    ) -> Iterator[Problem]:
        """The references that name no entry, or an entry of a wrong type."""
        for path, text, targets in references:
            if not text.startswith("urn:") or ".resource.entry[" in path:
                continue
            name = text.split("#")[0]
            if name not in self._types:
                yield rules.DANGLING.problem(path=path, value=text, kind="fullUrl")
                continue
            found = self._types[name]
            if found and targets and not self.definitions.is_subtype(found, targets):
                allowed = ", ".join(sorted(targets))
                yield rules.TARGET.problem(path=path, value=text, found=found, allowed=allowed)

    def _full_url(self, entry: Entry, full_url: str) -> Iterator[Problem]:
        self._types.setdefault(full_url, entry.type)
        first = self._named.setdefault((full_url, entry.version), entry.path)
        if first != entry.path and self.kind != "history":
            yield rules.BUNDLE_FULL_URL.problem(
                path=f"{entry.path}.fullUrl",
                value=full_url,
                fault=f"The fullUrl {full_url} stands at {first} already (bdl-7)",
                cure="Give each entry a fullUrl of its own",
            )
        literal = read_reference(full_url, self.definitions.resources)
        if literal is None or literal.form != "absolute" or literal.type is None:
            return
        if (entry.type and literal.type != entry.type) or (entry.id and literal.id != entry.id):
            yield rules.BUNDLE_FULL_URL.problem(
                path=f"{entry.path}.fullUrl",
                value=full_url,
                fault=f"The fullUrl names {literal.type}/{literal.id}, "
                f"the resource is {entry.type}/{entry.id or '(without id)'}",
                cure="Let the fullUrl end in the resource's type and id",
            )

    def _request(self, entry: Entry, request: Json) -> Iterator[Problem]:
        method, url = _text(request.get("method")), _text(request.get("url"))
        if method is None or url is None:
            return  # the structure has said so
        for fault, cure in _request_faults(entry, method, url, request):
            yield rules.BUNDLE_REQUEST.problem(
                path=f"{entry.path}.request", value=f"{method} {url}", fault=fault, cure=cure
            )
        if self.kind != "transaction":
            return
        condition = _condition(method, url, request)
        if condition is not None:
            first = self._conditions.setdefault(condition, entry.path)
            if first != entry.path:
                yield rules.BUNDLE_CONDITION.problem(
                    path=f"{entry.path}.request", value=condition, first=first
                )


def _condition(method: str, url: str, request: Json) -> str | None:
    """What decides whether, and onto what, an entry is written; no two entries may share it."""
    if method == "POST":
        given = _text(request.get("ifNoneExist"))
        return None if given is None else f"{url.split('?')[0]}?{given.rpartition('?')[2]}"
    return url if method in ("PUT", "PATCH", "DELETE") else None


def _request_faults(
    entry: Entry, method: str, url: str, request: Json
) -> Iterator[tuple[str, str]]:
    path, asked, query = url.partition("?")
    kind, _, name = path.partition("/")
    if method in ("POST", "PUT") and entry.type is None:
        yield f"{method} {url} comes without a resource", "Add the resource"
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
    condition = request.get("ifNoneExist")
    if condition is None:
        return
    if method != "POST":
        yield "ifNoneExist stands beside a method other than POST", "Remove ifNoneExist"
    elif type(condition) is str and "=" not in condition:
        yield (
            f"ifNoneExist {condition!r} is no condition",
            "Write it as identifier=system|value",
        )

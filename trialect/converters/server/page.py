"""A page of search results taken apart: each resource in its own words.

A resource is kept as the text that the server wrote, so that 19.00 stays 19.00; only line ends
between its parts are taken out, since NDJSON has one line for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_SPACE = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """A resource: its text without line ends, and what it says."""

    text: bytes
    resource: Json

    @property
    def type(self) -> str:
        """Its resourceType."""
        return str(self.resource.get("resourceType", ""))

    @property
    def id(self) -> str:
        """Its id, empty where it has none."""
        found = self.resource.get("id")
        return found if isinstance(found, str) else ""


@dataclass(slots=True)
class Page:
    """The resources of a page by what they are there for, and where the next page is."""

    lines: list[Line] = field(default_factory=list)
    outcomes: list[Json] = field(default_factory=list)
    next: str = ""
    total: int | None = None


def line_of(text: bytes) -> Line:
    """A resource by itself. Raises ValueError when it is none."""
    raw = text.decode("utf-8-sig").strip()
    return _line(raw, json.loads(raw))


def page_of(text: bytes) -> Page:
    """The page that a Bundle's text holds. Raises ValueError when it is no Bundle."""
    page = Page()
    raw = text.decode("utf-8-sig")
    head: Json = {}
    for name, start in _members(raw, _after(raw, 0)):
        if name == "entry" and raw[start : start + 1] == "[":
            for at in _items(raw, start):
                _entry(raw, at, page)
        else:
            head[name], _ = _DECODER.raw_decode(raw, start)
    if head.get("resourceType") != "Bundle":
        raise ValueError("no Bundle")
    links = head.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            page.next = str(link.get("url", ""))
    total = head.get("total")
    page.total = total if isinstance(total, int) else None
    return page


def _entry(raw: str, at: int, page: Page) -> None:
    mode = ""
    line = None
    for name, start in _members(raw, at):
        value, end = _DECODER.raw_decode(raw, start)
        if name == "resource":
            line = _line(raw[start:end], value)
        elif name == "search" and isinstance(value, dict):
            mode = str(value.get("mode", ""))
    if line is None:
        return
    if mode == "outcome" or line.type == "OperationOutcome":
        page.outcomes.append(line.resource)
    else:
        page.lines.append(line)


def _line(raw: str, value: Any) -> Line:
    if not isinstance(value, dict):
        raise ValueError("a resource is no JSON object")
    # A line end inside a string would not be JSON: what is found stands between the parts.
    return Line(_LINE_END.sub("", raw).encode(), value)


def _members(raw: str, at: int) -> Iterator[tuple[str, int]]:
    """Names of an object that begins here, with where their values begin."""
    if raw[at : at + 1] != "{":
        raise ValueError("no JSON object")
    at = _after(raw, at + 1)
    while raw[at : at + 1] != "}":
        name, end = _DECODER.raw_decode(raw, at)
        at = _after(raw, end)
        if raw[at : at + 1] != ":":
            raise ValueError("no colon behind a name")
        start = _after(raw, at + 1)
        yield str(name), start
        at = _next(raw, _end(raw, start), "}")


def _items(raw: str, at: int) -> Iterator[int]:
    """Where the items of a list begin."""
    at = _after(raw, at + 1)
    while raw[at : at + 1] != "]":
        yield at
        at = _next(raw, _end(raw, at), "]")


def _next(raw: str, at: int, close: str) -> int:
    """Where the next member or item begins, or the end is."""
    at = _after(raw, at)
    if raw[at : at + 1] == ",":
        return _after(raw, at + 1)
    if raw[at : at + 1] != close:
        raise ValueError("no comma between members")
    return at


def _end(raw: str, at: int) -> int:
    return int(_DECODER.raw_decode(raw, at)[1])


def _after(raw: str, at: int) -> int:
    found = _SPACE.match(raw, at)
    return found.end() if found else at

"""Where something stands in a JSON text: its path, line and column, also where it is broken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_LONGEST = 300
"""Characters of a path at most; of a longer one the beginning is told."""


class _Way:
    """The way to where a text is read: the open objects, by member, and lists, by place."""

    def __init__(self) -> None:
        self.steps: list[str | int] = []
        self.names: list[set[str]] = []
        self._word = ""

    def take(self, token: str) -> str | None:
        """Go on by a token; the name of a member that its object has already."""
        if token in ("{", "["):
            self.steps.append("" if token == "{" else 0)
            self.names.append(set())
        elif token in ("}", "]"):
            if self.steps:
                self.steps.pop()
                self.names.pop()
        elif token == ",":
            if self.steps:
                last = self.steps[-1]
                self.steps[-1] = last + 1 if isinstance(last, int) else ""
        elif token == ":":
            return self._member()
        else:
            self._word = token
        return None

    def _member(self) -> str | None:
        if not self.steps or isinstance(self.steps[-1], int):
            return None
        try:
            name = str(json.loads(self._word, strict=False))
        except ValueError:
            name = self._word.strip('"')
        self.steps[-1] = name
        known = self.names[-1]
        if name in known:
            return name
        known.add(name)
        return None

    @property
    def path(self) -> str:
        """The way as a JSON path, `protocolSection.a[1].b`."""
        path = ""
        for step in self.steps:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if step else ""
            if len(path) > _LONGEST:
                return path[1:_LONGEST]
        return path.lstrip(".")


def place_of(before: str) -> tuple[str, str]:
    """The path of the end of a text, as far as it can be told, and its line and column."""
    way = _Way()
    for token in _TOKEN.findall(before):
        way.take(token)
    column = len(before) - before.rfind("\n")
    lines = before.count("\n") + 1
    return way.path, f"line {lines}, column {column} of the record"


def members_twice(text: str) -> Iterator[str]:
    """The paths of members that their object has already, in the order of the text."""
    way = _Way()
    for token in _TOKEN.findall(text):
        if way.take(token) is not None:
            yield way.path

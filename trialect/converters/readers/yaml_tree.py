"""YAML as a tree that remembers its lines; every scalar stays the text that was written.

It takes the YAML that a person writes: mappings, lists, texts. Aliases (of which a few lines can
grow to any size), tags, keys that are there twice and several documents are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from yaml.reader import Reader

from trialect.problems import Problem, Unusable, rule

SIZE_LIMIT = 2**20
"""Bytes of a file at most."""
DEPTH_LIMIT = 20
"""Levels of lists and mappings at most."""

_NULLS = ("", "~", "null", "Null", "NULL")

NOT_UTF8 = rule(
    "YAML-ENCODING",
    "error",
    "The study file is not UTF-8",
    "byte 0x{byte:02X} is not UTF-8.",
    "Save the file as UTF-8.",
)
UNPRINTABLE = rule(
    "YAML-CHARACTER",
    "error",
    "A character is not allowed in YAML",
    "character U+{code:04X} is not allowed in YAML.",
    "Take it out.",
    "YAML 1.1, 5.1",
)
TOO_LARGE = rule(
    "YAML-SIZE",
    "error",
    "The study file is too large",
    "the file has {size} bytes; a study file has {limit} at most.",
    "Check that this is the study file.",
)
TOO_DEEP = rule(
    "YAML-DEPTH",
    "error",
    "The study file is nested too deeply",
    "lists and mappings stand in each other more than {limit} deep.",
    "Check the brackets and the indentation.",
)
SYNTAX = rule(
    "YAML-SYNTAX",
    "error",
    "The study file is no YAML",
    "{reason} (column {column}).",
    "Check the indentation, the colons and the quotes at this place.",
)
ALIAS = rule(
    "YAML-ALIAS",
    "error",
    "Anchors and aliases are not allowed",
    "{value} is an anchor or alias, which a study file must not use.",
    "Write the text out where it is wanted, or put quotes around it.",
)
TAG = rule(
    "YAML-TAG",
    "error",
    "Tags are not allowed",
    "{value} is a tag, which a study file must not use.",
    "Take it out, or put quotes around the text.",
)
DUPLICATE_KEY = rule(
    "YAML-DUPLICATE-KEY",
    "error",
    "A key is there twice",
    "key {value!r} is there already, on line {first}.",
    "Keep one of them.",
)
COMPLEX_KEY = rule(
    "YAML-KEY",
    "error",
    "A key is no word",
    "a list or mapping stands where a key is expected.",
    "Put quotes around the key, if it is text.",
)
DOCUMENTS = rule(
    "YAML-DOCUMENTS",
    "error",
    "The file does not hold exactly one document",
    "the file is empty or holds several documents.",
    "Write one mapping of keys, without `---` in between.",
)


@dataclass(slots=True)
class Node:
    """A text, a list or a mapping, and the line (from 1) it begins on.

    `key_line` is the line of the key in front of it, which is where a person looks.
    """

    kind: Literal["text", "list", "mapping"]
    line: int
    text: str = ""
    plain: bool = False
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key_line: int = 0

    @property
    def is_null(self) -> bool:
        """Whether nothing was written: an empty value, `~` or `null` without quotes."""
        return self.kind == "text" and self.plain and self.text in _NULLS


def content(file: Path) -> bytes:
    """The bytes of a file; one that is too large is not read.

    Raises `Unusable` for that, OSError where there is no file.
    """
    size = file.stat().st_size
    if size > SIZE_LIMIT:
        raise Unusable(TOO_LARGE.problem(file=file.name, size=size, limit=SIZE_LIMIT))
    return file.read_bytes()


def parse(data: bytes, file: str) -> Node:
    """The tree of one YAML document. Raises `Unusable` with the problems found."""
    if len(data) > SIZE_LIMIT:
        raise Unusable(TOO_LARGE.problem(file=file, size=len(data), limit=SIZE_LIMIT))
    text = _decoded(data, file)
    building = _Building(file)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            building.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(filter(None, (error.context, error.problem)))
        problem = SYNTAX.problem(
            file=file,
            row=mark.line + 1 if mark else None,
            reason=reason,
            column=mark.column + 1 if mark else "?",
        )
        raise Unusable([*building.found, problem]) from None
    except yaml.YAMLError as error:
        problem = SYNTAX.problem(file=file, reason=str(error), column="?")
        raise Unusable([*building.found, problem]) from None
    if building.documents != 1 or building.root is None:
        building.found.append(DOCUMENTS.problem(file=file))
    if building.found:
        raise Unusable(building.found)
    assert building.root is not None
    return building.root


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unusable(NOT_UTF8.problem(file=file, row=line, byte=data[error.start])) from None
    wrong = Reader.NON_PRINTABLE.search(text)
    if wrong:
        line = text.count("\n", 0, wrong.start()) + 1
        raise Unusable(UNPRINTABLE.problem(file=file, row=line, code=ord(wrong[0])))
    return text


class _Building:
    """Makes the tree of the parser's events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []
        self.root: Node | None = None
        self.documents = 0
        self._open: list[Node] = []
        self._keys: list[tuple[str, int] | None] = []

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
        elif isinstance(event, yaml.AliasEvent):
            self.found.append(ALIAS.problem(file=self.file, row=line, value=f"*{event.anchor}"))
            self._place(Node("text", line))
        elif isinstance(event, yaml.ScalarEvent):
            self._check(event, line)
            # Blanks around a text count only where quotes say so.
            text = event.value if event.style in ("'", '"') else event.value.strip()
            self._place(Node("text", line, text, plain=event.style in (None, "")))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._check(event, line)
            kind: Literal["list", "mapping"] = (
                "list" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
            )
            node = Node(kind, line)
            self._place(node)
            self._open.append(node)
            self._keys.append(None)
            if len(self._open) > DEPTH_LIMIT:
                problem = TOO_DEEP.problem(file=self.file, row=line, limit=DEPTH_LIMIT)
                raise Unusable([*self.found, problem])
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._open.pop()
            self._keys.pop()

    def _check(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self.found.append(ALIAS.problem(file=self.file, row=line, value=f"&{event.anchor}"))
        if event.tag is not None:
            self.found.append(TAG.problem(file=self.file, row=line, value=event.tag))

    def _place(self, node: Node) -> None:
        """Put a node where it belongs: the root, an item, a key or a key's value."""
        if not self._open:
            if self.root is None:
                self.root = node
            return
        parent = self._open[-1]
        if parent.kind == "list":
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            if node.kind != "text":
                self.found.append(COMPLEX_KEY.problem(file=self.file, row=node.line))
            self._keys[-1] = (node.text, node.line)
            return
        word, node.key_line = key
        first = parent.entries.setdefault(word, node)
        if first is not node:
            self.found.append(
                DUPLICATE_KEY.problem(
                    file=self.file, row=node.key_line, value=word, first=first.key_line
                )
            )
        self._keys[-1] = None


def walk(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every node below this one (and itself) with its path; items are counted from 0."""
    yield path, node
    for key, value in node.entries.items():
        yield from walk(value, (*path, key))
    for place, item in enumerate(node.items):
        yield from walk(item, (*path, str(place)))

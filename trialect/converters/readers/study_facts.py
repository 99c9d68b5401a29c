"""A study as it was read, with the tree of its file, which knows the lines of every value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trialect.converters.readers.yaml_tree import Node
from trialect.problems import Problem, Rule
from trialect.trial import Study


@dataclass(frozen=True, slots=True)
class Facts:
    """A study and the tree it was read from, which knows the lines."""

    study: Study
    root: Node
    file: str
    folder: Path | None = None
    """The study folder, which may carry terminology of its own."""

    def problem(self, broken: Rule, path: str, **given: object) -> Problem:
        """A problem at a dotted path (items by their place)."""
        return broken.problem(file=self.file, row=self._line(path), field=path, **given)

    def values(self, pattern: str) -> Iterator[tuple[str, str]]:
        """The paths and texts that a pattern with * finds in the file."""
        for path, node in _follow(self.root, pattern.split("."), ""):
            if node.kind == "text" and not node.is_null:
                yield path, node.text

    def _line(self, path: str) -> int:
        node = self.root
        line = node.line
        for step in path.split("."):
            if node.kind == "mapping" and step in node.entries:
                node = node.entries[step]
            elif node.kind == "list" and step.isdigit() and int(step) < len(node.items):
                node = node.items[int(step)]
            else:
                break
            line = node.key_line or node.line
        return line


def _follow(node: Node, steps: list[str], path: str) -> Iterator[tuple[str, Node]]:
    if not steps:
        yield path, node
        return
    step, *rest = steps
    for name, child in _children(node):
        if step in ("*", name):
            yield from _follow(child, rest, f"{path}.{name}" if path else name)


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.entries.items()
    yield from ((str(place), item) for place, item in enumerate(node.items))

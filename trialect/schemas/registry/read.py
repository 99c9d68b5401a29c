"""A registry's XML read record by record, with nothing fetched, nothing expanded, all bounded.

Entities are refused where they are declared, so that none is ever resolved and no bomb goes off; a
document type without declarations is read past, and its file never opened. Texts, nesting and
records have limits far above what registries take. One record is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from trialect.problems import Problem, Unusable, rule
from trialect.schemas.fhir.packed import BROKEN_GZIP, opened
from trialect.schemas.registry.nodes import Node

TEXT_LIMIT = 4_000_000
"""Characters of one text at most; registries take 32,000."""
RECORD_LIMIT = 500_000
"""Elements of one record at most."""
RECORD_TEXT_LIMIT = 40_000_000
"""Characters of all texts of a record at most."""
TOKEN_LIMIT = 8_000_000
"""Bytes of a tag or a comment at most."""
DEPTH_LIMIT = 40
"""Elements within each other at most; registries have 8."""
CHUNK = 2**16

SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_FREE = (f"{SCHEMA_INSTANCE} schemaLocation", f"{SCHEMA_INSTANCE} noNamespaceSchemaLocation")

BROKEN = rule(
    "REGISTRY-XML",
    "error",
    "A registry's file is no XML",
    "{file} cannot be read as XML: {reason} (line {row}, column {column}).",
    "Write it again, or correct the place that is named; what comes before it was checked.",
    "XML 1.0",
)
ENTITY = rule(
    "REGISTRY-ENTITY",
    "error",
    "A registry's file declares or uses an entity",
    "{file} {does} the entity {value} (line {row}); none is resolved or expanded here.",
    "Write the text itself in place of the entity; a registry's file needs none.",
    "XML 1.0, 4.2",
)
TOO_LARGE = rule(
    "REGISTRY-LARGE",
    "error",
    "Something in a registry's file is larger than any registry takes",
    "{file} holds {what}; more than {limit} is not read.",
    "Look whether the file is a registry's at all.",
)
NOT_ROOT = rule(
    "REGISTRY-ROOT",
    "error",
    "A file is not the registry's",
    "{file} begins with {value}; a file of this registry begins with {expected}.",
    "Give the file that the registry takes.",
    "the registry's schema",
)


class _Stop(Exception):  # noqa: N818 # carries the problem out of the parser's callbacks
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Reader:
    """Collects the elements of a record; `done` holds those that are complete."""

    def __init__(self, name: str, root: str) -> None:
        self.file, self.root = name, root
        self.done: list[Node] = []
        self.others: list[Node] = []
        self.open: list[tuple[Node, list[str], list[Node]]] = []
        self.depth = 0
        self.size = 0
        self.length = 0
        self.total = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = 2**16
        parser.ordered_attributes = False
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.EntityDeclHandler = self.declared
        parser.UnparsedEntityDeclHandler = self.declared
        parser.ExternalEntityRefHandler = self.external
        parser.SkippedEntityHandler = self.skipped

    def declared(self, name: str, *_: object) -> None:
        raise self.entity("declares", name)

    def external(self, context: str, *_: object) -> int:
        raise self.entity("uses", str(context))

    def skipped(self, name: str, *_: object) -> None:
        raise self.entity("uses", name)

    def entity(self, does: str, name: str) -> _Stop:
        row = self.parser.CurrentLineNumber
        return _Stop(ENTITY.problem(file=self.file, row=row, value=name[:60], does=does))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.size += 1
        if self.depth > DEPTH_LIMIT:
            self.too_large(f"elements nested {self.depth} deep", DEPTH_LIMIT)
        if self.size > RECORD_LIMIT:
            self.too_large("a record of very many elements", RECORD_LIMIT)
        line = self.parser.CurrentLineNumber
        if self.depth == 1:
            if self.root and name.rpartition(" ")[2] != self.root.rpartition(" ")[2]:
                shown, expected = _shown(name), _shown(self.root)
                raise _Stop(NOT_ROOT.problem(file=self.file, value=shown, expected=expected))
            self.others.append(Node(name, line=line, attributes=_kept(attributes)))
            return
        node = Node(name, attributes=_kept(attributes), line=line)
        if self.open:
            self.open[-1][2].append(node)
        self.open.append((node, [], []))
        self.length = 0

    def end(self, _: str) -> None:
        self.depth -= 1
        if self.depth == 0:
            return
        node, texts, parts = self.open.pop()
        node.text = "".join(texts)
        node.parts = parts or None
        self.length = 0
        if self.depth == 1:
            self.size = self.total = 0
            self.done.append(node)

    def text(self, text: str) -> None:
        self.length += len(text)
        self.total += len(text)
        if self.length > TEXT_LIMIT:
            self.too_large("a text of very many characters", TEXT_LIMIT)
        if self.total > RECORD_TEXT_LIMIT:
            self.too_large("a record of very many characters", RECORD_TEXT_LIMIT)
        if self.open:
            self.open[-1][1].append(text)
        elif not text.isspace():
            self.others.append(Node("", text.strip()[:60], line=self.parser.CurrentLineNumber))

    def too_large(self, what: str, limit: int) -> None:
        row = self.parser.CurrentLineNumber
        raise _Stop(TOO_LARGE.problem(file=self.file, row=row, what=what, limit=f"{limit:,}"))


def records(path: Path, root: str = "") -> Iterator[Node]:
    """The root of a file without what is in it, then its records, one after the other.

    The file may be packed with gzip; what unpacks to many times its size is not read on.
    `root` is the root that the file must have, if any. Names are `namespace name`, or the name
    alone; a node without a name is a text that stands between records.

    Raises `Unusable` where the file is no XML, uses entities, is too large, or
    has another root; what came before was given by then. OSError as reading raises it.
    """
    with opened(path) as file:
        yield from _records(file, _Reader(path.name, root))


def _records(file: BinaryIO, reader: _Reader) -> Iterator[Node]:
    parser = reader.parser
    read = 0
    try:
        while True:
            chunk = file.read(CHUNK)
            parser.Parse(chunk, not chunk)
            read += len(chunk)
            if read - parser.CurrentByteIndex > TOKEN_LIMIT:
                reader.too_large("a tag or comment of very many bytes", TOKEN_LIMIT)
            yield from reader.others
            reader.others.clear()
            yield from reader.done
            reader.done.clear()
            if not chunk:
                return
    except _Stop as stop:
        problem = stop.problem
    except expat.ExpatError as error:
        problem = BROKEN.problem(
            file=reader.file,
            row=error.lineno,
            column=error.offset + 1,
            reason=expat.ErrorString(error.code),
        )
    except BROKEN_GZIP as error:
        row, reason = parser.CurrentLineNumber, f"gzip: {error}"
        problem = BROKEN.problem(file=reader.file, row=row, column=1, reason=reason)
    except (ValueError, LookupError) as error:
        row, reason = parser.CurrentLineNumber, str(error) or type(error).__name__
        problem = BROKEN.problem(file=reader.file, row=row, column=1, reason=reason)
    yield from reader.others
    yield from reader.done
    raise Unusable(problem)


def _kept(attributes: dict[str, str]) -> dict[str, str] | None:
    """Attributes without those that say where a schema lies, which any element may have."""
    if not attributes:
        return None
    return {name: value for name, value in attributes.items() if name not in _FREE} or None


def _shown(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{local} of {namespace[:80]}" if namespace else local[:80]

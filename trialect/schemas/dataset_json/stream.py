"""Reads a Dataset-JSON file of any size piece by piece: its metadata, and its rows in batches.

JSON, NDJSON and the compressed form (zlib as the specification says, or gzip as the official
examples are) are told apart by content.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from trialect.problems import Unusable, rule

NOT_JSON = rule(
    "DSJSON-NOT-JSON",
    "error",
    "A Dataset-JSON file cannot be read",
    "{file} cannot be read as Dataset-JSON: {reason}.",
    "Make it anew; a cut file is the usual reason.",
    "RFC 8259",
)

BETWEEN = b",\n"
"""Stands between two rows, as they are usually written."""
_ENDED = b"]" + BETWEEN + b"["

CHUNK = 2 << 20
FIRST_LINE = 4 << 20
"""The longest first line that is looked at to tell NDJSON from JSON."""
LIMIT = 64 << 20
"""The longest row or metadata that is read, in bytes."""

_STRING = rb'"(?:[^"\\]|\\.)*+"'
_ROWS = re.compile(
    rb"(?:\s*+\[(?>[^\"\[\]]++|" + _STRING + rb")*+\]\s*+,)*+\s*+"
    rb"(?:\[(?>[^\"\[\]]++|" + _STRING + rb")*+\]\s*+(?=\]))?+",
    re.DOTALL,
)
"""As many whole rows as there are: arrays of scalars, separated by commas."""
_TOKEN = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)


@dataclass(slots=True)
class Stream:
    """A file's metadata and its rows; members that follow the rows are added to `head` when all
    rows have been read.

    `texts` are the rows in pieces, arrays of JSON with commas between them.
    """

    path: Path
    head: dict[str, Any]
    texts: Iterator[bytes]
    lines: bool = field(default=False)

    @property
    def batches(self) -> Iterator[list[Any]]:
        """The rows, each as JSON has it. Raises `Unusable` for what is no JSON."""
        return map(self.rows, self.texts)

    def rows(self, text: bytes) -> list[Any]:
        """The rows of a piece. Raises `Unusable` for what is no JSON."""
        found = _loads(self.path, b"[" + text + b"]")
        return found if isinstance(found, list) else []


def open_stream(path: Path) -> Stream:
    """Open a Dataset-JSON file.

    Raises `Unusable` (also while rows are taken) for what is no JSON, is cut, or holds a row of
    more than `LIMIT` bytes.
    """
    source = _Source(path)
    first = source.line()
    if first is not None and b'"rows"' not in first and first.strip().endswith(b"}"):
        head = _object(path, first)
        return Stream(path, head, _lines(path, source), lines=True)
    return _document(path, source)


class _Source:
    """The bytes of a file, unpacked, with what has been read ahead."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = _unpacked(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unusable(NOT_JSON.problem(file=path.name, reason=reason)) from error
        self.ahead = b""

    def more(self) -> bool:
        """Read on; False at the end."""
        try:
            data = self._file.read(CHUNK)
        except (OSError, EOFError, zlib.error) as error:
            raise Unusable(NOT_JSON.problem(file=self._path.name, reason=str(error))) from error
        self.ahead += data
        return bool(data)

    def line(self) -> bytes | None:
        """The first line without taking it, or None when it is longer than `FIRST_LINE`."""
        while b"\n" not in self.ahead and len(self.ahead) <= FIRST_LINE and self.more():
            pass
        line, found, _ = self.ahead.partition(b"\n")
        return line if found or len(self.ahead) <= FIRST_LINE else None


def _unpacked(path: Path) -> BinaryIO:
    file = path.open("rb")
    magic = file.read(2)
    file.seek(0)
    if magic == b"\x1f\x8b":
        return cast("BinaryIO", gzip.GzipFile(fileobj=file))
    if magic[:1] == b"\x78":
        return cast("BinaryIO", _Inflated(file))
    return file


class _Inflated:
    """A zlib stream as a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        while not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                raise EOFError("the compressed data are cut")
            data = self._unpacker.decompress(packed, size)
            if data:
                return data
        return b""


def _lines(path: Path, source: _Source) -> Iterator[bytes]:
    """The rows of an NDJSON file, after its first line."""
    source.ahead = source.ahead.partition(b"\n")[2]
    while True:
        whole, found, rest = source.ahead.rpartition(b"\n")
        if found:
            source.ahead = rest
            yield BETWEEN.join(line for line in whole.split(b"\n") if line.strip())
        _limited(path, source)
        if not source.more():
            break
    if source.ahead.strip():
        yield source.ahead


def _document(path: Path, source: _Source) -> Stream:
    """A JSON file: the text up to the rows, the rows, and the text after them."""
    start = _start_of_rows(path, source)
    if start is None:
        return Stream(path, _object(path, source.ahead), iter(()))
    before, source.ahead = source.ahead[:start], source.ahead[start:].lstrip()
    # Members before the rows are usable at once; those after them when the rows have been read.
    head = _object(path, before + b"]}")
    head.pop("rows", None)
    return Stream(path, head, _rows(path, source, head))


def _start_of_rows(path: Path, source: _Source) -> int | None:
    """Where the first row begins; None when the file ends without rows."""
    while True:
        depth, key = 0, b""
        for token in _TOKEN.finditer(source.ahead):
            text = token.group()
            if text in b"{[":
                if text == b"[" and depth == 1 and key == b'"rows"':
                    return token.end()
                depth += 1
            elif text in b"}]":
                depth -= 1
            elif depth == 1:
                key = text
        _limited(path, source)
        if not source.more():
            return None


def _rows(path: Path, source: _Source, head: dict[str, Any]) -> Iterator[bytes]:
    while True:
        # No line feed stands inside a JSON string, so this is between two rows for certain.
        cut = source.ahead.rfind(_ENDED)
        if cut >= 0:
            yield source.ahead[: cut + 1]
            source.ahead = source.ahead[cut + len(_ENDED) - 1 :]
        found = _ROWS.match(source.ahead)
        end = found.end() if found else 0
        rows = source.ahead[:end].strip().removesuffix(b",")
        if rows:
            yield rows
        source.ahead = source.ahead[end:].lstrip()
        if source.ahead.startswith(b"]"):
            break
        _limited(path, source)
        if not source.more():
            reason = "it ends, or is no list of rows, after the rows that could be read"
            raise Unusable(NOT_JSON.problem(file=path.name, reason=reason))
    while source.more():
        _limited(path, source)
    # An object without its members before the rows starts with a comma, or ends at once.
    rest = source.ahead[1:].strip().removeprefix(b",")
    head.update(_object(path, b"{" + rest))


def _limited(path: Path, source: _Source) -> None:
    if len(source.ahead) > LIMIT:
        reason = f"a row, or its metadata, is longer than {LIMIT:,} bytes"
        raise Unusable(NOT_JSON.problem(file=path.name, reason=reason))


def _object(path: Path, data: bytes) -> dict[str, Any]:
    found = _loads(path, data)
    if not isinstance(found, dict):
        raise Unusable(NOT_JSON.problem(file=path.name, reason="it does not start with an object"))
    return found


def _loads(path: Path, data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Unusable(NOT_JSON.problem(file=path.name, reason=str(error))) from error

"""FHIR files, one resource after the other: bundles, NDJSON and single resources, plain or gzip.

A file of any size is read in pieces; a resource is given as the text that stood in the file. What
a file holds is told by its content: NDJSON when its first line is a whole resource, else JSON. A
line of NDJSON that cannot be read is given with the reason and the others go on; JSON that breaks
off makes the file unusable, since nobody knows what would have followed.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from trialect.converters.package import PULLED
from trialect.problems import Problem, Rule, Unusable, rule

SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
"""The ends of the names of files that are looked at."""

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest resource that is read."""

DEEPEST = 100
"""Levels of objects and lists in a resource; HL7's own examples have up to 20."""

_PIECE = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

NOT_UTF8 = rule(
    "FHIR-READ-ENCODING",
    "error",
    "A FHIR file is not UTF-8",
    "{detail}; FHIR's JSON is UTF-8.",
    "Write the file again in UTF-8.",
    "http://hl7.org/fhir/R4/json.html",
)
NOT_JSON = rule(
    "FHIR-READ-JSON",
    "error",
    "A FHIR file is no JSON",
    "{detail}.",
    "Ask for the file again; it may have been cut.",
    "http://hl7.org/fhir/R4/json.html",
)
TOO_DEEP = rule(
    "FHIR-READ-DEPTH",
    "error",
    "A resource is nested too deeply",
    "objects and lists are nested more than {most} levels deep; the resource is not read.",
    "Look at the resource; no resource of FHIR needs as many levels.",
)
TOO_LARGE = rule(
    "FHIR-READ-SIZE",
    "error",
    "A resource is too large",
    "the resource has more than {most} bytes; it is not read.",
    "Look at the resource; documents and images belong into Binary, outside the export.",
)
TWICE = rule(
    "FHIR-READ-KEY-TWICE",
    "error",
    "A resource has a key twice",
    "{key!r} stands twice in one object, and readers differ on which holds.",
    "Mend the system that wrote the resource.",
    "http://hl7.org/fhir/R4/json.html",
)
NO_RESOURCE = rule(
    "FHIR-READ-NO-RESOURCE",
    "error",
    "What stands here is no resource",
    "{detail}.",
    "Every resource is a JSON object with a resourceType.",
)
BUNDLE_INSIDE = rule(
    "FHIR-READ-BUNDLE-INSIDE",
    "error",
    "A Bundle stands inside another",
    "a Bundle stands where a resource of the study was expected; it is not opened.",
    "Give inner Bundles as files of their own.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource as it stands in a file.

    `row` is the line of NDJSON or the entry of a Bundle, from 1. `text` is the resource's JSON,
    `wrapped` says that it is a Bundle's entry around it. `value` is the same, decoded for a first
    look (numbers as floats). A resource that cannot be read has a `fault` and no value.
    """

    row: int
    text: bytes
    wrapped: bool
    value: dict[str, Any]
    fault: Problem | None = None

    @property
    def resource(self) -> dict[str, Any]:
        """The resource itself."""
        return cast("dict[str, Any]", self.value["resource"] if self.wrapped else self.value)

    @property
    def full_url(self) -> str | None:
        """The fullUrl of the entry."""
        url = self.value.get("fullUrl") if self.wrapped else None
        return url if isinstance(url, str) else None


def is_fhir_name(path: Path) -> bool:
    """Whether a file may hold FHIR by its name; names that begin with `_` or `.` do not."""
    is_ours = path.name[0] in "._" or path.name == PULLED
    return path.name.lower().endswith(SUFFIXES) and not is_ours


def holds_fhir(path: Path) -> bool:
    """Whether a file begins as FHIR in JSON does; what breaks off there is told when it is read."""
    try:
        with _opened(path) as file:
            start = file.read(4096)
    except (EOFError, zlib.error):
        return is_fhir_name(path)
    except OSError:
        return False
    if start[:2] in _UTF16:
        start = start.decode("utf-16", "ignore").encode()
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"resourceType"' in start


def read_fhir(path: Path, name: str) -> Iterator[Entry]:
    """The resources of a file, which problems call `name`. Raises `Unusable`."""
    try:
        with _opened(path) as file:
            start = file.read(_PIECE)
            if start[:2] in _UTF16 or b"\x00" in start[:64]:
                detail = "the file is UTF-16 or binary"
                raise Unusable(NOT_UTF8.problem(file=name, detail=detail))
            start = start.removeprefix(codecs.BOM_UTF8)
            if _is_lines(start, path):
                yield from _lines(_line_texts(start, file))
            else:
                yield from _Json(start, file, name).entries()
    except UnicodeDecodeError as error:
        detail = f"a byte of {error.object[error.start : error.start + 1]!r} is not UTF-8"
        raise Unusable(NOT_UTF8.problem(file=name, detail=detail)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unusable(NOT_JSON.problem(file=name, detail=f"gzip: {error}")) from error
    except OSError as error:
        raise Unusable(NOT_JSON.problem(file=name, detail=error.strerror or error)) from error


def _opened(path: Path) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def _is_lines(start: bytes, path: Path) -> bool:
    if path.name.lower().removesuffix(".gz").endswith(("ndjson", "jsonl")):
        return True
    first, feed, rest = start.lstrip().partition(b"\n")
    if not feed or not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def _line_texts(start: bytes, file: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is too long, its beginning."""
    rest = start
    while True:
        *whole, rest = rest.split(b"\n")
        yield from whole
        if len(rest) > LARGEST:
            yield rest
            rest = _after_line(file)
        piece = file.read(_PIECE)
        if not piece:
            yield rest
            return
        rest += piece


def _after_line(file: BinaryIO) -> bytes:
    while piece := file.read(_PIECE):
        before, feed, after = piece.partition(b"\n")
        if feed:
            return after
        del before
    return b""


def _lines(lines: Iterator[bytes]) -> Iterator[Entry]:
    for row, line in enumerate(lines, start=1):
        text = line.strip()
        if text:
            yield looked_at(row, text, wrapped=False)


def looked_at(row: int, text: bytes, *, wrapped: bool) -> Entry:
    """The entry of a text, with what makes it no resource."""
    if len(text) > LARGEST:
        return _faulty(row, text[:200], TOO_LARGE, most=LARGEST)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            json.loads(text.decode())
        except UnicodeDecodeError as wrong:
            detail = f"byte {wrong.start + 1} is not UTF-8"
            return _faulty(row, text[:200], NOT_UTF8, detail=detail)
        except RecursionError:
            return _faulty(row, text[:200], TOO_DEEP, most=DEEPEST)
        except ValueError:
            pass  # orjson says it as well
        return _faulty(row, text[:200], NOT_JSON, detail=f"the resource is no JSON: {error}")
    resource = value.get("resource") if wrapped and isinstance(value, dict) else value
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        if wrapped and isinstance(value, dict) and resource is None:
            return _faulty(row, text[:200], NO_RESOURCE, detail="the entry has no resource")
        return _faulty(row, text[:200], NO_RESOURCE, detail="there is no resourceType")
    if resource["resourceType"] == "Bundle":
        return _faulty(row, text[:200], BUNDLE_INSIDE)
    if text.count(b"{") + text.count(b"[") > DEEPEST and _depth(value) > DEEPEST:
        return _faulty(row, text[:200], TOO_DEEP, most=DEEPEST)
    return Entry(row, text, wrapped, value)


def _faulty(row: int, text: bytes, broken: Rule, **given: object) -> Entry:
    return Entry(row, text, False, {}, broken.problem(row=row, **given))


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            return deepest
        below: list[Any] = []
        for one in level:
            inner = one.values() if isinstance(one, dict) else one
            below += [each for each in inner if isinstance(each, dict | list)]
        level = below
    return deepest


class _Json:
    """One JSON object in a file: a resource, or a Bundle whose entries are given one by one."""

    def __init__(self, start: bytes, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = self.decoder.decode(start)
        self.at = 0
        self.ended = False
        # Only texts are taken from what is decoded: a number of any length stays one.
        self.json = json.JSONDecoder(parse_int=str, parse_float=str)

    def entries(self) -> Iterator[Entry]:
        """The entries of a Bundle; or the one resource, as entry 1."""
        if self._next() != "{":
            self._fail("the file does not begin with an object")
        self.at += 1
        members: dict[str, Any] = {}
        parts: list[str] = []
        given = 0
        while self._next() != "}":
            key, _ = self._value("a key")
            self._expect(":")
            if key == "entry" and members.get("resourceType", "Bundle") == "Bundle":
                for given, item in enumerate(self._list(), start=1):
                    yield looked_at(given, item, wrapped=True)
            else:
                if key in members:
                    raise Unusable(TWICE.problem(file=self.name, key=key))
                members[str(key)], text = self._value("a value")
                parts.append(f"{json.dumps(key)}:{text}")
            if self._next() == ",":
                self.at += 1
            elif self._next() != "}":
                self._fail("a comma is missing")
        self.at += 1
        if self._next():
            self._fail("something follows the end of the object")
        if members.get("resourceType") == "Bundle":
            return
        if given:
            self._fail("entries stand in what is no Bundle")
        yield looked_at(1, ("{" + ",".join(parts) + "}").encode(), wrapped=False)

    def _list(self) -> Iterator[bytes]:
        if self._next() != "[":
            self._fail("Bundle.entry is no list")
        self.at += 1
        while self._next() != "]":
            _, text = self._value("an entry")
            yield text.encode()
            if self._next() == ",":
                self.at += 1
            elif self._next() != "]":
                self._fail("a comma is missing between entries")
        self.at += 1

    def _value(self, what: str) -> tuple[Any, str]:
        """The value that stands here, and its text."""
        self._next()
        while True:
            try:
                value, end = self.json.raw_decode(self.text, self.at)
            except RecursionError as error:
                raise Unusable(TOO_DEEP.problem(file=self.name, most=DEEPEST)) from error
            except json.JSONDecodeError as error:
                if self.ended:
                    self._fail(f"{what} is broken: {error}")
                if len(self.text) - self.at > LARGEST:
                    raise Unusable(TOO_LARGE.problem(file=self.name, most=LARGEST)) from error
                self._more(len(self.text) - self.at)
                continue
            if end == len(self.text) and not self.ended:
                self._more(_PIECE)  # a number may go on
                continue
            text = self.text[self.at : end]
            self.at = end
            return value, text

    def _next(self) -> str:
        """The character that follows blanks; nothing at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self._more(_PIECE)

    def _more(self, size: int) -> None:
        piece = self.file.read(max(_PIECE, size))
        self.ended = not piece
        self.text = self.text[self.at :] + self.decoder.decode(piece, final=self.ended)
        self.at = 0

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            self._fail(f"{sign!r} is missing")
        self.at += 1

    def _fail(self, detail: str) -> None:
        where = " at the end of the file" if self.ended and self.at >= len(self.text) else ""
        raise Unusable(NOT_JSON.problem(file=self.name, detail=f"{detail}{where}"))

"""The bytes of a text file as UTF-8, in blocks; nothing about them is guessed.

A byte order mark says which Unicode it is. Without one the file is UTF-8, or what study.yaml
declares; bytes that do not fit are an error that shows how other encodings would read them.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trialect.problems import Problem, rule

BLOCK = 8 * 2**20
"""Bytes read at a time."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 stands before UTF-16, whose little-endian mark it begins with."""

_NEED_MARK = ("utf-16", "utf-32")
_OF_HOST_NAMES = ("idna", "punycode")

COMMON = (
    "cp1252",
    "cp1254",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1256",
    "iso8859-1",
    "iso8859-9",
    "cp437",
    "cp850",
    "mac_roman",
)
"""Encodings that exports are found in, in the order in which they are proposed."""

NOT_DECODABLE = rule(
    "READ-ENCODING",
    "error",
    "The file is not in the encoding it is read in",
    "byte 0x{byte:02X} at position {position} is not {encoding}, in {text}. {readings}",
    "Export the form as UTF-8, or declare its `encoding` under records.forms in study.yaml.",
)
NO_MARK = rule(
    "READ-ENCODING-ORDER",
    "error",
    "The file does not say in which order its bytes stand",
    "it is declared as {encoding} and has no byte order mark.",
    "Declare {encoding}-le or {encoding}-be, or the encoding that it is in.",
)
NUL_BYTE = rule(
    "READ-NUL",
    "error",
    "The file holds a NUL byte",
    "there is a NUL byte (position {position}); no text holds one.",
    "Export the form again{hint}.",
)
UNKNOWN_ENCODING = rule(
    "READ-ENCODING-UNKNOWN",
    "error",
    "The declared encoding is not known",
    "{value!r} is no text encoding.",
    "Write utf-8, utf-16, cp1252, cp1254, iso8859-9 or another name that Python knows.",
)


class UnreadableError(Exception):
    """The text breaks off: `problem` says why, without the row, which only the caller knows."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def is_encoding(name: str) -> bool:
    """Whether a declared encoding names a text encoding that can be read."""
    try:
        "".encode(name)
        b"".decode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return codecs.lookup(name).name not in _OF_HOST_NAMES


def bom_of(start: bytes) -> tuple[str, int] | None:
    """The encoding that a byte order mark names and the mark's length."""
    for mark, name in BOMS:
        if start.startswith(mark):
            return name, len(mark)
    return None


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file and the encoding declared for it, if any."""

    path: Path
    name: str
    declared: str | None = None

    def blocks(self, size: int | None = None) -> Iterator[bytes]:
        """The text as UTF-8 without its mark, in blocks that may end inside a character.

        Raises `UnreadableError` at a byte that is none of the encoding and at a NUL; what stands
        before it has been given by then.
        """
        if self.declared is not None and not is_encoding(self.declared):
            raise UnreadableError(UNKNOWN_ENCODING.problem(file=self.name, value=self.declared))
        with self.path.open("rb") as file:
            mark = bom_of(file.read(4))
            encoding, position = mark or (self.declared or "utf-8", 0)
            encoding = codecs.lookup(encoding).name
            if encoding in _NEED_MARK:
                raise UnreadableError(NO_MARK.problem(file=self.name, encoding=encoding))
            file.seek(position)
            decoder = codecs.getincrementaldecoder(encoding)()
            while True:
                raw = file.read(size or BLOCK)
                pending = len(decoder.getstate()[0])
                if encoding == "utf-8" and not pending and raw.isascii():
                    block = raw
                else:
                    try:
                        text = decoder.decode(raw, final=not raw)
                    except UnicodeDecodeError as error:
                        good = error.object[: error.start].decode(encoding)
                        unseen = good.encode()[pending if encoding == "utf-8" else 0 :]
                        yield from self._until_nul(unseen, encoding, position)
                        at = position - pending + error.start
                        raise UnreadableError(self._not_decodable(encoding, at)) from None
                    block = raw if encoding == "utf-8" else text.encode()
                if block:
                    yield from self._until_nul(block, encoding, position)
                if not raw:
                    return
                position += len(raw)

    def _until_nul(self, block: bytes, encoding: str, position: int) -> Iterator[bytes]:
        nul = block.find(0)
        if nul < 0:
            yield block
            return
        yield block[:nul]
        # Every second byte NUL: UTF-16 whose mark was lost.
        at = position + len(block[:nul].decode(errors="ignore").encode(encoding))
        lost = position == 0 and 0 <= block.find(0, nul + 1) - nul <= 2
        hint = " or declare `encoding: utf-16-le` for it in study.yaml" if lost else ""
        raise UnreadableError(NUL_BYTE.problem(file=self.name, position=at + 1, hint=hint))

    def _not_decodable(self, encoding: str, at: int) -> Problem:
        with self.path.open("rb") as file:
            file.seek(max(0, at - 40))
            around = file.read(80)
            here = at - max(0, at - 40)
            before, after = around[:here], around[here:]
            start = max(before.rfind(sign) for sign in (b"\n", b"\r", b",", b";", b"\t", b'"')) + 1
            ends = [p for p in map(after.find, (b"\n", b"\r", b",", b";", b"\t", b'"')) if p > 0]
            piece = before[start:] + after[: min(ends, default=len(after))]
            file.seek(0)
            high: set[int] = set()
            while block := file.read(BLOCK):
                seen = np.bincount(np.frombuffer(block, np.uint8), minlength=256)
                high.update(int(byte) for byte in np.flatnonzero(seen) if byte > 0x7F)
        readings = [f"{piece.decode(name)!r} as {name}" for name in COMMON if _fits(name, high)]
        return NOT_DECODABLE.problem(
            file=self.name,
            byte=after[0] if after else 0,
            position=at + 1,
            encoding=encoding,
            text=repr(piece)[1:],
            readings=f"It reads {', '.join(readings)}." if readings else "",
        )


def _fits(name: str, high: set[int]) -> bool:
    """Whether an encoding makes a printable character of each of these bytes."""
    try:
        text = bytes(sorted(high)).decode(name)
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(sign) in ("Cc", "Cn") for sign in text)

"""Files that may be compressed with gzip, read so that memory stays bounded."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

GZIP = b"\x1f\x8b"

MOST_RATIO = 500
"""How many times its own size a gzip file may hold: resources that differ by a counter alone reach
some 100, nothing but blanks or zeros reaches 1,000.
"""

UNSUSPECTED = 64 * 1024 * 1024
"""Bytes that any gzip file may hold."""

LARGEST = 64 * 1024 * 1024
"""Bytes of one resource, or of what stands around the entries of a Bundle, that are looked at."""


class BombError(gzip.BadGzipFile):
    """A gzip file that holds more than FHIR or a registry's file can be packed into it."""


BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a gzip stream raises that is cut or damaged, or that is a bomb."""


class _Unpacked(gzip.GzipFile):
    """A gzip file that stops being read when it holds too many times its own size."""

    def read(self, size: int | None = -1) -> bytes:
        return self._weighed(super().read(size))

    def readline(self, size: Any = -1) -> bytes:
        return self._weighed(super().readline(size))

    def _weighed(self, data: bytes) -> bytes:
        held = self.tell()
        if held > UNSUSPECTED:
            packed = max(1, cast("BinaryIO", self.myfileobj).tell())
            if held > MOST_RATIO * packed:
                raise BombError(
                    f"it unpacks to more than {MOST_RATIO} times its size, which no such file does;"
                    f" reading ended after {held} bytes"
                )
        return data


def opened(path: Path) -> BinaryIO:
    """The file's text, unpacked as it is read. Raises OSError, and BROKEN_GZIP while it is read."""
    file = path.open("rb")
    packed = file.read(len(GZIP)) == GZIP
    file.close()
    return cast("BinaryIO", _Unpacked(path, "rb")) if packed else path.open("rb")


def content(path: Path, most: int = LARGEST) -> bytes | None:
    """The whole text; None when it has more than `most` bytes. Raises OSError and BROKEN_GZIP."""
    with opened(path) as file:
        found = []
        left = most + 1
        while left and (data := file.read(left)):
            found.append(data)
            left -= len(data)
    return b"".join(found) if left else None


__all__ = ["BROKEN_GZIP", "LARGEST", "content", "opened"]

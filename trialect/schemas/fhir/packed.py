"""FHIR files that may be compressed with gzip."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

GZIP = b"\x1f\x8b"

BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a gzip stream raises that is cut or damaged."""


def opened(path: Path) -> BinaryIO:
    """The file's text, unpacked as it is read. Raises OSError, and BROKEN_GZIP while it is read."""
    file = path.open("rb")
    packed = file.read(len(GZIP)) == GZIP
    file.close()
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def content(path: Path) -> bytes:
    """The whole text. Raises OSError and BROKEN_GZIP."""
    with opened(path) as file:
        return file.read()


__all__ = ["BROKEN_GZIP", "content", "opened"]

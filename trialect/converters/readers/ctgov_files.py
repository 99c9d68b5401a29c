"""The texts that a path of registry records holds: a file, gzip, a zip, a folder of them.

Each is read as it is unpacked. What unpacks to a multiple that no text of records does is refused
before it fills memory or disk.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

ENDINGS = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
"""Of a folder or zip the files whose names end so are read."""

MOST_RATIO = 200
"""How many times larger than what is packed a text may be; records pack about 10 to 1."""
FREE = 64 * 2**20
"""Bytes that may be unpacked whatever their ratio."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK"
_ZIP_FILE = b"PK\x03\x04"


class PackedError(Exception):
    """What is packed cannot be unpacked, or must not be; the text says why."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A text of a path: what problems call it, and what reads it (to be closed by the caller)."""

    name: str
    open: Callable[[], BinaryIO]


def texts(path: Path) -> Iterator[Opened]:
    """The texts of a path, of a folder in the order of their names.

    Raises OSError where the path cannot be read; what is wrong in a text comes up as PackedError,
    OSError or zlib.error while it is read.
    """
    if not path.is_dir():
        yield from _of_file(path, path.name, alone=True)
        return
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and _is_meant(name):
            yield from _of_file(file, name, alone=False)


def files(path: Path) -> Iterator[Path]:
    """The files that a path of records is read from."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and _is_meant(file.relative_to(path).as_posix()):
            yield file


def _is_meant(name: str) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
    return not hidden and name.lower().endswith(ENDINGS)


def _of_file(path: Path, name: str, *, alone: bool) -> Iterator[Opened]:
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_ZIP_FILE) and not zipfile.is_zipfile(path):
        yield _none(name, "it begins as a zip and its end is not there")
    elif head[:2] == _ZIP and zipfile.is_zipfile(path):
        try:
            yield from _of_zip(path, "" if alone else f"{name}/")
        except PackedError as error:
            yield _none(name, str(error))
    elif head[:2] == _GZIP:
        size = path.stat().st_size
        yield Opened(name, lambda: _unzipped(path.open("rb"), size))
    else:
        yield Opened(name, lambda: path.open("rb"))


def _none(name: str, why: str) -> Opened:
    """What cannot be unpacked at all, which keeps nothing else from being read."""

    def opened() -> BinaryIO:
        raise PackedError(why)

    return Opened(name, opened)


def _of_zip(path: Path, before: str) -> Iterator[Opened]:
    try:
        archive = zipfile.ZipFile(path)
        members = [one for one in archive.infolist() if not one.is_dir()]
    except Exception as error:  # zipfile raises what its parsing of a damaged archive stumbles over
        raise PackedError(f"the zip cannot be read: {error}") from error
    packed = sum(one.compress_size for one in members)
    with archive:
        if packed > path.stat().st_size:
            raise PackedError("its files overlap, as those of a zip bomb do")
        for member in sorted(members, key=lambda one: one.filename):
            if _is_meant(member.filename):
                yield Opened(before + member.filename, _opener(archive, member))


def _opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        if _too_much(member.file_size, member.compress_size):
            raise PackedError(_bomb(member.file_size, member.compress_size))
        if member.flag_bits & 1:
            raise PackedError("it is encrypted")
        try:
            stream: IO[bytes] = archive.open(member)
            head = archive.open(member).read(2)
        except Exception as error:  # as above
            raise PackedError(str(error)) from error
        if head == _ZIP:
            raise PackedError("it is a zip within a zip")
        if head == _GZIP:
            return _unzipped(cast("BinaryIO", stream), member.compress_size)
        return cast("BinaryIO", _Guarded(stream, member.compress_size))

    return opened


def _unzipped(stream: BinaryIO, packed: int) -> BinaryIO:
    return cast(
        "BinaryIO", _Guarded(cast("IO[bytes]", gzip.GzipFile(fileobj=stream)), packed, stream)
    )


class _Guarded:
    """What is unpacked, until it is too much of what is packed."""

    def __init__(self, stream: IO[bytes], packed: int, under: IO[bytes] | None = None) -> None:
        self._stream = stream
        self._packed = packed
        self._under = under
        self._read = 0

    def read(self, size: int) -> bytes:
        """Raises PackedError where nothing more can or must be read."""
        try:
            data = self._stream.read(size)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise PackedError(f"what is packed is damaged: {error}") from error
        self._read += len(data)
        if _too_much(self._read, self._packed):
            raise PackedError(_bomb(self._read, self._packed))
        return data

    def close(self) -> None:
        """Close what is read, and what lies under it."""
        self._stream.close()
        if self._under is not None:
            self._under.close()

    def __enter__(self) -> _Guarded:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _too_much(size: int, packed: int) -> bool:
    return size > FREE and size > MOST_RATIO * max(packed, 1)


def _bomb(size: int, packed: int) -> str:
    return (
        f"it unpacks to at least {size} bytes, more than {MOST_RATIO} times the {packed} that are"
        " packed, as a zip bomb does"
    )

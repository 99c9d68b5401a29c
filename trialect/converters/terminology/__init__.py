"""CDISC terminology as NCI EVS distributes it: read, held against itself, and installed.

A format is one module with `read(path, encoding)`; `FORMATS` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trialect.converters.terminology import excel, odm, text
from trialect.converters.terminology.distribution import (
    NO_DATE,
    Distribution,
    Said,
    is_date,
    release,
)
from trialect.converters.terminology.gather import Gathered
from trialect.converters.terminology.rows import NOT_KNOWN
from trialect.problems import Unusable, rule

SIZE_LIMIT = 200_000_000
"""Bytes of a distribution at most; the ODM of 2025-03-28 has about 30 million."""

TOO_LARGE = rule(
    "CT-SIZE",
    "error",
    "A terminology is too large",
    "the file has {size} bytes; a distribution has {limit} at most.",
    "Check that it is the file that was meant.",
)

Read = Callable[[Path, str | None], tuple[Gathered, list[Said]]]

FORMATS: dict[str, Read] = {
    text.FORMAT: text.read,
    excel.FORMAT_XLS: excel.read_xls,
    excel.FORMAT_XLSX: excel.read_xlsx,
    odm.FORMAT: odm.read,
}
"""How each format is read."""

_HEAD = 4096
_BEGINS = {b"PK\x03\x04": excel.FORMAT_XLSX, b"\xd0\xcf\x11\xe0": excel.FORMAT_XLS}


def format_of(path: Path) -> str:
    """The format of a file, by how it begins. Raises `Unusable` for an empty file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for start, name in _BEGINS.items():
        if head.startswith(start):
            return name
    # Whatever the encoding: UTF-16 puts a NUL beside each letter.
    letters = head.removeprefix(b"\xef\xbb\xbf").strip(b"\xff\xfe\0 \t\r\n")
    if not letters:
        raise Unusable(NOT_KNOWN.problem(file=path.name, reason="it is empty"))
    return odm.FORMAT if letters.startswith(b"<") else text.FORMAT


def read_distribution(
    path: Path,
    *,
    version: str | None = None,
    package: str | None = None,
    encoding: str | None = None,
) -> Distribution:
    """What a file of terminology holds, of whichever format.

    `version` and `package` are what the caller says of it, which must be what the file says;
    `encoding` is for text. Raises `Unusable` when the file cannot be read or has errors, and
    OSError when it is not there.
    """
    size = path.stat().st_size
    if size > SIZE_LIMIT:
        raise Unusable(TOO_LARGE.problem(file=path.name, size=f"{size:,}", limit=f"{SIZE_LIMIT:,}"))
    if version is not None and not is_date(version):
        raise Unusable(NO_DATE.problem(value=version))
    kind = format_of(path)
    found, said = FORMATS[kind](path, encoding)
    given = [Said("--package", package=package), Said("--version", version=version)]
    named, released = release(path, [*given, *said])
    return Distribution(path.name, kind, named, released, found.codelists(), found.problems)

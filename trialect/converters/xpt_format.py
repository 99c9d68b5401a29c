"""The record layout of XPT version 5: SAS Technical Support document TS-140.

A file is a run of 80-byte records. A library header (three records) is followed by members; a
member is a member header (five records), the NAMESTR header, one NAMESTR of 140 bytes for each
variable, the observation header and the observations, back to back. NAMESTRs and observations are
each padded with blanks to a multiple of 80. There is no count of observations anywhere: it follows
from the number of bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TS_140 = "SAS TS-140"
"""How rules cite the document."""

RECORD_SIZE = 80
NAMESTR_SIZE = 140
NAMESTR_SIZE_VAX = 136  # what VAX/VMS wrote: the same fields with four bytes less of filler

MAX_NAME = 8
MAX_LABEL = 40
MAX_CHAR_LENGTH = 200
MAX_VARIABLES = 9999  # the NAMESTR header counts in four digits
NUM_LENGTH = 8

NAME_PATTERN = re.compile(r"[A-Z][A-Z0-9_]{0,7}", re.ASCII)

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_STAMP = re.compile(rb"(\d\d)([A-Z]{3})(\d\d):(\d\d):(\d\d):(\d\d)")
FIRST_STAMP_YEAR = 1960
"""Years have two digits in a stamp: 60 to 99 are 1960 to 1999, 00 to 59 are 2000 to 2059."""

_FORMAT = re.compile(r"(\$|\$?[A-Z_](?:[A-Z0-9_]*[A-Z_])?)?(\d{1,5})?\.(\d{1,5})?", re.ASCII)
_NAMESTR = struct.Struct(">4H8s40s8s3H2s8s2HI")
POSITION_AT = _NAMESTR.size - 4
"""Where a NAMESTR says where its variable begins in a record (4 bytes)."""

Kind = Literal["LIBRARY", "MEMBER", "DSCRPTR", "NAMESTR", "OBS"]


@dataclass(frozen=True)
class XptVariable:
    """One variable: its name, label, type and length in bytes.

    `length` is 8 for Num and the longest value's length for Char. `format` and `informat` are SAS
    formats as SAS writes them (`DATE9.`, `8.2`, `$CHAR20.`), or empty.
    """

    name: str
    label: str
    type: Literal["Char", "Num"]
    length: int
    format: str = ""
    informat: str = ""


@dataclass(frozen=True)
class XptOrigin:
    """What the headers say about where a file was made: the SAS version and the system.

    The defaults are the version in whose layout TS-140 describes the records, and this program.
    """

    version: str = "6.06"
    system: str = "TRIALECT"


def padding(size: int) -> int:
    """How many blanks bring `size` bytes to whole records."""
    return -size % RECORD_SIZE


def header_record(kind: Kind, numbers: str = "0" * 30) -> bytes:
    """A header record: its kind, thirty digits and two blanks."""
    return f"HEADER RECORD*******{kind:8}HEADER RECORD!!!!!!!{numbers}  ".encode("ascii")


def stamp_bytes(stamp: datetime) -> bytes:
    """A stamp as `ddMMMyy:hh:mm:ss` (16 bytes); seconds are its finest unit.

    Raises ValueError for a year that two digits cannot say (outside 1960 to 2059).
    """
    if not FIRST_STAMP_YEAR <= stamp.year < FIRST_STAMP_YEAR + 100:
        raise ValueError(f"an XPT stamp cannot hold the year {stamp.year}")
    month = _MONTHS[stamp.month - 1]
    clock = f"{stamp.hour:02}:{stamp.minute:02}:{stamp.second:02}"
    return f"{stamp.day:02}{month}{stamp.year % 100:02}:{clock}".encode("ascii")


def stamp_from(text: bytes) -> datetime | None:
    """The stamp that `stamp_bytes` wrote, or None when the field holds no date."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    if month.decode("ascii") not in _MONTHS:
        return None
    full_year = int(year) + (1900 if int(year) >= FIRST_STAMP_YEAR % 100 else 2000)
    try:
        return datetime(
            full_year,
            _MONTHS.index(month.decode("ascii")) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
        )
    except ValueError:
        return None


def format_parts(text: str) -> tuple[str, int, int] | None:
    """A SAS format as name, width and decimals (0 where unsaid); None if it is not one."""
    if not text:
        return "", 0, 0
    match = _FORMAT.fullmatch(text)
    if match is None:
        return None
    name, width, decimals = match.group(1) or "", int(match.group(2) or 0), int(match.group(3) or 0)
    known = name or match.group(2)
    if not known or len(name) > MAX_NAME or max(width, decimals) > 0xFFFF:
        return None
    return name, width, decimals


def format_text(name: str, width: int, decimals: int) -> str:
    """The format that `format_parts` took apart."""
    if not (name or width or decimals):
        return ""
    return f"{name}{width or ''}.{decimals or ''}"


def library_header(created: datetime, modified: datetime, origin: XptOrigin) -> bytes:
    """The three records that open a file."""
    return (
        header_record("LIBRARY")
        + b"SAS     SAS     SASLIB  "
        + _origin_bytes(origin)
        + stamp_bytes(created)
        + stamp_bytes(modified).ljust(RECORD_SIZE)
    )


def member_header(
    name: str, label: str, created: datetime, modified: datetime, origin: XptOrigin
) -> bytes:
    """The four records that open a member, with the dataset's name and label."""
    return (
        header_record("MEMBER", "000000000000000001600000000140")
        + header_record("DSCRPTR")
        + b"SAS     "
        + _text(name, MAX_NAME)
        + b"SASDATA "
        + _origin_bytes(origin)
        + stamp_bytes(created)
        + stamp_bytes(modified)
        + b" " * 16
        + _text(label, MAX_LABEL)
        + b" " * 8
    )


def namestr_records(variables: Sequence[XptVariable]) -> bytes:
    """The NAMESTR header and the NAMESTRs of all variables, padded to whole records."""
    numbers = f"000000{len(variables):04}{'0' * 20}"
    parts = [header_record("NAMESTR", numbers)]
    position = 0
    for number, variable in enumerate(variables, start=1):
        parts.append(namestr_record(variable, number, position))
        position += variable.length
    parts.append(b" " * padding(NAMESTR_SIZE * len(variables)))
    return b"".join(parts)


def namestr_record(variable: XptVariable, number: int, position: int) -> bytes:
    """The NAMESTR of a variable: its number (from 1) and where it begins in a record."""
    form = format_parts(variable.format)
    informat = format_parts(variable.informat)
    if form is None or informat is None:
        raise ValueError(f"{variable.name}: not a SAS format")
    fields = _NAMESTR.pack(
        1 if variable.type == "Num" else 2,
        0,
        variable.length,
        number,
        _text(variable.name, 8),
        _text(variable.label, 40),
        _text(form[0], 8),
        form[1],
        form[2],
        0,
        b"\0\0",
        _text(informat[0], 8),
        informat[1],
        informat[2],
        position,
    )
    return fields.ljust(NAMESTR_SIZE, b"\0")


@dataclass(frozen=True)
class Namestr:
    """The fields of one NAMESTR as a file holds them; names and labels are still bytes."""

    type_code: int
    length: int
    name: bytes
    label: bytes
    format: str
    informat: str
    position: int

    @classmethod
    def unpack(cls, record: bytes) -> Namestr:
        """The NAMESTR in the first 88 bytes of `record`; the filler behind them is not looked at.

        Raises struct.error when `record` is shorter than that.
        """
        fields = _NAMESTR.unpack_from(record)
        form = fields[6].rstrip(b" \0").decode("latin-1")
        informat = fields[11].rstrip(b" \0").decode("latin-1")
        return cls(
            type_code=fields[0],
            length=fields[2],
            name=fields[4].rstrip(b" \0"),
            label=fields[5].rstrip(b" \0"),
            format=format_text(form, fields[7], fields[8]),
            informat=format_text(informat, fields[12], fields[13]),
            position=fields[14],
        )


def _origin_bytes(origin: XptOrigin) -> bytes:
    return _text(origin.version, 8) + _text(origin.system, 8) + b" " * 24


def _text(value: str, size: int) -> bytes:
    encoded = value.encode("ascii")
    if len(encoded) > size:
        raise ValueError(f"{value!r} is longer than {size} bytes")
    return encoded.ljust(size)

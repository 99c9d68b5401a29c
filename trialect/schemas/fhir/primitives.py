"""The formats of FHIR's primitive types, as a check of a JSON value and as a pattern of its text.

`wrong(type, value)` says what was expected of a value that is not right. `tokens(release)[type]`
is a regular expression over the JSON text of a value; it accepts only what `wrong` accepts, and
leaves rare spellings (escapes in an identifier, numbers of many digits) to `wrong`.

Source: http://hl7.org/fhir/R4/datatypes.html#primitive and R5/datatypes.html#primitive; R5 knows
integer64, which is text in JSON, and no more than nine digits of a second. Two rules go beyond the
regular expressions there: a date must exist in the calendar, and a text must have more than white
space in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

_DAYS = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
_YEAR = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DAY = rf"(?:{_YEAR}-{_DAYS}|{_LEAP})"
_MINUTE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_CLOCK = rf"{_MINUTE}(?:\.[0-9]+)?"
_SHORT_CLOCK = rf"{_MINUTE}(?:\.[0-9]{{1,9}})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"

DATE = rf"(?:{_DAY}|{_PARTIAL})"
DATETIME = rf"(?:{_DAY}(?:T{_CLOCK}{_ZONE})?|{_PARTIAL})"
INSTANT = rf"{_DAY}T{_CLOCK}{_ZONE}"
_INTEGER64 = "0|-?[1-9][0-9]{0,18}"
ID = r"[A-Za-z0-9\-.]{1,64}"
UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ANY_UUID = r"urn:uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
OID = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"

_PATTERNS = {
    "date": (DATE, "a date that exists, as YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": (
        DATETIME,
        "a date that exists, as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone",
    ),
    "instant": (INSTANT, "a date that exists and a time, as YYYY-MM-DDThh:mm:ss with a time zone"),
    "time": (_CLOCK, "a time of day as hh:mm:ss, without a time zone"),
    "id": (ID, "1 to 64 letters, digits, hyphens and dots"),
    "oid": (OID, "an OID as urn:oid:1.2.3"),
    "uuid": (UUID, "a UUID in small letters as urn:uuid:..."),
    "code": (r"[^\s]+(?: [^\s]+)*", "a code: no space at either end, single spaces within"),
}
_R5_PATTERNS = {
    name: (_PATTERNS[name][0].replace(_CLOCK, _SHORT_CLOCK), f"{expected}, at most nine decimals")
    for name, expected in ((name, _PATTERNS[name][1]) for name in ("dateTime", "instant", "time"))
}
_URI = re.compile(r"[^\x00-\x20]+")
_URN = re.compile(rf"(?!urn:(?:uuid|oid):)|(?:{UUID}|{OID})(?:$|[|#?])", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_BLANKS = str.maketrans("", "", " \t\r\n")

LONGEST = 1024 * 1024
"""The most bytes that a string may have (R4, data type string)."""


def _pattern(text: str, expected: str) -> Callable[[object], str | None]:
    match = re.compile(text, re.ASCII).fullmatch

    def check(value: object) -> str | None:
        return None if type(value) is str and match(value) else expected

    return check


def _uri(value: object) -> str | None:
    if type(value) is not str or not _URI.fullmatch(value):
        return "a URI without white space"
    if value.startswith("urn:") and not _URN.match(value):
        return "a well-formed urn:uuid: or urn:oid:"
    return None


def _string(value: object) -> str | None:
    if type(value) is not str or not value.strip(" \t\r\n"):
        return "a text with something other than white space in it"
    if _CONTROL.search(value):
        return "a text without control characters"
    if len(value) > LONGEST // 4 and len(value.encode()) > LONGEST:
        return "a text of at most 1 MB"
    return None


def _xhtml(value: object) -> str | None:
    if type(value) is not str or not value.strip(" \t\r\n"):
        return "XHTML text"
    return "XHTML without control characters" if _CONTROL.search(value) else None


def _base64(value: object) -> str | None:
    if type(value) is str:
        packed = value.translate(_BLANKS)
        if len(packed) % 4 == 0 and _BASE64.fullmatch(packed):
            return None
    return "base64 text"


def _boolean(value: object) -> str | None:
    return None if value is True or value is False else "true or false"


def _whole(least: int, expected: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        fits = type(value) is int and least <= value <= 2**31 - 1
        return None if fits else expected

    return check


def _decimal(value: object) -> str | None:
    if type(value) is int:
        return None
    if type(value) is float and math.isfinite(value):
        return None
    if isinstance(value, Decimal) and value.is_finite():
        return None
    return "a number"


class LongDecimal(Decimal):
    """A number whose text has more digits than R5 takes: 18 before the point, 17 after it."""


_MOST_DIGITS = 4300
_LONG = re.compile(r"\.[0-9]{18}|^-?[0-9]{19}")


def decimal(text: str) -> Decimal:
    """The number that a JSON text writes; a `LongDecimal` if it is one."""
    return (LongDecimal if _LONG.search(text) else Decimal)(text)


def whole_number(text: str) -> int | Decimal:
    """The number that a JSON text without a point writes.

    Python makes no int of more than 4,300 digits (the time it takes grows with their square); a
    decimal of FHIR R4 may have them.
    """
    return int(text) if len(text) <= _MOST_DIGITS else decimal(text)


def _r5_decimal(value: object) -> str | None:
    if type(value) is LongDecimal or (type(value) is int and abs(value) >= 10**18):
        return "a number of at most 18 digits before the point and 17 after it (or an exponent)"
    return _decimal(value)


CHECKS: dict[str, Callable[[object], str | None]] = {
    "boolean": _boolean,
    "integer": _whole(-(2**31), "a whole number from -2147483648 to 2147483647"),
    "positiveInt": _whole(1, "a whole number from 1 to 2147483647"),
    "unsignedInt": _whole(0, "a whole number from 0 to 2147483647"),
    "decimal": _decimal,
    "string": _string,
    "markdown": _string,
    "xhtml": _xhtml,
    "base64Binary": _base64,
    "uri": _uri,
    "url": _uri,
    "canonical": _uri,
    **{name: _pattern(*given) for name, given in _PATTERNS.items()},
}
"""For each primitive type a function that says what was expected, or None when a value is right."""


def _integer64(value: object) -> str | None:
    whole = type(value) is str and re.fullmatch(_INTEGER64, value, re.ASCII)
    if whole and -(2**63) <= int(whole[0]) < 2**63:
        return None
    return "a whole number of 64 bits, written as text"


_R5_CHECKS = {
    **CHECKS,
    "integer64": _integer64,
    "decimal": _r5_decimal,
    **{name: _pattern(*given) for name, given in _R5_PATTERNS.items()},
}

JSON_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(CHECKS, (str,)),
    "boolean": (bool,),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
    "decimal": (int, float, Decimal, LongDecimal),
    "integer64": (str,),
}
"""The Python types of the JSON values of each primitive type."""


def checks(release: str) -> dict[str, Callable[[object], str | None]]:
    """The checks of a release's primitive types."""
    return CHECKS if release == "R4" else _R5_CHECKS


def tokens(release: str) -> dict[str, str]:
    """The patterns of the JSON texts of a release's primitive types."""
    return TOKENS if release == "R4" else _R5_TOKENS


def wrong(name: str, value: object, release: str = "R4") -> str | None:
    """What was expected of a value of this primitive type, or None when it is right."""
    return checks(release)[name](value)


_TEXT = (
    r' *+[^"\\\x00-\x20][^"\\\x00-\x1f]*+'
    r'(?:\\["\\/nrt][^"\\\x00-\x1f]*+)*+'
)
_WORD = r'(?!urn:(?i:uuid|oid):)[^"\\\x00-\x20]++'

TOKENS: dict[str, str] = {
    "boolean": "(?:true|false)",
    "integer": "-?(?:0|[1-9][0-9]{0,8})",
    "positiveInt": "[1-9][0-9]{0,8}",
    "unsignedInt": "(?:0|[1-9][0-9]{0,8})",
    "decimal": r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?",
    "string": f'"{_TEXT}"',
    "markdown": f'"{_TEXT}"',
    "uri": f'"(?:{_WORD}|{ANY_UUID}|{OID})"',
    "url": f'"{_WORD}"',
    "canonical": f'"(?:{_WORD}|{ANY_UUID}|{OID})"',
    "date": f'"{DATE}"',
    "dateTime": f'"{DATETIME}"',
    "instant": f'"{INSTANT}"',
    "time": f'"{_CLOCK}"',
    "id": f'"{ID}"',
    "uuid": f'"{UUID}"',
    "oid": f'"{OID}"',
    "base64Binary": r'"(?!")(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"',
    "xhtml": r'"[^"\\\x00-\x1f]*+(?:\\["\\/nrt][^"\\\x00-\x1f]*+)*+"',
    "code": r'"[^"\\\x00-\x20]++(?: [^"\\\x00-\x20]++)*+"',
}
"""The JSON text of each primitive type; of xhtml only that it is text, the rest is an invariant."""

_R5_TOKENS = {
    **TOKENS,
    "integer64": '"(?:0|-?[1-9][0-9]{0,17})"',
    "decimal": r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?",
    **{name: f'"{text}"' for name, (text, _) in _R5_PATTERNS.items()},
}

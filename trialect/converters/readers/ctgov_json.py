"""The text of one registry record, as JSON; what is wrong with it is said with its place."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from trialect.converters.readers.ctgov_tokens import members_twice, place_of
from trialect.problems import Problem, rule

V1 = rule(
    "CTGOV-V1",
    "error",
    "A record is in the retired form of the API v1",
    "The record{ids} is in the form of the registry's API v1 (`FullStudiesResponse`,"
    " `Study.ProtocolSection`), which was retired in June 2024 and is not read.",
    "Download it again in the form of v2: `Download`, `JSON` on the study's page, or"
    " https://clinicaltrials.gov/api/v2/studies/{id}.",
    "https://clinicaltrials.gov/data-api/about-api/api-migration",
)
BROKEN = rule(
    "CTGOV-BROKEN",
    "error",
    "The text of a record is no JSON",
    "{detail}{near}.{cause}",
    "Download the record again, or mend it there.",
    "RFC 8259",
)
NOT_UTF8 = rule(
    "CTGOV-ENCODING",
    "error",
    "The text of a record is not in UTF-8",
    "The bytes {value} are no UTF-8{near}.",
    "Write the file in UTF-8.",
    "RFC 8259, 8.1",
)
UNESCAPED = rule(
    "CTGOV-UNESCAPED",
    "warning",
    "A text of a record holds control characters as they are",
    "JSON has control characters, as line ends, within texts only as `\\n` or `\\u000b`; the record"
    " is read all the same{near}.",
    "Download the record again, or write it with a program for JSON.",
    "RFC 8259, 7",
)
TWICE = rule(
    "CTGOV-MEMBER-TWICE",
    "error",
    "An object of a record has a member twice",
    "The member stands twice in its object; the last one is taken, as most programs do.",
    "Take the one away that is not meant.",
    "RFC 8259, 4",
)
NO_OBJECT = rule(
    "CTGOV-NO-OBJECT",
    "error",
    "Something stands among the records that is none",
    "{found} stands where a record belongs.",
    "Take it out of the file.",
)

_V1_FORMS = ("FullStudiesResponse", "StudyFieldsResponse")
_V1_ID = re.compile(r'"NCTId"\s*:\s*\[?\s*"(NCT[0-9]{8})"')
_ID = re.compile(rb'"nctId"\s*:\s*"(NCT[0-9]{8})"')


class NoJsonError(Exception):
    """A text that is no record; carries the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def decoded(text: bytes) -> tuple[dict[str, Any], list[Problem]]:
    """The record of a text, and what is wrong where it is read although it is not quite JSON.

    Raises NoJsonError where it is none.
    """
    problems: list[Problem] = []
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value, warning = _leniently(text)
        problems += [warning] if warning else []
    if not isinstance(value, dict):
        raise NoJsonError(NO_OBJECT.problem(found=_short(text)))
    if "protocolSection" not in value and _is_v1(value):
        raise NoJsonError(v1_problem(text))
    if _may_have_twice(text, value):
        string = text.decode("utf-8")
        problems += [TWICE.problem(path=path) for path in members_twice(string)]
    return value, problems


def _may_have_twice(text: bytes, value: dict[str, Any]) -> bool:
    """Whether a text may have more members than its value: those that stand twice are lost."""
    try:
        written = orjson.dumps(value)
    except TypeError:  # half a surrogate pair, or nested deeper than orjson writes
        return True
    # However it is laid out, a text has as many colons as what it says.
    return text.count(b":") != written.count(b":")


def v1_problem(text: bytes) -> Problem:
    """What a text in the retired form is told, with the trials that it names."""
    ids = list(dict.fromkeys(_V1_ID.findall(text.decode("utf-8", "replace"))))
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    named = f" of {', '.join(ids[:3])}{more}" if ids else ""
    return V1.problem(
        ids=named, id=ids[0] if ids else "NCT...", trial=ids[0] if len(ids) == 1 else None
    )


def trial_of(text: bytes) -> str | None:
    """The trial that a text names, which need not be JSON."""
    start = text.find(b'"identificationModule"')
    found = _ID.search(text, max(start, 0))
    return found[1].decode() if found else None


def _is_v1(value: dict[str, Any]) -> bool:
    inner = value.get("Study", value)
    return any(name in value for name in _V1_FORMS) or (
        isinstance(inner, dict) and ("ProtocolSection" in inner or "Study" in inner)
    )


def _leniently(text: bytes) -> tuple[Any, Problem | None]:
    try:
        string = text.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = " ".join(f"{byte:02X}" for byte in text[error.start : error.start + 3])
        path, place = place_of(text[: error.start].decode("utf-8", "replace"))
        problem = NOT_UTF8.problem(value=shown, near=f" ({place})", path=path or None)
        raise NoJsonError(problem) from error
    try:
        value = json.loads(string, strict=False, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise NoJsonError(_broken(string, error.msg, error.pos)) from error
    except _NoNumberError as error:
        raise NoJsonError(_broken(string, str(error), string.find(error.args[1]))) from error
    except RecursionError as error:
        problem = BROKEN.problem(
            detail="Objects and lists are nested too deeply", near="", cause=""
        )
        raise NoJsonError(problem) from error
    except ValueError as error:  # sys.set_int_max_str_digits
        detail = "A number has too many digits"
        raise NoJsonError(BROKEN.problem(detail=detail, near="", cause="")) from error
    try:
        json.loads(string, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        path, place = place_of(string[: error.pos])
        return value, UNESCAPED.problem(near=f" ({place})", path=path or None)
    return value, None


class _NoNumberError(Exception):
    def __str__(self) -> str:
        return f"{self.args[1]} is no number of JSON"


def _refuse(constant: str) -> None:
    raise _NoNumberError("", constant)


def _broken(text: str, message: str, at: int) -> Problem:
    path, place = place_of(text[:at])
    cause = (
        " It ends there." if at >= len(text.rstrip()) else f" There stands {text[at : at + 20]!r}."
    )
    return BROKEN.problem(detail=message, near=f" ({place})", cause=cause, path=path or None)


def _short(text: bytes) -> str:
    shown = text[:40].decode("utf-8", "replace")
    return f"{shown!r}" + ("..." if len(text) > 40 else "")

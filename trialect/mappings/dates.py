"""Dates as sources write them, to ISO 8601 as SDTM keeps them: as complete as they were collected.

A format is words for the parts (yyyy, mm, mon, dd, hh, mi, ss, am) with the text between them;
several accepted formats are separated by `|`. Without a format the source writes ISO 8601. An
unknown part (UN, UNK, --, ??, NK, 00 for a day or month) stays unknown, nothing is filled in
(SDTMIG 3.4, 4.4.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

PARTS = ("yyyy", "mm", "dd", "hh", "mi", "ss")
ISO_DATE = "yyyy-mm-dd"
ISO_TIME = "hh:mi:ss"
ISO = "yyyy-mm-ddThh:mi:ss"
"""Formats stand for their shorter forms too: yyyy-mm-ddThh:mi, yyyy-mm-dd, yyyy-mm, yyyy."""

_NAMES = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER"
MONTHS = {
    word: f"{number:02d}"
    for number, name in enumerate(_NAMES.split(), start=1)
    for word in (name, name[:3], name[:4] if name == "SEPTEMBER" else name)
}
"""English names of months, whole and short."""

_UNKNOWN = r"UNKN?|UN|UK|NK|ND|NA|XX+|\?+|-+|_+|\.+"
_TWO = "[0-9]{2}"
_DIGITS = {"yyyy": "[0-9]{4}", "mm": _TWO, "dd": _TWO, "hh": _TWO, "mi": _TWO}
_LOOSE = {**_DIGITS, "mm": "[0-9]{1,2}", "dd": "[0-9]{1,2}", "hh": "[0-9]{1,2}"}
_SECONDS = r"[0-9]{2}(?:\.[0-9]+)?"
WORDS = ("yyyy", "mon", "mm", "dd", "hh", "mi", "ss", "am")
"""The words of a format."""
_WORD = re.compile("|".join(('"[^"]*"', *WORDS)), re.IGNORECASE)


class DateFormatError(ValueError):
    """A format that names no part, a part twice, or a year of two digits."""


class MisfitError(ValueError):
    """A text that is not in the format."""


class ImpossibleError(ValueError):
    """A date or time that does not exist; says which part."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The known parts of a date and time, as digits; None for an unknown one."""

    yyyy: str | None = None
    mm: str | None = None
    dd: str | None = None
    hh: str | None = None
    mi: str | None = None
    ss: str | None = None

    @property
    def iso(self) -> str | None:
        """ISO 8601 as SDTM writes it: cut on the right, `-` for an unknown part before a known."""
        parts = [getattr(self, name) for name in PARTS]
        while parts and parts[-1] is None:
            parts.pop()
        if not parts:
            return None
        text = ""
        for separator, part in zip(("", "-", "-", "T", ":", ":"), parts, strict=False):
            text += separator + (part if part is not None else "-")
        return text

    def join(self, other: Moment) -> Moment:
        """Both moments' parts, where they came in several columns.

        Raises `ImpossibleError` where they say different things.
        """
        for name in PARTS:
            one, two = getattr(self, name), getattr(other, name)
            if one is not None and two is not None and one != two:
                raise ImpossibleError(f"one column says {one}, another {two}")
        return Moment(*(getattr(self, n) or getattr(other, n) for n in PARTS))


@dataclass(frozen=True, slots=True)
class _Token:
    """A part (`word` is its name), or the text between parts."""

    word: str | None
    text: str


def _tokens(format: str) -> list[_Token]:
    """The parts and texts of one format. Raises `DateFormatError`."""
    tokens: list[_Token] = []
    at = 0
    for found in _WORD.finditer(format):
        tokens.append(_Token(None, format[at : found.start()]))
        text = found.group()
        quoted = text.startswith('"')
        tokens.append(_Token(None, text[1:-1]) if quoted else _Token(text.lower(), text))
        at = found.end()
    tokens.append(_Token(None, format[at:]))
    return [token for token in tokens if token.text]


def _checked(format: str) -> list[_Token]:
    tokens = _tokens(format)
    seen: list[str] = []
    bare = re.sub(r'"[^"]*"', "", _WORD.sub("", format))
    for token in tokens:
        if token.word is None:
            continue
        if token.word in seen or {token.word, *seen} >= {"mm", "mon"}:
            hint = "; minutes are mi" if token.word == "mm" and "hh" in seen else ""
            raise DateFormatError(f"{token.word} stands twice{hint}")
        if token.word == "mm" and seen and seen[-1] == "hh":
            raise DateFormatError("mm after hh is a month; minutes are mi")
        seen.append(token.word)
    if re.search("y", bare, re.IGNORECASE):
        raise DateFormatError("a year needs its four digits (yyyy), or its century is a guess")
    if re.search("[dm]", bare, re.IGNORECASE):
        raise DateFormatError(
            "the parts are yyyy, mm, mon, dd, hh, mi, ss and am; other text with d, m or y "
            'in it stands between "'
        )
    if not set(seen) - {"am"}:
        raise DateFormatError("it names none of yyyy, mm, mon, dd, hh, mi, ss")
    if "am" in seen and "hh" not in seen:
        raise DateFormatError("am goes with hh")
    return tokens


def check_format(format: str) -> None:
    """Raise `DateFormatError` when a format is none."""
    for one in format.split("|"):
        _checked(one.strip())


def _regex(tokens: Sequence[_Token], months: Sequence[str]) -> str:
    """The pattern of a format. Parts that touch have all their digits; one that stands between
    other text may be written with fewer, or left blank.
    """
    text = ""
    for place, token in enumerate(tokens):
        word = token.word
        if word is None:
            text += re.escape(token.text)
            continue
        touching = any(
            0 <= side < len(tokens) and tokens[side].word is not None
            for side in (place - 1, place + 1)
        )
        if word == "am":
            text += r"(?P<am>[AP]\.?M\.?)"
        elif word == "mon":
            names = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
            blank = "" if touching else r"|\s*"
            text += rf"(?P<mon>{names}|{_UNKNOWN}|[^\W\d_]{{3,}}{blank})"
        elif word == "ss":
            text += rf"(?P<ss>{_SECONDS}|{_UNKNOWN}|\s*)"
        elif touching:
            text += rf"(?P<{word}>{_DIGITS[word]}|{_UNKNOWN})"
        else:
            text += rf"(?P<{word}>{_LOOSE[word]}|{_UNKNOWN}|\s*)"
    return text


def _shorter(tokens: list[_Token]) -> list[list[_Token]]:
    """A format, then as it is written when the finest parts are left out one after another:
    dd/mm/yyyy, mm/yyyy, yyyy; yyyy-mm-dd hh:mi, yyyy-mm-dd hh, yyyy-mm-dd, ...

    Half a day cannot be left out of a time: hours by am and pm go whole.
    """
    found = [tokens]
    words = [token.word for token in tokens]
    for part in ("ss", "mi", "hh", "dd", "mon", "mm"):
        now = found[-1]
        if part not in words or sum(token.word is not None for token in now) == 1:
            continue
        gone: set[str] = {part}
        if part in ("ss", "mi", "hh") and "am" in words:
            if part != "hh":
                continue
            gone = {"hh", "mi", "ss", "am"}
        left = [token for token in now if token.word not in gone]
        if len(left) == len(now) or not any(token.word for token in left):
            continue
        found.append(_without_texts_of(now, gone))
    # Of digits that touch all must be there: 112026 may be a month or a day and a month of one
    # digit each.
    sure = {*_runs(tokens), ("yyyy",)}
    return [tokens, *(one for one in found[1:] if sure.issuperset(_runs(one)))]


def _runs(tokens: Sequence[_Token]) -> list[tuple[str, ...]]:
    """The parts that touch each other, other text between them, in groups."""
    groups = groupby(tokens, key=lambda token: token.word in _DIGITS)
    return [tuple(str(token.word) for token in group) for is_digits, group in groups if is_digits]


def _without_texts_of(tokens: list[_Token], gone: set[str]) -> list[_Token]:
    """The tokens without some parts; the text before a part goes with it, or behind the first."""
    kept: list[_Token] = []
    skip_text = False
    for token in tokens:
        if token.word in gone:
            if kept and kept[-1].word is None:
                kept.pop()
            elif not kept:
                skip_text = True
        elif token.word is None and skip_text:
            skip_text = False
        else:
            skip_text = False
            kept.append(token)
    return kept


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One or more accepted formats (separated by `|`), with the words for months."""

    text: str
    patterns: tuple[re.Pattern[str], ...]
    months: Mapping[str, str]
    whole: tuple[tuple[str, tuple[str, ...]], ...]
    """For texts in which every part is known: a pattern and the part that each group holds."""

    def parse(self, text: str) -> Moment:
        """The moment that a text tells.

        Raises `MisfitError` when the text is in none of the formats, `ImpossibleError` when the
        day or time does not exist.
        """
        for pattern in self.patterns:
            found = pattern.fullmatch(text)
            if found:
                return _moment(found.groupdict(), self.months)
        raise MisfitError(text)


@lru_cache(maxsize=1024)
def date_format(text: str, months: tuple[tuple[str, str], ...] = ()) -> DateFormat:
    """The format that a cell declares; `months` are words for months beside the English ones.

    Raises `DateFormatError`.
    """
    known = MONTHS | {word.upper(): number for word, number in months}
    whole = [_checked(one.strip()) for one in text.split("|")]
    patterns = [
        re.compile(_regex(tokens, list(known)), re.IGNORECASE)
        for one in whole
        for tokens in _shorter(one)
    ]
    wholes = [_whole(tokens) for one in whole for tokens in _shorter(one)]
    return DateFormat(text, tuple(dict.fromkeys(patterns)), known, tuple(wholes))


def _whole(tokens: list[_Token]) -> tuple[str, tuple[str, ...]]:
    pattern = "(?i)^"
    words = []
    for token in tokens:
        if token.word is None:
            pattern += re.escape(token.text)
            continue
        words.append(token.word)
        letters = {"mon": r"\pL{3,}", "am": r"[AP]\.?M\.?", "ss": _SECONDS}
        pattern += f"({letters.get(token.word) or _DIGITS[token.word]})"
    return pattern + "$", tuple(words)


def parse(text: str, format: str = ISO) -> Moment:
    """The moment that a text in one of the formats tells; raises as `DateFormat.parse` does."""
    return date_format(format).parse(text.strip())


def parse_parts(texts: Sequence[str | None], formats: Sequence[DateFormat]) -> Moment:
    """The moment told by several columns, each in its format."""
    whole = Moment()
    for text, written in zip(texts, formats, strict=True):
        if text is not None:
            whole = whole.join(written.parse(text))
    _in_calendar(whole)
    return whole


def _moment(found: Mapping[str, str | None], months: Mapping[str, str]) -> Moment:
    known = {name: part for name, part in found.items() if part and part[0].isdigit()}
    month = found.get("mon")
    if month and month.upper() in months:
        known["mm"] = months[month.upper()]
    elif month and month.strip() and not re.fullmatch(_UNKNOWN, month, re.IGNORECASE):
        raise ImpossibleError(f"there is no month {month}")
    for name in ("mm", "dd"):
        if known.get(name, "").strip("0") == "":
            known.pop(name, None)
    if known.get("yyyy") == "0000":
        raise ImpossibleError("there is no year 0000")
    hour, half = known.get("hh"), found.get("am")
    if half and hour:
        if not 1 <= int(hour) <= 12:
            raise ImpossibleError(f"there is no hour {hour} {half}")
        known["hh"] = str(int(hour) % 12 + (12 if half.upper().startswith("P") else 0))
    moment = Moment(
        **{name: part if name == "yyyy" else part.zfill(2) for name, part in known.items()}
    )
    _in_calendar(moment)
    return moment


_LIMITS = {"mm": (1, 12), "dd": (1, 31), "hh": (0, 23), "mi": (0, 59)}


def _in_calendar(moment: Moment) -> None:
    for name, (low, high) in _LIMITS.items():
        part = getattr(moment, name)
        if part is not None and not low <= int(part) <= high:
            words = {"mm": "month", "dd": "day", "hh": "hour", "mi": "minute"}
            raise ImpossibleError(f"there is no {words[name]} {part}")
    if moment.ss is not None and float(moment.ss) >= 60:
        raise ImpossibleError(f"there is no second {moment.ss}")
    if moment.mm is not None and moment.dd is not None:
        # Without the year, 29 February may exist.
        year = int(moment.yyyy) if moment.yyyy is not None else 2000
        try:
            date(year, int(moment.mm), int(moment.dd))
        except ValueError:
            shown = moment.iso or ""
            raise ImpossibleError(f"{shown[:10]} is not in the calendar") from None

"""Texts as the YAML that a person writes: plain where that is safe, long ones folded.

What is written reads back as the same text by every reader of YAML 1.1 and 1.2: a text that one
of them would take for a number, a date, yes or no stands between quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WIDTH = 100
"""Columns that are filled."""

_PLAIN = re.compile(r"[^\W\d_].*|\d.* [^\W\d_].*")
# In lists on one line some readers of YAML 1.1 end a text before a question mark.
_NOT_PLAIN = re.compile(r": | #|:$|[,?\[\]{}]")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "nan", "inf"))
# What may stand in a YAML file as it is (YAML 1.1, 5.1), without the line breaks besides \n.
_ESCAPED = re.compile(
    "[^\x20-\x7e\xa0-\u1fff\u200b-\u2027\u202f-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]"
)
_LISTED = re.compile(r"(?:[*+-]|\d{1,3}[.)])[ \t]")
_SHORT_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def scalar(text: str) -> str:
    """A text on one line: as it is where nothing could take it for something else, else quoted."""
    is_plain = (
        _PLAIN.fullmatch(text)
        and text == text.strip()
        and not _NOT_PLAIN.search(text)
        and not _ESCAPED.search(text)
        and text.casefold() not in _WORDS
    )
    return text if is_plain else quoted(text)


def quoted(text: str) -> str:
    """A text between quotes on one line."""
    body = _ESCAPED.sub(_escape, text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{body}"'


def _escape(sign: re.Match[str]) -> str:
    code = ord(sign[0])
    short = _SHORT_ESCAPES.get(sign[0])
    return short or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def block(text: str, indent: int, before: int) -> list[str]:
    """A text behind its key: what follows the colon, then the lines below it, so far indented.

    `before` are the columns that stand before it. A long one is folded at single blanks; one
    whose lines fold otherwise than they read is kept line by line; one that neither can hold is
    quoted.
    """
    line = scalar(text)
    if before + 1 + len(line) <= WIDTH and "\n" not in text:
        return [line]
    if text != text.strip() or _ESCAPED.search(text.replace("\n", "")) or not text:
        return [quoted(text)]
    lines = text.split("\n")
    blanks = " " * indent
    if any(one.startswith((" ", "\t")) or (_LISTED.match(one) and len(lines) > 1) for one in lines):
        # Indented lines are not folded, and those of a list are better read as they stand.
        return ["|-", *(f"{blanks}{one}" if one else "" for one in lines)]
    if any(one.endswith((" ", "\t")) for one in lines):
        return [quoted(text)]
    return [">-", *_folded(lines, blanks)]


def _folded(lines: list[str], blanks: str) -> Iterator[str]:
    """Lines of a folded text, in which each line break of the text is an empty line."""
    for place, line in enumerate(lines):
        if place:
            yield ""
        if line:
            yield from (f"{blanks}{part}" for part in _wrapped(line, WIDTH - len(blanks)))


def _wrapped(line: str, width: int) -> Iterator[str]:
    """A line cut at single blanks between other signs, at most `width` wide where it can be."""
    while len(line) > width:
        cut = _cut(line, width)
        if cut is None:
            break
        yield line[:cut]
        line = line[cut + 1 :]
    yield line


def _cut(line: str, width: int) -> int | None:
    """The last single blank within the width, else the first behind it."""
    for places in (range(width, 0, -1), range(width + 1, len(line) - 1)):
        for place in places:
            if line[place] == " " and line[place - 1] not in " \t" and line[place + 1] not in " \t":
                return place
    return None

"""The records of a text, as it is read: no more of it is held than one record and what is near it.

What stands outside of strings decides: the bracket that closes what opened a record ends it. A
record of the API v2 begins `{"protocolSection"`, which no string can hold (a quote within one has
a backslash in front): so where a record does not end, the next one is found all the same, and
most records need not be looked into at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

PIECE = 2**20
"""Bytes that are read at a time."""
HEAD = 2**16
"""Bytes at most in which an API page must begin its list."""
LARGEST = 64 * 2**20
"""Bytes of a record at most."""
_TAIL = 2**20
"""Bytes that are looked at of what follows a list; a page's other members are a few dozen."""
_LOOKED_AT = 2**18
"""Bytes whose brackets are looked at together: each may need some twenty bytes of memory."""

_BLANKS = b" \t\r\n"
_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_KEY = b'"protocolSection"'
_ENDS = re.compile(rb'"hasResults"\s*:\s*(?:true|false)\s*\}\Z')
_OTHERS = {
    within: re.compile(rb"(?:[^{\[" + closes + rb'"]++|"(?:[^"\\]|\\.)*+")++', re.DOTALL)
    for within, closes in (("list", rb"\]"), ("page", rb"\]"), ("text", b""))
}
"""What is no object and no list, among the records of a list."""
_PAGE = re.compile(rb'"studies"\s*:\s*\[')
_MARGIN = 64
"""Bytes of a marker at most that may stand in the piece before."""
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")


class Cut(NamedTuple):
    """A record's text and its place; `fault` says why it can be none, in a few words.

    `kind` is what is at fault: `broken` (the text does not end as JSON does), `large`, `item`
    (something else stands among the records), `text` (the file is no list of records at all),
    `more` (the page names another one; that is no record).
    """

    number: int
    text: bytes
    kind: str = ""
    fault: str = ""


def cut(stream: BinaryIO) -> Iterator[Cut]:
    """The records of a list, of an API page, of lines, or the one record of a text.

    Numbers are places in the list, the first is 1; of lines the numbers of the lines.
    """
    text = _Text(stream)
    while len(text.data) < HEAD and text.more():
        pass
    text.skip(b"\xef\xbb\xbf")
    if text.data.startswith(_OTHER_ENCODINGS):
        yield Cut(1, b"", "text", "it is in UTF-16, not in UTF-8")
        return
    while text.blank() and text.more():
        pass
    first = text.data[text.at : text.at + 1]
    if first == b"[":
        text.at += 1
        yield from _Records(text, "list")
    elif first == b"{":
        page = _page(text.data, text.at)
        if page:
            text.at = page
            yield from _Records(text, "page")
        elif _is_lines(text):
            yield from _lines(text)
        else:
            yield from _Records(text, "text")
    else:
        head = text.data[text.at : text.at + 40]
        begins = f"it begins with {head.decode('utf-8', 'replace')!r}" if head else "it is empty"
        yield Cut(1, text.data[: 2**16], "text", begins)


class _Text:
    """What is held of a text: `data` from `at` on is not yet used."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.data = b""
        self.at = 0
        self.ended = False

    def more(self) -> bool:
        """Read on; False where the text has ended. What is used is let go of."""
        if self.ended:
            return False
        rest = self.data[self.at :]
        piece = self._stream.read(max(PIECE, len(rest) // 4))
        self.ended = not piece
        self.data, self.at = rest + piece, 0
        return bool(piece)

    def skip(self, mark: bytes) -> None:
        if self.data.startswith(mark):
            self.at = len(mark)

    def blank(self) -> bool:
        """Pass over blanks; whether nothing else is held."""
        found = _BETWEEN.match(self.data, self.at)
        self.at = found.end() if found else self.at
        return self.at == len(self.data)


def _page(data: bytes, start: int) -> int:
    """Where the list of an API page begins behind its bracket; 0 where the text is none."""
    found = _PAGE.search(data, start)
    if not found:
        return 0
    depth = Depth()
    depth.feed(data[start : found.end()])
    return found.end() if depth.depth == 2 and not depth.in_string else 0


def _is_lines(text: _Text) -> bool:
    """Whether each line is a value of its own."""
    import orjson

    while (end := text.data.find(b"\n", text.at)) < 0 and len(text.data) < LARGEST:
        if not text.more():
            return False
    line = text.data[text.at : end].strip()
    if len(line) < 2:
        return False
    while len(text.data) < end + _MARGIN and text.more():
        end = text.data.find(b"\n", text.at)
    if text.data[end + 1 : end + 2 + len(_KEY)] == b"{" + _KEY:
        return True
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return bool(text.data[end:].strip())


def _lines(text: _Text) -> Iterator[Cut]:
    number = 0
    while True:
        end = text.data.find(b"\n", text.at)
        if end < 0:
            if len(text.data) - text.at > LARGEST:
                number += 1
                yield Cut(number, text.data[text.at : text.at + 2**16], "large", "")
                while (end := text.data.find(b"\n", text.at)) < 0:
                    text.at = len(text.data)
                    if not text.more():
                        return
                text.at = end + 1
                continue
            if text.more():
                continue
            end = len(text.data)
        number += 1
        line = text.data[text.at : end].strip()
        last = end >= len(text.data) and text.ended
        text.at = end + 1
        if line:
            yield Cut(number, line)
        if last:
            return


class Depth:
    """How deep a text is nested, fed piece by piece; what stands in strings does not count."""

    def __init__(self) -> None:
        self.depth = 0
        self.in_string = False
        self._kept = b""

    def feed(self, piece: bytes) -> int | None:
        """Where the first bracket of all is closed: the place behind it; None while it is open."""
        import numpy as np

        before = len(self._kept)
        piece = self._kept + piece
        # A backslash at the end has what it stands before in the next piece.
        slashes = len(piece) - len(piece.rstrip(b"\\"))
        self._kept = b"\\" if slashes % 2 else b""
        if self._kept:
            piece = piece[:-1]
        if b"\\" in piece:
            piece = piece.replace(rb"\\", b"  ").replace(rb"\"", b"  ")
        each = np.frombuffer(piece, np.uint8)
        quotes = np.flatnonzero(each == ord('"'))
        folded = each | 0x20
        places = np.flatnonzero((folded == ord("{")) | (folded == ord("}")))
        places = places[(np.searchsorted(quotes, places) + self.in_string) % 2 == 0]
        depths = np.cumsum(np.where((each[places] | 0x20) == ord("{"), 1, -1)) + self.depth
        closed = np.flatnonzero(depths <= 0)
        if len(closed):
            return int(places[closed[0]]) + 1 - before
        self.in_string = bool((len(quotes) + self.in_string) % 2)
        self.depth = int(depths[-1]) if len(depths) else self.depth
        return None


class _Records:
    """The records of a list (`within` list), of an API page, or of a text that has one or more."""

    def __init__(self, text: _Text, within: str) -> None:
        self._text = text
        self._within = within
        self._number = 0
        self._size = 2**14
        self._ended_within = False

    def __iter__(self) -> Iterator[Cut]:
        text = self._text
        while True:
            while text.blank():
                if not text.more():
                    if self._within != "text" and not self._ended_within:
                        yield self._cut(b"", "broken", "the file ends before its list does")
                    return
            sign = text.data[text.at : text.at + 1]
            if sign == b"{":
                yield self._record()
            elif sign == b"]" and self._within != "text":
                yield from self._tail()
                return
            else:
                yield self._item()

    def _cut(self, text: bytes, kind: str = "", fault: str = "") -> Cut:
        self._number += 1
        return Cut(self._number, text, kind, fault)

    def _next(self, start: int) -> int:
        """Where the next record begins behind `start`, as far as the text is held; else -1."""
        data = self._text.data
        while (key := data.find(_KEY, start)) >= 0:
            opened = data.rfind(b"{", max(start - 1, key - _MARGIN), key)
            if opened >= start and not data[opened + 1 : key].strip(_BLANKS):
                return opened
            start = key + 1
        return -1

    def _record(self) -> Cut:
        text = self._text
        if len(text.data) - text.at < PIECE:
            text.more()
        following = self._next(text.at + 1)
        if following >= 0:
            record = text.data[text.at : following].rstrip(b" \t\r\n,")
            if _ENDS.search(record, max(0, len(record) - _MARGIN)) and (
                record.count(b'"hasResults"') == 1
            ):
                text.at = following
                return self._cut(record)
        return self._by_brackets(following)

    def _by_brackets(self, following: int) -> Cut:
        """A record whose end is looked for; `following` is where the next begins, or -1."""
        text, depth, looked = self._text, Depth(), 0
        while True:
            limit = following if following >= 0 else len(text.data)
            while text.at + looked < limit:
                stop = min(text.at + looked + min(max(self._size, looked), _LOOKED_AT), limit)
                end = depth.feed(text.data[text.at + looked : stop])
                if end is not None:
                    return self._ended(looked + end, following)
                looked = stop - text.at
            if following >= 0:
                return self._broken(following - text.at)
            if looked > LARGEST:
                return self._too_large()
            if not text.more():
                return self._broken(looked)
            following = self._next(text.at + max(1, looked - _MARGIN))

    def _ended(self, size: int, following: int) -> Cut:
        text = self._text
        self._size = max(2**12, size + size // 4)
        behind = _BETWEEN.match(text.data, text.at + size)
        if behind and behind.end() == len(text.data) and text.more():
            behind = _BETWEEN.match(text.data, text.at + size)
        place = behind.end() if behind else text.at + size
        sign, blanks = text.data[place : place + 1], text.data[text.at + size : place]
        apart = b"," in blanks or sign in (b"", b"]") or (self._within == "text" and sign == b"{")
        if not apart:
            stop = following if following >= 0 else self._next(place)
            return self._broken((stop if stop >= 0 else len(text.data)) - text.at)
        record = text.data[text.at : text.at + size]
        text.at += size
        return self._cut(record)

    def _broken(self, size: int) -> Cut:
        text = self._text
        record = text.data[text.at : text.at + size].rstrip(b" \t\r\n,")
        text.at += size
        self._ended_within = text.at >= len(text.data) and text.ended
        fault = "the file ends within it" if self._ended_within else "its brackets do not match"
        return self._cut(record, "broken", fault)

    def _too_large(self) -> Cut:
        """Pass over a record that is larger than is read, to where the next begins."""
        text = self._text
        record = text.data[text.at : text.at + 2**16]
        following = -1
        while following < 0:
            text.at = max(text.at, len(text.data) - _MARGIN)
            if not text.more():
                text.at = len(text.data)
                break
            following = self._next(text.at)
        text.at = following if following >= 0 else text.at
        return self._cut(record, "large")

    def _item(self) -> Cut:
        """Something else than an object, and what follows of its kind: all of it is one cut."""
        text = self._text
        if text.data[text.at : text.at + 1] == b"[":
            return self._by_brackets(self._next(text.at + 1))
        if len(text.data) - text.at < PIECE:
            text.more()
        found = _OTHERS[self._within].match(text.data, text.at)
        items = found[0] if found else text.data[text.at : text.at + 1]
        text.at += len(items)
        items = items.strip(b" \t\r\n,")
        cut = self._cut(items[: 2**16], "item", "")
        self._number += items.count(b",")
        return cut

    def _tail(self) -> Iterator[Cut]:
        """What follows the list: of a page its other members, else nothing."""
        text = self._text
        text.at += 1
        while len(text.data) < _TAIL and text.more():
            pass
        rest = text.data[text.at :].strip(_BLANKS)
        if self._within == "page":
            try:
                page = json.loads(b'{"studies": []' + rest)
            except (ValueError, RecursionError):
                yield self._cut(b"", "broken", "what stands behind the list of studies is no JSON")
            else:
                if page.get("nextPageToken"):
                    yield self._cut(b"", "more", "")
        elif rest:
            yield self._cut(rest[: 2**16], "item", "")

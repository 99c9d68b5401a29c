"""The entries of a Bundle's text, as it is read: no more of it is held than a few of them.

What stands outside of strings decides: an opening bracket in the list of entries starts one, the
bracket that closes it ends it. All brackets of a piece of text are looked at together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.packed import LARGEST
from trialect.schemas.fhir.texts import FIRST_BYTES, MOST_BYTES, Texts, texts_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

_BLANKS = b" \t\r\n"
_ENTRY_LIST = re.compile(rb'"entry"\s*:\s*\Z')


class NotSplitError(Exception):
    """The text cannot be told apart into entries from `number` on; `detail` says why.

    `size` is True where what is wrong is that something is larger than LARGEST.
    """

    def __init__(self, detail: str, number: int | None = None, *, size: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.number = number
        self.size = size


class Entries:
    """The entries of a Bundle that a file holds; iterate once, then `tail` is known.

    `head` is the text up to the list of entries, with its opening bracket; `tail` what follows
    the last entry, with the closing one. Raises NotSplitError, at once or while iterating.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read = 0
        self.tail = b""
        self.head, self._rest = self._start()

    def _start(self) -> tuple[bytes, bytes]:
        data = b""
        while True:
            piece = self._file.read(FIRST_BYTES if not data else len(data))
            data += piece
            places, depths = _brackets(data)
            for at, depth in zip(places.tolist(), depths.tolist(), strict=True):
                if depth == 2 and data[at] == ord("[") and _ENTRY_LIST.search(data, 0, at):
                    return data[: at + 1], data[at + 1 :]
            if not piece:
                raise NotSplitError("the Bundle has no list of entries that is open")
            if len(data) > LARGEST:
                raise NotSplitError("what stands before its entries", size=True)

    def __iter__(self) -> Iterator[Texts]:
        """The entries in order, some at a time."""
        size, number, rest = FIRST_BYTES, 0, self._rest
        self._rest = b""
        follows = False
        while True:
            data = self._file.read(size)
            rest += data
            size = min(3 * size, MOST_BYTES)
            found, rest, closed = _split(rest, follows, number)
            number += len(found)
            follows = follows or bool(len(found))
            if len(found):
                yield found
            if closed:
                self._close(rest)
                return
            if not data:
                raise NotSplitError(_fault(rest) or "the text ends too early", number)
            if len(rest) > LARGEST:
                fault = _fault(rest[:FIRST_BYTES])
                raise NotSplitError(fault or "the entry", number, size=fault is None)

    def _close(self, tail: bytes) -> None:
        while data := self._file.read(MOST_BYTES):
            tail += data
            if len(tail) > LARGEST:
                if tail.strip(_BLANKS) == tail[:1] + b"}":
                    tail = tail[:1] + b"}"
                    continue
                raise NotSplitError("what stands behind its entries", size=True)
        self.tail = tail


def _brackets(data: bytes) -> tuple[Places, Places]:
    """Where brackets stand outside of strings, and how deep the text is nested behind each."""
    import numpy as np

    if b"\\" in data:
        # What a backslash stands before ends no string.
        data = data.replace(rb"\\", b"  ").replace(rb"\"", b"  ")
    each = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(each == ord('"'))
    folded = each | 0x20
    places = np.flatnonzero((folded == ord("{")) | (folded == ord("}")))
    places = places[np.searchsorted(quotes, places) % 2 == 0]
    opens = (each[places] | 0x20) == ord("{")
    return places, np.cumsum(np.where(opens, 1, -1))


def _split(data: bytes, follows: bool, number: int) -> tuple[Texts, bytes, bool]:
    """The entries at the start of a text, the text behind them, and whether the list ends there.

    `follows` says that entries stood before, `number` is that of the first.
    """
    import numpy as np

    places, depths = _brackets(data)
    ends = np.flatnonzero(depths < 0)
    closed = bool(len(ends))
    if closed:
        places, depths = places[: ends[0] + 1], depths[: ends[0] + 1]
    opened = np.flatnonzero((depths == 1) & (np.diff(depths, prepend=0) > 0))
    closing = np.flatnonzero((depths == 0) & (np.diff(depths, prepend=0) < 0))
    starts, stops = places[opened][: len(closing)], places[closing] + 1
    behind = int(stops[-1]) if len(stops) else 0
    rest = int(places[-1]) if closed else behind
    # Between entries stands a comma, and more only where the text is written with blanks.
    pieces: list[bytes] = []
    usual, before = True, 0
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        led = follows or bool(pieces)
        gap = data[before:start].strip(_BLANKS)
        if gap != (b"," if led else b""):
            usual = False
            pieces += _items(gap, led, True, number + len(pieces))
        pieces.append(data[start:stop])
        before = stop
    if closed and (gap := data[behind:rest].strip(_BLANKS)):
        usual = False
        pieces += _items(gap, follows or bool(pieces), False, number + len(pieces))
    found = Texts(data, starts, stops) if usual else texts_of(pieces)
    return found, data[rest:], closed


def _items(gap: bytes, follows: bool, leads: bool, number: int) -> list[bytes]:
    """What stands between entries and is none: null, a number, a text."""
    text = b"[" + (b"0" if follows else b"") + gap + (b"0" if leads else b"") + b"]"
    value, problems = decode(text.decode("utf-8", "replace"))
    if type(value) is not list or problems:
        raise NotSplitError(
            f"between entries stands {gap[:40].decode('utf-8', 'replace')!r}", number
        )
    items = value[int(follows) : len(value) - int(leads)]
    return [json.dumps(item, default=float).encode() for item in items]


def _fault(text: bytes) -> str | None:
    """What is wrong in the text of an entry before its end; None when that is all."""
    try:
        json.JSONDecoder(parse_int=str).raw_decode(
            text.decode("utf-8", "replace").lstrip(" \t\r\n,")
        )
    except RecursionError:
        return "objects and lists are nested too deeply"
    except json.JSONDecodeError as error:
        if error.pos < len(error.doc) - 1 and not error.msg.startswith("Unterminated"):
            return error.msg
    return None

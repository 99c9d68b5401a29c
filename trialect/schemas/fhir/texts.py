"""Many texts in one run of bytes, of which only the places are kept.

A file of a million resources is so looked at without a million objects: what is asked of every
text (its length, its first and last byte) is asked of all of them at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from trialect.schemas.fhir.packed import LARGEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Block = NDArray[np.uint8]

FIRST_BYTES = 64 * 1024
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of texts that are looked at together: at first, and at most. Memory holds twice as much."""

MOST_LINES = 1 << 18
"""Lines, or bytes of lines that are very short, that are looked at together."""

TOO_LONG = b"\0too long\0"
"""Stands for a line of more than LARGEST bytes, which is not kept."""

_BLANKS = b" \t\r\n"
_DECODED = 1 << 20

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of `data`: each from its place in `starts` to that in `ends`."""

    data: bytes
    starts: Places
    ends: Places

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, row: int) -> bytes:
        return self.data[self.starts[row] : self.ends[row]]

    def __iter__(self) -> Iterator[bytes]:
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield self.data[start:end]

    @property
    def lengths(self) -> Places:
        """The bytes of each text."""
        return self.ends - self.starts

    def bytes_at(self, places: Places) -> Block:
        """The bytes at places of `data`."""
        import numpy as np

        return np.frombuffer(self.data, np.uint8)[places]

    def block(self, rows: Places, length: int) -> Block:
        """The texts of these rows, which are of one length, a row of bytes each."""
        import numpy as np

        windows = np.lib.stride_tricks.sliding_window_view(
            np.frombuffer(self.data, np.uint8), length
        )
        found: Block = windows[self.starts[rows]]
        return found

    def is_plain(self) -> bool:
        """Whether all is UTF-8 without NUL, which ends a text in a block."""
        if 0 in self.data:
            return False
        if self.data.isascii():
            return True
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for start in range(0, len(self.data), _DECODED):
                decoder.decode(self.data[start : start + _DECODED])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def stripped(self) -> Texts:
        """The same without blanks before and after them."""
        import numpy as np

        starts, ends = self.starts, self.ends
        some = np.flatnonzero(ends > starts)
        blanks = np.frombuffer(_BLANKS, np.uint8)
        first, last = self.bytes_at(starts[some]), self.bytes_at(ends[some] - 1)
        around = some[np.isin(first, blanks) | np.isin(last, blanks)]
        if not len(around):
            return self
        starts, ends = starts.copy(), ends.copy()
        for row in around.tolist():
            text = self[row].lstrip(_BLANKS)
            starts[row] = ends[row] - len(text)
            ends[row] = starts[row] + len(text.rstrip(_BLANKS))
        return Texts(self.data, starts, ends)


_BETWEEN = b"\n"
"""Stands between texts: half a character of one is no character with the next."""


def texts_of(texts: Sequence[bytes]) -> Texts:
    """Texts that lie elsewhere."""
    import numpy as np

    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.cumsum(lengths + 1) - lengths - 1
    return Texts(_BETWEEN.join(texts), starts, starts + lengths)


def lines_of(data: bytes, start: int = 0, end: int | None = None) -> Texts:
    """The lines of a text, or of a part of it, without their line feeds."""
    import numpy as np

    end = len(data) if end is None else end
    feeds = np.flatnonzero(np.frombuffer(data, np.uint8)[start:end] == ord("\n")) + start
    if len(feeds) and feeds[-1] == end - 1:
        end, feeds = end - 1, feeds[:-1]
    return Texts(data, np.concatenate([[start], feeds + 1]), np.concatenate([feeds, [end]]))


def joined(some: Iterable[Texts]) -> Texts:
    """The texts of several runs of bytes, one behind the other."""
    import numpy as np

    every = list(some)
    if every and all(one.data is every[0].data for one in every):
        starts = np.concatenate([one.starts for one in every])
        return Texts(every[0].data, starts, np.concatenate([one.ends for one in every]))
    around = texts_of([one.data for one in every])
    placed = list(zip(every, around.starts.tolist(), strict=True))
    none = np.zeros(0, np.int64)
    return Texts(
        around.data,
        np.concatenate([none, *(one.starts + at for one, at in placed)]),
        np.concatenate([none, *(one.ends + at for one, at in placed)]),
    )


def line_batches(lines: BinaryIO | Iterable[bytes]) -> Iterator[Texts]:
    """Lines a few at a time, then more, without blanks around them; a file is read in pieces."""
    if isinstance(lines, BufferedIOBase):
        yield from _pieces(lines)
        return
    for batch in batches(lines, len):
        yield texts_of(batch).stripped()


def _pieces(file: BufferedIOBase) -> Iterator[Texts]:
    """The lines of a file: those of a piece together, and those that two pieces share."""
    size = FIRST_BYTES
    open_end: list[bytes] = []
    while data := file.read(size):
        size = min(3 * size, MOST_BYTES)
        first, last = data.find(b"\n"), data.rfind(b"\n")
        if first < 0:
            open_end.append(data)
            if len(open_end) > 1 and sum(map(len, open_end)) > LARGEST:
                open_end = [TOO_LONG]
            continue
        if open_end[:1] == [TOO_LONG]:
            open_end, data = [TOO_LONG], data[first:]
            first, last = 0, last - first
        yield lines_of(b"".join([*open_end, data[:first]])).stripped()
        open_end = [data[last + 1 :]]
        for start, end in _parts(data, first + 1, last + 1):
            yield lines_of(data, start, end).stripped()
    if open_end[:1] == [TOO_LONG]:
        open_end = [TOO_LONG]
    if any(open_end):
        yield lines_of(b"".join(open_end)).stripped()


def _parts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Some lines, a part of them at a time where they are very short: each has its places."""
    few = data.count(b"\n", start, end) <= MOST_LINES
    while start < end:
        stop = end if few else data.find(b"\n", min(start + MOST_LINES, end) - 1) + 1
        yield start, stop
        start = stop


def batches(texts: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The texts a few at a time, then more: shapes are learned first."""
    rest = iter(texts)
    count, limit = 1, FIRST_BYTES
    while batch := list(islice(rest, count)):
        mean = max(1, sum(map(size_of, batch)) // len(batch))
        limit = min(3 * limit, MOST_BYTES)
        count = max(1, limit // mean)
        yield batch


__all__ = [
    "FIRST_BYTES",
    "MOST_BYTES",
    "TOO_LONG",
    "Block",
    "Places",
    "Texts",
    "batches",
    "joined",
    "line_batches",
    "lines_of",
    "texts_of",
]

"""Rows of Dataset-JSON looked at by column, as they are usually written.

Where rows stand one a line, in ASCII and without escapes, quotation marks and commas say where
each value lies, and a column of values is asked at once: which are texts, how long the longest
is, which numbers and dates there are. What is found to fit here fits value by value
(`values.Values`), at a fraction of the time; of everything else nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from trialect.schemas.dataset_json.datatypes import DATA_TYPES
from trialect.schemas.dataset_json.stream import BETWEEN
from trialect.schemas.dataset_json.values import FORMATS, STRING, TYPES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.int64]

LONGEST = 40
"""The longest number or date that is looked at, in bytes."""

MOST_KNOWN = 200_000
"""How many values are remembered to have the form of their column."""

_QUOTE, _COMMA, _FEED, _OPEN, _CLOSE = b'",\n[]'
_NULL = b"null"


@dataclass(slots=True)
class PlainRows:
    """Rows against their columns, as `columns` of the file's metadata describes them."""

    columns: list[dict[str, Any]]
    known: list[set[bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.known = [set() for _ in self.columns]

    def fitting(self, text: bytes) -> int | None:
        """How many rows there are if all of them fit their columns; None says nothing.

        `text` is arrays of JSON with `BETWEEN` between them.
        """
        import numpy as np

        if not text.isascii() or b"\\" in text or not self.columns:
            return None
        data = np.frombuffer(text, np.uint8)
        fields = _fields(data, len(self.columns))
        if fields is None:
            return None
        starts, ends = fields
        padded = np.concatenate([data, np.zeros(LONGEST, np.uint8)])
        texts = 0
        for column, known, first, size in zip(
            self.columns, self.known, starts, ends - starts, strict=True
        ):
            quoted = _fits(padded, first, size, column, known)
            if quoted is None:
                return None
            texts += quoted
        # A text has its two marks, and no other value has any: none stands inside a text.
        return starts.shape[1] if 2 * texts == text.count(b'"') else None


def _fields(data: Bytes, width: int) -> tuple[Places, Places] | None:
    """Where each value starts and ends (columns x rows), if all rows have as many."""
    import numpy as np

    inside = np.bitwise_xor.accumulate((data == _QUOTE).view(np.uint8))
    commas = np.flatnonzero((data == _COMMA) & (inside == 0))
    if (len(commas) + 1) % width:
        return None
    ends = np.ascontiguousarray(np.append(commas, len(data)).reshape(-1, width).T)
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1] + 1
    starts[0, 0] = 0
    starts[0, 1:] = ends[-1, :-1] + len(BETWEEN)
    if int(starts[0, -1]) >= len(data):
        return None
    opened = (data[starts[0]] == _OPEN).all() and (data[ends[-1] - 1] == _CLOSE).all()
    apart = (data[ends[-1, :-1] + 1] == _FEED).all()
    # Further line feeds, and other such marks, would stand inside a value.
    if not opened or not apart or np.count_nonzero(data < ord(" ")) != ends.shape[1] - 1:
        return None
    starts[0] += 1
    ends[-1] -= 1
    return starts, ends


def _fits(
    data: Bytes, starts: Places, sizes: Places, column: dict[str, Any], known: set[bytes]
) -> int | None:
    """How many of the values are texts if all of them fit their column; else None."""
    import numpy as np

    data_type, length = column.get("dataType"), column.get("length")
    if not isinstance(data_type, str) or data_type not in DATA_TYPES:
        return None
    first = data[starts]
    quoted = first == _QUOTE
    texts = int(np.count_nonzero(quoted))
    others = starts if not texts else starts[~quoted]
    null = _are_null(data, others, sizes if not texts else sizes[~quoted])
    allowed = TYPES.get(data_type, STRING)
    if allowed is not STRING:
        if texts:
            return None
        values = _distinct(data, starts[~null], sizes[~null])
        return 0 if values is not None and _are_numbers(values, allowed) else None
    if not null.all():
        return None
    if not texts:
        return 0
    starts, sizes = starts[quoted], sizes[quoted]
    if int(sizes.min()) < 2 or not (data[starts + sizes - 1] == _QUOTE).all():
        return None
    if type(length) is int and 0 < length < int(sizes.max()) - 2:
        return None
    if (pattern := FORMATS.get(data_type)) is not None:
        values = _distinct(data, starts + 1, sizes - 2)
        if values is None:
            return None
        new = values - known
        if not all(pattern.fullmatch(one.decode()) for one in new if one):
            return None
        if len(known) < MOST_KNOWN:
            known |= new
    return texts


def _are_null(data: Bytes, starts: Places, sizes: Places) -> NDArray[np.bool_]:
    import numpy as np

    found: NDArray[np.bool_] = sizes == len(_NULL)
    for place, letter in enumerate(_NULL):
        # What is shorter is no null already; the bytes behind the last value are there.
        found &= data[np.minimum(starts + place, len(data) - 1)] == letter
    return found


def _distinct(data: Bytes, starts: Places, sizes: Places) -> set[bytes] | None:
    """The different values among these, or None if one is too long to look at."""
    import numpy as np

    if not len(starts):
        return set()
    width = int(sizes.max())
    if not 0 < width <= LONGEST:
        return None if width else {b""}
    block = np.lib.stride_tricks.sliding_window_view(data, width)[starts]
    if int(sizes.min()) < width:
        block *= np.arange(width) < sizes[:, None]
    return set(block.view(f"S{width}").ravel().tolist())


def _are_numbers(values: set[bytes], allowed: frozenset[type]) -> bool:
    try:
        found = orjson.loads(b"[" + b",".join(values) + b"]")
    except orjson.JSONDecodeError:
        return False
    return len(found) == len(values) and set(map(type, found)) <= allowed


__all__ = ["PlainRows"]

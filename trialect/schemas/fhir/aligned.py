"""Many texts at once: those whose values stand at the same places are compared as one block.

Texts of one shape and one length mostly have their values at the same places too: ids, times and
references are of fixed width. Such texts are laid under each other as rows of a block of bytes.
When a shape vouches for the first row, a row that equals it outside the gaps has its shape, and
what differs inside the gaps is held against the gaps' patterns, column by column. What is found
valid here is found valid by `Shapes.vouch` text by text, at a fraction of the time; texts that
find no company are left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.positions import certain, linear
from trialect.schemas.fhir.references import hashes
from trialect.schemas.fhir.shapes import LONGEST, Shape
from trialect.schemas.fhir.texts import Texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trialect.schemas.fhir.texts import Block, Places

    Values = NDArray[np.bytes_]
    Words = NDArray[np.uint64]

FEWEST = 6
"""How many texts of one length are worth a block."""

MOST_ALIGNMENTS = 24
"""How many alignments of one length are tried before the rest is left to `vouch`."""


class Vouched(Protocol):
    """Texts that a shape vouches for, however that was found; `rows` are their numbers."""

    @property
    def shape(self) -> Shape:
        """Their shape."""

    @property
    def rows(self) -> Places:
        """Their numbers."""

    def __len__(self) -> int:
        """How many they are."""

    def common(self, capture: int) -> bytes:
        """What all values of a capture begin with, without the quotation mark."""

    def hashed(self, capture: int, start: str = "") -> Words:
        """A hash of each value of a capture behind a text, without the quotation marks."""


class _Captured:
    """Texts whose captured values can be had as rows of bytes."""

    __slots__ = ()

    def captured(self, capture: int) -> Block:
        """The values of a capture without their quotation marks, a row of bytes each (NUL last)."""
        raise NotImplementedError

    def common(self, capture: int) -> bytes:
        """What all values of a capture begin with, without the quotation mark."""
        return _common(self.captured(capture))

    def hashed(self, capture: int, start: str = "") -> Words:
        """A hash of each value of a capture behind a text, without the quotation marks."""
        return hashes(values_of(self.captured(capture), start.encode()))


@dataclass(slots=True)
class Stack(_Captured):
    """Texts that a shape vouches for, with their values at the same places.

    `rows` are their numbers in the batch; `block` has a row of bytes a text, `spans` says where
    each gap of the shape lies in it, `differs` whether the texts differ there.
    """

    shape: Shape
    rows: Places
    block: Block
    spans: list[tuple[int, int]]
    differs: list[bool]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, gap: int) -> Block:
        """The JSON texts in a gap, a row of bytes each."""
        start, end = self.spans[gap]
        return self.block[:, start:end]

    def captured(self, capture: int) -> Block:
        """The values of a capture without their quotation marks, a row of bytes each."""
        return self.column(self.shape.gap_of[capture])[:, 1:-1]

    def keep(self, wanted: NDArray[np.bool_]) -> Stack:
        """The stack with some of its texts."""
        if wanted.all():
            return self
        return Stack(self.shape, self.rows[wanted], self.block[wanted], self.spans, self.differs)


@dataclass(slots=True)
class Loose(_Captured):
    """Texts that a shape vouches for one by one, with their captured values."""

    shape: Shape
    rows: Places
    groups: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.rows)

    def captured(self, capture: int) -> Block:
        """The values of a capture without their quotation marks, a row of bytes each (NUL last)."""
        import numpy as np

        values = np.array([groups[capture][1:-1].encode() for groups in self.groups])
        return values.view(np.uint8).reshape(len(self.groups), -1)


def _common(values: Block) -> bytes:
    """What all rows begin with; NUL ends a row."""
    import numpy as np

    alike = (values == values[0]).all(axis=0) & (values[0] != 0)
    found: bytes = values[0][: int(np.argmin(np.append(alike, False)))].tobytes()
    return found


def loose(shape: Shape, rows: list[int], groups: list[tuple[str, ...]]) -> Loose:
    """Texts of one shape, by their rows and captured values."""
    import numpy as np

    return Loose(shape, np.array(rows, np.int64), groups)


def left_over(texts: Texts, stacks: Iterable[Stack | Loose]) -> list[int]:
    """The rows of texts that are in none of the stacks."""
    import numpy as np

    alone = np.ones(len(texts), bool)
    for stack in stacks:
        alone[stack.rows] = False
    rows: list[int] = np.flatnonzero(alone).tolist()
    return rows


def stacks_of(texts: Texts, shapes: Shapes) -> list[Stack]:
    """The texts that shapes vouch for and that find company, by shape and alignment.

    The texts are UTF-8 and no NUL is in them. A text that is in no stack may be valid too.
    """
    found = [stack for block, rows in _by_length(texts) for stack in _aligned(block, rows, shapes)]
    by_shape: dict[int, list[Stack]] = {}
    for stack in found:
        by_shape.setdefault(id(stack.shape), []).append(stack)
    kept = (stack for family in by_shape.values() for stack in _valid(family))
    return [stack for stack in kept if len(stack)]


def values_of(block: Block, start: bytes = b"") -> Values:
    """The rows of a block as byte strings, each behind `start`."""
    import numpy as np

    if start:
        head = np.broadcast_to(np.frombuffer(start, np.uint8), (len(block), len(start)))
        block = np.concatenate([head, block], axis=1)
    if not block.shape[1]:
        return np.zeros(len(block), "S1")
    return np.ascontiguousarray(block).view(f"S{block.shape[1]}").ravel()


def _by_length(texts: Texts) -> Iterator[tuple[Block, Places]]:
    import numpy as np

    lengths = texts.lengths
    order = np.argsort(lengths, kind="stable")
    ends = np.flatnonzero(np.diff(lengths[order], append=-1)) + 1
    start = 0
    for end in ends.tolist():
        rows = order[start:end]
        start = end
        if len(rows) >= FEWEST and 0 < lengths[rows[0]] <= LONGEST:
            yield texts.block(rows, int(lengths[rows[0]])), rows


def _aligned(block: Block, rows: Places, shapes: Shapes) -> Iterator[Stack]:
    """The texts of one length, by shape and alignment; each alignment is that of a first text."""
    for _ in range(MOST_ALIGNMENTS):
        if len(rows) < FEWEST:
            return
        text = block[0].tobytes().decode()
        known = shapes.vouch(text)
        if known is None:
            block, rows = block[1:], rows[1:]
            continue
        shape = known[0]
        spans = _in_bytes(text, shape.spans(text))
        alike, varies = _compared(block, spans)
        everywhere = alike.all()
        yield Stack(
            shape,
            rows if everywhere else rows[alike],
            block if everywhere else block[alike],
            spans,
            [bool(varies[start:end].any()) for start, end in spans],
        )
        if everywhere:
            return
        block, rows = block[~alike], rows[~alike]


def _compared(
    block: Block, spans: list[tuple[int, int]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows equal the first outside the spans, and where these rows differ from it at all.

    A few rows at a time, which stay in the processor's cache; eight bytes are asked at once.
    """
    import numpy as np

    height, width = block.shape
    padded = -(-width // 8) * 8
    fixed = np.zeros(padded, bool)
    fixed[:width] = True
    for start, end in spans:
        fixed[start:end] = False
    alike = np.empty(height, bool)
    varies = np.zeros(width, bool)
    step = max(1, _CACHED // padded)
    unlike = np.zeros((step, padded), bool)
    outside = np.empty((step, padded), bool)
    for start in range(0, height, step):
        some = block[start : start + step]
        here, there = unlike[: len(some)], outside[: len(some)]
        np.not_equal(some, block[0], out=here[:, :width])
        np.logical_and(here, fixed, out=there)
        same = ~there.view(np.uint64).any(axis=1)
        alike[start : start + step] = same
        varies |= (here if same.all() else here[same])[:, :width].any(axis=0)
    return alike, varies


_CACHED = 128 * 1024


def _in_bytes(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if text.isascii():
        return spans
    return [(len(text[:start].encode()), len(text[:end].encode())) for start, end in spans]


def _valid(family: list[Stack]) -> Iterator[Stack]:
    """The stacks of one shape without the texts whose values it does not take."""
    import numpy as np

    shape = family[0].shape
    good = [np.ones(len(stack), bool) for stack in family]
    for gap, pattern in enumerate(shape.gaps):
        doubtful: list[tuple[int, NDArray[np.int64], list[bytes]]] = []
        for n, stack in enumerate(family):
            if stack.differs[gap]:
                column = stack.column(gap)
                unsure = np.flatnonzero(~certain(pattern, column))
                if len(unsure):
                    doubtful.append((n, unsure, values_of(column[unsure]).tolist()))
        if doubtful:
            taken = _matching(pattern, [value for _, _, some in doubtful for value in some])
            ends = np.cumsum([len(some) for _, _, some in doubtful])
            for (n, unsure, _), part in zip(doubtful, np.split(taken, ends[:-1]), strict=True):
                good[n][unsure[~part]] = False
    for stack, taken in zip(family, good, strict=True):
        kept = stack.keep(taken)
        yield kept.keep(_answered(kept)) if shape.questions and len(kept) else kept


def _matching(pattern: str, values: list[bytes]) -> NDArray[np.bool_]:
    """Which values a gap's pattern takes."""
    import polars as pl

    texts = pl.Series(values, dtype=pl.Binary).cast(pl.String)
    straight = linear(pattern)
    if straight is not None:
        return texts.str.contains(f"^(?:{straight})$").to_numpy()
    match = re.compile(pattern, re.ASCII).fullmatch
    some = texts.unique()
    wanted = some.filter(pl.Series([match(text) is not None for text in some], dtype=pl.Boolean))
    return texts.is_in(wanted.implode()).to_numpy()


def _answered(stack: Stack) -> NDArray[np.bool_]:
    """For which texts the invariants over several values hold; asked once for equal values."""
    import numpy as np

    shape = stack.shape
    good = np.ones(len(stack), bool)
    for question in shape.questions:
        asked = [capture for capture, _ in question.slots]
        if not any(stack.differs[shape.gap_of[capture]] for capture in asked):
            continue  # the text that the shape vouched for was asked the same
        columns = [values_of(stack.column(shape.gap_of[capture])).tolist() for capture in asked]
        rows = zip(*columns, strict=True)
        good &= question.answers(rows, len(shape.captures), bytes.decode)
    return good

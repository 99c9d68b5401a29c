"""Many texts at once as they are made: pieces, and between them the values of columns.

Texts that were rendered from columns (fhir_json.py) need not be taken apart again to be checked.
One of them is put together and found valid; its shape says which of its places are gaps. What
lies within the pieces is the same in all texts. Where a column takes part, what stands from the
first to the last character concerned is held against the shape's pattern there, value by value. A
text whose every stretch matches equals the first one everywhere else, so it has the shape: what is
found valid here is found valid by `Shapes.vouch` text by text. Others are left to other paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.positions import NARROWER, bare, linear
from trialect.schemas.fhir.references import hashes
from trialect.schemas.fhir.shapes import LONGEST, Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trialect.schemas.fhir.texts import Places

    Flags = NDArray[np.bool_]
    Words = NDArray[np.uint64]

FEWEST = 6
"""How many texts of one outline are worth a shape."""

FEW_TRIES = 3
"""How many first texts are tried before the rest is sorted by outline."""

MOST_TRIES = 12
"""How many first texts are tried for one outline before the rest is left over."""

_QUOTES = re.compile(r'\\.|(")', re.DOTALL)
_VALUES = r'("(?:url|system)":"[^"\\]*")|:(?:"(?:[^"\\]|\\.)*"|[^"\[{\s][^,}\]]*)'
"""What is taken out of a text to see its outline: the values, but for those that belong to it."""

_SAMPLE = 256


class Values:
    """A column of texts (String, no nulls); what many rows say is looked at once."""

    def __init__(self, column: pl.Series) -> None:
        self.column = column
        self._matching: dict[tuple[str, str, str], Flags] = {}
        self._hashes: dict[str, Words] = {}

    @cached_property
    def width(self) -> int:
        """The bytes of the longest value."""
        return int(self.column.str.len_bytes().to_numpy().max(initial=0))

    @cached_property
    def _numbers(self) -> Places | None:
        """For each row the number of its value in `_distinct`; None where hardly any repeat."""
        sample = self.column.head(_SAMPLE)
        if 2 * sample.n_unique() > len(sample):
            return None
        numbers = pl.int_range(len(self._distinct), eager=True)
        coded = self.column.replace_strict(self._distinct, numbers, return_dtype=pl.Int64)
        return coded.to_numpy()

    @cached_property
    def _distinct(self) -> pl.Series:
        return self.column.unique(maintain_order=True)

    def _by_value(self, ask: Callable[[pl.Series], NDArray[Any]]) -> NDArray[Any]:
        """What is found of each value, for each row."""
        numbers = self._numbers
        return ask(self.column) if numbers is None else ask(self._distinct)[numbers]

    def matching(self, stretch: Stretch) -> Flags:
        """For each row whether the stretch with its value matches."""
        asked = (stretch.before, stretch.after, stretch.pattern)
        if asked not in self._matching:
            self._matching[asked] = self._by_value(stretch.matching)
        return self._matching[asked]

    def hashes(self, before: str) -> Words:
        """For each row the hash of its value behind a text."""
        if before not in self._hashes:
            self._hashes[before] = self._by_value(lambda some: hashes(_names(some, before)))
        return self._hashes[before]

    def outlines(self, places: Places) -> Places:
        """For the values at these places, JSON texts, what they are of: equal numbers lack values
        alone.
        """
        some = self.column.gather(places).str.replace_all(_VALUES, "${1}")
        return some.rank("dense").cast(pl.Int64).to_numpy()

    def extracted(self, stretch: Stretch, gap: int, places: Places) -> pl.Series:
        """The JSON texts in a gap, of the values at these places, which all match."""
        import numpy as np

        group = stretch.gaps.index(gap) + 1
        match = re.compile(stretch.pattern, re.ASCII).fullmatch

        def parts(some: pl.Series) -> NDArray[Any]:
            found = (match(stretch.before + one + stretch.after) for one in some)
            return np.array([one[group] if one else "" for one in found], object)

        return pl.Series(self._by_value(parts)[places], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Woven:
    """Texts `pieces[0] columns[0] pieces[1] columns[1] ... pieces[-1]`, one for each of `rows`.

    `rows` are the texts' numbers. Each text is a JSON object.
    """

    rows: Places
    pieces: tuple[str, ...]
    columns: tuple[Values, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, place: int) -> str:
        """One text, by its place among these."""
        values = [one.column[place] for one in self.columns]
        return "".join(
            part for pair in zip(self.pieces, [*values, ""], strict=True) for part in pair
        )

    def texts(self) -> pl.Series:
        """All texts, one behind the other."""
        parts: list[pl.Expr | pl.Series] = [pl.lit(self.pieces[0])]
        for one, piece in zip(self.columns, self.pieces[1:], strict=True):
            parts += [one.column, pl.lit(piece)]
        found = pl.select(pl.concat_str(parts)).to_series()
        return found if self.columns else found.new_from_index(0, len(self))

    def places(self, place: int) -> list[tuple[int, int]]:
        """Where the columns lie in one text: from and to, in characters."""
        found, at = [], 0
        for piece, one in zip(self.pieces, self.columns, strict=False):
            start = at + len(piece)
            at = start + len(one.column[place])
            found.append((start, at))
        return found

    def outlines(self, places: Places) -> Iterator[Places]:
        """The places of texts that lack values alone, by what else they say."""
        import numpy as np

        kinds = np.zeros(len(places), np.int64)
        inside = False
        for piece, one in zip(self.pieces, self.columns, strict=False):
            quotes = sum(1 for found in _QUOTES.finditer(piece) if found[1])
            inside ^= quotes % 2 == 1
            if not inside:
                more = one.outlines(places)
                kinds = kinds * (int(more.max(initial=0)) + 1) + more
                kinds = np.unique(kinds, return_inverse=True)[1]
        order = np.argsort(kinds, kind="stable")
        for some in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
            yield places[some]

    def short(self) -> bool:
        """Whether no text is too long for a shape."""
        return sum(map(len, self.pieces)) + sum(one.width for one in self.columns) < LONGEST


def numbered(woven: Woven, numbers: Places) -> Woven:
    """The same texts with other numbers: those that stand in `numbers` at their present ones."""
    return replace(woven, rows=numbers[woven.rows])


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text: a column, and what of the gaps around it the pieces hold.

    `pattern` is that of the shape, with a group for each of `gaps`; `narrow` takes nearly all of
    the same values without ever going back: what to put before them, a pattern, and what behind.
    """

    column: int
    before: str
    after: str
    pattern: str
    narrow: tuple[str, str, str] | None
    gaps: tuple[int, ...]

    def matching(self, values: pl.Series) -> Flags:
        """Which values match."""
        good = pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
        if self.narrow is not None:
            before, narrow, after = self.narrow
            some = values
            if before or after:
                parts = (pl.lit(before), values, pl.lit(after))
                some = pl.select(pl.concat_str(*parts)).to_series()
            good = some.str.contains(f"^(?:{narrow})$")
        unsure = (~good).arg_true()
        if len(unsure):
            match = re.compile(self.pattern, re.ASCII).fullmatch
            some = values.gather(unsure)
            found = [match(self.before + one + self.after) is not None for one in some]
            good = good.scatter(unsure, found)
        return good.to_numpy()


@dataclass(slots=True)
class Strand:
    """Woven texts that a shape vouches for."""

    shape: Shape
    woven: Woven
    places: Places
    constants: dict[int, str]
    stretches: dict[int, Stretch]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def rows(self) -> Places:
        """The numbers of the texts."""
        return self.woven.rows[self.places]

    def common(self, capture: int) -> bytes:
        """What all values of a capture begin with for sure, without the quotation mark."""
        gap = self.shape.gap_of[capture]
        if gap in self.constants:
            return self.constants[gap][1:-1].encode()
        stretch = self.stretches[gap]
        return stretch.before[1:].encode() if stretch.gaps == (gap,) else b""

    def hashed(self, capture: int, start: str = "") -> Words:
        """A hash of each value of a capture behind a text, without the quotation marks."""
        import numpy as np

        gap = self.shape.gap_of[capture]
        if gap in self.constants:
            constant = hashes(np.array([(start + self.constants[gap][1:-1]).encode()]))
            return np.repeat(constant, len(self))
        stretch = self.stretches[gap]
        values = self.woven.columns[stretch.column]
        if stretch.gaps == (gap,) and stretch.before[:1] == stretch.after == '"':
            return values.hashes(start + stretch.before[1:])[self.places]
        some = values.extracted(stretch, gap, self.places).str.slice(1).str.head(-1)
        return hashes(_names(some, start))

    def said(self, capture: int) -> list[str]:
        """The JSON texts of a capture's values."""
        gap = self.shape.gap_of[capture]
        if gap in self.constants:
            return [self.constants[gap]] * len(self)
        stretch = self.stretches[gap]
        return self.woven.columns[stretch.column].extracted(stretch, gap, self.places).to_list()


def sifted(
    woven: Iterable[Woven], shapes: Shapes, valid: Callable[[str], bool]
) -> tuple[list[Strand], list[tuple[int, str]]]:
    """The texts that shapes vouch for, and the numbers and texts of those that are left over.

    `valid` says what the exact path finds of a first text. A text left over may be valid too.
    """
    import numpy as np

    found: list[Strand] = []
    left: list[tuple[int, str]] = []
    for some in woven:
        alone = np.ones(len(some), bool)
        if some.short():
            for strand in _strands(some, shapes, valid):
                alone[strand.places] = False
                found.append(strand)
        left += [(int(some.rows[n]), some.text(n)) for n in np.flatnonzero(alone).tolist()]
    return found, left


def _strands(woven: Woven, shapes: Shapes, valid: Callable[[str], bool]) -> Iterator[Strand]:
    """Those of the first texts; where these have few like them, by outline."""
    import numpy as np

    rest = np.arange(len(woven))
    for _ in range(FEW_TRIES):
        if len(rest) < FEWEST:
            return
        strand, rest = _like_first(woven, rest, shapes, valid)
        if strand is not None:
            yield strand
    for places in woven.outlines(rest) if len(rest) else ():
        some = places
        for _ in range(MOST_TRIES):
            if len(some) < FEWEST:
                break
            strand, some = _like_first(woven, some, shapes, valid)
            if strand is not None:
                yield strand


def _like_first(
    woven: Woven, places: Places, shapes: Shapes, valid: Callable[[str], bool]
) -> tuple[Strand | None, Places]:
    """The texts that have the shape of the first, and the places of the others."""
    first = int(places[0])
    text = woven.text(first)
    shape = shapes.shape_of(text, valid)
    found = None if shape is None else _laid(woven, first, text, shape)
    if shape is None or found is None:
        return None, places[1:]
    constants, stretches = found
    good = _good(woven, places, stretches)
    by_gap = {gap: one for one in stretches for gap in one.gaps}
    strand = Strand(shape, woven, places[good], constants, by_gap)
    strand.places = strand.places[_answered(strand)]
    return strand, places[~good]


def _good(woven: Woven, places: Places, stretches: Sequence[Stretch]) -> Flags:
    import numpy as np

    good = np.ones(len(places), bool)
    for one in stretches:
        good &= woven.columns[one.column].matching(one)[places]
    return good


def _laid(
    woven: Woven, first: int, text: str, shape: Shape
) -> tuple[dict[int, str], list[Stretch]] | None:
    """The gaps that are the same in all texts, and the stretches; None if columns share a gap."""
    gaps = shape.spans(text)
    constants = {n: text[start:end] for n, (start, end) in enumerate(gaps)}
    stretches = []
    done = 0
    for column, (start, end) in enumerate(woven.places(first)):
        inside = [n for n in constants if gaps[n][0] < end and start < gaps[n][1]]
        begin = min(start, *(gaps[n][0] for n in inside), start)
        stop = max(end, *(gaps[n][1] for n in inside), end)
        if begin < done:
            return None
        done = stop
        pattern, at = "", begin
        for n in inside:
            pattern += f"{re.escape(text[at : gaps[n][0]])}({shape.gaps[n]})"
            at = gaps[n][1]
            del constants[n]
        pattern += re.escape(text[at:stop])
        before, after = text[begin:start], text[end:stop]
        alone = len(inside) == 1 and gaps[inside[0]] == (begin, stop)
        narrow = _narrow(shape.gaps[inside[0]], before, after) if alone else None
        stretches.append(Stretch(column, before, after, pattern, narrow, tuple(inside)))
    return constants, stretches


def _answered(strand: Strand) -> Flags:
    """For which texts the invariants over several values hold."""
    import numpy as np

    good = np.ones(len(strand), bool)
    for question in strand.shape.questions:
        rows = zip(*(strand.said(capture) for capture, _ in question.slots), strict=True)
        good &= question.answers(rows, len(strand.shape.captures))
    return good


@cache
def _narrow(gap: str, before: str, after: str) -> tuple[str, str, str] | None:
    """A gap's pattern for an engine that never goes back, with the texts that it still wants
    around a value; None where the pattern looks around.
    """
    pattern = NARROWER.get(gap, gap)
    inner = bare(pattern, before, after)
    if inner is not None:
        before, pattern, after = "", inner, ""
    straight = linear(pattern)
    return None if straight is None else (before, straight, after)


def _names(column: pl.Series, before: str) -> NDArray[np.bytes_]:
    """Texts behind another one, as byte strings."""
    import numpy as np

    if before:
        column = pl.select(pl.concat_str(pl.lit(before), column)).to_series()
    lengths = column.str.len_bytes().to_numpy()
    width = int(lengths.max(initial=1))
    if (lengths == width).all():
        data = column.str.join("").cast(pl.Binary).item()
        return np.frombuffer(data, f"S{width}")
    return np.array([one.encode() for one in column], f"S{width}")


__all__ = ["Strand", "Values", "Woven", "numbered", "sifted"]

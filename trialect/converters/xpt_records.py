"""Records of an XPT file made from columns, a block at a time, and proved clean on the way.

A few passes of SIMD over a block that is in the cache prove that a column holds nothing that XPT
would damage. A column without that proof is named, and `xpt_values` says what is wrong where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trialect.converters.arrow_text import Bytes, TextViews
from trialect.converters.ibm_float import LARGEST_WHOLE, to_ibm
from trialect.converters.xpt_format import XptVariable

BLOCK_ROWS = 32_768
"""Records encoded at a time: what fits the caches, and is worth a thread's while."""

_NUL, _BLANK, _LAST_PRINTABLE = 0x00, 0x20, 0x7E


class _TextColumn:
    """A Char variable's values; null and the empty text are both missing."""

    def __init__(self, series: pl.Series, width: int) -> None:
        self._views = TextViews(series.cast(pl.String))
        self._width = width

    def encode(self, start: int, stop: int) -> tuple[NDArray[Any], bool]:
        """Rows as voids of the variable's length, padded with blanks; and whether all is clean.

        One void stands for all rows where they are all the same.
        """
        if self._views.all_the_same(start, stop):
            stop = start + 1
        cells, lengths = self._views.cells(start, stop, self._width)
        clean = _fill_and_prove(cells, lengths)
        return cells.view(f"V{self._width}")[:, 0], clean


def _fill_and_prove(cells: Bytes, lengths: NDArray[np.int32]) -> bool:
    """Put blanks where the texts end, in place; True if every text is one that XPT holds as it is.

    That is: no longer than its cell, printable ASCII only, no blank at either end.
    """
    rows, width = cells.shape
    flat = cells.reshape(rows * width)
    is_nul = flat == _NUL
    is_blank = flat == _BLANK
    # A NUL inside a text would be taken for padding: then there are more NULs than padding.
    clean = int(lengths.max(initial=0)) <= width and int(lengths.sum(dtype=np.int64)) == (
        flat.size - int(np.count_nonzero(is_nul))
    )
    blanks = is_blank.reshape(rows, width)
    # A blank before padding ends a text. Across a cell's end this compares the last byte of one
    # text with the first of the next; that the last byte is blank is a finding in any case.
    clean = clean and not (is_blank[:-1] & is_nul[1:]).any()
    clean = clean and not blanks[:, 0].any() and not blanks[:, -1].any()
    padding = is_nul.view(np.uint8)
    padding *= _BLANK
    flat |= padding
    return clean and (
        flat.size == 0 or (int(flat.min()) >= _BLANK and int(flat.max()) <= _LAST_PRINTABLE)
    )


class _NumberColumn:
    """A Num variable's values; null is missing."""

    def __init__(self, series: pl.Series) -> None:
        self._nulls = series.is_null().to_numpy() if series.null_count() else None
        self._doubtful = False
        if series.dtype.is_integer() and len(series) > series.null_count():
            ends = (int(str(series.min())), int(str(series.max())))
            self._doubtful = max(abs(end) for end in ends) > LARGEST_WHOLE
        self._values: NDArray[np.float64] = series.cast(pl.Float64).to_numpy()

    def encode(self, start: int, stop: int) -> tuple[NDArray[Any], bool]:
        """Rows as big-endian words, and whether each number is held exactly."""
        nulls = 0 if self._nulls is None else int(np.count_nonzero(self._nulls[start:stop]))
        words, exact = to_ibm(self._values[start:stop], nulls)
        return words, exact and not self._doubtful


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records, packed, and the numbers of the variables that were not proved clean."""

    records: NDArray[Any]
    first: int
    unproved: tuple[int, ...]


class BatchEncoder:
    """The columns of one batch, ready to be encoded in blocks of rows (by several threads)."""

    def __init__(self, variables: Sequence[XptVariable], frame: pl.DataFrame) -> None:
        self._dtype = record_dtype(variables)
        self._columns = [
            _NumberColumn(frame[variable.name])
            if variable.type == "Num"
            else _TextColumn(frame[variable.name], variable.length)
            for variable in variables
        ]

    def encode(self, start: int, stop: int) -> Block:
        """Rows start to stop as packed records."""
        records = np.empty(stop - start, dtype=self._dtype)
        unproved = []
        for number, column in enumerate(self._columns):
            values, clean = column.encode(start, stop)
            records[f"f{number}"] = values
            if not clean:
                unproved.append(number)
        return Block(records, start, tuple(unproved))


def record_dtype(variables: Sequence[XptVariable]) -> np.dtype[Any]:
    """One record as fields f0, f1, ...: text as voids, numbers as 8-byte words."""
    return np.dtype(
        [
            (f"f{number}", "u8" if variable.type == "Num" else f"V{variable.length}")
            for number, variable in enumerate(variables)
        ]
    )

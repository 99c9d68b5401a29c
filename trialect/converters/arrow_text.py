"""The bytes of a Polars text column, without a copy, through the Arrow C stream interface.

Arrow lays text out as 16-byte views: a 4-byte length, then either up to 12 bytes of text, padded
with zeros, or the first four bytes, the number of a data buffer and the offset in it
(https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout). The structs
are those of https://arrow.apache.org/docs/format/CDataInterface.html.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

INLINE = 12
"""The longest text, in bytes, that a view holds itself."""

Bytes = NDArray[np.uint8]


class _ArrowSchema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    )


class _ArrowArray(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    )


class _ArrowArrayStream(ctypes.Structure):
    _fields_ = (
        (
            "get_schema",
            ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_ArrowSchema)),
        ),
        (
            "get_next",
            ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_ArrowArray)),
        ),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)


class TextViews:
    """A String column of n rows as Arrow views; the memory is valid while this object lives.

    `views` has the shape (n, 16); `valid` (n,) is None when no row is null. The view of a null row
    means nothing.
    """

    def __init__(self, column: pl.Series) -> None:
        if sys.byteorder != "little":
            raise NotImplementedError("Arrow views are read on little-endian machines only")
        self._column = column.rechunk()
        self._array = _ArrowArray()
        self._export()
        count = len(self._column)
        self._buffers: dict[int, Bytes] = {}
        self.views: Bytes = np.zeros((0, 16), dtype=np.uint8)
        if count:
            address = self._array.buffers[1] + 16 * self._array.offset
            self.views = _memory(address, 16 * count).reshape(count, 16)
        nulls = self._column.null_count()
        self.valid: NDArray[np.bool_] | None = (
            self._column.is_not_null().to_numpy() if nulls else None
        )

    def _export(self) -> None:
        schema = _ArrowSchema()
        capsule = self._column.__arrow_c_stream__()
        stream = _ArrowArrayStream.from_address(_capsule_pointer(capsule, b"arrow_array_stream"))
        address = ctypes.addressof(stream)
        if stream.get_schema(address, ctypes.byref(schema)):
            raise RuntimeError("Polars did not export the column")
        layout = schema.format
        schema.release(ctypes.addressof(schema))
        if layout != b"vu":
            raise RuntimeError(f"expected text as Arrow views (vu), got {layout!r}")
        if stream.get_next(address, ctypes.byref(self._array)):
            raise RuntimeError("Polars did not export the column")

    def __len__(self) -> int:
        return len(self.views)

    def __del__(self) -> None:
        array = getattr(self, "_array", None)
        if array is not None and array.release:
            array.release(ctypes.addressof(array))

    def _buffer(self, number: int) -> Bytes:
        """The data buffer of that number; the last Arrow buffer holds their sizes."""
        if number not in self._buffers:
            variadic = self._array.n_buffers - 3
            sizes = (ctypes.c_int64 * variadic).from_address(
                self._array.buffers[self._array.n_buffers - 1]
            )
            self._buffers[number] = _memory(self._array.buffers[2 + number], sizes[number])
        return self._buffers[number]

    def cells(self, start: int, stop: int, width: int) -> tuple[Bytes, NDArray[np.int32]]:
        """The text of rows start to stop as (rows, width) bytes, zero behind each text's end.

        Also the length of each text in bytes, 0 for a null. A text longer than `width` is cut
        there: the caller sees it by its length.
        """
        rows = stop - start
        words = self.views[start:stop].view(np.int32)
        lengths = words[:, 0].copy()
        valid = None if self.valid is None else self.valid[start:stop]
        if valid is not None:
            lengths *= valid
        held = min(width, INLINE)
        inline = np.ndarray(
            rows, dtype=f"V{held}", buffer=self.views, offset=16 * start + 4, strides=(16,)
        )
        if width <= INLINE:
            packed = inline.copy()
        else:
            packed = self._wide_cells(inline, words, lengths, width)
        if valid is not None and not valid.all():
            packed[~valid] = np.zeros((), dtype=packed.dtype)
        return packed.view(np.uint8).reshape(rows, width), lengths

    def all_the_same(self, start: int, stop: int) -> bool:
        """Whether all rows are surely one text, as those of STUDYID are; several, and no null."""
        words = self.views[start:stop].view(np.uint64).reshape(-1)
        return (
            stop - start > 1
            and self.valid is None
            and bool(words[-2] == words[0] and words[-1] == words[1])
            and np.array_equal(words[2:], words[:-2])
        )

    def _wide_cells(
        self,
        inline: NDArray[Any],
        words: NDArray[np.int32],
        lengths: NDArray[np.int32],
        width: int,
    ) -> NDArray[Any]:
        """Cells wider than a view: some texts are in the views, the longer ones in buffers."""
        is_long = lengths > INLINE
        numbers, offsets = words[:, 2], words[:, 3]
        if is_long.all() and len(words):
            return self._long_cells(numbers, offsets, lengths, width)
        if not is_long.any():
            packed = np.zeros(len(words), dtype=f"V{width}")
        else:
            # For the short texts something is gathered too, and none of it kept: that is cheaper
            # than to pick the long ones out and put them back.
            some = numbers[int(is_long.argmax())]
            packed = self._long_cells(
                np.where(is_long, numbers, some), offsets * is_long, lengths * is_long, width
            )
        heads = np.ndarray(len(words), inline.dtype, buffer=packed, strides=(width,))
        np.copyto(heads, inline, where=~is_long)
        return packed

    def _long_cells(
        self,
        numbers: NDArray[np.int32],
        offsets: NDArray[np.int32],
        lengths: NDArray[np.int32],
        width: int,
    ) -> NDArray[Any]:
        """The texts at these offsets of the numbered data buffers, as voids of `width` bytes."""
        first = int(numbers[0])
        if (numbers == first).all():
            gathered = _gather(self._buffer(first), offsets, width)
        else:
            gathered = np.empty(len(numbers), dtype=f"V{width}")
            for number in np.unique(numbers).tolist():
                of_buffer = np.flatnonzero(numbers == number)
                gathered[of_buffer] = _gather(self._buffer(number), offsets[of_buffer], width)
        flat = gathered.view(np.uint8)
        flat *= _ones_up_to(width).take(np.minimum(lengths, width)).view(np.uint8)
        return gathered


def _gather(buffer: Bytes, offsets: NDArray[np.int32], width: int) -> NDArray[Any]:
    """`width` bytes from each offset; zeros stand for what is behind the buffer's end."""
    safe = len(buffer) - width
    if len(offsets) and int(offsets.max()) <= safe:
        return _windows(buffer, width)[offsets]
    # Texts near the end are read from a padded copy of the last 2 * width bytes.
    start = max(0, safe - width)
    tail = np.zeros(len(buffer) - start + width, dtype=np.uint8)
    tail[: len(buffer) - start] = buffer[start:]
    gathered = np.empty(len(offsets), dtype=f"V{width}")
    near = offsets > safe
    gathered[near] = _windows(tail, width)[offsets[near] - start]
    if not near.all():
        gathered[~near] = _windows(buffer, width)[offsets[~near]]
    return gathered


def _windows(buffer: Bytes, width: int) -> NDArray[Any]:
    """Every run of `width` bytes in the buffer, as overlapping voids."""
    return np.ndarray(len(buffer) - width + 1, dtype=f"V{width}", buffer=buffer, strides=(1,))


@lru_cache(maxsize=512)
def _ones_up_to(width: int) -> NDArray[Any]:
    """Row k of width + 1 rows: k ones, then zeros, as a void of `width` bytes."""
    ones = np.tril(np.ones((width + 1, width), dtype=np.uint8), -1)
    return ones.view(f"V{width}")[:, 0]


def _memory(address: int, size: int) -> Bytes:
    if not size:
        return np.zeros(0, dtype=np.uint8)
    whole = memoryview((ctypes.c_uint8 * size).from_address(address))
    memory = np.frombuffer(whole, dtype=np.uint8)
    # It is Polars's own, and it may be shared by every column of zeros there is.
    memory.flags.writeable = False
    return memory

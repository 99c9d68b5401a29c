"""Datasets too large to hold: their records lie on disk, and are cut into parts by subject.

What was read is kept in pieces (Parquet) in the file's order, so that a variable is read without
the others. A part has some of the subjects with all their records. Where each subject's records
stand together, as SDTM sorts them, a part is a few pieces; else the pieces are written once more,
part by part.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from trialect.schemas.core.locality import SUBJECT_ID
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.partitions import cut_names, replaced

PART_ROWS = 262_144
"""Records of all datasets together in a part; a subject with more is a part by itself."""
PIECE_ROWS = 131_072
_RECORD = "@record"
_PART = "@part"


class Spool:
    """A folder for records, which goes when nothing needs it any more."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="trialect-"))
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._given = 0

    def new(self) -> Path:
        """A folder in it that nothing has yet."""
        self._given += 1
        found = self.folder / str(self._given)
        found.mkdir()
        return found


class Spooled:
    """The records of a dataset on disk; `Stored` of trialect.schemas.core.package."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._folder = spool.new()
        self._starts: list[int] = []
        self._waiting: list[pl.DataFrame] = []
        self._waits = 0
        self._last: dict[str, tuple[int, pl.Series]] = {}
        self._counts: list[pl.DataFrame] = []
        self.height = 0
        self.first: pl.DataFrame | None = None

    def add(self, batch: pl.DataFrame) -> None:
        """Take records that follow those before."""
        if self.first is None:
            self.first = batch.head(1)
        self._waiting.append(batch)
        self._waits += batch.height
        if self._waits >= PIECE_ROWS:
            self.close()

    def close(self) -> None:
        """Write what waits to be written."""
        if not self._waits:
            return
        piece = pl.concat(self._waiting)
        self._waiting, self._waits = [], 0
        self._starts.append(self.height)
        self.height += piece.height
        _write(piece, self._path(len(self._starts) - 1))
        if SUBJECT_ID in piece.columns:
            self._counts.append(piece.group_by(SUBJECT_ID, maintain_order=True).len())

    def column(self, name: str) -> pl.Series:
        """All values of a variable."""
        return pl.concat(list(self.pieces(name)), rechunk=True)

    def pieces(self, name: str) -> Iterator[pl.Series]:
        """The same a piece at a time."""
        for place in range(len(self._starts)):
            yield self._read(place, [name])[name]

    def cell(self, name: str, row: int) -> object:
        """The value of a record (from 0); quick for those of one piece after another."""
        place = self._place(row)
        if self._last.get(name, (-1,))[0] != place:
            self._last[name] = (place, self._read(place, [name])[name])
        return self._last[name][1][row - self._starts[place]]

    def frame(self) -> pl.DataFrame:
        """All records."""
        return self.rows(0, self.height)

    def rows(self, start: int, stop: int) -> pl.DataFrame:
        """The records from one row (from 0) up to another one."""
        assert self.first is not None
        found = [self.first.clear()]
        for place, first in enumerate(self._starts):
            end = self._starts[place + 1] if place + 1 < len(self._starts) else self.height
            if first < stop and start < end:
                piece = self._read(place)
                low, high = max(start - first, 0), min(stop, end) - first
                found.append(piece if high - low == piece.height else piece[low:high])
        return pl.concat(found)

    @property
    def counts(self) -> pl.DataFrame:
        """Each subject with the number of its records, in the order of their first ones."""
        return pl.concat(self._counts).group_by(SUBJECT_ID, maintain_order=True).sum()

    def cut(self, numbers: pl.Series) -> Cut:
        """The records in parts; `numbers` has the number of each record's part."""
        if numbers.is_sorted():
            return _Ranges(self, numbers)
        return _Scattered(self, numbers)

    def split(self, numbers: pl.Series) -> Path:
        """Write the records part by part; the folder of them."""
        folder = self._folder / "parts"
        for place, start in enumerate(self._starts):
            piece = self._read(place).with_row_index(_RECORD, start + 1)
            here = numbers.slice(start, piece.height).alias(_PART)
            for (number,), rows in piece.with_columns(here).group_by([_PART], maintain_order=True):
                (folder / str(number)).mkdir(parents=True, exist_ok=True)
                _write(rows.drop(_PART), folder / str(number) / f"{place:05}.parquet")
        return folder

    def _place(self, row: int) -> int:
        return bisect_right(self._starts, row) - 1

    def _path(self, place: int) -> Path:
        return self._folder / f"{place:05}.parquet"

    def _read(self, place: int, columns: list[str] | None = None) -> pl.DataFrame:
        return pl.read_parquet(self._path(place), columns=columns)


class Cut:
    """A dataset in parts by subject."""

    def part(self, number: int) -> tuple[pl.DataFrame, pl.Series]:
        """The records of a part, and their numbers in the file."""
        raise NotImplementedError


class _Ranges(Cut):
    """Parts of which each is some records one after another."""

    def __init__(self, stored: Spooled, numbers: pl.Series) -> None:
        self._stored = stored
        runs = numbers.rle().struct.unnest()
        stops = runs["len"].cum_sum()
        starts = stops - runs["len"]
        ends = zip(starts.to_list(), stops.to_list(), strict=True)
        self._ends = dict(zip(runs["value"].to_list(), ends, strict=True))

    def part(self, number: int) -> tuple[pl.DataFrame, pl.Series]:
        start, stop = self._ends.get(number, (0, 0))
        numbers = pl.int_range(start + 1, stop + 1, dtype=pl.Int64, eager=True)
        return self._stored.rows(start, stop), numbers


class _Scattered(Cut):
    """Parts whose records stand anywhere in the file."""

    def __init__(self, stored: Spooled, numbers: pl.Series) -> None:
        self._folder = stored.split(numbers)
        assert stored.first is not None
        self._none = stored.first.clear()

    def part(self, number: int) -> tuple[pl.DataFrame, pl.Series]:
        files = sorted((self._folder / str(number)).glob("*.parquet"))
        if not files:
            return self._none, pl.Series([], dtype=pl.Int64)
        frame = pl.concat([pl.read_parquet(file) for file in files])
        return frame.drop(_RECORD), frame[_RECORD].cast(pl.Int64)


class _Held(Cut):
    """Parts of records that are in memory."""

    def __init__(self, frame: pl.DataFrame, numbers: pl.Series) -> None:
        order = numbers.arg_sort()
        rows = frame.with_row_index(_RECORD, 1)[order].with_columns(numbers[order].alias(_PART))
        self._parts = dict(rows.partition_by(_PART, include_key=False, as_dict=True).items())
        self._none = rows.drop(_PART).clear()

    def part(self, number: int) -> tuple[pl.DataFrame, pl.Series]:
        frame = self._parts.get((number,), self._none).sort(_RECORD)
        return frame.drop(_RECORD), frame[_RECORD].cast(pl.Int64)


class Parts:
    """A package in parts, each with some of the subjects and all that has no subjects.

    They are made anew each time they are gone through, one at a time.
    """

    def __init__(self, whole: Datasets) -> None:
        self.whole = whole
        self.cut = cut_names(whole)
        counts = [(one.records, _counts(one)) for one in whole if one.name in self.cut]
        counts.sort(key=lambda one: -one[0])
        every = pl.concat([one for _, one in counts])
        subjects = every.group_by(SUBJECT_ID, maintain_order=True).sum()
        self._plan = subjects.select(
            SUBJECT_ID, (pl.col("len").cum_sum() // PART_ROWS).cast(pl.Int32).alias(_PART)
        )
        self._numbers = self._plan[_PART].unique(maintain_order=True).to_list()
        self._cuts = {one.name: self._of(one) for one in whole if one.name in self.cut}

    def __iter__(self) -> Iterator[Datasets]:
        for number in self._numbers:
            yield replaced(
                self.whole,
                [
                    one.part(*self._cuts[one.name].part(number)) if one.name in self.cut else one
                    for one in self.whole
                ],
            )

    def _of(self, dataset: Dataset) -> Cut:
        stored = dataset.stored
        numbers = pl.concat(
            [
                piece.to_frame().join(
                    self._plan, on=SUBJECT_ID, how="left", nulls_equal=True, maintain_order="left"
                )[_PART]
                for piece in dataset.pieces(SUBJECT_ID)
            ]
        )
        if isinstance(stored, Spooled):
            return stored.cut(numbers)
        return _Held(dataset.frame, numbers)


def _counts(dataset: Dataset) -> pl.DataFrame:
    if isinstance(dataset.stored, Spooled):
        return dataset.stored.counts
    return dataset.frame.group_by(SUBJECT_ID, maintain_order=True).len()


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="lz4", statistics=False)


__all__ = ["PART_ROWS", "PIECE_ROWS", "Parts", "Spool", "Spooled"]

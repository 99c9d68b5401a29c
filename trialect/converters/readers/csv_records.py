"""Where the fields and records of a delimited text begin and end.

`scan` finds them in a whole block at once, as long as its quotes are in order; `Dialect` takes
single records apart, also those whose quotes are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

LF, CR, QUOTE = 10, 13, 34


@dataclass(slots=True)
class Record:
    """One record taken apart: its fields, where it ends, whether its quotes are in order."""

    fields: list[bytes]
    end: int
    blank: bool = False
    misquoted: tuple[int, bytes] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields as texts."""
        return tuple(one.decode() for one in self.fields)


class Dialect:
    """Takes single records apart for one delimiter."""

    def __init__(self, delimiter: str) -> None:
        self.sign = delimiter.encode()
        stop = re.escape(self.sign) + rb"\r\n"
        self._quoted = re.compile(rb'"([^"]*+(?:""[^"]*+)*+)"([^' + stop + rb"]*)")
        self._plain = re.compile(rb"[^" + stop + rb"]*")

    def record(self, data: bytes, start: int, final: bool) -> Record | None:
        """The record that begins at `start`; None when its end is not in `data`.

        With `final`, the end of the data ends the record, except inside a quote.
        """
        record = Record([], start)
        at = start
        while True:
            if data.startswith(b'"', at):
                match = self._quoted.match(data, at)
                if match is None:
                    return None
                value = match[1].replace(b'""', b'"')
                if match[2]:
                    record.misquoted = record.misquoted or (len(record.fields) + 1, match[2])
                    value = match[0]
            else:
                match = self._plain.match(data, at)
                assert match is not None  # it also matches nothing
                value = match[0]
            at = match.end()
            record.fields.append(value)
            if data.startswith(self.sign, at):
                at += 1
                continue
            if not final and at + 1 >= len(data) and data[at:] != b"\n":
                # A quote, or the LF of CR LF, may follow in the next block.
                return None
            record.blank = at == start
            record.end = at + (2 if data.startswith(b"\r\n", at) else at < len(data))
            return record

    def open_quote(self, data: bytes, start: int) -> tuple[int, bytes] | None:
        """The column of the record at `start` whose quote is not closed, and its beginning."""
        column = 1
        while start < len(data):
            match = (self._quoted if data.startswith(b'"', start) else self._plain).match(
                data, start
            )
            if match is None:
                return column, data[start : start + 30]
            start = match.end() + 1
            column += 1
        return None


@dataclass(slots=True)
class Scan:
    """What a scan of a block found: its sound records and where soundness ends.

    Of the records, `starts` and `ends` (past the line feed) are positions, `fields` counts.
    """

    starts: np.ndarray
    ends: np.ndarray
    fields: np.ndarray
    blank: np.ndarray
    unsound: bool


def scan(data: bytes, delimiter: int) -> Scan:
    """Find the records of a block that begins with a record.

    `unsound` says that after the last of them something stands that only `Dialect` reads
    rightly: a quote inside a field, text after a closing quote, or a bare carriage return.
    """
    raw = np.frombuffer(data, np.uint8)
    places = np.flatnonzero((raw == LF) | (raw == delimiter) | (raw == QUOTE) | (raw == CR))
    signs = raw[places]
    limit = len(data)
    quotes = signs == QUOTE
    if quotes.any():
        before = np.cumsum(quotes) - quotes
        inside = (before & 1).astype(bool)
        at = places[quotes]
        closing = inside[quotes]
        ahead = raw[np.minimum(at + 1, len(data) - 1)]
        behind = raw[np.maximum(at - 1, 0)]
        after_end = at + 1 == len(data)
        closed_well = (
            (ahead == delimiter) | (ahead == LF) | (ahead == CR) | (ahead == QUOTE) | after_end
        )
        opened_well = (behind == delimiter) | (behind == LF) | (behind == QUOTE) | (at == 0)
        wrong = at[np.where(closing, ~closed_well, ~opened_well)]
        # A quote right behind an opening quote's own closing one is a doubled quote; one that
        # follows an empty quoted field's end cannot be told apart from it, and means the same.
        if wrong.size:
            limit = int(wrong[0])
        keep = ~quotes & ~inside
        places, signs = places[keep], signs[keep]
    returns = places[signs == CR]
    if returns.size:
        bare = returns[
            (returns + 1 < len(data)) & (raw[np.minimum(returns + 1, len(data) - 1)] != LF)
        ]
        if bare.size:
            limit = min(limit, int(bare[0]))
    ends = places[signs == LF]
    ends = ends[ends < limit]
    starts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    marks = places[signs == delimiter]
    upto = np.searchsorted(marks, ends)
    fields = np.diff(upto, prepend=0) + 1
    length = ends - starts
    blank = (length == 0) | ((length == 1) & (raw[starts] == CR))
    return Scan(starts, ends + 1, fields, blank, limit < len(data))

"""Delimited text: comma, semicolon, tab or pipe, in any encoding that `text` reads.

A scan of each block finds where fields and records end. Records that are well formed go through
Polars' parser as they are; the others are taken apart one by one, so that a message can name the
row. Quoting is RFC 4180's; a quote inside an unquoted field is text, as in Excel.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import numpy as np
import polars as pl

from trialect.converters.readers.csv_records import Dialect, Record, Scan, scan
from trialect.converters.readers.form import (
    BATCH_ROWS,
    EMPTY_FILE,
    NO_RECORDS,
    OWN_COLUMNS,
    Misfit,
    OpenForm,
    check_header,
    frame_of,
    misfit_of,
)
from trialect.converters.readers.text import TextFile, UnreadableError
from trialect.problems import Problem, Problems, Unusable, rule
from trialect.study_options import FormFile
from trialect.trial import ROW

DELIMITERS = (",", ";", "\t", "|")
WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
"""How study.yaml may also name a delimiter."""

RECORD_LIMIT = 16 * 2**20
"""Bytes of one record at most; SDTM holds texts of 200, so more is a broken file."""

SAMPLE = 50
"""Records that are looked at to find the delimiter."""

DELIMITER_UNCLEAR = rule(
    "READ-DELIMITER",
    "error",
    "The delimiter cannot be told from the file",
    "{listed} all divide the file into columns.",
    "Declare the form's `delimiter` under records.forms in study.yaml.",
)
DELIMITER_UNFIT = rule(
    "READ-DELIMITER-UNFIT",
    "error",
    "The declared delimiter is not usable",
    "{value!r} is no delimiter.",
    "Write comma, semicolon, tab, pipe, or one ASCII character that is no quote.",
)
MISQUOTED = rule(
    "READ-QUOTE",
    "error",
    "Text follows a closing quote",
    "column {column}: text follows a closing quote ({text}); the row is rejected.",
    "Double the quotes that are part of a text, or close the quote where the text ends.",
)
UNCLOSED = rule(
    "READ-UNCLOSED-QUOTE",
    "error",
    "A quote is never closed",
    "the quote that opens column {column} is never closed.",
    "Close it, or double it where it is part of the text.",
)
TOO_LONG = rule(
    "READ-LONG-RECORD",
    "error",
    "A record is longer than any record can be",
    "the record is longer than {limit} MB, at column {column}, which begins {text}.",
    "Look for a quote that is never closed, or a file that is no table.",
)


def open_form(
    path: Path, form: FormFile, *, name: str | None = None, batch_rows: int = BATCH_ROWS
) -> OpenForm:
    """A delimited text as a form. Raises `Unusable` when its header cannot be read.

    `name` is what problems call the file.
    """
    text = TextFile(path, name or path.name, form.encoding)
    return _Reading(text, _declared(form, text.name), batch_rows).open()


def decimal_text(expression: pl.Expr) -> pl.Expr:
    """Numbers written with a decimal comma (`12,5`) with a decimal point; other texts unchanged."""
    trimmed = expression.str.strip_chars()
    return (
        pl.when(trimmed.str.contains(r"^[+-]?[0-9]*,[0-9]+$"))
        .then(trimmed.str.replace(",", ".", literal=True))
        .otherwise(expression)
    )


def _declared(form: FormFile, file: str) -> str | None:
    if form.delimiter is None:
        return None
    sign = WORDS.get(form.delimiter.lower(), form.delimiter)
    if len(sign) != 1 or not sign.isascii() or sign in '"\n\r\0':
        raise Unusable(DELIMITER_UNFIT.problem(file=file, value=form.delimiter))
    return sign


@dataclass(slots=True)
class _Reading:
    """One file being read: what has been read so far and what is still undivided."""

    text: TextFile
    delimiter: str | None
    batch_rows: int
    problems: Problems = field(default_factory=Problems)
    misfits: list[Misfit] = field(default_factory=list)
    header: tuple[str, ...] = ()
    data: bytes = b""
    row: int = 1
    rejected: int = 0
    ended: bool = False
    broken: Problem | None = None

    @property
    def whole(self) -> bool:
        """Whether the end of `data` is the end of the file, and not where it became unreadable."""
        return self.ended and self.broken is None

    def open(self) -> OpenForm:
        blocks = self.text.blocks()
        self._more(blocks)
        if not self.data.strip(b"\r\n") and not self.ended:
            self._more(blocks)
        self._hint()
        if self.delimiter is None:
            self.delimiter = self._find_delimiter()
        dialect = Dialect(self.delimiter)
        record = self._one(dialect, blocks)
        while record is not None and record.blank:
            record = self._one(dialect, blocks)
        if record is None:
            raise Unusable(EMPTY_FILE.problem(file=self.text.name))
        if record.misquoted:
            raise Unusable(self._misquoted(record, self.row - 1))
        self.header = check_header(record.texts, self.text.name, self.problems)
        return OpenForm(
            self.header, self._batches(dialect, blocks), self.problems, self.misfits, self.delimiter
        )

    def _more(self, blocks: Iterator[bytes]) -> None:
        try:
            block = next(blocks, None)
        except UnreadableError as unreadable:
            self.broken, block = unreadable.problem, None
        if block is None:
            self.ended = True
        else:
            self.data += block

    def _hint(self) -> None:
        """Excel's own first line `sep=;` names the delimiter and is no row."""
        match = re.match(rb"sep=([^\r\n\"])\r?\n", self.data)
        if match and match[1].isascii():
            self.delimiter = self.delimiter or match[1].decode()
            self.data = self.data[match.end() :]

    def _find_delimiter(self) -> str:
        header_widths: dict[str, float] = {}
        for sign in DELIMITERS:
            dialect, at = Dialect(sign), 0
            widths: list[int] = []
            while at < len(self.data) and len(widths) < SAMPLE:
                record = dialect.record(self.data, at, self.whole)
                if record is None:
                    break
                at = record.end
                if not record.blank:
                    widths.append(0 if record.misquoted else len(record.fields))
            if widths and widths[0] > 1:
                header_widths[sign] = widths.count(widths[0]) / len(widths)
        if not header_widths:
            return ","
        best = max(header_widths.values())
        found = [sign for sign, share in header_widths.items() if share == best]
        if len(found) > 1:
            listed = " and ".join(map(repr, found))
            raise Unusable(DELIMITER_UNCLEAR.problem(file=self.text.name, row=1, listed=listed))
        return found[0]

    def _one(self, dialect: Dialect, blocks: Iterator[bytes]) -> Record | None:
        """The next record, taken apart by itself; None at the end."""
        while True:
            record = dialect.record(self.data, 0, self.whole) if self.data else None
            if record is not None:
                self._check_length(dialect, record.end)
                self.data = self.data[record.end :]
                self.row += 1
                return record
            if self.ended:
                self._end(dialect)
                return None
            self._check_length(dialect, len(self.data))
            self._more(blocks)

    def _end(self, dialect: Dialect) -> None:
        """Raise `Unusable` when what is left at the end of the file is no record."""
        if self.broken is not None:
            raise Unusable(self.broken.at(row=self.row) if self.broken.row is None else self.broken)
        unclosed = dialect.open_quote(self.data, 0)
        if unclosed:
            raise Unusable(
                UNCLOSED.problem(
                    file=self.text.name, row=self.row, column=self._column(unclosed[0])
                )
            )

    def _check_length(self, dialect: Dialect, length: int, start: int = 0) -> None:
        if length <= RECORD_LIMIT:
            return
        record = dialect.record(self.data[start : start + length], 0, True)
        if record is None:
            column, begins = dialect.open_quote(self.data, start) or (1, b"")
        else:
            sizes = [len(one) for one in record.fields]
            column = sizes.index(max(sizes)) + 1
            begins = record.fields[column - 1][:30]
        raise Unusable(
            TOO_LONG.problem(
                file=self.text.name,
                row=self.row,
                limit=RECORD_LIMIT // 2**20,
                column=self._column(column),
                text=repr(begins.decode(errors="replace")),
            )
        )

    def _column(self, place: int) -> str:
        return repr(self.header[place - 1]) if place <= len(self.header) else str(place)

    def _misquoted(self, record: Record, row: int) -> Problem:
        assert record.misquoted is not None
        place, after = record.misquoted
        return MISQUOTED.problem(
            file=self.text.name,
            row=row,
            column=self._column(place),
            text=repr(after.decode()[:30]),
        )

    def _batches(self, dialect: Dialect, blocks: Iterator[bytes]) -> Iterator[pl.DataFrame]:
        records = 0
        while True:
            if not self.ended:
                self._more(blocks)
            if self.whole and self.data and not self.data.endswith(b"\n"):
                self.data += b"\n"
            for frame in self._sound(dialect):
                records += frame.height
                for start in range(0, frame.height, self.batch_rows):
                    yield frame[start : start + self.batch_rows]
            self._check_length(dialect, len(self.data))
            if self.ended:
                break
        self._end(dialect)
        if not records and not self.rejected:
            self.problems.add(NO_RECORDS.problem(file=self.text.name))

    def _sound(self, dialect: Dialect) -> Iterator[pl.DataFrame]:
        """The records that `data` holds whole; what it holds of the next one stays there."""
        found = scan(self.data, dialect.sign[0])
        if found.ends.size:
            longest = int(np.argmax(found.ends - found.starts))
            start, end = int(found.starts[longest]), int(found.ends[longest])
            if end - start > RECORD_LIMIT:
                self.row += longest
                self._check_length(dialect, end - start, start)
            frame = self._parsed(dialect, found)
            self.row += len(found.ends)
            self.data = self.data[int(found.ends[-1]) :]
            yield frame
        if found.unsound:
            frame, stopped = self._strictly(dialect)
            yield frame
            if stopped:
                yield self._one_by_one(dialect)

    def _parsed(self, dialect: Dialect, found: Scan) -> pl.DataFrame:
        good = (found.fields == len(self.header)) & ~found.blank
        sound = self.data[: int(found.ends[-1])]
        if not good.all():
            for place in np.flatnonzero(~good & ~found.blank):
                record = dialect.record(sound, int(found.starts[place]), True)
                assert record is not None  # its end was found
                self._reject(record, self.row + int(place))
            # Runs of good records are copied as wholes.
            edges = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0))
            sound = b"".join(
                self.data[int(found.starts[a]) : int(found.ends[b - 1])]
                for a, b in zip(edges[::2], edges[1::2], strict=True)
            )
        rows = np.flatnonzero(good) + self.row
        if not rows.size:
            return frame_of(self.header, [], [])
        frame = pl.read_csv(
            io.BytesIO(sound),
            has_header=False,
            separator=dialect.sign.decode(),
            schema=dict.fromkeys(self.header, pl.String),
        )
        if frame.height != rows.size:
            raise AssertionError(f"{self.text.name}: {frame.height} records of {rows.size} parsed")
        if b'""' in sound:
            frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
        frame = frame.drop([name for name in self.header if name.startswith(OWN_COLUMNS)])
        return frame.with_columns(pl.Series(ROW, rows, pl.Int64))

    def _strictly(self, dialect: Dialect) -> tuple[pl.DataFrame, bool]:
        """The records that Python's parser reads, which takes quotes inside fields as text.

        True, besides, when it stopped at something worse, or inside a record.
        """
        lines = self.data.split(b"\n")[:-1]
        ends = np.cumsum([0, *(len(line) + 1 for line in lines)])
        # The parser and a spreadsheet count rows differently around a bare carriage return.
        texts = (
            f"{line.decode()}\n" for line in takewhile(lambda one: b"\r" not in one[:-1], lines)
        )
        records: list[tuple[str | None, ...]] = []
        rows: list[int] = []
        at, stopped = 0, False
        parser = csv.reader(texts, delimiter=dialect.sign.decode(), strict=True)
        while True:
            try:
                fields = next(parser, None)
            except csv.Error:
                stopped = True
                break
            if fields is None or int(ends[parser.line_num]) - at > RECORD_LIMIT:
                stopped = fields is not None or parser.line_num < len(lines)
                break
            if len(fields) == len(self.header):
                records.append(tuple(fields))
                rows.append(self.row)
            elif fields:
                record = dialect.record(self.data, at, self.whole)
                assert record is not None  # the parser read it
                self._reject(record, self.row)
            at = int(ends[parser.line_num])
            self.row += 1
        self.data = self.data[at:]
        return frame_of(self.header, records, rows), stopped

    def _one_by_one(self, dialect: Dialect) -> pl.DataFrame:
        records: list[tuple[str | None, ...]] = []
        rows: list[int] = []
        at = 0
        while at < len(self.data):
            record = dialect.record(self.data, at, self.whole)
            if record is None:
                break
            self._check_length(dialect, record.end - at, at)
            if record.blank:
                pass
            elif record.misquoted or len(record.fields) != len(self.header):
                self._reject(record, self.row)
            else:
                records.append(record.texts)
                rows.append(self.row)
            at = record.end
            self.row += 1
        self.data = self.data[at:]
        return frame_of(self.header, records, rows)

    def _reject(self, record: Record, row: int) -> None:
        if record.misquoted:
            problem = self._misquoted(record, row)
            misfit = Misfit(row, problem.rule, problem.message, record.texts)
        else:
            width = len(self.header)
            hint = (
                "a text that holds the delimiter has to stand in quotes"
                if len(record.fields) > width
                else "each column needs its delimiter, also where the cell is empty"
            )
            problem, misfit = misfit_of(self.text.name, row, record.texts, width, hint)
        self.problems.add(problem)
        self.misfits.append(misfit)
        self.rejected += 1

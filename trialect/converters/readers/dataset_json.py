"""Dataset-JSON 1.1: JSON, NDJSON, and compressed (.dsjc), each told by its content.

The specification says that .dsjc is a zlib stream of NDJSON; files in use are gzip as well, and
hold JSON too: all are read. Numbers of a form become their shortest exact text.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from trialect.converters.readers.form import (
    BATCH_ROWS,
    NO_RECORDS,
    Misfit,
    OpenForm,
    check_header,
    frame_of,
    misfit_of,
)
from trialect.converters.readers.sas_text import number_text
from trialect.converters.recognise import HEAD, unpacked_head
from trialect.problems import Problems, Unusable, rule
from trialect.study_options import FormFile

WHOLE_LIMIT = 2 * 2**30
"""Bytes of a JSON file at most, which is read whole; NDJSON has no such limit."""

UNPACKED_LIMIT = 16 * 2**30
"""Bytes at most that a compressed file may grow to."""

LINE_LIMIT = 16 * 2**20
"""Bytes of a line of NDJSON at most."""

NUMERIC = frozenset({"integer", "float", "double", "decimal"})
"""Data types whose values are numbers (a decimal is written as text that is one)."""

_NUMBER_KINDS = {int, float, type(None)}
_TEXT_KINDS = {str, type(None)}
_CHUNK = 2**20
_HINT = "it needs one value for each column, null where there is none"
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

BROKEN = rule(
    "READ-DATASET-JSON",
    "error",
    "A Dataset-JSON file is not one",
    "{reason}.",
    "Export the dataset again as Dataset-JSON 1.1.",
    "Dataset-JSON 1.1",
)
TOO_LARGE = rule(
    "READ-DATASET-JSON-SIZE",
    "error",
    "A Dataset-JSON file is too large",
    "the file holds more than {limit} bytes{unpacked}.",
    "Use NDJSON for large datasets.",
)
WRONG_TYPE = rule(
    "READ-DATASET-JSON-TYPE",
    "error",
    "A value is not of its column's type",
    "the value {value} is not of the column's data type {type}.",
    "Correct the value, or the dataType of the column.",
    "Dataset-JSON 1.1, Columns",
)
WRONG_COUNT = rule(
    "READ-DATASET-JSON-RECORDS",
    "error",
    "A Dataset-JSON file does not hold the records it says",
    "`records` says {said}, and there are {actual} rows.",
    "Check that the file is complete.",
    "Dataset-JSON 1.1, records",
)


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """A column as Dataset-JSON describes it; `length`, `display_format`, ... None if not given."""

    name: str
    label: str
    data_type: str
    item_oid: str
    length: int | None = None
    display_format: str | None = None
    key_sequence: int | None = None
    target_data_type: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers (Num in SAS)."""
        return self.data_type in NUMERIC

    @property
    def is_boolean(self) -> bool:
        """Whether its values are true and false."""
        return self.data_type == "boolean"


@dataclass(frozen=True, slots=True)
class DatasetJson:
    """A dataset: its metadata, and its records as String and Float64 columns, null for missing.

    `attributes` are all top-level attributes but columns and rows, as they stand in the file.
    """

    name: str
    label: str
    columns: tuple[DatasetColumn, ...]
    attributes: dict[str, Any]
    frame: pl.DataFrame
    problems: Problems


def read_dataset_json(path: str | Path, name: str | None = None) -> DatasetJson:
    """A Dataset-JSON file of any form, whole.

    A row that does not fit and a value that is not of its type are among the problems; the row is
    left out, the value null. Raises `Unusable` for a file that is no Dataset-JSON.
    """
    dataset = _Dataset(Path(path), name or Path(path).name)
    empty = pl.DataFrame(
        schema={one.name: pl.Float64 if one.is_number else pl.String for one in dataset.columns}
    )
    frames = [dataset.typed(numbers, rows) for numbers, rows in dataset.batches(BATCH_ROWS)]
    return DatasetJson(
        name=str(dataset.attributes.get("name", "")),
        label=str(dataset.attributes.get("label", "")),
        columns=dataset.columns,
        attributes=dataset.attributes,
        frame=pl.concat([empty, *frames]),
        problems=dataset.problems,
    )


def read_columns(path: str | Path) -> DatasetJson:
    """What a Dataset-JSON file says of itself, without its records.

    Raises `Unusable` for a file that is no Dataset-JSON.
    """
    dataset = _Dataset(Path(path), Path(path).name)
    return DatasetJson(
        name=str(dataset.attributes.get("name", "")),
        label=str(dataset.attributes.get("label", "")),
        columns=dataset.columns,
        attributes=dataset.attributes,
        frame=pl.DataFrame(),
        problems=dataset.problems,
    )


def open_form(
    path: Path,
    form: FormFile,  # noqa: ARG001 # every reader takes it; nothing of it bears on Dataset-JSON
    *,
    name: str | None = None,
    batch_rows: int = BATCH_ROWS,
) -> OpenForm:
    """A Dataset-JSON file as a form; record n is row n + 1. Raises `Unusable` as it is read."""
    dataset = _Dataset(path, name or path.name)
    header = check_header((one.name for one in dataset.columns), dataset.name, dataset.problems)
    return OpenForm(header, dataset.as_form(header, batch_rows), dataset.problems, dataset.misfits)


class _Dataset:
    """A file being read: attributes and columns first, then the rows."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.problems = Problems()
        self.misfits: list[Misfit] = []
        self.attributes, self._rows = _split(path, name)
        self.columns = _columns(self.attributes.pop("columns", None), name)

    def batches(self, size: int) -> Iterator[tuple[list[int], list[list[Any]]]]:
        """The rows that fit the columns, in batches: their row numbers and values."""
        width, count = len(self.columns), 0
        while chunk := list(islice(self._rows, size)):
            numbers, rows = [], []
            for number, row in enumerate(chunk, start=count + 2):
                if isinstance(row, list) and len(row) == width:
                    numbers.append(number)
                    rows.append(row)
                else:
                    cells = row if isinstance(row, list) else [row]
                    fields = tuple(_text(one) or "" for one in cells)
                    problem, misfit = misfit_of(self.name, number, fields, width, hint=_HINT)
                    self.problems.add(problem)
                    self.misfits.append(misfit)
            count += len(chunk)
            yield numbers, rows
        said = self.attributes.get("records")
        if isinstance(said, int) and said != count:
            self.problems.add(WRONG_COUNT.problem(file=self.name, said=said, actual=count))

    def as_form(self, header: tuple[str, ...], size: int) -> Iterator[pl.DataFrame]:
        """The rows as the batches of a form."""
        count = 0
        for numbers, rows in self.batches(size):
            count += len(numbers) + len(self.misfits)
            records = [tuple(map(_text, row)) for row in rows]
            yield frame_of(header, records, numbers)
        if not count:
            self.problems.add(NO_RECORDS.problem(file=self.name))

    def typed(self, numbers: list[int], rows: list[list[Any]]) -> pl.DataFrame:
        """Rows as String and Float64 columns; a value of another type becomes null."""
        cells = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        return pl.DataFrame(
            [
                pl.Series(
                    column.name,
                    self._values(column, numbers, values),
                    pl.Float64 if column.is_number else pl.String,
                )
                for column, values in zip(self.columns, cells, strict=True)
            ]
        )

    def _values(
        self, column: DatasetColumn, numbers: list[int], values: tuple[Any, ...]
    ) -> list[str | float | None]:
        kinds = set(map(type, values))
        if column.is_number and kinds <= _NUMBER_KINDS:
            return [None if value is None else float(value) for value in values]
        if not column.is_number and not column.is_boolean and kinds <= _TEXT_KINDS:
            return [value or None for value in values]
        make = _number if column.is_number else _boolean if column.is_boolean else _string
        made: list[str | float | None] = []
        for number, value in zip(numbers, values, strict=True):
            try:
                made.append(make(value))
            except ValueError:
                made.append(None)
                self.problems.add(
                    WRONG_TYPE.problem(
                        file=self.name,
                        row=number,
                        field=column.name,
                        value=orjson.dumps(value).decode(),
                        type=column.data_type,
                    )
                )
        return made


def _string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise ValueError


def _boolean(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return _text(value)
    raise ValueError


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        raise ValueError
    if isinstance(value, int | float | str):
        return float(value)
    raise ValueError


def _text(value: Any) -> str | None:
    """A JSON value as the text that a form holds."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(np.array([value]))[0]
    return orjson.dumps(value).decode()


def _columns(given: Any, name: str) -> tuple[DatasetColumn, ...]:
    if not isinstance(given, list) or not given:
        raise Unusable(BROKEN.problem(file=name, reason="it describes no columns"))
    columns = []
    for place, one in enumerate(given, start=1):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            reason = f"column {place} has no name"
            raise Unusable(BROKEN.problem(file=name, reason=reason))
        columns.append(
            DatasetColumn(
                name=one["name"],
                label=str(one.get("label", "")),
                data_type=str(one.get("dataType", "")),
                item_oid=str(one.get("itemOID", "")),
                length=one.get("length"),
                display_format=one.get("displayFormat"),
                key_sequence=one.get("keySequence"),
                target_data_type=one.get("targetDataType"),
            )
        )
    names = [one.name for one in columns]
    if len(set(names)) < len(names):
        twice = sorted({one for one in names if names.count(one) > 1})
        reason = f"it has several columns {', '.join(twice)}"
        raise Unusable(BROKEN.problem(file=name, reason=reason))
    return tuple(columns)


def _split(path: Path, name: str) -> tuple[dict[str, Any], Iterator[Any]]:
    """The attributes of a dataset and its rows; NDJSON has them on lines of their own."""
    lines = _lines(_chunks(path, name))
    first = next(lines, b"")
    attributes: Any = None
    if len(first) <= LINE_LIMIT:
        try:
            attributes = orjson.loads(first.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            attributes = None
    if isinstance(attributes, dict) and "rows" not in attributes:
        _check_version(attributes, name)
        return attributes, _line_rows(lines, name)
    whole = bytearray()
    for line in chain([first], lines):
        whole += line
        if len(whole) > WHOLE_LIMIT:
            raise Unusable(TOO_LARGE.problem(file=name, limit=WHOLE_LIMIT, unpacked=""))
    try:
        attributes = orjson.loads(bytes(whole).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Unusable(
            BROKEN.problem(
                file=name,
                row=error.lineno,
                reason=f"it is no JSON: {error.msg} (column {error.colno})",
            )
        ) from None
    _check_version(attributes, name)
    rows = attributes.pop("rows", [])
    if not isinstance(rows, list):
        raise Unusable(BROKEN.problem(file=name, reason="`rows` is no list"))
    return attributes, iter(rows)


def _check_version(attributes: Any, name: str) -> None:
    version = attributes.get("datasetJSONVersion") if isinstance(attributes, dict) else None
    if not isinstance(version, str) or not version.startswith("1.1"):
        said = "it has no datasetJSONVersion" if version is None else f"its version is {version}"
        raise Unusable(BROKEN.problem(file=name, reason=f"{said}; 1.1 is read"))


def _line_rows(lines: Iterator[bytes], name: str) -> Iterator[Any]:
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Unusable(
                BROKEN.problem(file=name, row=number, reason=f"the line is no JSON: {error.msg}")
            ) from None


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines with their ends; one that is longer than `LINE_LIMIT` comes in pieces."""
    rest: list[bytes] = []
    held = 0
    for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*rest, line, b"\n"])
            rest, held = [], 0
        if last:
            rest.append(last)
            held += len(last)
        if held > LINE_LIMIT:
            yield b"".join(rest)
            rest, held = [], 0
    if rest:
        yield b"".join(rest)


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    """The bytes of a file, unpacked where it is a gzip or zlib stream (or several in a row)."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(0)
        raw = iter(lambda: file.read(_CHUNK), b"")
        if unpacked_head(head) is None:
            yield from raw
            return
        bits = zlib.MAX_WBITS | (16 if head.startswith(b"\x1f\x8b") else 0)
        size = 0
        try:
            for unpacked in _unpacked(raw, bits):
                size += len(unpacked)
                if size > UNPACKED_LIMIT:
                    raise Unusable(
                        TOO_LARGE.problem(
                            file=name, limit=UNPACKED_LIMIT, unpacked=" when it is unpacked"
                        )
                    )
                yield unpacked
        except (zlib.error, EOFError) as error:
            reason = f"its compressed data are damaged or break off ({error})"
            raise Unusable(BROKEN.problem(file=name, reason=reason)) from None


def _unpacked(raw: Iterator[bytes], bits: int) -> Iterator[bytes]:
    """Unpacked pieces of at most `_CHUNK` bytes. Raises zlib.error and EOFError for damage."""
    stream = zlib.decompressobj(bits)
    for chunk in raw:
        rest = chunk
        while rest:
            if stream.eof:
                if not rest.strip(b"\0"):
                    break
                stream = zlib.decompressobj(bits)
            yield stream.decompress(rest, _CHUNK)
            rest = stream.unconsumed_tail or stream.unused_data
    if not stream.eof:
        yield stream.flush()
    if not stream.eof:
        raise EOFError("the end is missing")

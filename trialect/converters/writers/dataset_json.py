"""Writes Dataset-JSON 1.1: JSON, NDJSON and its compressed form (.dsjc), in one pass.

Rows are rendered once, by columns, and streamed: memory holds one batch. Missing values are null;
numbers are the shortest decimals that give them back.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson
import polars as pl

import trialect
from trialect.metadata import DatasetMeta, VariableMeta
from trialect.problems import Unusable, rule
from trialect.schemas.dataset_json.datatypes import DATASET_JSON_VERSION, json_type
from trialect.schemas.define import oids
from trialect.trial import Study, is_lineage

NOT_FINITE = rule(
    "DSJSON-NOT-FINITE",
    "error",
    "A number that JSON cannot hold",
    "{domain}.{variable} holds infinity or NaN.",
    "Correct the value in the source, or the computation that made it.",
    "RFC 8259, 6",
)
OTHER_ROWS = rule(
    "DSJSON-OTHER-ROWS",
    "error",
    "A dataset has other records than its metadata says",
    "{domain} has {found} records where its metadata says {expected}.",
    "This is a defect of trialect; please report it with the dataset's name.",
)
OTHER_COLUMNS = rule(
    "DSJSON-OTHER-COLUMNS",
    "error",
    "A dataset has other variables than its metadata says",
    "{domain} has the variables {found} where its metadata says {expected}.",
    "This is a defect of trialect; please report it with the dataset's name.",
)

_BETWEEN = b"]\n["
_ESCAPED = r'["\\\x00-\x1f]'


class _Output(Protocol):
    """One of the forms that are written."""

    def start(self, head: dict[str, Any]) -> None: ...

    def rows(self, rendered: bytes) -> None: ...

    def end(self) -> None: ...


def write_dataset_json(
    path: Path,
    meta: DatasetMeta,
    study: Study,
    batches: Iterable[pl.DataFrame],
    *,
    stamp: datetime,
    ndjson: Path | None = None,
    dsjc: Path | None = None,
    define: str | None = None,
) -> None:
    """Write a dataset's records as Dataset-JSON 1.1.

    `path` is written as JSON, or as NDJSON or compressed where it ends in `.ndjson` or `.dsjc`;
    `ndjson` and `dsjc` are further files for the same records. `batches` are frames with the
    variables of `meta` in order (String for Char, Float64 for Num); lineage columns are left out.
    `stamp` is the creation time (UTC), `define` where the define.xml is, seen from the files.
    Raises `Unusable` for numbers that JSON cannot hold, and where records and `meta` disagree.
    """
    head = _head(meta, study, stamp, define)
    with ExitStack() as files:
        outputs = [
            _output(one, files.enter_context(one.open("wb")))
            for one in (path, ndjson, dsjc)
            if one is not None
        ]
        for output in outputs:
            output.start(head)
        records = 0
        for batch in batches:
            records += batch.height
            for part in batch.iter_slices(_SLICE):
                rendered = _rows(part, meta)
                for output in outputs:
                    output.rows(rendered)
        for output in outputs:
            output.end()
    if records != meta.rows:
        raise Unusable(
            OTHER_ROWS.problem(domain=meta.name, found=records, expected=meta.rows, file=path.name)
        )


_SLICE = 50_000


def _head(meta: DatasetMeta, study: Study, stamp: datetime, define: str | None) -> dict[str, Any]:
    created = f"{stamp.isoformat(timespec='seconds')}Z"
    source = f"trialect. {study.invented}" if study.invented else "trialect"
    head: dict[str, Any] = {
        "datasetJSONCreationDateTime": created,
        "datasetJSONVersion": DATASET_JSON_VERSION,
        "fileOID": f"{oids.study_oid(study.studyid)}.{meta.name}",
        "originator": study.sponsor.name,
        "sourceSystem": {"name": source, "version": trialect.__version__},
        "studyOID": oids.study_oid(study.studyid),
        "metaDataVersionOID": oids.version_oid(study.studyid, study.sdtm.ig),
    }
    if define is not None:
        head["metaDataRef"] = define
    return {
        **head,
        "itemGroupOID": oids.dataset_oid(meta.name),
        "records": meta.rows,
        "name": meta.name,
        "label": meta.label,
        "columns": [_column(meta.name, variable) for variable in meta.variables],
    }


def _column(dataset: str, variable: VariableMeta) -> dict[str, Any]:
    data_type = json_type(variable.data_type)
    column: dict[str, Any] = {
        "itemOID": oids.item_oid(dataset, variable.name),
        "name": variable.name,
        "label": variable.label,
        "dataType": data_type,
    }
    if data_type == "string":
        column["length"] = variable.length
    if variable.key_sequence is not None:
        column["keySequence"] = variable.key_sequence
    return column


def _output(path: Path, file: BinaryIO) -> _Output:
    if path.suffix == ".dsjc":
        return _Compressed(file)
    return _Lines(file) if path.suffix == ".ndjson" else _Document(file)


class _Document:
    """JSON: one object whose last member is the rows."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._between = b"\n"

    def start(self, head: dict[str, Any]) -> None:
        self._file.write(orjson.dumps(head)[:-1] + b',"rows":[')

    def rows(self, rendered: bytes) -> None:
        self._file.write(self._between)
        self._file.write(rendered[:-1].replace(_BETWEEN, b"],\n["))
        self._between = b",\n"

    def end(self) -> None:
        self._file.write(b"\n]}\n")


class _Lines:
    """NDJSON: the metadata, then a row a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def start(self, head: dict[str, Any]) -> None:
        self._write(orjson.dumps(head) + b"\n")

    def rows(self, rendered: bytes) -> None:
        self._write(rendered)

    def end(self) -> None:
        """Every line has ended already."""

    def _write(self, data: bytes) -> None:
        self._file.write(data)


class _Compressed(_Lines):
    """DSJC: the NDJSON as a zlib stream (Dataset-JSON 1.1, compressed form)."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._packer = zlib.compressobj(6)

    def _write(self, data: bytes) -> None:
        self._file.write(self._packer.compress(data))

    def end(self) -> None:
        self._file.write(self._packer.flush())


def _rows(frame: pl.DataFrame, meta: DatasetMeta) -> bytes:
    """The records as JSON arrays, each ended by a line feed.

    Columns become JSON texts one by one; CSV without quotes then joins them into rows. A line
    feed inside a text is escaped, so that "]", line feed, "[" stands only between rows.
    """
    columns = [column for column in frame.columns if not is_lineage(column)]
    expected = [variable.name for variable in meta.variables]
    if columns != expected:
        raise Unusable(
            OTHER_COLUMNS.problem(
                domain=meta.name, found=", ".join(columns), expected=", ".join(expected)
            )
        )
    found = _joined(_json(frame.select(columns), meta.name))
    texts = [frame[column] for column in columns if frame[column].dtype == pl.String]
    quotes = 2 * sum(len(series) - series.null_count() for series in texts)
    if not _is_plain(found, quotes, frame.height):
        escaped = frame.with_columns(_escape(series) for series in texts)
        found = _joined(_json(escaped.select(columns), meta.name))
    return found


def _joined(rendered: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    rendered.write_csv(
        file,
        include_header=False,
        quote_style="never",
        null_value="null",
        line_terminator=_BETWEEN.decode(),
    )
    return b"[" + file.getbuffer()[:-1]


def _is_plain(rows: bytes, quotes: int, ends: int) -> bool:
    """Whether no text in the rows has to be escaped: other marks than those between are none."""
    import numpy as np

    if b"\\" in rows or rows.count(b'"') != quotes:
        return False
    return int(np.count_nonzero(np.frombuffer(rows, np.uint8) < ord(" "))) == ends


def _json(frame: pl.DataFrame, dataset: str) -> pl.DataFrame:
    """The values as JSON texts, without escapes; null where one is missing."""
    return frame.select(
        pl.concat_str(pl.lit('"'), series.name, pl.lit('"')).alias(series.name)
        if series.dtype == pl.String
        else _numbers(series, dataset)
        for series in frame
    )


def _numbers(series: pl.Series, dataset: str) -> pl.Series:
    if not series.is_finite().all():
        raise Unusable(NOT_FINITE.problem(domain=dataset, variable=series.name))
    whole = series.cast(pl.Int64, strict=False)
    if whole.null_count() == series.null_count() and (whole == series).all():
        return whole
    return series.cast(pl.String).str.strip_suffix(".0")


def _escape(series: pl.Series) -> pl.Series:
    odd = series.str.contains(_ESCAPED)
    if not odd.any():
        return series
    texts: Iterator[str] = iter(series.filter(odd).unique())
    return series.replace({text: orjson.dumps(text)[1:-1].decode() for text in texts})

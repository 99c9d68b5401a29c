"""Where every record of a package came from, kept beside it so that trace needs nothing else.

`lineage/<DATASET>-<n>.parquet` has a line for each record of the dataset, in its order: the keys
(USUBJID, --SEQ, ...) and the lineage columns. `lineage/rules.json` says how each mapping block or
derivation fills each variable, `lineage/transliterated.parquet` holds the texts that SDTM had to
spell in ASCII. A file holds a fixed number of records, so the bytes do not depend on partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
import polars as pl

from trialect.converters.package import LINEAGE
from trialect.metadata import Origin, Provenance
from trialect.trial import LOOKUP_ROW, is_lineage

CHUNK = 500_000
RULES = "rules.json"
TRANSLITERATED = "transliterated"

KEYS = ("USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "RELID", "TSPARMCD", "TSSEQ")

KEYS_OF = {
    "SV": ("VISITNUM",),
    "TA": ("ARMCD", "TAETORD"),
    "TE": ("ETCD",),
    "TI": ("IETESTCD", "TIVERS"),
    "TV": ("VISITNUM", "ARMCD"),
}
"""What names the records of datasets without --SEQ."""


def key_columns(dataset: str, columns: Iterable[str]) -> list[str]:
    """The columns that name a record of a dataset to people: USUBJID, --SEQ and their kin."""
    wanted = {*KEYS, f"{dataset[:2]}SEQ", *KEYS_OF.get(dataset, ())}
    return [column for column in columns if column in wanted]


def write_lineage(
    package: Path,
    frames: dict[str, Iterable[pl.LazyFrame]],
    transliterated: Iterable[pl.DataFrame],
    provenance: Sequence[Provenance],
) -> None:
    """Write the lineage of all datasets; `frames` gives the parts of each in order."""
    folder = package / LINEAGE
    folder.mkdir(parents=True, exist_ok=True)
    for dataset, parts in frames.items():
        _write(folder, dataset, (_lines(dataset, part) for part in parts))
    _write(folder, TRANSLITERATED, transliterated)
    rules = [{k: v for k, v in asdict(one).items() if v not in (None, ())} for one in provenance]
    (folder / RULES).write_bytes(
        orjson.dumps(rules, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )


def lineage_files(package: Path, dataset: str) -> list[Path]:
    """The files that hold the lineage of a dataset, in the order of its records."""
    return sorted(
        (package / LINEAGE).glob(f"{dataset}-*.parquet"),
        key=lambda file: int(file.stem.rsplit("-", 1)[1]),
    )


def read_lineage(package: Path, dataset: str) -> pl.DataFrame | None:
    """The lineage of a dataset, a line a record in its order; None when there is none."""
    files = lineage_files(package, dataset)
    if not files:
        return None
    return pl.concat([pl.read_parquet(file) for file in files], how="diagonal")


def read_rules(package: Path) -> list[Provenance]:
    """How each variable is filled, as the conversion wrote it down."""
    file = package / LINEAGE / RULES
    if not file.is_file():
        return []
    return [
        Provenance(
            **{
                **one,
                "columns": tuple(one.get("columns", ())),
                "inputs": tuple(one.get("inputs", ())),
                "origin": Origin(**one["origin"]) if "origin" in one else None,
            }
        )
        for one in orjson.loads(file.read_bytes())
    ]


def _lines(dataset: str, part: pl.LazyFrame) -> pl.DataFrame:
    columns = part.collect_schema().names()
    lineage = sorted(column for column in columns if is_lineage(column))
    return part.select(*key_columns(dataset, columns), *lineage).collect()


def _write(folder: Path, name: str, parts: Iterable[pl.DataFrame]) -> None:
    for number, chunk in enumerate(_chunks(parts)):
        chunk.write_parquet(
            folder / f"{name}-{number}.parquet", compression="zstd", row_group_size=CHUNK
        )


def _chunks(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same lines in frames of `CHUNK`, whatever frames they came in."""
    rest: pl.DataFrame | None = None
    for part in parts:
        rest = part if rest is None else pl.concat([rest, part], how="diagonal")
        while rest.height > CHUNK:
            yield _settled(rest[:CHUNK])
            rest = rest[CHUNK:]
    if rest is not None and rest.height:
        yield _settled(rest)


def _settled(frame: pl.DataFrame) -> pl.DataFrame:
    """The lines with the columns that their content asks for, whichever part brought them."""
    own = [column for column in frame.columns if not is_lineage(column)]
    looked_up = (column for column in frame.columns if is_lineage(column))
    filled = [
        column
        for column in sorted(looked_up)
        if not column.startswith(LOOKUP_ROW) or frame[column].null_count() < frame.height
    ]
    return frame.select(*own, *filled).rechunk()

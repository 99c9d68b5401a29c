"""Packages held against each other, cell by cell, by the records' own keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from trialect.converters.readers.xpt import XptReader

Frames = Mapping[str, pl.DataFrame]

KEYS = {
    "DM": ("USUBJID",),
    "SV": ("USUBJID", "VISITNUM"),
    "TA": ("ARMCD", "TAETORD"),
    "TE": ("ETCD",),
    "TI": ("IETESTCD",),
    "TV": ("VISITNUM", "ARMCD"),
    "TS": ("TSPARMCD", "TSSEQ"),
    "CO": ("USUBJID", "COSEQ"),
    "RELREC": ("USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL", "RELID"),
}
SUPP = ("USUBJID", "IDVAR", "IDVARVAL", "QNAM")


@dataclass
class Compared:
    """One dataset: its records, and its cells that are not empty, besides those of the keys."""

    records: int = 0
    found: int = 0
    cells: int = 0
    equal: int = 0
    differing: dict[str, int] = field(default_factory=dict)
    """By variable, how many cells differ or were added."""


def packaged(package: Path) -> dict[str, pl.DataFrame]:
    """The datasets of a package, those of one domain together."""
    files = sorted(package.rglob("*.xpt"))
    return by_domain({f.stem.upper(): pl.concat(list(XptReader(f).iter_batches())) for f in files})


def by_domain(frames: Frames) -> dict[str, pl.DataFrame]:
    """Datasets that were split (QSPH, QSSL) as their domain."""
    found: dict[str, list[pl.DataFrame]] = {}
    for name, frame in frames.items():
        whole = name if name.startswith("SUPP") or name == "RELREC" else name[:2]
        own = frame.drop(column for column in frame.columns if column[0] == "@")
        found.setdefault(whole, []).append(own)
    return {name: pl.concat(parts, how="diagonal") for name, parts in found.items()}


def compared(name: str, before: pl.DataFrame, after: pl.DataFrame | None) -> Compared:
    """The cells of a dataset before and after."""
    keys = SUPP if name.startswith("SUPP") else KEYS.get(name, ("USUBJID", f"{name}SEQ"))
    keys = tuple(key for key in keys if key in before.columns)
    made = Compared(before.height)
    others = [column for column in before.columns if column not in keys]
    if after is None:
        after = before.clear()
    both = before.join(
        after.with_columns(pl.lit(True).alias("@there")),
        on=keys,
        how="left",
        suffix="#",
        nulls_equal=True,
    )
    made.found = both["@there"].count()
    made.differing = (
        {"records added": after.height - made.found} if after.height > made.found else {}
    )
    for column in others:
        mine = both[column]
        again = both[f"{column}#"] if f"{column}#" in both.columns else mine.clear(both.height)
        same = int((mine == again).fill_null(False).sum())
        made.cells += mine.count()
        made.equal += same
        differs = mine.count() - same + int((mine.is_null() & again.is_not_null()).sum())
        if differs:
            made.differing[column] = differs
    for column in after.columns:
        if column not in before.columns and after[column].count():
            made.differing[column] = after[column].count()
    return made

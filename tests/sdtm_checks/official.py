"""CDISC's own test cases of its conformance rules, read as they lie beside the checkout."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

RULES = Path(__file__).resolve().parents[3] / "shared/conformance/cdisc-open-rules"

Place = tuple[str, int | None]
"""A dataset, and a record of it (from 1) where the result names one."""


@dataclass(frozen=True)
class OfficialRule:
    """A published rule: its CORE id, and the SDTMIG 3.4 and FDA rules that it implements."""

    core: str
    implements: frozenset[str]
    description: str


@dataclass(frozen=True)
class OfficialCase:
    """One case: its folder, and whether records in it break the rule."""

    core: str
    negative: bool
    folder: Path

    @property
    def id(self) -> str:
        return f"{self.core}-{self.folder.parent.name}-{self.folder.name}"

    def frames(self) -> dict[str, pl.DataFrame]:
        """The datasets, with the number of each record as its source row."""
        data = self.folder / "data"
        numeric = {
            (line["dataset"].lower(), line["variable"])
            for line in _lines(data / "_variables.csv")
            if line["type"] == "Num"
        }
        found = {}
        for path in sorted(data.glob("*.csv")):
            if not path.name.startswith("_"):
                found[path.stem.upper()] = _frame(path, numeric)
        return found

    def expected(self) -> set[Place]:
        """The places that the case's results name."""
        found: set[Place] = set()
        for line in _lines(self.folder / "results" / "results.csv"):
            record = (line["Record"] or "").strip()
            found.add((line["Dataset"].upper(), int(float(record)) if record else None))
        return found


@cache
def rules() -> dict[str, OfficialRule]:
    """Every published rule by its CORE id."""
    found = {}
    for path in sorted((RULES / "rules").glob("*.yml")):
        text: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        implements = {
            reference["Rule Identifier"]["Id"]
            for authority in text["Authorities"]
            for standard in authority["Standards"]
            if standard["Name"] == "SDTMIG"
            for reference in standard["References"]
        }
        core = text["Core"]["Id"]
        found[core] = OfficialRule(core, frozenset(implements), text["Description"])
    return found


def cases(core: str) -> Iterator[OfficialCase]:
    """The cases of a rule, those that break it first."""
    for kind in ("negative", "positive"):
        for folder in sorted((RULES / "cases" / core / kind).glob("*")):
            yield OfficialCase(core, kind == "negative", folder)


def _lines(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _frame(path: Path, numeric: set[tuple[str, str]]) -> pl.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = [row for row in csv.reader(file) if row]
    columns = {}
    for place, name in enumerate(header):
        values = [row[place] if place < len(row) and row[place] else None for row in rows]
        column = pl.Series(name, values, pl.String)
        if (path.stem.lower(), name) in numeric:
            # Some cases hold text in a variable that they call Num.
            numbers = column.cast(pl.Float64, strict=False)
            column = numbers if numbers.null_count() == column.null_count() else column
        columns[name] = column
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        pl.lit(path.stem).alias("@form"), pl.int_range(1, frame.height + 1).alias("@row")
    )

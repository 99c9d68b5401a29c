"""What must be known of the whole trial before a byte is written, as facts that merge.

Each partition of subjects makes a profile of its domains; merged in any order they are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trialect.trial import is_lineage

if TYPE_CHECKING:
    import polars as pl

DISTINCT_LIMIT = 2000
"""Distinct values of a variable that are kept; a variable with more is no codelist."""

VALUE_LEVEL_KEYS = {"QVAL": "QNAM", "TSVAL": "TSPARMCD"}
"""The variable that tells what a value is, where it is not --TESTCD."""

_RESULTS = ("ORRES", "STRESC", "STRESN", "ORRESU", "STRESU")


@dataclass(slots=True)
class VariableProfile:
    """One variable: missing values, longest value in bytes, decimals, distinct values (or None
    when there are more than `DISTINCT_LIMIT`)."""

    missing: int = 0
    max_bytes: int = 0
    decimals: int = 0
    digits: int = 0
    ascii: bool = True
    numeric: bool = False
    values: set[str] | None = field(default_factory=set)

    def merge(self, other: VariableProfile) -> None:
        """Add what another partition saw."""
        self.missing += other.missing
        self.max_bytes = max(self.max_bytes, other.max_bytes)
        self.decimals = max(self.decimals, other.decimals)
        self.digits = max(self.digits, other.digits)
        self.ascii = self.ascii and other.ascii
        self.numeric = self.numeric or other.numeric
        if self.values is not None:
            self.values = None if other.values is None else self.values | other.values
            if self.values is not None and len(self.values) > DISTINCT_LIMIT:
                self.values = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "missing": self.missing,
            "max_bytes": self.max_bytes,
            "decimals": self.decimals,
            "digits": self.digits,
            "ascii": self.ascii,
            "numeric": self.numeric,
            "values": None if self.values is None else sorted(self.values),
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> VariableProfile:
        """The profile that `as_dict` gave."""
        values = facts["values"]
        return cls(**{**facts, "values": None if values is None else set(values)})


@dataclass(slots=True)
class DatasetProfile:
    """One dataset: number of records, its variables, and value-level profiles.

    `by_key` maps a variable to the profile of its values under each key (QSORRES by QSTESTCD,
    QVAL by QNAM, TSVAL by TSPARMCD). `pairs` holds distinct (name, label) pairs such as
    (QSTESTCD, QSTEST), (QNAM, QLABEL).
    """

    rows: int = 0
    variables: dict[str, VariableProfile] = field(default_factory=dict)
    by_key: dict[str, dict[str, VariableProfile]] = field(default_factory=dict)
    pairs: dict[str, dict[str, str]] = field(default_factory=dict)

    def merge(self, other: DatasetProfile) -> None:
        """Add what another partition saw; a variable that it lacks is missing in its rows."""
        for name in {**self.variables, **other.variables}:
            mine = self.variables.setdefault(name, VariableProfile(missing=self.rows))
            mine.merge(other.variables.get(name, VariableProfile(missing=other.rows)))
        for name, keys in other.by_key.items():
            here = self.by_key.setdefault(name, {})
            for key, profile in keys.items():
                here.setdefault(key, VariableProfile()).merge(profile)
        for name, pairs in other.pairs.items():
            self.pairs.setdefault(name, {}).update(pairs)
        self.rows += other.rows

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rows": self.rows,
            "variables": {name: one.as_dict() for name, one in self.variables.items()},
            "by_key": {
                name: {key: one.as_dict() for key, one in keys.items()}
                for name, keys in self.by_key.items()
            },
            "pairs": self.pairs,
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> DatasetProfile:
        """The profile that `as_dict` gave."""
        return cls(
            rows=facts["rows"],
            variables={n: VariableProfile.from_dict(v) for n, v in facts["variables"].items()},
            by_key={
                name: {key: VariableProfile.from_dict(v) for key, v in keys.items()}
                for name, keys in facts["by_key"].items()
            },
            pairs=facts["pairs"],
        )


def profile(frames: dict[str, pl.DataFrame]) -> dict[str, DatasetProfile]:
    """The profiles of one partition's domains by dataset name."""
    return {name: _dataset(frame) for name, frame in frames.items()}


def merge(profiles: Iterable[dict[str, DatasetProfile]]) -> dict[str, DatasetProfile]:
    """The profile of the whole trial from those of its partitions."""
    whole: dict[str, DatasetProfile] = {}
    for part in profiles:
        for name, one in part.items():
            whole.setdefault(name, DatasetProfile()).merge(one)
    return whole


def _dataset(frame: pl.DataFrame) -> DatasetProfile:
    columns = [column for column in frame.columns if not is_lineage(column)]
    found = DatasetProfile(rows=frame.height)
    for column in columns:
        found.variables[column] = _variable(frame[column])
    for column in columns:
        key = _key_of(column, columns)
        if key is not None:
            groups = frame.select(key, column).drop_nulls(key)
            found.by_key[column] = {
                str(part[key][0]): _variable(part[column])
                for part in groups.partition_by(key, maintain_order=True)
            }
    for name, label in _pairs(columns):
        distinct = frame.select(name, label).drop_nulls().unique(maintain_order=True)
        found.pairs[name] = dict(sorted(distinct.iter_rows()))
    return found


def _key_of(column: str, columns: list[str]) -> str | None:
    key = VALUE_LEVEL_KEYS.get(column)
    if key is None and column[2:] in _RESULTS:
        key = column[:2] + "TESTCD"
    return key if key in columns else None


def _pairs(columns: list[str]) -> list[tuple[str, str]]:
    names = [("QNAM", "QLABEL"), ("TSPARMCD", "TSPARM")]
    names += [(c, c[:-2]) for c in columns if c.endswith("TESTCD")]
    return [(name, label) for name, label in names if name in columns and label in columns]


def _variable(series: pl.Series) -> VariableProfile:
    import polars as pl

    found = VariableProfile(missing=series.null_count())
    if series.dtype == pl.String:
        found.max_bytes = int(series.str.len_bytes().max() or 0)  # type: ignore[arg-type] # of an integer series
        longest_in_chars = int(series.str.len_chars().max() or 0)  # type: ignore[arg-type] # as above
        found.ascii = longest_in_chars == found.max_bytes and (
            series.str.len_bytes().sum() == series.str.len_chars().sum()
        )
        distinct = series.drop_nulls().unique()
    else:
        found.numeric = True
        found.max_bytes = 8
        distinct = series.drop_nulls().unique().cast(pl.Float64)
    if distinct.len() > DISTINCT_LIMIT:
        found.values = None
        texts = [] if not found.numeric else [_number(v) for v in distinct]
    else:
        texts = [_number(v) if found.numeric else v for v in distinct]
        found.values = set(texts)
    if found.numeric:
        for text in texts:
            whole, _, fraction = text.lstrip("-").partition(".")
            found.digits = max(found.digits, len(whole) + len(fraction))
            found.decimals = max(found.decimals, len(fraction))
    return found


def _number(value: float) -> str:
    """A number as the shortest decimal text that gives it back, without an exponent."""
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    from decimal import Decimal

    return format(Decimal(repr(value)), "f")

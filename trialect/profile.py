"""What must be known of the whole trial before a byte is written, as facts that merge.

Each partition of subjects makes a profile of its domains; merged in any order they are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from trialect.relations import Relations, as_lists, from_lists, merge_relations, relation
from trialect.schemas.define.keys import natural_keys
from trialect.schemas.sdtm import dataset
from trialect.schemas.sdtm.one_to_one import pairs_to_profile
from trialect.trial import BLOCK, is_lineage

if TYPE_CHECKING:
    import polars as pl

DISTINCT_LIMIT = 2000
"""Distinct values of a variable that are kept; a variable with more is no codelist."""

VALUE_LEVEL_KEYS = {"QVAL": "QNAM", "QORIG": "QNAM", "TSVAL": "TSPARMCD", "DSDECOD": "DSCAT"}
"""The variable that tells what a value is, where it is not --TESTCD."""

CATEGORY_SEPARATOR = "\x1f"
"""Between --CAT and --TESTCD in the keys of `DatasetProfile.by_category`."""

_VALUE = "value"
RESULTS = ("ORRES", "STRESC", "STRESN", "ORRESU", "STRESU")
"""Variables of findings, without their domain, whose values --TESTCD tells apart."""

_KINDS = (
    ("integer", r"-?9+"),
    ("float", r"-?9*\.9+|-?9+\.9*"),
    ("date", r"9{4}-99-99"),
    ("partialDate", r"9{4}(-99)?"),
    ("datetime", r"9{4}-99-99T99:99:99(\.9+)?(Z|[+-]99:99)?"),
    ("partialDatetime", r"9{4}-99-99T99(:99)?(Z|[+-]99:99)?"),
    ("time", r"T?99:99:99(\.9+)?(Z|[+-]99:99)?"),
    ("partialTime", r"T99(:99)?"),
    ("incompleteDate", r"(9{4}|-)-(99|-)-(99|-)"),
    ("incompleteDatetime", r"(9{4}|-)-(99|-)-(99|-)T(99|-)(:(99|-)(:(99|-))?)?"),
    (
        "durationDatetime",
        r"[+-]?P(?=[9T])(9+(\.9+)?Y)?(9+(\.9+)?M)?(9+(\.9+)?D)?"
        r"(T(?=9)(9+(\.9+)?H)?(9+(\.9+)?M)?(9+(\.9+)?S)?)?|[+-]?P9+(\.9+)?W",
    ),
    ("intervalDatetime", r"[9TZ:.+-]+/[9TZ:.+YMDHSWP-]+|P[9TYMDHSW.]+/[9TZ:.+-]+"),
)
"""ODM's types by the shape of a text, in which 9 stands for any digit; the first that fits."""
_DIGIT = re.compile("[0-9]")
_LEADING_ZERO = re.compile("^-?0([0-9])")
_BEGINS_A_KIND = frozenset("0123456789.+-PTZ:")


@dataclass(slots=True)
class VariableProfile:
    """One variable: missing values, longest value in bytes, distinct values (or None when there
    are more than `DISTINCT_LIMIT`).

    `digits` and `decimals` are the most digits before and after the decimal point of a number.
    `kinds` are the ODM types that texts look like ("text" when none); empty for a variable whose
    texts are not looked at. `blocks` are the mapping blocks whose records hold a value.
    """

    missing: int = 0
    max_bytes: int = 0
    decimals: int = 0
    digits: int = 0
    ascii: bool = True
    numeric: bool = False
    values: set[str] | None = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)

    def merge(self, other: VariableProfile) -> None:
        """Add what another partition saw."""
        self.missing += other.missing
        self.max_bytes = max(self.max_bytes, other.max_bytes)
        self.decimals = max(self.decimals, other.decimals)
        self.digits = max(self.digits, other.digits)
        self.ascii = self.ascii and other.ascii
        self.numeric = self.numeric or other.numeric
        self.kinds |= other.kinds
        self.blocks |= other.blocks
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
            "kinds": sorted(self.kinds),
            "blocks": sorted(self.blocks),
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> VariableProfile:
        """The profile that `as_dict` gave."""
        sets = {
            name: None if facts[name] is None else set(facts[name])
            for name in ("values", "kinds", "blocks")
        }
        return cls(**{**facts, **sets})


_ByKey = dict[str, dict[str, VariableProfile]]


@dataclass(slots=True)
class DatasetProfile:
    """One dataset: number of records, its variables, and value-level profiles.

    `by_key` maps a variable to the profile of its values under each key (QSORRES by QSTESTCD,
    QVAL by QNAM, TSVAL by TSPARMCD); `by_category` does so under --CAT and --TESTCD, joined by
    `CATEGORY_SEPARATOR`. `pairs` holds distinct (name, label) pairs such as (QSTESTCD, QSTEST),
    (QNAM, QLABEL), one label a name. `relations` keeps all values that stand beside a value, where
    one is meant to go with one (schemas/sdtm/one_to_one.py). `keys_unique` says whether the natural
    key is unique.
    """

    rows: int = 0
    variables: dict[str, VariableProfile] = field(default_factory=dict)
    by_key: _ByKey = field(default_factory=dict)
    pairs: dict[str, dict[str, str]] = field(default_factory=dict)
    by_category: _ByKey = field(default_factory=dict)
    keys_unique: bool = True
    relations: Relations = field(default_factory=dict)

    def merge(self, other: DatasetProfile) -> None:
        """Add what another partition saw; a variable that it lacks is missing in its rows."""
        for name in {**self.variables, **other.variables}:
            mine = self.variables.setdefault(name, VariableProfile(missing=self.rows))
            mine.merge(other.variables.get(name, VariableProfile(missing=other.rows)))
        _merge_keys(self.by_key, other.by_key)
        _merge_keys(self.by_category, other.by_category)
        for name, pairs in other.pairs.items():
            mine_of = self.pairs.setdefault(name, {})
            for key, label in pairs.items():
                # Two labels of one key are a finding of the checks; here the first in order stays.
                mine_of[key] = min(label, mine_of.get(key, label))
        merge_relations(self.relations, other.relations)
        self.keys_unique = self.keys_unique and other.keys_unique
        self.rows += other.rows

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rows": self.rows,
            "variables": {name: one.as_dict() for name, one in self.variables.items()},
            "by_key": _keys_as_dict(self.by_key),
            "by_category": _keys_as_dict(self.by_category),
            "pairs": self.pairs,
            "keys_unique": self.keys_unique,
            "relations": as_lists(self.relations),
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> DatasetProfile:
        """The profile that `as_dict` gave."""
        return cls(
            rows=facts["rows"],
            variables={n: VariableProfile.from_dict(v) for n, v in facts["variables"].items()},
            by_key=_keys_from_dict(facts["by_key"]),
            by_category=_keys_from_dict(facts["by_category"]),
            pairs=facts["pairs"],
            keys_unique=facts["keys_unique"],
            relations=from_lists(facts["relations"]),
        )


def _merge_keys(mine: _ByKey, other: _ByKey) -> None:
    for name, keys in other.items():
        here = mine.setdefault(name, {})
        for key, one in keys.items():
            here.setdefault(key, VariableProfile()).merge(one)


def _keys_as_dict(by_key: _ByKey) -> dict[str, Any]:
    return {n: {key: one.as_dict() for key, one in keys.items()} for n, keys in by_key.items()}


def _keys_from_dict(facts: dict[str, Any]) -> _ByKey:
    return {
        name: {key: VariableProfile.from_dict(one) for key, one in keys.items()}
        for name, keys in facts.items()
    }


def profile(frames: dict[str, pl.DataFrame]) -> dict[str, DatasetProfile]:
    """The profiles of one partition's domains by dataset name."""
    return {name: _dataset(name, frame) for name, frame in frames.items()}


def merge(profiles: Iterable[dict[str, DatasetProfile]]) -> dict[str, DatasetProfile]:
    """The profile of the whole trial from those of its partitions."""
    whole: dict[str, DatasetProfile] = {}
    for part in profiles:
        for name, one in part.items():
            whole.setdefault(name, DatasetProfile()).merge(one)
    return whole


def _dataset(name: str, frame: pl.DataFrame) -> DatasetProfile:
    columns = [column for column in frame.columns if not is_lineage(column)]
    found = DatasetProfile(rows=frame.height)
    for column in columns:
        found.variables[column] = _variable(frame[column], kinds=_is_iso8601(name, column))
    for column, blocks in _blocks(frame, columns).items():
        found.variables[column].blocks = blocks
    for key, category, results in _keyed(columns):
        _value_level(found, frame, key, category, results)
    for key, label in _pairs(columns):
        distinct = frame.select(key, label).drop_nulls().unique().sort(key, label, descending=True)
        found.pairs[key] = dict(reversed(dict(distinct.iter_rows()).items()))
    for pair in pairs_to_profile(name, columns):
        if beside := relation(_texts(frame[pair[0]]), _texts(frame[pair[1]]), frame):
            found.relations[pair] = beside
    keys = [key for key in natural_keys(name) if key in columns]
    found.keys_unique = not keys or frame.select(keys).n_unique() == frame.height
    return found


@cache
def _is_iso8601(name: str, column: str) -> bool:
    model = dataset(name)
    variable = model.allowed(column) if model is not None else None
    if variable is None:
        return column.endswith("DTC")
    return variable.value_domain.startswith("ISO 8601")


def _blocks(frame: pl.DataFrame, columns: list[str]) -> dict[str, set[str]]:
    import polars as pl

    if BLOCK not in frame.columns:
        return {}
    filled = frame.group_by(BLOCK).agg(pl.col(columns).count()).drop_nulls(BLOCK)
    names = filled[BLOCK].to_list()
    return {
        column: {name for name, count in zip(names, filled[column], strict=True) if count}
        for column in columns
    }


def _keyed(columns: list[str]) -> list[tuple[str, str | None, list[str]]]:
    """Key variable, category variable and the result variables that they tell apart."""
    found: list[tuple[str, str | None, list[str]]] = []
    for column in columns:
        if len(column) == 8 and column.endswith("TESTCD"):
            results = [column[:2] + result for result in RESULTS]
            category = column[:2] + "CAT"
            found.append(
                (
                    column,
                    category if category in columns else None,
                    [result for result in results if result in columns],
                )
            )
    for value, key in VALUE_LEVEL_KEYS.items():
        if value in columns and key in columns:
            found.append((key, None, [value]))
    return found


def _value_level(
    found: DatasetProfile,
    frame: pl.DataFrame,
    key: str,
    category: str | None,
    results: list[str],
) -> None:
    import polars as pl

    by = [key] if category is None else [category, key]
    blocks = (
        [pl.col(BLOCK).filter(pl.col(c).is_not_null()).unique().alias(c + BLOCK) for c in results]
        if BLOCK in frame.columns
        else []
    )
    groups = (
        frame.drop_nulls(key)
        .group_by(by)
        .agg(*[pl.col(column).null_count() for column in results], *blocks)
        .sort(by)
    )
    for column in results:
        distinct = frame.select(*by, column).drop_nulls([key, column]).unique()
        described = _describe(distinct.rename({column: _VALUE}), by, kinds=True)
        for group in groups.iter_rows(named=True):
            names = tuple(group[name] for name in by)
            one = described.get(names, VariableProfile())
            one.missing = group[column]
            one.numeric = frame[column].dtype != pl.String
            one.blocks = {block for block in group.get(column + BLOCK, ()) if block is not None}
            here = found.by_key.setdefault(column, {})
            here.setdefault(names[-1], VariableProfile()).merge(one)
            if category is not None:
                label = CATEGORY_SEPARATOR.join(name or "" for name in names)
                found.by_category.setdefault(column, {})[label] = one


def _pairs(columns: list[str]) -> list[tuple[str, str]]:
    names = [("QNAM", "QLABEL"), ("TSPARMCD", "TSPARM")]
    names += [(c, c[:-2]) for c in columns if c.endswith("TESTCD")]
    return [(name, label) for name, label in names if name in columns and label in columns]


def _variable(series: pl.Series, kinds: bool) -> VariableProfile:
    import polars as pl

    distinct = series.drop_nulls().unique().alias(_VALUE).to_frame()
    found = _describe(distinct, [], kinds).get((), VariableProfile())
    found.missing = series.null_count()
    found.numeric = series.dtype != pl.String
    return found


def _describe(
    distinct: pl.DataFrame, by: list[str], kinds: bool
) -> dict[tuple[Any, ...], VariableProfile]:
    """The profiles of distinct values by the columns that tell them apart; without a value none."""
    import polars as pl

    if distinct.is_empty():
        return {}
    numeric = distinct[_VALUE].dtype != pl.String
    if numeric:
        distinct = distinct.with_columns(_numbers(distinct[_VALUE]))
    value = pl.col(_VALUE)
    facts = [
        value.len().alias("n"),
        value.head(DISTINCT_LIMIT + 1).alias("values"),
        value.str.len_bytes().max().alias("bytes"),
        (value.str.len_bytes() == value.str.len_chars()).all().alias("ascii"),
    ]
    if kinds or numeric:
        # A code with leading zeros (007) is no number; its first letter keeps it from being one.
        shape = value.str.replace("^-?0([0-9])", "c$1").str.replace_all("[0-9]", "9")
        facts.append(shape.unique().alias("shapes"))
    # Grouped by nothing, all values are one group.
    groups = distinct.group_by(by or pl.lit(0).alias("all")).agg(facts)
    found = {}
    for group in groups.iter_rows(named=True):
        one = VariableProfile(max_bytes=8 if numeric else group["bytes"], ascii=group["ascii"])
        one.values = None if group["n"] > DISTINCT_LIMIT else set(group["values"])
        shapes = {shape: _kind(shape) for shape in group.get("shapes", ())}
        for shape, kind in shapes.items():
            if kind in ("integer", "float"):
                whole, _, fraction = shape.lstrip("-").partition(".")
                one.digits = max(one.digits, len(whole))
                one.decimals = max(one.decimals, len(fraction))
        one.kinds = set(shapes.values()) if kinds and not numeric else set()
        found[tuple(group[name] for name in by)] = one
    return found


@lru_cache(maxsize=10_000)
def kind_of_text(text: str) -> tuple[str, int, int]:
    """The ODM type that a text looks like, and its digits before and after the decimal point."""
    if text[:1] not in _BEGINS_A_KIND:
        return "text", 0, 0
    shape = _DIGIT.sub("9", _LEADING_ZERO.sub(r"c\1", text, count=1))
    kind = _kind(shape)
    if kind not in ("integer", "float"):
        return kind, 0, 0
    whole, _, fraction = shape.lstrip("-").partition(".")
    return kind, len(whole), len(fraction)


@cache
def _kind(shape: str) -> str:
    return next((kind for kind, pattern in _KINDS if re.fullmatch(pattern, shape)), "text")


def _numbers(values: pl.Series) -> pl.Series:
    """Numbers as the shortest decimal texts that give them back, without an exponent."""
    import polars as pl

    texts = values.cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")
    odd = texts.str.contains("[^0-9.-]")
    if odd.any():
        spelled = {text: _spelled(text) for text in texts.filter(odd)}
        texts = texts.replace(spelled)
    return texts


def _texts(values: pl.Series) -> pl.Series:
    import polars as pl

    return values if values.dtype == pl.String else _numbers(values)


def _spelled(text: str) -> str:
    from decimal import Decimal

    spelled = format(Decimal(text), "f")
    return spelled.rstrip("0").rstrip(".") if "." in spelled else spelled

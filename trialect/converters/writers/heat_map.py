"""The picture of findings over rules and datasets: the darker a field, the more findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from trialect.problems import Problem

LEVELS = 5
"""Shades of a field that is not empty."""

WITHOUT = ""
"""Stands for findings that are on no dataset."""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A rule: for each column how many findings, and the shade of it (0 for none)."""

    rule: str
    severity: str
    title: str
    fields: tuple[tuple[int, int], ...]
    total: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The columns (datasets, and findings on none at the end), their totals, and the rows."""

    datasets: tuple[str, ...]
    totals: tuple[int, ...]
    rows: tuple[HeatRow, ...]


def heat_map(problems: Iterable[Problem], rules: Sequence[tuple[str, str, str]]) -> HeatMap:
    """The findings by rule (id, severity, title; in the order given) and dataset."""
    counts = Counter((one.rule, one.domain or WITHOUT) for one in problems)
    totals: Counter[str] = Counter()
    for (_, dataset), count in counts.items():
        totals[dataset] += count
    datasets = tuple(sorted(totals, key=lambda name: (name == WITHOUT, name)))
    most = max(counts.values(), default=1)
    rows = []
    for rule, severity, title in rules:
        found = [counts.get((rule, dataset), 0) for dataset in datasets]
        if any(found):
            fields = tuple((count, shade(count, most)) for count in found)
            rows.append(HeatRow(rule, severity, title, fields, sum(found)))
    return HeatMap(datasets, tuple(totals[name] for name in datasets), tuple(rows))


def shade(count: int, most: int) -> int:
    """0 for none, else 1 to `LEVELS` by the logarithm: one can be seen beside a thousand."""
    if not count:
        return 0
    if most == 1:
        return 1
    return 1 + min(LEVELS - 1, int((LEVELS - 1) * log(count) / log(most) + 1e-9))

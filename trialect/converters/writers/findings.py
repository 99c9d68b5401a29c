"""The findings as report.html holds them: columns of numbers into lists of sorted words.

A message that a thousand findings share is written once, and the page sorts and filters a hundred
thousand findings by comparing numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trialect.problems import Problem, Severity

LISTED = 100_000
"""Findings that the page lists at most."""

FIRST = 200
"""Findings that the page shows at once, and without JavaScript."""

LONGEST = 1000
"""Characters of a text that the page shows; report.json has the whole."""

_SEVERITIES = [severity.value for severity in Severity]
_NUMBER = re.compile(r"([0-9]{1,15})")


def _variable(problem: Problem) -> str:
    """The variable or path; a field of a source stands beside its file."""
    return problem.variable or problem.path or (problem.field if not problem.file else "") or ""


def _source(problem: Problem) -> str:
    if problem.file is None or problem.row is None:
        return problem.file or ""
    return f"{problem.file}:{problem.row}"


COLUMNS: dict[str, Callable[[Problem], str]] = {
    "severity": lambda problem: problem.severity.value,
    "rule": lambda problem: problem.rule,
    "domain": lambda problem: problem.domain or "",
    "subject": lambda problem: problem.usubjid or "",
    "record": lambda problem: problem.seq or "",
    "variable": _variable,
    "message": lambda problem: problem.message,
    "mend": lambda problem: problem.mend,
    "source": _source,
    "file": lambda problem: problem.file or "",
    "column": lambda problem: problem.field or "",
    "value": lambda problem: problem.value or "",
}
"""What the page knows of a finding."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The listed findings, the worst first: for each column its words and a number a finding."""

    words: dict[str, list[str]]
    cells: dict[str, list[int]]
    per_rule: int | None
    """How many findings of a rule are listed at most; None when all are."""

    def __len__(self) -> int:
        return len(self.cells["rule"])

    def first(self) -> list[dict[str, str]]:
        """The findings that the page holds as a table, for browsers without JavaScript."""
        return [
            {column: words[self.cells[column][at]] for column, words in self.words.items()}
            for at in range(min(FIRST, len(self)))
        ]

    def as_dict(self) -> dict[str, Any]:
        """What the page's script reads."""
        return {"words": self.words, "cells": self.cells, "first": FIRST}


def findings(problems: Sequence[Problem], listed: int = LISTED) -> Findings:
    """The findings for the page; when there are more than `listed`, as many of each rule as fit."""
    per_rule = None if len(problems) <= listed else _fair_share(problems, listed)
    chosen = sorted(_up_to(problems, per_rule), key=lambda p: _SEVERITIES.index(p.severity.value))
    words: dict[str, list[str]] = {}
    cells: dict[str, list[int]] = {}
    for column, text in COLUMNS.items():
        texts = [_shown(text(problem)) for problem in chosen]
        by = _SEVERITIES.index if column == "severity" else _natural
        words[column] = sorted(set(texts), key=by)
        places = {word: place for place, word in enumerate(words[column])}
        cells[column] = [places[one] for one in texts]
    return Findings(words, cells, per_rule)


def _fair_share(problems: Sequence[Problem], listed: int) -> int:
    """The most findings of a rule with which the list stays within `listed`, at least 1."""
    left, share = listed, 1
    counts = sorted(Counter(problem.rule for problem in problems).values())
    for place, count in enumerate(counts):
        share = max(1, left // (len(counts) - place))
        if count > share:
            break
        left -= count
    return share


def _up_to(problems: Sequence[Problem], per_rule: int | None) -> list[Problem]:
    if per_rule is None:
        return list(problems)
    seen: Counter[str] = Counter()
    kept = []
    for problem in problems:
        seen[problem.rule] += 1
        if seen[problem.rule] <= per_rule:
            kept.append(problem)
    return kept


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _natural(text: str) -> tuple[tuple[str | int, ...], str]:
    """Sorts texts as people do: 2 before 10."""
    parts = _NUMBER.split(text.casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), text

"""The findings as report.html holds them: columns of numbers into lists of sorted words.

A message that a thousand findings share is written once, and the page sorts and filters a hundred
thousand findings by comparing numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from trialect.converters.baseline import State
from trialect.converters.review import Review
from trialect.converters.writers.fair_share import fair_share
from trialect.problems import Problem, Severity

LISTED = 100_000
"""Findings that the page lists at most."""

FIRST = 200
"""Findings that the page shows at once, and without JavaScript."""

LONGEST = 1000
"""Characters of a text that the page shows; report.json has the whole."""

_SEVERITIES = [severity.value for severity in Severity]
_NUMBER = re.compile(r"([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A finding and what is known of it: its record, its source, its state, its explanation."""

    problem: Problem
    record: int | None = None
    file: str = ""
    row: int | None = None
    column: str = ""
    state: str = ""
    explanation: str = ""

    @property
    def variable(self) -> str:
        """The variable or path; a field of a source stands beside its file."""
        one = self.problem
        return one.variable or one.path or (one.field if not one.file else "") or ""

    @property
    def number(self) -> str:
        """--SEQ, or the number of the record where it has none."""
        return self.problem.seq or ("" if self.record is None else f"record {self.record}")

    @property
    def source(self) -> str:
        """The file and the row or line in it."""
        return self.file if self.row is None else f"{self.file}:{self.row}"


COLUMNS: dict[str, Callable[[Listed], str]] = {
    "severity": lambda one: one.problem.severity.value,
    "rule": lambda one: one.problem.rule,
    "domain": lambda one: one.problem.domain or "",
    "subject": lambda one: one.problem.usubjid or "",
    "record": lambda one: one.number,
    "variable": lambda one: one.variable,
    "message": lambda one: one.problem.message,
    "mend": lambda one: one.problem.mend,
    "source": lambda one: one.source,
    "file": lambda one: one.problem.file or one.file,
    "column": lambda one: one.column,
    "value": lambda one: one.problem.value or "",
    "state": lambda one: one.state,
    "explanation": lambda one: one.explanation,
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
        """What the page's script reads; a column of one word needs no numbers."""
        cells = {
            column: numbers if len(self.words[column]) > 1 else len(numbers)
            for column, numbers in self.cells.items()
        }
        return {"words": self.words, "cells": cells, "first": FIRST}


def findings(review: Review, listed: int = LISTED) -> Findings:
    """The findings for the page; when there are more than `listed`, as many of each rule as fit.

    Those of the earlier run that are gone come last.
    """
    by_rule = Counter(one.rule for one in (*review.problems, *review.gone))
    per_rule = fair_share(by_rule.values(), listed)
    chosen = list(_up_to(_listed(review), per_rule))
    now = len(chosen) - sum(one.state == State.GONE.value for one in chosen)
    severity = {value: place for place, value in enumerate(_SEVERITIES)}
    chosen[:now] = sorted(chosen[:now], key=lambda one: severity[one.problem.severity.value])
    words: dict[str, list[str]] = {}
    cells: dict[str, list[int]] = {}
    for column, text in COLUMNS.items():
        texts = [_shown(text(one)) for one in chosen]
        by = severity.__getitem__ if column == "severity" else _natural
        words[column] = sorted(set(texts), key=by)
        places = {word: place for place, word in enumerate(words[column])}
        cells[column] = [places[one] for one in texts]
    return Findings(words, cells, per_rule)


def _listed(review: Review) -> Iterable[Listed]:
    for place, problem in enumerate(review.problems):
        source, state = review.source(place), review.state(place)
        explanation = review.explanation(place)
        yield Listed(
            problem,
            review.record(problem),
            source.file if source else problem.file or "",
            source.row if source else problem.row,
            source.column if source else (problem.field or "" if problem.file else ""),
            state.value if state else "",
            explanation.justification if explanation else "",
        )
    for problem in review.gone:
        yield Listed(
            problem, review.record(problem), problem.file or "", problem.row, state=State.GONE.value
        )


def _up_to(found: Iterable[Listed], per_rule: int | None) -> Iterable[Listed]:
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.problem.rule] += 1
        if per_rule is None or seen[one.problem.rule] <= per_rule:
            yield one


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _natural(text: str) -> tuple[tuple[str | int, ...], str]:
    """Sorts texts as people do: 2 before 10."""
    parts = _NUMBER.split(text.casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), text

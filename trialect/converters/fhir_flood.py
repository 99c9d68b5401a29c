"""Findings on FHIR without end: of each rule so many are kept, the rest are counted by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from trialect.problems import Problem, Severity, rule

MORE = rule(
    "FHIR-MORE",
    "error",
    "More findings than are listed",
    "{count} more findings of {value} are not listed.",
    "Mend what is listed and check again; the same cause is often behind all of them.",
)

LISTED = 10_000
"""Findings of one rule that are kept of a validation: memory must not grow with what is wrong."""


class Flood:
    """What passed already, over all files of a validation."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._left: Counter[tuple[str, str, Severity]] = Counter()

    def through(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """The problems as long as few of their rules are known; the rest are counted."""
        for one in problems:
            if self._told[one.rule] < LISTED:
                self._told[one.rule] += 1
                yield one
            else:
                self._left[one.file or "", one.rule, one.severity] += 1

    def rest(self) -> Iterator[Problem]:
        """One problem for each file, rule and severity of which some are not listed: as severe."""
        for (file, name, severity), count in sorted(self._left.items()):
            more = MORE.problem(count=f"{count:,}", value=name, file=file)
            yield replace(more, severity=severity)

"""Which rules a validation asked of the data, which it did not and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trialect.problems import Severity


class RunStatus(StrEnum):
    """What became of a rule: it ran; nothing here is in its scope; it could not run."""

    RUN = "run"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


STATUSES = {RunStatus.RUN: "run", RunStatus.SKIPPED: "skipped", RunStatus.NOT_RUN: "not run"}
"""The words for people."""


@dataclass(frozen=True, slots=True)
class RuleRun:
    """One rule of a run.

    `title` is the sentence that the rule says, `source` its clauses of the standards, `reason` why
    it was skipped or not run, `datasets` what it looked at. `seconds` is None unless time was
    asked for: a report with it is not the same again.
    """

    id: str
    title: str
    severity: Severity
    source: str = ""
    status: RunStatus = RunStatus.RUN
    reason: str = ""
    datasets: tuple[str, ...] = ()
    findings: int = 0
    seconds: float | None = None


def timed(runs: Sequence[RuleRun], most: int) -> list[str]:
    """Lines that tell the rules that took the most time, and what part of all of it each took."""
    known = [(one.seconds, one) for one in runs if one.seconds is not None]
    known.sort(key=lambda pair: (-pair[0], pair[1].id))
    total = sum(seconds for seconds, _ in known)
    lines = [f"{len(known):,} rules took {total:.3f} seconds; the slowest:"]
    for seconds, one in known[:most]:
        part = seconds / total if total else 0.0
        lines.append(f"  {seconds:8.4f} {part:6.1%}  {one.id}: {one.title}")
    return lines

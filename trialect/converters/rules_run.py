"""Which rules a validation asked of the data, which it did not and why."""

from __future__ import annotations

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

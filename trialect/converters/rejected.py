"""A source row that is not converted, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """One reason why a row of a form is kept out of the domains.

    `row` is numbered as a spreadsheet does (the header is row 1), `rule` is the id of the rule of
    `trialect.problems` that it breaks, `reason` the sentence a person reads.
    """

    form: str
    row: int
    rule: str
    reason: str

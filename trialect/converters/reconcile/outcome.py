"""What a reconciliation found: the rows of all comparisons, and the findings among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from trialect.converters.reconcile.comparison import COMPARISONS, Agreement, Row
from trialect.converters.reconcile.where import Where
from trialect.problems import Problem, Severity
from trialect.trial import Study


@dataclass(frozen=True)
class Reconciliation:
    """The rows in the order of the comparisons; `record` and `out` are the names of the files."""

    study: Study
    rows: tuple[Row, ...]
    with_record: bool
    record: str | None = None
    out: str | None = None
    where: Where | None = None
    """What the places of the values are found in; None where they are not told."""

    @cached_property
    def problems(self) -> list[Problem]:
        """A finding for each row that differs, in the order of the rows."""
        return [row.problem() for row in self.rows if row.differs]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many rows differ, cannot be compared, miss a side, agree."""
        counted = Counter(row.agreement for row in self.rows)
        return {agreement.value: counted[agreement] for agreement in Agreement}

    @property
    def errors(self) -> int:
        """How many of the findings are errors."""
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @cached_property
    def ranked(self) -> list[Row]:
        """The rows, differences first, errors before warnings, the trial before its subjects."""
        return sorted(self.rows, key=_rank)

    def themes(self) -> dict[str, list[Row]]:
        """The rows under their headings."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(theme_of(row), []).append(row)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The table as plain JSON values."""
        return {
            "study": self.study.studyid,
            "record": self.record,
            "package": self.out,
            "counts": self.counts,
            "rows": [_row(row, self.where) for row in self.ranked],
        }

    def write(self, path: str | Path) -> None:
        """Write the table to a file: .html or .json, by its ending."""
        from trialect.converters.writers.reconciliation import write_reconciliation

        write_reconciliation(Path(path), self)


_ORDER = {agreement: place for place, agreement in enumerate(Agreement)}
_SEVERITIES = {severity: place for place, severity in enumerate(Severity)}


def theme_of(row: Row) -> str:
    """The heading under which a row stands."""
    return COMPARISONS[row.rule.id].theme if row.rule is not None else ""


def _rank(row: Row) -> tuple[int, int, bool]:
    severity = _SEVERITIES[row.rule.severity] if row.rule is not None and row.differs else 0
    # Facts of the trial are told before what may be many subjects.
    return _ORDER[row.agreement], severity, row.usubjid is not None


def _row(row: Row, where: Where | None) -> dict[str, Any]:
    assert row.rule is not None
    told = {
        "comparison": row.rule.id,
        "theme": theme_of(row),
        "fact": row.fact,
        "item": row.item,
        "registry": row.registry,
        "study": row.study,
        "data": row.data,
        "places": where.places(row) if where is not None else {},
        "agreement": row.agreement.value,
        "severity": row.rule.severity.value if row.differs else None,
        "odd": list(row.odd),
        "why": row.why,
        "mend": row.mend,
        "field": row.field,
        "domain": row.domain,
        "variable": row.variable,
        "usubjid": row.usubjid,
    }
    sides = ("registry", "study", "data", "severity")
    return {name: value for name, value in told.items() if value or name in sides}

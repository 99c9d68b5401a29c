"""report.xlsx: the findings as data managers know them from other validators.

Sheets: Validation (what was checked, and the counts), Issue summary, Issue details, Gone (against
an earlier run), Agreement (registry, study file and data), Rules, Explanations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trialect import __version__
from trialect.converters.baseline import State
from trialect.converters.review import Review
from trialect.converters.rules_run import STATUSES
from trialect.converters.stamp import EPOCH
from trialect.converters.writers.xlsx import LAST_ROW, Cell, Column, Sheet, Styled, write_workbook
from trialect.converters.writers.xlsx_package import Style
from trialect.problems import Problem, Severity

if TYPE_CHECKING:
    from trialect.converters.reconcile import Reconciliation

WRAPPED = Style.WRAPPED

LOOKS = {
    Severity.ERROR: Style.ERROR,
    Severity.WARNING: Style.WARNING,
    Severity.NOTE: Style.NOTE,
}

_ORDER = {severity: place for place, severity in enumerate(Severity)}

Row = tuple[Cell | Styled, ...]


def write_xlsx(path: Path, review: Review, *, last_row: int = LAST_ROW) -> list[str]:
    """Write the workbook; the names of its sheets. The same review gives the same bytes."""
    details = Sheet("Issue details", _detail_columns(review), _details(review))
    sheets = [
        Sheet("Validation", _ABOUT, _about(review, last_row), filtered=False),
        Sheet("Issue summary", _summary_columns(review), _summary(review)),
        details,
    ]
    if review.baseline is not None:
        sheets.append(Sheet("Gone", _PLACES, _gone(review)))
    if review.agreement is not None:
        sheets.append(Sheet("Agreement", _AGREEMENT, _agreement(review.agreement)))
    sheets.append(Sheet("Rules", _rule_columns(review), _rules(review)))
    if review.explanations:
        sheets.append(Sheet("Explanations", _EXPLANATIONS, _explanations(review)))
    return write_workbook(
        path,
        sheets,
        title=_title(review),
        application=f"trialect {__version__}",
        stamp=review.checked.stamp,
        last_row=last_row,
    )


def _title(review: Review) -> str:
    return review.account.study.studyid if review.account else "Validation"


def _severity(severity: Severity) -> Styled:
    return Styled(severity.value, LOOKS[severity])


_ABOUT = (Column("About", 30), Column("", 90, WRAPPED))


def _about(review: Review, last_row: int) -> Iterator[Row]:
    account, checked = review.account, review.checked
    if account is not None:
        yield "Study", account.study.studyid
        yield "Title", account.study.name
        if account.study.invented:
            yield Styled("Invented data", Style.TITLE), account.study.invented
        yield "Subjects", f"{account.subjects:,}"
        yield "Targets", ", ".join(account.targets)
    yield "Program", f"trialect {__version__}"
    yield from checked.standards.items()
    if checked.stamp is not None and checked.stamp != EPOCH:
        yield "Stamped", checked.stamp.replace(tzinfo=None).isoformat(timespec="seconds")
    yield None, None
    yield Styled("Findings", Style.TITLE), f"{len(review.problems):,}"
    for severity in Severity:
        told = f"{review.by_severity[severity]:,}"
        if review.explanations:
            told += f", {review.explained_by_severity[severity]:,} of them explained"
        yield Styled(f"{severity.value}s", LOOKS[severity]), told
    for state, count in review.by_state.items():
        yield f"{state} against {review.baseline}", f"{count:,}"
    if len(review.problems) > last_row - 1:
        yield (
            "Sheets",
            f"The {len(review.problems):,} findings go on in further sheets: a sheet holds "
            f"{last_row - 1:,}.",
        )
    yield None, None
    yield Styled("Rules", Style.TITLE), None
    for status, count in review.by_status.items():
        yield status, f"{count:,}"
    yield "found something", f"{len({one.rule for one in review.problems}):,}"
    if checked.files:
        yield None, None
        yield Styled("Files checked", Style.TITLE), f"{len(checked.files):,}"
        for file in checked.files:
            yield file.kind, file.name


@dataclass(slots=True)
class _Group:
    """The findings of a rule on a dataset."""

    first: Problem
    count: int = 0
    explained: int = 0
    new: int = 0
    gone: int = 0
    explanation: str = ""
    messages: int = 0


def _summary_columns(review: Review) -> list[Column]:
    columns = [
        Column("Dataset", 12),
        Column("Rule", 26),
        Column("Severity", 10),
        Column("Message", 70, WRAPPED),
        Column("Clause", 30, WRAPPED),
        Column("Findings", 10),
    ]
    if review.baseline is not None:
        columns += [Column("New", 8), Column("Remaining", 11), Column("Gone", 8)]
    if review.explanations:
        columns += [Column("Explained", 11), Column("Explanation", 50, WRAPPED)]
    return columns


def _summary(review: Review) -> Iterator[Row]:
    groups: dict[tuple[str, int, str], _Group] = {}
    for place, one in enumerate(review.problems):
        group = _group(groups, one)
        group.count += 1
        group.new += review.state(place) is State.NEW
        explanation = review.explanation(place)
        if explanation is not None:
            group.explained += 1
            group.explanation = group.explanation or explanation.justification
        group.messages += group.count == 1 or one.message != group.first.message
    for one in review.gone:
        _group(groups, one).gone += 1
    for (dataset, _, name), group in sorted(groups.items(), key=lambda pair: pair[0]):
        rule = review.rules[name]
        # One message stands for all; of several the rule's title says what they have in common.
        message = group.first.message
        if group.messages > 1 and rule.title:
            message = f"{rule.title}. For example: {message}"
        row: list[Cell | Styled] = [
            dataset,
            name,
            _severity(group.first.severity),
            message,
            rule.source,
            group.count,
        ]
        if review.baseline is not None:
            row += [group.new, group.count - group.new, group.gone]
        if review.explanations:
            row += [group.explained, group.explanation]
        yield tuple(row)


def _group(groups: dict[tuple[str, int, str], _Group], one: Problem) -> _Group:
    key = (one.domain or "", _ORDER[one.severity], one.rule)
    group = groups.get(key)
    if group is None:
        group = groups[key] = _Group(one)
    return group


_PLACES = (
    Column("Rule", 26),
    Column("Severity", 10),
    Column("Dataset", 10),
    Column("Record", 9),
    Column("USUBJID", 22),
    Column("--SEQ", 8),
    Column("Variables", 16, WRAPPED),
    Column("Values", 26, WRAPPED),
    Column("Message", 60, WRAPPED),
    Column("How to mend it", 44, WRAPPED),
    Column("File", 24),
    Column("Row or line", 12),
    Column("Path", 24, WRAPPED),
)
"""What is told of every finding."""


def _detail_columns(review: Review) -> list[Column]:
    columns = [*_PLACES]
    if review.traced:
        columns += [
            Column("Source file", 24),
            Column("Source row", 11),
            Column("Source column", 18, WRAPPED),
        ]
    if review.baseline is not None:
        columns.append(Column("State", 11))
    if review.explanations:
        columns.append(Column("Explanation", 44, WRAPPED))
    return columns


def _details(review: Review) -> Iterator[Row]:
    for place, one in enumerate(review.problems):
        row: list[Cell | Styled] = [*_place(review, one)]
        if review.traced:
            source = review.source(place)
            row += [source.file, source.row, source.column] if source else ["", None, ""]
        if review.baseline is not None:
            row.append(review.state(place))
        if review.explanations:
            explanation = review.explanation(place)
            row.append(explanation.justification if explanation else "")
        yield tuple(row)


def _gone(review: Review) -> Iterable[Row]:
    return (_place(review, one) for one in review.gone)


_SEVERITIES = {severity: _severity(severity) for severity in Severity}


def _place(review: Review, one: Problem) -> Row:
    record = review.record(one)
    return (
        one.rule,
        _SEVERITIES[one.severity],
        one.domain,
        record,
        one.usubjid,
        one.seq,
        one.variable or one.field,
        one.value,
        one.message,
        one.mend,
        one.file,
        one.row if record is None else None,
        one.path,
    )


_AGREEMENT = (
    Column("Agreement", 18),
    Column("Severity", 10),
    Column("Comparison", 32),
    Column("Fact", 26, WRAPPED),
    Column("Item", 30, WRAPPED),
    Column("Registry", 36, WRAPPED),
    Column("Study file", 36, WRAPPED),
    Column("Data", 36, WRAPPED),
    Column("What differs", 44, WRAPPED),
    Column("What to do", 44, WRAPPED),
)


def _agreement(found: Reconciliation) -> Iterator[Row]:
    """Registry, study file and data side by side, what differs first."""
    for row in found.ranked:
        rule = row.rule
        yield (
            row.agreement.value,
            _SEVERITIES[rule.severity] if row.differs and rule is not None else "",
            rule.id if rule is not None else "",
            row.fact,
            row.item,
            row.registry or "",
            row.study or "",
            row.data or "",
            row.why,
            row.mend,
        )


def _rule_columns(review: Review) -> list[Column]:
    columns = [
        Column("Rule", 26),
        Column("Severity", 10),
        Column("What it says", 70, WRAPPED),
        Column("Clause", 36, WRAPPED),
        Column("Status", 10),
        Column("Why", 50, WRAPPED),
        Column("Datasets", 30, WRAPPED),
        Column("Findings", 10),
    ]
    if any(run.seconds is not None for run in review.runs):
        columns.append(Column("Seconds", 10))
    return columns


def _rules(review: Review) -> Iterator[Row]:
    timed = any(run.seconds is not None for run in review.runs)
    for run in review.all_runs:
        row: Row = (
            run.id,
            _SEVERITIES[run.severity],
            run.title,
            run.source,
            STATUSES[run.status],
            run.reason,
            ", ".join(run.datasets),
            run.findings,
        )
        yield (*row, run.seconds) if timed else row


_EXPLANATIONS = (
    Column("Rule", 26),
    Column("Scope", 60, WRAPPED),
    Column("Justification", 80, WRAPPED),
    Column("Findings", 10),
    Column("File", 24),
    Column("Row", 8),
)


def _explanations(review: Review) -> Iterator[Row]:
    for one, count in zip(review.explanations, review.hits, strict=True):
        scope = ", ".join(f"{column}: {text}" for column, text in one.scope.items())
        yield one.rule, scope, one.justification, count, one.name, one.line

"""How a rule fared, as the reports tell it: its findings as problems, its run as a line.

A finding of a rule is a problem like any other, so that it is explained, held against an earlier
run and traced to its source in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.problems import Problem, Severity
from trialect.schemas.core.engine import NOT_IN_DATASET, Finding, RuleResult
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.rule import BrokenRule, CoreRule

_OF_RECORDS = ("Record Data", "Dataset Contents", "Value Check")
"""How the rule types begin whose rows are records; those of others are files and variables."""

LISTED = 20
"""Members of a list that a sentence tells at most; of a longer one it tells the number."""


def severity_of(rule: CoreRule | BrokenRule, datasets: Datasets) -> Severity:
    """How bad a finding of a rule is, which may be another where no Define-XML describes the
    datasets; a rule that cannot run is an error.
    """
    if isinstance(rule, BrokenRule):
        return Severity.ERROR
    alone = rule.alone if datasets.define is None else None
    return Severity(alone or rule.severity)


def problems_of(result: RuleResult, datasets: Datasets) -> Iterator[Problem]:
    """The findings of a rule; `row` is the number of the record in the dataset's file, None where
    the finding is about no record.

    `variable` and `value` are of the variables of the dataset that the finding shows; what else it
    shows stands in the sentence.
    """
    if isinstance(result.rule, BrokenRule):
        return
    severity = severity_of(result.rule, datasets)
    of_records = result.rule.rule_type.startswith(_OF_RECORDS)
    for finding in result.findings:
        dataset = _of(finding, datasets)
        record = finding.record if of_records else None
        shown = _shown(finding)
        values = [value or "" for value in shown.values()]
        yield Problem(
            rule=result.rule.id,
            severity=severity,
            message=_message(finding),
            mend=_mend(result.rule.mend, finding),
            file=dataset.file or None if dataset else None,
            row=record,
            value=", ".join(values) if any(values) else None,
            domain=dataset.whole if dataset else None,
            usubjid=finding.usubjid or _cell(dataset, "USUBJID", record),
            seq=finding.seq or _sequence(dataset, record),
            variable=", ".join(shown) or None,
        )


def run_of(result: RuleResult, datasets: Datasets, *, timed: bool = False) -> RuleRun:
    """A rule as a line of those that were run; with its seconds where they are asked for."""
    rule = result.rule
    if isinstance(rule, BrokenRule):
        line = f"line {rule.line}: " if rule.line is not None else ""
        reason = f"{rule.file}: {line}{rule.reason}"
        return RuleRun(
            rule.id, "This rule cannot run", Severity.ERROR, "", RunStatus.NOT_RUN, reason
        )
    return RuleRun(
        id=rule.id,
        title=rule.description or rule.message,
        severity=severity_of(rule, datasets),
        source=rule.source,
        status=RunStatus(result.status),
        reason=result.reason or _not_asked(result),
        datasets=tuple(one.dataset for one in result.outcomes if one.status == "run"),
        findings=len(result.findings),
        seconds=result.seconds if timed else None,
    )


def _not_asked(result: RuleResult) -> str:
    """Of which datasets a rule that was run could not be asked all the same."""
    failed = (one for one in result.outcomes if one.status == "not_run")
    return "; ".join(f"{one.dataset}: {one.reason}" for one in failed)


def _of(finding: Finding, datasets: Datasets) -> Dataset | None:
    """The dataset of a finding; of several parts the first; none where it is about the study."""
    name = finding.dataset.partition(", ")[0]
    if name in datasets.by_name:
        return datasets.by_name[name]
    parts = datasets.named(name)
    return parts[0] if parts else None


def _cell(dataset: Dataset | None, name: str, record: int | None) -> str | None:
    """What a record has in a variable; a rule about single values does not tell it."""
    if dataset is None or record is None or name not in dataset.columns:
        return None
    value = dataset.cell(name, record)
    return None if value is None else str(value)


def _sequence(dataset: Dataset | None, record: int | None) -> str | None:
    if dataset is None or not dataset.domain:
        return None
    found = _cell(dataset, f"{dataset.prefix}SEQ", record)
    return found.removesuffix(".0") if found else None


def _shown(finding: Finding) -> dict[str, str | None]:
    """The variables of the dataset that a finding shows, with their values."""
    if name := finding.variables.get("variable_name"):
        return {name: finding.variables.get("variable_value")}
    return {
        name: value
        for name, value in finding.variables.items()
        if name == name.upper() and name[:1].isalpha() and value != NOT_IN_DATASET
    }


def _message(finding: Finding) -> str:
    """The sentence of the rule with the values that it is about."""
    told = [_told(*one) for one in finding.variables.items() if one[0] not in _OF_VALUES]
    if name := finding.variables.get("variable_name"):
        is_value = "variable_value" in finding.variables
        told.insert(0, _told(name, finding.variables.get("variable_value")) if is_value else name)
    sentence = finding.message.strip()
    return f"{sentence.rstrip('.')}: {', '.join(told)}." if told else sentence


_OF_VALUES = ("variable_name", "variable_value")
"""What a rule about variables, or about each value of them, calls these two."""


def _mend(mend: str, finding: Finding) -> str:
    """How to mend it, with the computed values that the sentence names."""
    for name in sorted(finding.variables, key=len, reverse=True):
        if name.startswith("$") and name in mend:
            mend = mend.replace(name, repr(finding.variables[name] or ""))
    return mend


def _told(name: str, value: str | None) -> str:
    name = name.removeprefix("$")
    if value is None:
        return f"{name} is missing"
    if value == NOT_IN_DATASET:
        return f"{name} is not in the dataset"
    if value.startswith("['") and value.endswith("']"):
        members = value[2:-2].split("', '")
        # A rule may show all variables of a class, which is no reading for a person.
        listed = ", ".join(members) if len(members) <= LISTED else f"{len(members)} names"
        return f"{name} ({listed})"
    return f"{name} is {value!r}"

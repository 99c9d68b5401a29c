"""Asks rules of datasets: what is found, and what could not be asked and why.

A rule is asked of each dataset in its scope. Nothing that a rule or a dataset holds makes `run`
raise: a rule that cannot be asked of a dataset has an outcome with a reason instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, NamedTuple

import polars as pl

from trialect.schemas.core.match import matched
from trialect.schemas.core.operations import OPERATIONS
from trialect.schemas.core.operations.doing import Doing
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.operators.ask import put, spelt
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.rule import BrokenRule, Check, Condition, CoreRule, conditions
from trialect.schemas.core.rule_types import RULE_TYPES, STUDY, Building
from trialect.schemas.core.scope import out_of_scope
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Column, Mask, Same, Table, both, either, is_null, opposite

Status = Literal["run", "skipped", "not_run"]
Among = Callable[[CoreRule, Dataset], bool]

NOT_IN_DATASET = "Not in dataset"
"""What a finding shows for a variable that the dataset has not."""


class Finding(NamedTuple):
    """A place where a rule does not hold.

    `record` counts from 1 in the dataset's own file; None is about the dataset as a whole.
    `variables` are the values there as text, None for missing.
    """

    rule: str
    dataset: str
    record: int | None
    variables: Mapping[str, str | None]
    message: str
    usubjid: str | None = None
    seq: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule fared with one dataset; `reason` says why it was not asked."""

    dataset: str
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule fared: with each dataset of its scope, and what it found.

    `run` means that it was asked of a dataset at least; `skipped` that no dataset is one it asks
    about; `not_run` that it should have been asked and could not, with the reason.
    """

    rule: CoreRule | BrokenRule
    status: Status
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    seconds: float = field(default=0.0, compare=False)


def run(
    rules: Iterable[CoreRule | BrokenRule],
    datasets: Datasets,
    *,
    study: Study | None = None,
    among: Among | None = None,
) -> Iterator[RuleResult]:
    """Every rule asked of every dataset it is about, in the order of the rules.

    Findings are in the order of dataset and record. `study` shares what was made for other runs
    on the same datasets; `among` leaves datasets out that a rule is not to be asked of.
    """
    study = study or Study(datasets)
    for rule in rules:
        start = perf_counter()
        if isinstance(rule, BrokenRule):
            yield RuleResult(rule, "not_run", rule.reason)
            continue
        result = _of_rule(rule, study, among)
        yield RuleResult(
            rule,
            result.status,
            result.reason,
            result.findings,
            result.outcomes,
            perf_counter() - start,
        )


def _of_rule(rule: CoreRule, study: Study, among: Among | None) -> RuleResult:
    findings: list[Finding] = []
    outcomes: list[Outcome] = []
    for dataset in study.kept(("scope", rule.scope), lambda: _in_scope(rule, study.datasets)):
        if among is not None and not among(rule, dataset):
            continue
        try:
            found = _of_dataset(rule, dataset, study)
        except NotAsked as error:
            status: Status = "skipped" if error.skipped else "not_run"
            outcomes.append(Outcome(dataset.name, status, error.reason))
            continue
        except (pl.exceptions.PolarsError, ArithmeticError, TypeError, ValueError) as error:
            # A rule may ask of values what no operator foresaw; that is the rule's outcome.
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            outcomes.append(Outcome(dataset.name, "not_run", reason))
            continue
        outcomes.append(Outcome(dataset.name, "run"))
        findings.extend(found)
    return summed(rule, findings, outcomes)


def summed(rule: CoreRule, findings: list[Finding], outcomes: list[Outcome]) -> RuleResult:
    """The result of a rule, of what it found in each dataset and how it fared there."""
    status, reason = _summed(outcomes)
    # Of one record those come first that were found first: a sort keeps the order of equals.
    findings = sorted(findings, key=lambda one: (one.dataset, one.record or 0))
    if rule.sensitivity == "Study":
        findings = findings[:1]
    return RuleResult(rule, status, reason, tuple(findings), tuple(outcomes))


def _in_scope(rule: CoreRule, datasets: Datasets) -> list[Dataset]:
    """The datasets that a rule is asked of; of a split dataset the first part speaks for all."""
    found: list[Dataset] = []
    done: set[str] = set()
    for dataset in datasets:
        if not rule.scope.split and dataset.whole in done:
            continue
        done.add(dataset.whole)
        if out_of_scope(rule, dataset, datasets) is None:
            found.append(dataset)
    return found


def _summed(outcomes: list[Outcome]) -> tuple[Status, str]:
    """One status for the rule, and the reason when it was asked of no dataset."""
    if any(one.status == "run" for one in outcomes):
        return "run", ""
    failed = [one for one in outcomes if one.status == "not_run"]
    if failed:
        return "not_run", f"{failed[0].dataset}: {failed[0].reason}"
    if outcomes:
        return "skipped", f"{outcomes[0].dataset}: {outcomes[0].reason}"
    return "skipped", "no dataset is in its scope"


def _of_dataset(rule: CoreRule, dataset: Dataset, study: Study) -> list[Finding]:
    findings: list[Finding] = []
    for made in RULE_TYPES[rule.rule_type](Building(rule, dataset, study)):
        if made.sample is not None:
            sample = _operated(rule, made.sample, dataset, study)
            if not sample.broadcast(answer(rule.check, sample)).any():
                continue
        elif (rule.match_datasets or rule.operations) and _settled(rule, made):
            continue
        table = matched(made, rule, dataset, study) if rule.match_datasets else made
        if rule.operations:
            table = _operated(rule, table, dataset, study)
        if not table.height:
            continue
        mask = answer(rule.check, table)
        if mask is False:
            continue
        findings.extend(_findings(rule, table, mask, dataset, partial=study.partial))
    return findings


def _settled(rule: CoreRule, table: Table) -> bool:
    """Whether what the rule asks of the records alone holds for none of them.

    Then nothing that is joined or computed can make a finding, and it need not be.
    """
    check = rule.check
    if isinstance(check, Condition) or check.kind != "all":
        return False
    joined = bool(rule.match_datasets)
    if any(match.child for match in rule.match_datasets):
        return False
    found: Mask = True
    for member in check.members:
        if isinstance(member, Condition) and _is_own(member, table, joined=joined):
            found = _none(both(found, _condition(member, table)))
            if found is False:
                return True
    return False


def _is_own(condition: Condition, table: Table, *, joined: bool) -> bool:
    """Whether a condition is about the columns of a table and nothing that comes to it."""
    operator = OPERATORS[condition.operator]
    if condition.name is None or operator.presence or (joined and operator.across):
        return False
    if condition.options.get("value_is_reference"):
        return False
    words = [condition.value] if isinstance(condition.value, str) else condition.value
    words = words if isinstance(words, list) else []
    if any(not isinstance(word, str) or word.startswith("$") for word in words):
        return False
    literal = condition.options.get("value_is_literal") or isinstance(condition.value, list)
    names = [condition.name] if literal or operator.value_is_pattern else [condition.name, *words]
    return all(table.has(str(spelt(name, table.prefix))) for name in names)


def _none(mask: Mask) -> Mask:
    """A mask, False for all where no row is left in it."""
    return False if isinstance(mask, pl.Series) and not mask.any() else mask


def _operated(rule: CoreRule, table: Table, dataset: Dataset, study: Study) -> Table:
    for operation in rule.operations:
        doing = Doing(operation, table, dataset, study)
        result = OPERATIONS[operation.operator](doing)
        added = result if isinstance(result, Mapping) else {operation.id: result}
        table = table.with_columns(added)
    return table


def answer(check: Check, table: Table) -> Mask:
    """The rows for which a check holds. Raises `NotAsked`.

    `any` goes on where a variable of one condition is not in the dataset, and is not asked where
    one of each condition is not; `all` is not asked where any is not. What cannot change the
    answer any more is not worked out.
    """
    if isinstance(check, Condition):
        return _condition(check, table)
    if check.kind == "not":
        return opposite(answer(check.members[0], table))
    members = sorted(check.members, key=_cost)
    if check.kind == "all":
        found: Mask = True
        for member in members:
            if found is False:
                _look(member, table)
            else:
                found = _none(both(found, answer(member, table)))
        return found
    found = False
    missing: list[NotAsked] = []
    for member in members:
        try:
            found = either(found, answer(member, table))
        except NotAsked as error:
            if not error.skipped:
                raise
            missing.append(error)
    if len(missing) == len(members):
        raise missing[0]
    return found


def _cost(check: Check) -> int:
    """What is asked first: whether a variable is there, whether it has a value, the rest."""
    if isinstance(check, Condition):
        return OPERATORS[check.operator].cost
    return 3


def _look(check: Check, table: Table) -> None:
    """Raise `MissingColumn` where an answer would, without working it out."""
    if isinstance(check, Condition):
        name = None if check.name is None else spelt(check.name, table.prefix)
        if name is not None and not OPERATORS[check.operator].presence:
            table.column(name)
        return
    members = sorted(check.members, key=_cost)
    if check.kind != "any":
        for member in members:
            _look(member, table)
        return
    missing = None
    for member in members:
        try:
            _look(member, table)
        except MissingColumn as error:
            missing = missing or error
        else:
            return
    if missing is not None:
        raise missing


def _condition(condition: Condition, table: Table) -> Mask:
    operator = OPERATORS[condition.operator]
    targets = table.names if condition.name is None else [condition.name]
    found: Mask = True
    for target in targets:
        found = both(found, operator.answer(table, put(condition, target, table.prefix)))
    return found


def _findings(
    rule: CoreRule, table: Table, mask: Mask, dataset: Dataset, *, partial: bool
) -> list[Finding]:
    rows = table.broadcast(mask).arg_true()
    if not len(rows):
        return []
    targets = _targets(rule, table, rows)
    message = rule.message.replace("--", table.prefix)
    sources = _texts(table.dataset, rows)
    if rule.sensitivity == "Dataset" and partial:
        # The first of each file, of which the first in all parts will speak for all.
        at = pl.Series(sources, dtype=pl.String).arg_unique().sort()
        rows, sources = rows.gather(at), [sources[place] for place in at.to_list()]
    elif rule.sensitivity == "Dataset":
        names = ", ".join(sorted({source or "" for source in sources}))
        first = {name: _values(table, name, rows.head(1))[0] for name in targets}
        return [Finding(rule.id, names, None, first, message)]
    if rule.sensitivity == "Group":
        rows, keys = _first_of_groups(rule, table, rows)
        targets = list(dict.fromkeys([*targets, *keys]))
        sources = _texts(table.dataset, rows)
    values = [_values(table, name, rows) for name in targets]
    if rule.rule_type.startswith("Domain Presence"):
        return [
            Finding(rule.id, STUDY, None, dict(zip(targets, row, strict=True)), message)
            for row in zip(*values, strict=True)
        ]
    numbers = _numbers(table, rows)
    subjects = _identity(table, "USUBJID", rows)
    sequences = _identity(table, f"{dataset.domain or ''}SEQ", rows)
    rows_of_values = zip(*values, strict=True) if values else ((),) * len(rows)
    return [
        Finding(
            rule.id,
            source or dataset.name,
            number,
            dict(zip(targets, row, strict=True)),
            message,
            subject,
            sequence.removesuffix(".0") if sequence else None,
        )
        for source, number, row, subject, sequence in zip(
            sources, numbers, rows_of_values, subjects, sequences, strict=True
        )
    ]


def _numbers(table: Table, rows: pl.Series) -> list[int]:
    if table.has("row_number"):
        return [int(number) for number in table.series("row_number").gather(rows).to_list()]
    if table.record is None:
        return [row + 1 for row in rows.to_list()]
    return table.record.gather(rows).to_list()


def _identity(table: Table, name: str, rows: pl.Series) -> list[str | None]:
    return _values(table, name, rows) if table.has(name) else [None] * len(rows)


def _first_of_groups(rule: CoreRule, table: Table, rows: pl.Series) -> tuple[pl.Series, list[str]]:
    keys = [name.replace("--", table.prefix) for name in rule.grouping_variables]
    for key in keys:
        table.column(key)
    frame = table.gather(rows).frame(keys)
    first = frame.select(pl.int_range(pl.len()).alias("@at"), pl.all()).unique(
        subset=list(dict.fromkeys(keys)), keep="first", maintain_order=True
    )
    return rows.gather(first["@at"]), keys


def _targets(rule: CoreRule, table: Table, rows: pl.Series) -> list[str]:
    """The variables that a finding shows: those named, else those that the check asks of.

    Where one is a list of variables, these are shown too.
    """
    if rule.output_variables:
        names = [name.replace("--", table.prefix, 1) for name in rule.output_variables]
    else:
        asked = [one.name for one in conditions(rule.check) if one.name is not None]
        names = [name.replace("--", table.prefix) for name in asked]
    found = dict.fromkeys(names)
    for name in list(found):
        column = table.get(name)
        for members in _lists(column, rows):
            found.update((str(one), None) for one in members if table.has(str(one)))
    return list(found)


def _lists(column: Column | None, rows: pl.Series) -> Iterable[list[Any]]:
    if isinstance(column, Same):
        return [column.value] if isinstance(column.value, list) else []
    if column is not None and isinstance(column.dtype, pl.List):
        return [one for one in column.gather(rows).to_list() if one]
    return []


def _values(table: Table, name: str, rows: pl.Series) -> list[str | None]:
    column = table.get(name)
    if column is None:
        return [NOT_IN_DATASET] * len(rows)
    return _texts(column, rows)


def _texts(column: Column, rows: pl.Series) -> list[str | None]:
    """Values as a finding shows them: numbers as Python writes them, missing as None."""
    if isinstance(column, Same):
        return [_text(column.value)] * len(rows)
    if column.dtype == pl.String:
        return [one or None for one in column.gather(rows).to_list()]
    values = column.gather(rows)
    if not values.dtype.is_numeric():
        return [_text(one) for one in values.to_list()]
    known = {one: _text(one) for one in values.unique().to_list()}
    return [known.get(one) for one in values.to_list()]


def _text(value: Any) -> str | None:
    return None if is_null(value) else str(value)


__all__ = ["Finding", "Outcome", "RuleResult", "Status", "answer", "run"]

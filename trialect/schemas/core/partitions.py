"""Rules asked of a study part by part: what they find is what they find in the whole.

A part has some of the subjects, with all their records of all datasets that are cut. Rules that are
local (`locality`) are asked of each part about the datasets that are cut, and of the whole about
the others; the other rules are asked of the whole. What was found is put together: in the order of
the whole, a dataset's one finding once, and of a dataset that a rule could not be asked about in
one part nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter

import polars as pl

from trialect.schemas.core.engine import Finding, Outcome, RuleResult, run, summed
from trialect.schemas.core.locality import SUBJECT_ID, is_local, is_of_trial
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.rule import BrokenRule, CoreRule
from trialect.schemas.core.study import Study

Rules = Iterable[CoreRule | BrokenRule]


def cut_names(datasets: Datasets) -> frozenset[str]:
    """The datasets that are cut by subject: those with records that name subjects.

    All parts of a split dataset are cut, or none. Those of the trial design stay whole.
    """
    found: set[str] = set()
    for parts in datasets.wholes.values():
        named = all(SUBJECT_ID in one.columns for one in parts)
        if named and any(one.records for one in parts) and not is_of_trial(parts[0].whole):
            found.update(one.name for one in parts)
    return frozenset(found)


def local_rules(rules: Rules) -> list[CoreRule]:
    """The rules that are asked of parts."""
    return [one for one in rules if isinstance(one, CoreRule) and is_local(one)]


def run_part(rules: Rules, part: Datasets, cut: frozenset[str]) -> list[RuleResult]:
    """Local rules asked of one part about the datasets that are cut; for `merged`.

    A result is told of one part and says nothing by itself; it can be sent between processes.
    """
    there = {name for name, parts in part.wholes.items() if any(one.frame.height for one in parts)}

    def among(_rule: CoreRule, dataset: Dataset) -> bool:
        return dataset.name in cut and dataset.whole in there

    return list(run(local_rules(rules), part, study=Study(part, partial=True), among=among))


def run_whole(rules: Rules, whole: Datasets, cut: frozenset[str]) -> Iterator[RuleResult]:
    """All rules asked of the whole, local ones about the datasets alone that are not cut."""
    rules = list(rules)
    local = {id(one) for one in local_rules(rules)}
    study = Study(whole)
    for rule in rules:
        yield from run(
            [rule],
            whole,
            study=study,
            among=lambda rule, dataset: id(rule) not in local or dataset.name not in cut,
        )
        study.release()


def merged(
    rules: Sequence[CoreRule | BrokenRule],
    whole: Datasets,
    results: Iterable[RuleResult],
    parts: Iterable[Iterable[RuleResult]],
) -> Iterator[RuleResult]:
    """What was found in the whole (`run_whole`) and in each part (`run_part`) as one result each.

    Results are in the order of the rules; parts may come in any order.
    """
    order = {one.name: place for place, one in enumerate(whole)}
    found: dict[int, list[RuleResult]] = {}
    places = {id(rule): place for place, rule in enumerate(rules)}
    local = [places[id(rule)] for rule in local_rules(rules)]
    for part in parts:
        for place, result in zip(local, part, strict=True):
            found.setdefault(place, []).append(result)
    for place, (rule, result) in enumerate(zip(rules, results, strict=True)):
        pieces = found.get(place, [])
        if isinstance(rule, BrokenRule) or not pieces:
            yield result
            continue
        yield _merged(rule, whole, order, [result, *pieces])


def run_partitioned(
    rules: Rules, whole: Datasets, parts: Iterable[Datasets], *, cut: frozenset[str] | None = None
) -> Iterator[RuleResult]:
    """What `run` finds in the whole, asked part by part where rules allow it.

    `parts` hold the datasets that are cut as parts (`Dataset.part`) and the others whole; they are
    asked one after another, so that one at a time is in memory.
    """
    rules = list(rules)
    cut = cut_names(whole) if cut is None else cut
    found = [run_part(rules, part, cut) for part in parts]
    yield from merged(rules, whole, run_whole(rules, whole, cut), found)


def partitions(
    datasets: Datasets, number_of: Callable[[pl.Series], pl.Series], count: int
) -> Iterator[Datasets]:
    """Parts of datasets in memory; `number_of` gives each subject (null, too) the number of its
    part, from 0 to `count` - 1.
    """
    cut = cut_names(datasets)
    numbers = {one.name: number_of(one.frame[SUBJECT_ID]) for one in datasets if one.name in cut}
    for number in range(count):
        yield replaced(
            datasets,
            (
                one.part(one.frame.filter(here), here.arg_true() + 1)
                if one.name in cut and (here := numbers[one.name] == number) is not None
                else one
                for one in datasets
            ),
        )


def replaced(datasets: Datasets, those: Iterable[Dataset]) -> Datasets:
    """The same package with other records."""
    return Datasets.of(
        those,
        define=datasets.define,
        standard=datasets.standard,
        version=datasets.version,
        terminology=datasets.terminology,
    )


def _merged(
    rule: CoreRule, whole: Datasets, order: dict[str, int], pieces: list[RuleResult]
) -> RuleResult:
    start = perf_counter()
    outcomes: dict[str, Outcome] = {}
    for piece in pieces:
        for outcome in piece.outcomes:
            known = outcomes.get(outcome.dataset)
            if known is None or _WORSE[outcome.status] > _WORSE[known.status]:
                outcomes[outcome.dataset] = outcome
    told = [outcomes[name] for name in sorted(outcomes, key=order.__getitem__)]
    asked = {whole.by_name[one.dataset].whole for one in told if one.status == "run"}
    findings = [
        finding
        for piece in pieces
        for finding in piece.findings
        if finding.dataset not in whole.by_name or whole.by_name[finding.dataset].whole in asked
    ]
    if len(pieces) > 1 and rule.sensitivity in ("Dataset", "Group"):
        findings = sorted(findings, key=lambda one: (one.dataset, one.record or 0))
        tell = _of_datasets if rule.sensitivity == "Dataset" else _of_groups
        findings = tell(rule, whole, findings)
    seconds = sum(one.seconds for one in pieces) + perf_counter() - start
    result = summed(rule, findings, told)
    return RuleResult(rule, result.status, result.reason, result.findings, result.outcomes, seconds)


_WORSE = {"run": 0, "skipped": 1, "not_run": 2}
"""Where a rule could not be asked in one part, it could not have been asked of the whole."""


def _of_datasets(rule: CoreRule, whole: Datasets, findings: list[Finding]) -> list[Finding]:
    """One finding for each dataset: its first record speaks, all its files are named."""
    told: list[Finding] = []
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.record is None or finding.dataset not in whole.by_name:
            told.append(finding)
            continue
        dataset = whole.by_name[finding.dataset]
        files.setdefault(dataset.name if rule.scope.split else dataset.whole, []).append(finding)
    for ones in files.values():
        names = ", ".join(sorted({one.dataset for one in ones}))
        told.append(Finding(rule.id, names, None, ones[0].variables, ones[0].message))
    return told


def _of_groups(rule: CoreRule, whole: Datasets, findings: list[Finding]) -> list[Finding]:
    """The first finding of each group of records, of each variable where these are told apart."""
    of_values = rule.rule_type.startswith("Value")
    first: dict[object, Finding] = {}
    for finding in findings:
        dataset = whole.by_name.get(finding.dataset)
        prefix, name = (dataset.prefix, dataset.whole) if dataset else ("", finding.dataset)
        keys = [key.replace("--", prefix) for key in rule.grouping_variables]
        group = tuple(finding.variables.get(key) for key in keys)
        alone = of_values or rule.scope.split
        place = finding.dataset if alone else name
        first.setdefault((place, finding.variables.get("variable_name"), group), finding)
    return list(first.values())


__all__ = [
    "cut_names",
    "local_rules",
    "merged",
    "partitions",
    "replaced",
    "run_part",
    "run_partitioned",
    "run_whole",
]

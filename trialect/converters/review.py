"""The findings of a run as its reports tell them: explained, held against an earlier run, traced.

A `Review` is what the writers of reports take, whether a conversion or a validation made it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from trialect.converters.baseline import Baseline, State, compare
from trialect.converters.explanations import Explainer, Explanation, unused
from trialect.converters.rules_run import STATUSES, RuleRun, RunStatus
from trialect.problems import RULES, Problem, Rule, Severity

if TYPE_CHECKING:
    from trialect.converters.account import Account
    from trialect.converters.reconcile import Reconciliation

_ORDER = {severity.value: place for place, severity in enumerate(Severity)}

DATASET_FILES = (".xpt", ".json", ".ndjson", ".dsjc", ".csv")
"""Endings of files whose rows are records of a dataset."""


@dataclass(frozen=True, slots=True)
class Source:
    """The place in an export that a record, or a value of it, came from."""

    file: str
    row: int | None = None
    column: str = ""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked: its name, what it is."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, against which standards; the stamp only where one is declared."""

    files: tuple[CheckedFile, ...] = ()
    standards: Mapping[str, str] = field(default_factory=dict)
    stamp: datetime | None = None


@dataclass(frozen=True)
class Review:
    """The findings in the order of the reports, and what is known of each.

    `explained` has for each finding the places in `explanations` of those that explain it; `states`
    is None without an earlier run; `sources` has the origin of findings on written datasets, by
    their places. `account` is the conversion's, None for a validation; `agreement` is what it
    found in comparing registry, study file and data, where it did.
    """

    problems: Sequence[Problem]
    explained: Sequence[Sequence[int]] = ()
    explanations: Sequence[Explanation] = ()
    states: Sequence[State] | None = None
    gone: Sequence[Problem] = ()
    baseline: str | None = None
    earlier_rules: Mapping[str, Rule] = field(default_factory=dict)
    runs: Sequence[RuleRun] = ()
    sources: Mapping[int, Source] = field(default_factory=dict)
    checked: Checked = field(default_factory=Checked)
    account: Account | None = None
    agreement: Reconciliation | None = None

    def explanation(self, place: int) -> Explanation | None:
        """The explanation of a finding: of several the one that the file has first."""
        mine = self.explained[place] if self.explained else ()
        return self.explanations[mine[0]] if mine else None

    def state(self, place: int) -> State | None:
        """What a finding is against the earlier run; None without one."""
        return self.states[place] if self.states is not None else None

    def record(self, problem: Problem) -> int | None:
        """The number of the record in its dataset, the first of which is 1."""
        if problem.row is None or problem.domain is None or self._is_export(problem.file):
            return None
        if problem.rule.startswith("FHIR-"):  # the row is a resource's
            return None
        return problem.row if (problem.file or "").endswith(DATASET_FILES) else None

    def source(self, place: int) -> Source | None:
        """Where in the exports a finding came from, as far as it is known."""
        found = self.sources.get(place)
        if found is not None:
            return found
        problem = self.problems[place]
        if problem.file is None or not self._is_export(problem.file):
            return None
        return Source(problem.file, problem.row, problem.field or "")

    def origin(self, place: int) -> str:
        """The record and the row of an export that a finding on our own FHIR came from, in words;
        empty where they are not known, and for other findings, which name their record.
        """
        problem, source = self.problems[place], self.source(place)
        if not problem.rule.startswith("FHIR-") or not problem.domain or not problem.file:
            return ""
        record = " ".join(filter(None, (problem.domain, problem.usubjid)))
        record += f" #{problem.seq}" if problem.seq else ""
        if source is None or source.file == problem.file:
            return f"It was made of {record}."
        row = "" if source.row is None else f":{source.row}"
        return f"It was made of {record}, which came from {source.file}{row}."

    @property
    def traced(self) -> bool:
        """Whether the exports behind the findings are known at all."""
        return self.account is not None or bool(self.sources)

    def _is_export(self, file: str | None) -> bool:
        return self.account is not None and file in self._exports

    @cached_property
    def _exports(self) -> frozenset[str]:
        forms = self.account.forms.values() if self.account else ()
        return frozenset(form.file for form in forms)

    @cached_property
    def hits(self) -> list[int]:
        """How many findings each explanation explains."""
        return _hits(self.explanations, self.explained)

    @cached_property
    def explained_by_severity(self) -> Counter[Severity]:
        """How many findings of each severity are explained."""
        return Counter(
            one.severity for one, mine in zip(self.problems, self.explained, strict=False) if mine
        )

    @cached_property
    def by_severity(self) -> Counter[Severity]:
        """How many findings there are of each severity, explained or not."""
        return Counter(one.severity for one in self.problems)

    @cached_property
    def by_state(self) -> dict[str, int]:
        """How many findings are new, remain, are gone; empty without an earlier run."""
        if self.states is None:
            return {}
        counts = Counter(self.states)
        return {
            State.NEW.value: counts[State.NEW],
            State.REMAINING.value: counts[State.REMAINING],
            State.GONE.value: len(self.gone),
        }

    @property
    def by_status(self) -> dict[str, int]:
        """How many rules were run, skipped, not run; empty where no rules were asked for."""
        if not self.runs:
            return {}
        return {
            name: sum(run.status is status for run in self.runs)
            for status, name in STATUSES.items()
        }

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """What is known of each rule that found something or was asked for, by its id."""
        from trialect.rulebook import rules_of

        named = dict(self.earlier_rules)
        named |= {
            run.id: Rule(run.id, run.severity, run.title, "", source=run.source)
            for run in self.runs
        }
        found = {one.rule: one.severity for one in (*self.gone, *self.problems)}
        named |= rules_of(found.keys() & RULES.keys())
        named |= rules_of(found.keys() - named.keys())
        for name, severity in found.items():
            named.setdefault(name, Rule(name, severity, "", ""))
        return named

    @cached_property
    def all_runs(self) -> list[RuleRun]:
        """The rules of the run, also those that are no rules of the engine and found something.

        What each found is counted anew.
        """
        known = {run.id for run in self.runs}
        counts = Counter(one.rule for one in self.problems)
        domains: dict[str, dict[str, None]] = {}
        for one in self.problems:
            if one.rule not in known and one.domain:
                domains.setdefault(one.rule, {})[one.domain] = None
        built_in = [
            RuleRun(
                name,
                self.rules[name].title,
                self.rules[name].severity,
                self.rules[name].source,
                RunStatus.RUN,
                "",
                tuple(sorted(domains.get(name, ()))),
                count,
            )
            for name, count in counts.items()
            if name not in known
        ]
        asked = [replace(run, findings=counts[run.id]) for run in self.runs]
        return sorted([*asked, *built_in], key=lambda run: run.id)


def review(
    problems: Iterable[Problem],
    *,
    explanations: Sequence[Explanation] = (),
    baseline: Baseline | None = None,
    runs: Sequence[RuleRun] = (),
    checked: Checked | None = None,
    account: Account | None = None,
    agreement: Reconciliation | None = None,
) -> Review:
    """The findings with their explanations and states; the worst first, then by rule and place.

    An explanation that explains nothing adds a finding.
    """
    explainer = Explainer(explanations)
    found = [(one, explainer.of(one)) for one in problems]
    hits = _hits(explanations, (mine for _, mine in found))
    found += [(one, []) for one in unused(explanations, hits, [one for one, _ in found])]
    found.sort(key=lambda pair: place_of(pair[0]))
    listed = [one for one, _ in found]
    compared = compare(baseline.problems, listed) if baseline is not None else None
    return Review(
        problems=listed,
        explained=[mine for _, mine in found] if explanations else (),
        explanations=tuple(explanations),
        states=compared.states if compared else None,
        gone=compared.gone if compared else (),
        baseline=baseline.file if baseline else None,
        earlier_rules=baseline.rules if baseline else {},
        runs=tuple(runs),
        checked=checked or Checked(),
        account=account,
        agreement=agreement,
    )


def place_of(problem: Problem) -> tuple[object, ...]:
    """Sorts problems: the worst first, then by rule and place."""
    return (
        _ORDER[problem.severity.value],
        problem.rule,
        problem.file or "",
        problem.row or 0,
        problem.domain or "",
        problem.usubjid or "",
        problem.variable or problem.field or "",
        problem.path or "",
        problem.message,
    )


def to_look_at(review: Review) -> list[int]:
    """The places of the findings that nothing explains, what is new before what remains."""
    left = [place for place in range(len(review.problems)) if review.explanation(place) is None]
    return sorted(left, key=lambda place: review.state(place) is State.REMAINING)


def _hits(explanations: Sequence[Explanation], explained: Iterable[Sequence[int]]) -> list[int]:
    counts = [0] * len(explanations)
    for mine in explained:
        for place in mine:
            counts[place] += 1
    return counts

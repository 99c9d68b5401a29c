"""Rules of the CORE language asked of the datasets under validation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.rules_run import RuleRun
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.core.engine import RuleResult, run
from trialect.schemas.core.findings import problems_of, run_of
from trialect.schemas.core.load import load_rules
from trialect.schemas.core.pack import pack as shipped_rules
from trialect.schemas.core.package import Datasets
from trialect.schemas.core.partitions import run_partitioned
from trialect.schemas.core.rule import BrokenRule, CoreRule

if TYPE_CHECKING:
    from trialect.converters.companion import Companion

NO_RULES = rule(
    "VALIDATE-NO-RULES",
    "error",
    "There are no rules where they are to be",
    "{file} {reason}.",
    "Name a folder of rules (.yml, .yaml, .json) or a file of one.",
)
BROKEN_RULE = rule(
    "VALIDATE-RULE-BROKEN",
    "warning",
    "A rule cannot run",
    "rule {value} cannot run: {reason}.",
    "Mend the rule; what it is about was not checked.",
)

Rules = list[CoreRule | BrokenRule]


@dataclass(slots=True)
class Asked:
    """What rules found in datasets: the problems, and a line for each rule."""

    problems: list[Problem] = field(default_factory=list)
    runs: list[RuleRun] = field(default_factory=list)


def rules_to_ask(folders: Sequence[Path], *, pack: bool = True) -> Rules:
    """The rules of folders and files, and those that come with trialect.

    A rule that is given takes the place of a shipped one with its id; of several that are given
    with one id all but the first are broken. Raises `Unusable` where there are none.
    """
    given: dict[str, CoreRule | BrokenRule] = {}
    broken: Rules = []
    for folder in folders:
        for one in _read(folder):
            first = given.setdefault(one.id, one)
            if first is not one and first != one:
                broken.append(BrokenRule(one.id, one.file, f"{first.file} has this id, too"))
    rules = [*given.values(), *broken]
    if pack:
        rules += [one for one in shipped_rules() if one.id not in given]
    return sorted(rules, key=lambda one: (one.id, one.file))


def _read(folder: Path) -> Rules:
    reason = "does not exist"
    try:
        found = load_rules(folder) if folder.exists() else []
        if folder.exists():
            reason = "holds no rules"
    except OSError as error:
        found, reason = [], f"cannot be read: {error.strerror or type(error).__name__}"
    if not found:
        raise Unusable(NO_RULES.problem(file=str(folder), reason=reason))
    return found


Answer = tuple[list[Problem], RuleRun]


def ask(
    rules: Rules,
    datasets: Datasets,
    *,
    parts: Iterable[Datasets] | None = None,
    timed: bool = False,
    beside: Companion | None = None,
) -> Asked:
    """Ask rules of datasets, part by part where there are `parts` and the rule allows it.

    Half of the rules are asked `beside`, of datasets that are quickly sent there. Nothing that a
    rule or a dataset holds makes this raise.
    """
    if parts is not None:
        results = run_partitioned(rules, datasets, parts)
        answers = [_answer(one, datasets, timed=timed) for one in results]
    elif beside is None or not _is_small(datasets):
        answers = answered(rules, datasets, timed=timed)
    else:
        others = beside.ask(answered, rules[1::2], datasets, timed=timed)
        mine = answered(rules[::2], datasets, timed=timed)
        pairs = zip_longest(mine, others())
        answers = [one for pair in pairs for one in pair if one is not None]
    problems = [problem for found, _ in answers for problem in found]
    return Asked(problems, [run for _, run in answers])


SENT = 64 << 20
"""Bytes of datasets in memory that are sent to another process at most."""


def _is_small(datasets: Datasets) -> bool:
    return sum(one.frame.estimated_size() for one in datasets) <= SENT


def answered(rules: Rules, datasets: Datasets, *, timed: bool) -> list[Answer]:
    """The problems that each rule finds, and how it fared."""
    return [_answer(one, datasets, timed=timed) for one in run(rules, datasets)]


def _answer(result: RuleResult, datasets: Datasets, *, timed: bool) -> Answer:
    problems = list(problems_of(result, datasets))
    if isinstance(result.rule, BrokenRule):
        place = {"file": result.rule.file, "row": result.rule.line}
        given = {"value": result.rule.id, "reason": result.rule.reason}
        problems.append(BROKEN_RULE.problem(**place, **given))
    return problems, run_of(result, datasets, timed=timed)

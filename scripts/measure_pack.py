"""How far the shipped rules reach, on the public cases of CDISC's own rules.

Usage: python scripts/measure_pack.py CASES --rules RULES [--missed] [--false]

A negative case is reached when the pack finds something on a record (or dataset) that the case
expects; of these, how many are found on all of them, and on a variable that the case names, is
told too. On a positive case an error of the pack counts as false when neither the case expects
it nor one of the official rules finds something on the same record.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trialect.problems import Severity
from trialect.schemas.core.cases import BadCase, Case, find_cases, read_case, read_results
from trialect.schemas.core.engine import Finding, run
from trialect.schemas.core.findings import severity_of
from trialect.schemas.core.load import load_rules
from trialect.schemas.core.pack import pack
from trialect.schemas.core.package import Datasets
from trialect.schemas.core.rule import BrokenRule, CoreRule

Place = tuple[str, str]
"""Dataset and record; the record of a dataset as a whole is an empty text."""


@dataclass(frozen=True)
class Reach:
    """Of one negative case: what is expected, and what of it the pack finds."""

    case: Case
    expected: frozenset[Place]
    found: frozenset[Place]
    by_variable: bool
    rules: tuple[str, ...]

    @property
    def is_reached(self) -> bool:
        """Whether one of the places at least is found."""
        return bool(self.found)


@dataclass(frozen=True)
class Untold:
    """An error of the pack on a positive case that nothing official says."""

    case: Case
    finding: Finding


def reaches(cases: Iterable[Case]) -> Iterator[Reach]:
    """The reach of the pack on each negative case that expects findings."""
    for case in cases:
        datasets = _datasets(case)
        if datasets is None or not case.name.startswith("negative") or not case.results.is_file():
            continue
        rows = [row for row in read_results(case.results) if row[2] != "EXECUTION_ERROR"]
        expected = frozenset((row[0], row[1]) for row in rows)
        if not expected:
            continue
        named = frozenset((row[0], row[1], row[2]) for row in rows)
        findings = _findings(pack(), datasets)
        hits = [one for one in findings if _place(one) in expected]
        yield Reach(
            case,
            expected,
            frozenset(map(_place, hits)),
            any((*_place(one), name) in named for one in hits for name in one.variables),
            tuple(sorted({one.rule for one in hits})),
        )


def untold(cases: Iterable[Case], official: Iterable[CoreRule | BrokenRule]) -> Iterator[Untold]:
    """The errors of the pack on each positive case that no official rule finds there."""
    official = list(official)
    for case in cases:
        datasets = _datasets(case)
        if datasets is None or not case.name.startswith("positive"):
            continue
        expected = read_results(case.results) if case.results.is_file() else []
        told = {(row[0], row[1]) for row in expected}
        errors = {one.id for one in pack() if severity_of(one, datasets) is Severity.ERROR}
        findings = [one for one in _findings(pack(), datasets) if one.rule in errors]
        if any(_place(one) not in told for one in findings):
            told |= {_place(one) for one in _findings(official, datasets)}
        for one in findings:
            if _place(one) not in told:
                yield Untold(case, one)


def _findings(rules: Iterable[CoreRule | BrokenRule], datasets: Datasets) -> list[Finding]:
    return [one for result in run(rules, datasets) for one in result.findings]


def _place(finding: Finding) -> Place:
    return finding.dataset, "" if finding.record is None else str(finding.record)


def _datasets(case: Case) -> Datasets | None:
    try:
        return read_case(case.data)
    except (BadCase, OSError):
        return None


def main() -> int:
    """Print the figures; what is missed and what is false when it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--rules", type=Path, required=True, help="the official rules")
    parser.add_argument("--missed", action="store_true", help="list the negative cases missed")
    parser.add_argument("--false", action="store_true", help="list the errors that nothing says")
    given = parser.parse_args()
    cases = find_cases(given.cases)
    reached = list(reaches(cases))
    for one in reached if given.missed else []:
        if not one.is_reached:
            places = ", ".join(" ".join(place).strip() for place in sorted(one.expected)[:5])
            print(f"missed  {one.case.rule} {one.case.name}: {places}")
    wrong = list(untold(cases, load_rules(given.rules)))
    if given.false:
        counts = Counter((one.finding.rule, one.case.rule) for one in wrong)
        for (rule, case), count in sorted(counts.items()):
            print(f"false   {rule} on {case}: {count}")
    hit = sum(one.is_reached for one in reached)
    print(f"{len(pack())} rules")
    print(f"negative: {hit} of {len(reached)} reached ({hit / max(1, len(reached)):.1%})")
    print(f"  on every place: {sum(one.found == one.expected for one in reached)}")
    print(f"  on a variable that the case names: {sum(one.by_variable for one in reached)}")
    cases_wrong = len({one.case for one in wrong})
    print(f"positive: {len(wrong)} errors that nothing official says, in {cases_wrong} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())

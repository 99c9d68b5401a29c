"""What a check of a file and a conformance rule both say is told once.

A rule that says what a check of values says names it (`Trialect: {Replaces: [...]}`). Where both
found it, the rule's finding stays: it names every record, where the check names a hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from trialect.problems import Problem, Severity

_WORST_FIRST = list(Severity)


def told_once(
    checked: Iterable[Problem],
    asked: Iterable[Problem],
    replaced: Mapping[str, Collection[str]],
) -> tuple[list[Problem], list[Problem]]:
    """What checks found and rules did not, and what rules found, as bad as the check calls it.

    `replaced` gives the checks that a rule says the same as, by the rule's id. A check and a rule
    speak of the same where file and variable are the same.
    """
    checked, asked = list(checked), list(asked)
    checks = {check for ids in replaced.values() for check in ids}
    worst: dict[tuple[str, str | None, str | None], Severity] = {}
    for one in checked:
        if one.rule in checks:
            place = one.rule, one.file, one.variable
            worst[place] = min(one.severity, worst.get(place, one.severity), key=_WORST_FIRST.index)
    if not worst:
        return checked, asked
    told = set()
    for number, one in enumerate(asked):
        for check in replaced.get(one.rule, ()):
            place = check, one.file, one.variable
            if place in worst:
                told.add(place)
                severity = min(worst[place], asked[number].severity, key=_WORST_FIRST.index)
                asked[number] = replace(asked[number], severity=severity)
    return [p for p in checked if (p.rule, p.file, p.variable) not in told], asked

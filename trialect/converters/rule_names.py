"""Under which names a finding is known: a conformance rule and the check that says the same.

`convert` checks what it makes, `validate` asks conformance rules; a rule that says what a check
says names it (`Trialect: {Replaces: [...]}`). An explanation of the one explains the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

CHECKS, SHIPPED = ("SDTM-", "XPT-"), "TRL-"
"""How the ids of checks of SDTM and of XPT begin, and those of the rules that ship."""


def names_of(rule: str, explained: Iterable[str]) -> tuple[str, ...]:
    """The id of a finding's rule and, where the explained ids may mean them, its other names."""
    shipped = rule.startswith(SHIPPED)
    if not shipped and not rule.startswith(CHECKS):
        return (rule,)
    other = CHECKS if shipped else SHIPPED
    if not any(one.startswith(other) for one in explained):
        return (rule,)
    return (rule, *_others().get(rule, ()))


@cache
def _others() -> dict[str, tuple[str, ...]]:
    from trialect.schemas.core.pack import pack
    from trialect.schemas.core.rule import CoreRule

    found: dict[str, list[str]] = {}
    for one in pack():
        if isinstance(one, CoreRule):
            for check in one.replaces:
                found.setdefault(one.id, []).append(check)
                found.setdefault(check, []).append(one.id)
    return {name: tuple(others) for name, others in found.items()}

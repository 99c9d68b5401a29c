"""What a registry's file cannot say of a Study, told once for each fact, however often it is so.

A study has hundreds of locations; that the same thing cannot be said of each is one finding with
the number of times and the first value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialect.problems import Problem, Rule


class Losses:
    """Collects losses by rule and fact; `tell` is called once for each, in order of finding."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[Any]] = {}

    def add(self, rule: Rule, field: str, value: object = None, **given: object) -> None:
        """A loss at the Study's path `field`; equal ones (rule, fact, value) are counted."""
        fact = ".".join("*" if step.isdigit() else step for step in field.split("."))
        key = (rule.id, fact, str(value) if given.get("each") else "")
        known = self._found.get(key)
        if known is None:
            self._found[key] = [rule, field, value, 1, given]
        else:
            known[3] += 1
            known[1] = fact

    def tell(self, tell: Callable[[Problem], None]) -> None:
        """Tell them all."""
        for rule, field, value, count, given in self._found.values():
            times = "" if count == 1 else f" ({count} times)"
            tell(rule.problem(field=field, value=value, times=times, count=count, **given))

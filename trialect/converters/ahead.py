"""What a validation has done beside it, from before it has imported anything.

A second process reads the rules and checks define.xml while this one reads the datasets; then
each asks half of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.companion import Companion, companion
from trialect.problems import RULES, Problem, Rule

if TYPE_CHECKING:
    from trialect.converters.validate_rules import Rules


@dataclass(frozen=True, slots=True)
class Ahead:
    """The process beside a validation, and the rules that it reads first."""

    beside: Companion
    rules: Callable[[], Rules]
    """Gives the rules to ask. Raises `Unusable` as `rules_to_ask` does."""


@contextmanager
def ahead(folders: Sequence[Path], *, pack: bool) -> Iterator[Ahead | None]:
    """Begin to read rules; None where everything is done in this process."""
    with companion() as beside:
        yield None if beside is None else Ahead(beside, beside.ask(_rules, folders, pack=pack))


def defined(path: Path) -> tuple[list[Problem], list[Rule]]:
    """The problems of a define.xml, with the rules of these, which the asking process may not know.

    Raises `Unusable`.
    """
    from trialect.schemas.define import check_define

    found = check_define(path)
    return found, [RULES[one] for one in dict.fromkeys(problem.rule for problem in found)]


def _rules(folders: Sequence[Path], *, pack: bool) -> Rules:
    from trialect.converters.validate_rules import rules_to_ask

    return rules_to_ask(folders, pack=pack)

"""A statement: what a line or sentence of a page says of one fact, and where statements agree.

A page says things more than once, in labelled fields and in sentences. A field beats a line that
speaks for itself, that one a sentence; sentences that contradict each other give nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from trialect.problems import Problem, rule

CONTRADICTION = rule(
    "PAGE-CONTRADICTION",
    "warning",
    "A registry page contradicts itself",
    "{said}; {taken}.",
    "Ask the sponsor which one holds.",
)


class Rank(IntEnum):
    """What a statement is made by; a higher one beats a lower one."""

    SENTENCE = 1
    LINE = 2
    FIELD = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """That `fact` (a dotted path of Study) is `value`, by what is said on a line of the page."""

    fact: str
    value: object
    line: int
    said: str
    rank: Rank

    @property
    def source(self) -> str:
        """Line and words, as a person looks for them."""
        return f"line {self.line}: “{self.said}”"


class Agreed:
    """The statements of a page by their facts, with what they agree on.

    Facts of which a page states several values side by side are asked for with `all`.
    """

    def __init__(self, statements: Iterable[Statement], tell: Callable[[Problem], None]) -> None:
        self._by_fact: dict[str, list[Statement]] = {}
        self._tell = tell
        self._asked: dict[str, object] = {}
        for one in statements:
            self._by_fact.setdefault(one.fact, []).append(one)

    def all(self, fact: str) -> list[Statement]:
        """Every statement of a fact in the order of the page."""
        return self._by_fact.get(fact, [])

    def value(self, fact: str) -> object:
        """The value that is stated; None where nothing is, or where sentences contradict."""
        if fact not in self._asked:
            self._asked[fact] = self._agree(fact)
        return self._asked[fact]

    def behind(self, fact: str) -> list[Statement]:
        """The statements that say the value that is taken."""
        return [one for one in self.all(fact) if one.value == self.value(fact)]

    def _agree(self, fact: str) -> object:
        said = self.all(fact)
        if not said:
            return None
        best = max(one.rank for one in said)
        values = list(dict.fromkeys(one.value for one in said if one.rank is best))
        kept = values[0] if len(values) == 1 else None
        if len({one.value for one in said}) > 1:
            first = {one.value: one for one in reversed(said)}
            taken = f"{shown_value(kept)} is taken" if kept is not None else "neither is taken"
            self.contradiction(fact, sorted(first.values(), key=lambda one: one.line), taken)
        return kept

    def contradiction(self, fact: str, said: Iterable[Statement], taken: str) -> None:
        """Tell statements that cannot all hold, and what becomes of them."""
        shown = list(said)
        told = "; ".join(f"{one.source} says {shown_value(one.value)}" for one in shown)
        self._tell(CONTRADICTION.problem(field=fact, row=shown[0].line, said=told, taken=taken))


def shown_value(value: object) -> str:
    """A value as a sentence has it."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

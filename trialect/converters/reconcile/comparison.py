"""A comparison: one fact as the registry, the study file and the data have it, side by side.

Each comparison is a decorated function in a module of `comparisons/`; it gives rows, of which those
that differ are findings. Nothing is matched by likeness: what cannot be compared is said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, Any

from trialect.problems import Problem, Rule, rule

if TYPE_CHECKING:
    from trialect.converters.reconcile.data_facts import DataFacts
    from trialect.trial import Study


class Agreement(StrEnum):
    """How the values of a row stand to each other."""

    DIFFER = "differ"
    NOT_COMPARED = "cannot be compared"
    MISSING = "missing"
    AGREE = "agree"


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared; `record` is None where no registry record is given."""

    record: Study | None
    study: Study
    data: DataFacts


@dataclass(frozen=True, slots=True)
class Value:
    """What one side says: `text` as people read it, `key` as it is compared.

    `key` None is a value that is not understood, for the `reason` given.
    """

    text: str
    key: object = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact, or one item of it (an arm, a subject): the three values and how they stand.

    A side that is None says nothing; `why` tells what differs, is missing or hinders comparison.
    `field` is the Study's dotted path, `domain`, `variable` and `usubjid` the place in the data.
    """

    fact: str
    item: str = ""
    registry: str | None = None
    study: str | None = None
    data: str | None = None
    agreement: Agreement = Agreement.AGREE
    why: str = ""
    field: str | None = None
    domain: str | None = None
    variable: str | None = None
    usubjid: str | None = None
    rule: Rule | None = None
    """The comparison's, once it was made."""
    odd: tuple[str, ...] = ()
    """The sides that a difference lies with, as far as it is known: registry, study, data."""

    @property
    def differs(self) -> bool:
        """Whether the row is a finding."""
        return self.agreement is Agreement.DIFFER

    @property
    def mend(self) -> str:
        """What to do about it; empty where nothing is to be done."""
        if self.rule is None or self.agreement is Agreement.AGREE:
            return ""
        if self.agreement is Agreement.MISSING:
            return "State it there too, if it is known."
        return self.rule.mend

    def problem(self) -> Problem:
        """The finding of a row that differs."""
        assert self.rule is not None
        said = (
            ("registry", self.registry),
            ("study file", self.study),
            ("data", self.data),
        )
        values = "; ".join(f"{side}: {text}" for side, text in said if text)
        return self.rule.problem(
            fact=self.fact,
            item=f", {self.item}" if self.item else "",
            why=self.why.rstrip("."),
            values=values,
            field=self.field,
            domain=self.domain,
            variable=self.variable,
            usubjid=self.usubjid,
            value=self.item or None,
        )


Compare = Callable[[Sides], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A named comparison: its rule, the heading under which it stands, and how it is made."""

    rule: Rule
    theme: str
    compare: Compare = field(repr=False)

    def rows(self, sides: Sides) -> Iterator[Row]:
        """The rows of these sides."""
        for row in self.compare(sides):
            yield replace(row, rule=self.rule)


COMPARISONS: dict[str, Comparison] = {}
"""Every comparison by its id, in the order in which they are told."""

MESSAGE = "{fact}{item}: {why} ({values})."


def comparison(
    id: str,  # the field's own word
    theme: str,
    severity: str,
    title: str,
    mend: str,
    source: str,
    message: str = MESSAGE,
) -> Callable[[Compare], Compare]:
    """Declare a comparison; the decorated function takes `Sides` and gives `Row`s."""

    def declare(compare: Compare) -> Compare:
        declared = rule(id, severity, title, message, mend, source)
        COMPARISONS[id] = Comparison(declared, theme, compare)
        return compare

    return declare


NAMES = {"registry": "the registry", "study": "the study file", "data": "the package"}


def sides_named(sides: Iterable[str], one: str = "", several: str = "") -> str:
    """Sides by their names, with the verb for one or for several: `the registry does`."""
    names = [NAMES[side] for side in sides]
    verb = one if len(names) == 1 else several
    return f"{' and '.join(names)} {verb}".rstrip()


def weigh(
    fact: str,
    item: str = "",
    *,
    expected: Iterable[str] = (),
    same: Callable[[Any, Any], bool] | None = None,
    field: str | None = None,
    domain: str | None = None,
    variable: str | None = None,
    registry: Value | None = None,
    study: Value | None = None,
    data: Value | None = None,
) -> Iterator[Row]:
    """The row of up to three values, each against each; none where one side alone says anything.

    `expected` are the sides of which it is told when they say nothing. `same` compares two keys.
    """
    values = (("registry", registry), ("study", study), ("data", data))
    said = {side: value for side, value in values if value is not None}
    if not said:
        return
    equal = same or (lambda one, other: one == other)
    known = {side: value.key for side, value in said.items() if value.key is not None}
    differing = [
        (one, other) for one, other in combinations(known, 2) if not equal(known[one], known[other])
    ]
    unread = [value.reason for side, value in said.items() if value.key is None]
    silent = [side for side in expected if side not in said]
    odd: tuple[str, ...] = ()
    if differing:
        odd = _odd(differing, list(known))
        agreement, why = Agreement.DIFFER, _told(differing, odd, list(known))
    elif unread:
        agreement, why = Agreement.NOT_COMPARED, "; ".join(filter(None, unread))
    elif silent:
        agreement = Agreement.MISSING
        why = f"{sides_named(silent, 'does', 'do')} not say it"
    elif len(known) < 2:
        return  # nothing to compare it with, and nobody who should have said it
    else:
        agreement, why = Agreement.AGREE, ""
    texts = {side: value.text for side, value in said.items()}
    yield Row(
        fact,
        item,
        texts.get("registry"),
        texts.get("study"),
        texts.get("data"),
        agreement=agreement,
        why=why,
        field=field,
        domain=domain,
        variable=variable,
        odd=odd,
    )


def _odd(differing: list[tuple[str, str]], known: list[str]) -> tuple[str, ...]:
    """The one of three sides that differs from the two others, which agree."""
    if len(known) < 3 or len(differing) == 3:
        return ()
    return tuple(side for side in known if sum(side in pair for pair in differing) == 2)


def _told(differing: list[tuple[str, str]], odd: tuple[str, ...], known: list[str]) -> str:
    """Which sides differ, in words."""
    if len(differing) == 3:
        return "all three differ"
    if odd:
        one, other = (NAMES[side] for side in known if side not in odd)
        return f"{NAMES[odd[0]]} differs from {one} and {other}"
    one, other = (NAMES[side] for side in differing[0])
    return f"{one} and {other} differ"

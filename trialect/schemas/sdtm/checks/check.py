"""What a check is: a rule, the datasets it looks at, and the places where it fails.

A check yields `Failure`s. Most are a Polars condition on a dataset's rows; the runner evaluates
all conditions of a dataset in one pass and looks at rows only where one holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trialect.problems import Problem, Rule, Severity, rule
from trialect.schemas.ct import Terminology
from trialect.schemas.sdtm.model import Dataset
from trialect.trial import FORM, ROW, Study, is_lineage


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a check fails: the rows that `where` selects, or the whole dataset when it is None.

    `where` is a condition or a Boolean series as long as the dataset; a null is no failure.
    `given` fills the message; a value of type pl.Expr is evaluated on the failing row.
    """

    where: pl.Expr | pl.Series | None
    variable: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


Told = tuple[str | None, str | None, str | None]
"""A value that a problem was told of: dataset, variable, value."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One dataset under check, and what it is compared with.

    `frames` are all datasets of the same subjects and those of the trial design. Frames have the
    types of the model; `types` are those that were found. `told` are values of which it is known
    already that they are outside their codelists.
    """

    name: str
    frame: pl.DataFrame
    model: Dataset
    frames: Mapping[str, pl.DataFrame]
    study: Study | None
    terminology: Terminology
    types: Mapping[str, pl.DataType] = field(default_factory=dict)
    told: Collection[Told] = ()

    @property
    def columns(self) -> list[str]:
        """The dataset's variables, without lineage."""
        return [column for column in self.frame.columns if not is_lineage(column)]

    def has(self, *names: str) -> bool:
        """Whether all these variables are there (`--` stands for the domain's prefix)."""
        return all(self.expand(name) in self.frame.columns for name in names)

    def expand(self, name: str) -> str:
        """`--SEQ` as this dataset spells it."""
        return self.model.expand(name)

    def same_domain(self, name: str) -> bool:
        """Whether a dataset is of this one's domain: itself, its whole or another part of it."""
        if max(len(self.name), len(name)) > 4:  # SUPPAE, RELREC: no domain's parts
            return self.name == name
        return self.name[:2] == name[:2]

    def col(self, name: str) -> pl.Expr:
        """A variable as an expression (`--` stands for the domain's prefix)."""
        return pl.col(self.expand(name))


Find = Callable[[Scope], Iterator[Failure]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule with the function that finds where it is broken."""

    rule: Rule
    find: Find
    datasets: tuple[str, ...] | None = None
    observation_classes: tuple[str, ...] | None = None
    once: bool = False
    """Whether a value is told once for a dataset, of the first record that holds it."""

    def looks_at(self, model: Dataset) -> bool:
        """Whether the check concerns this dataset."""
        if self.datasets is not None:
            return model.name in self.datasets or (
                "SUPP--" in self.datasets and model.name.startswith("SUPP")
            )
        if self.observation_classes is not None:
            return model.observation_class in self.observation_classes
        return True


CHECKS: dict[str, Check] = {}
"""Every check by the id of its rule, in the order in which they run."""


def check(
    id: str,
    severity: Severity | str,
    title: str,
    message: str,
    mend: str,
    source: str,
    *,
    datasets: tuple[str, ...] | None = None,
    observation_classes: tuple[str, ...] | None = None,
    once: bool = False,
) -> Callable[[Find], Find]:
    """Declare a check. The decorated function yields the `Failure`s of one dataset."""
    declared = rule(id, severity, title, message, mend, source)

    def register(find: Find) -> Find:
        CHECKS[id] = Check(declared, find, datasets, observation_classes, once)
        return find

    return register


def findings(check: Check, scope: Scope, failure: Failure) -> Iterator[Problem]:
    """The problems of one failure, one for each row it selects."""
    if failure.where is None:
        yield check.rule.problem(
            domain=scope.name, variable=failure.variable, dataset=scope.name, **failure.given
        )
        return
    given = {
        f"given:{name}": value if isinstance(value, pl.Expr) else pl.lit(value)
        for name, value in failure.given.items()
    }
    failing = scope.frame.with_columns(**given).filter(failure.where)
    rows = (failing[:1] if check.once else failing).to_dicts()
    seq = scope.expand("--SEQ")
    for row in rows:
        yield check.rule.problem(
            file=row.get(FORM),
            row=row.get(ROW),
            domain=scope.name,
            dataset=scope.name,
            usubjid=row.get("USUBJID"),
            seq=_plain(row.get(seq)),
            variable=failure.variable,
            value=_plain(row.get(failure.variable or "")),
            **{name: _plain(row[f"given:{name}"]) for name in failure.given},
        )


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

"""Small packages and rules, written as they are told."""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.schemas.core.engine import Finding, RuleResult, run
from trialect.schemas.core.load import rule_of
from trialect.schemas.core.package import Dataset, Datasets, VariableFacts
from trialect.schemas.core.rule import BrokenRule, CoreRule


def dataset(name: str, columns: dict[str, list[Any]], **facts: Any) -> Dataset:
    """A dataset; a column of numbers is Num, any other one Char, None is missing."""
    series = [
        pl.Series(
            column,
            values,
            dtype=pl.Float64 if any(isinstance(one, int | float) for one in values) else pl.String,
        )
        for column, values in columns.items()
    ]
    labels = facts.pop("labels", {})
    lengths = facts.pop("lengths", {})
    variables = tuple(
        VariableFacts(
            one.name,
            labels.get(one.name, f"Label of {one.name}"),
            "Num" if one.dtype.is_numeric() else "Char",
            lengths.get(one.name, 8),
        )
        for one in series
    )
    facts.setdefault("file", f"{name.lower()}.xpt")
    return Dataset(name, pl.DataFrame(series), variables=variables, **facts)


def package(*datasets: Dataset, **facts: Any) -> Datasets:
    """Datasets together."""
    return Datasets.of(datasets, **facts)


def rule(check: dict[str, Any], **keys: Any) -> CoreRule:
    """A rule that asks all datasets of their records, unless `keys` say otherwise."""
    made = rule_or_broken(check, **keys)
    assert isinstance(made, CoreRule), made
    return made


def rule_or_broken(check: Any, **keys: Any) -> CoreRule | BrokenRule:
    """The same, for what may be broken."""
    output = keys.pop("output", None)
    given: dict[str, Any] = {
        "Core": {"Id": keys.pop("id", "T-1")},
        "Rule Type": "Record Data",
        "Sensitivity": "Record",
        "Check": check,
        "Outcome": {"Message": "It is wrong."},
        **{key.replace("_", " "): value for key, value in keys.items()},
    }
    if output is not None:
        given["Outcome"]["Output Variables"] = output
    return rule_of(given, "T-1.yml")


def ask(one: CoreRule | BrokenRule, datasets: Datasets) -> RuleResult:
    """How a rule fares with datasets."""
    (result,) = run([one], datasets)
    return result


def places(result: RuleResult) -> list[tuple[str, int | None]]:
    """Where the findings are."""
    return [(one.dataset, one.record) for one in result.findings]


def only(result: RuleResult) -> Finding:
    """The only finding."""
    (finding,) = result.findings
    return finding

"""What rules find does not depend on how a study is cut, nor on the order of records and rules."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pack_case import data_of, pack_cases

from trialect.converters.validate_datasets import SeenDatasets
from trialect.schemas.core.engine import RuleResult, run
from trialect.schemas.core.load import load_rules
from trialect.schemas.core.locality import SUBJECT_ID, Locality, locality
from trialect.schemas.core.pack import pack
from trialect.schemas.core.package import Datasets
from trialect.schemas.core.partitions import (
    cut_names,
    partitions,
    replaced,
    run_partitioned,
)
from trialect.schemas.core.rule import CoreRule

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SAMPLE = SHARED / "data" / "sdtm-msg"
OFFICIAL = SHARED / "conformance" / "cdisc-open-rules" / "rules"

RULES = {one.id: one for one in pack() if isinstance(one, CoreRule)}
CASES = pack_cases()
LOCAL = [
    name
    for name, one in RULES.items()
    if locality(one) in (Locality.RECORD, Locality.SUBJECT) and one.sensitivity == "Record"
]
RECORDS = frozenset(
    one.rule_type
    for one in RULES.values()
    if one.rule_type.startswith(("Record", "Value", "Dataset Contents"))
)
slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def bad_data(rule_id: str) -> Datasets:
    """The data in which a rule finds something."""
    with TemporaryDirectory() as folder:
        return data_of(CASES[rule_id], "bad", Path(folder))


def copied(datasets: Datasets, copies: int) -> Datasets:
    """The same study with each of its subjects several times, under other names."""

    def frame(one: pl.DataFrame) -> pl.DataFrame:
        if SUBJECT_ID not in one.columns or one.schema[SUBJECT_ID] != pl.String:
            return one
        subject = pl.col(SUBJECT_ID)
        names = (subject if at == 0 else subject + f"-{at}" for at in range(copies))
        return pl.concat([one.with_columns(name) for name in names])

    cut = cut_names(datasets)
    return replaced(
        datasets,
        [replace(one, frame=frame(one.frame)) if one.name in cut else one for one in datasets],
    )


def cut(datasets: Datasets, count: int, seed: int) -> list[Datasets]:
    """The datasets in so many parts, each subject in one that is drawn."""
    draw = random.Random(seed)
    known: dict[str | None, int] = {}

    def number_of(subjects: pl.Series) -> pl.Series:
        numbers = [known.setdefault(one, draw.randrange(count)) for one in subjects.to_list()]
        return pl.Series(numbers, dtype=pl.Int64)

    return list(partitions(datasets, number_of, count))


def facts(result: RuleResult) -> tuple[object, ...]:
    """All of a result but its time."""
    return result.status, result.reason, result.findings, result.outcomes


def places(result: RuleResult) -> set[tuple[object, ...]]:
    """Where a rule found what."""
    return {
        (one.dataset, one.record, one.usubjid, one.seq, *one.variables.items())
        for one in result.findings
    }


def shuffled(datasets: Datasets, seed: int) -> tuple[Datasets, dict[str, list[int]]]:
    """The same records in another order, and for each dataset the number that each one had."""
    draw = random.Random(seed)
    orders = {one.name: draw.sample(range(one.records), one.records) for one in datasets}
    mixed = [replace(one, frame=one.frame[orders[one.name]]) for one in datasets]
    return replaced(datasets, mixed), orders


@given(
    rule_id=st.sampled_from(sorted(CASES)),
    copies=st.integers(1, 3),
    count=st.integers(1, 5),
    seed=st.integers(0, 1 << 16),
)
@slow
def test_parts_find_what_the_whole_finds(rule_id: str, copies: int, count: int, seed: int) -> None:
    datasets = copied(bad_data(rule_id), copies)
    (whole,) = run([RULES[rule_id]], datasets)
    (parts,) = run_partitioned([RULES[rule_id]], datasets, cut(datasets, count, seed))
    assert facts(parts) == facts(whole)
    assert parts.findings or copies > 1


@pytest.mark.parametrize("rule_id", CASES)
def test_each_subject_by_itself_is_found_as_in_the_whole(rule_id: str) -> None:
    datasets = bad_data(rule_id)
    (whole,) = run([RULES[rule_id]], datasets)
    (parts,) = run_partitioned([RULES[rule_id]], datasets, cut(datasets, 16, 1))
    assert facts(parts) == facts(whole)
    assert parts.findings


@pytest.mark.skipif(
    not (SAMPLE.is_dir() and OFFICIAL.is_dir()),
    reason="CDISC's rules and sample submission are not beside the checkout (shared)",
)
@pytest.mark.parametrize("count", [1, 3, 40])
def test_all_rules_on_the_sample_submission_in_parts(count: int) -> None:
    datasets = sample()
    rules = [*pack(), *load_rules(OFFICIAL)]
    parts = run_partitioned(rules, datasets, cut(datasets, count, count))
    for one, other in zip(run(rules, datasets), parts, strict=True):
        assert facts(other) == facts(one), one.rule.id


@cache
def sample() -> Datasets:
    seen = SeenDatasets()
    for path in sorted(SAMPLE.glob("*.xpt")):
        list(seen.add_xpt(path))
    list(seen.settle())
    return seen.package()


@given(rule_id=st.sampled_from(sorted(LOCAL)), seed=st.integers(0, 1 << 16))
@slow
def test_a_union_has_the_findings_of_its_parts(rule_id: str, seed: int) -> None:
    union = copied(bad_data(rule_id), 2)
    (whole,) = run([RULES[rule_id]], union)
    for part in cut(union, 2, seed):
        (result,) = run([RULES[rule_id]], part)
        assert places(result) <= places(whole)


@given(names=st.permutations(sorted(CASES)[::9]), rule_id=st.sampled_from(sorted(CASES)))
@slow
def test_the_order_of_rules_changes_nothing(names: list[str], rule_id: str) -> None:
    datasets = bad_data(rule_id)
    names = [rule_id, *names]
    one = {result.rule.id: facts(result) for result in run(map(RULES.get, names), datasets)}  # type: ignore[arg-type] # all are there
    names.reverse()
    other = {result.rule.id: facts(result) for result in run(map(RULES.get, names), datasets)}  # type: ignore[arg-type] # as above
    assert one == other


@given(rule_id=st.sampled_from(sorted(CASES)), copies=st.integers(1, 2), seed=st.integers(0, 999))
@slow
def test_the_order_of_records_changes_nothing(rule_id: str, copies: int, seed: int) -> None:
    datasets = copied(bad_data(rule_id), copies)
    mixed, orders = shuffled(datasets, seed)
    (first,) = run([RULES[rule_id]], datasets)
    (other,) = run([RULES[rule_id]], mixed)
    back = replace(
        other,
        findings=tuple(
            one
            if one.record is None or RULES[rule_id].rule_type not in RECORDS
            else one._replace(record=orders[one.dataset][one.record - 1] + 1)
            for one in other.findings
        ),
    )
    assert (first.status, first.outcomes) == (other.status, other.outcomes)
    if RULES[rule_id].sensitivity == "Record":
        assert places(back) == places(first)
    else:
        # The first record speaks for the others, which is another one in another order.
        assert {one.dataset for one in first.findings} == {one.dataset for one in other.findings}
        assert len(first.findings) == len(other.findings)

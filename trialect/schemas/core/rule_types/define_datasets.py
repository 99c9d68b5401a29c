"""Dataset Metadata Check and Dataset Contents Check against Define XML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from trialect.metadata import DatasetMeta
from trialect.schemas.core import define_facts
from trialect.schemas.core.operations.metadata import dataset_facts
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.rule_types.building import Building, rows_table
from trialect.schemas.core.table import Column, Same, Table


def tables(building: Building) -> Iterable[Table]:
    """Each file beside what the Define-XML says of it.

    With the first dataset of the package come those that the Define-XML alone has.
    """
    datasets = building.study.datasets
    if datasets.define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    described = {one.name: one for one in datasets.define}
    rows = [_row(building, one, described.get(one.name)) for one in building.parts()]
    names = [one.name for one in building.parts()]
    if building.dataset is datasets.datasets[0]:
        for name, meta in described.items():
            if name not in datasets.by_name:
                rows.append(_row(building, None, meta))
                names.append(name)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    first = pl.Series([1] * len(rows), dtype=pl.Int64)
    dataset = pl.Series(names, dtype=pl.String)
    return [rows_table(rows, columns, dataset, first, building.dataset.prefix)]


def groups(building: Building) -> Iterable[Table]:
    """What the Define-XML says of the dataset (define_dataset_...)."""
    define = building.study.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    described = {one.name: one for one in define}
    parts = [one for one in building.parts() if one.name in described]
    if not parts:
        raise NotAsked(f"{building.dataset.name} is not in the Define-XML", skipped=True)
    rows = [define_facts.dataset_facts(define, described[one.name]) for one in parts]
    names = pl.Series([one.name for one in parts], dtype=pl.String)
    first = pl.Series([1] * len(parts), dtype=pl.Int64)
    return [rows_table(rows, list(rows[0]), names, first, building.dataset.prefix)]


def _row(
    building: Building, dataset: Dataset | None, described: DatasetMeta | None
) -> dict[str, Any]:
    define = building.study.datasets.define
    assert define is not None
    row: dict[str, Any] = {}
    if dataset is not None:
        row = dataset_facts(dataset)
        row["dataset_domain"] = dataset.domain
        row["dataset_columns"] = [one.name for one in dataset.facts]
    if described is not None:
        row.update(define_facts.dataset_facts(define, described))
    return row


def contents(building: Building) -> Iterable[Table]:
    """The records, each with what is known of the file and what the Define-XML says of it."""
    define = building.study.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    described = define.dataset(building.dataset.name)
    if described is None:
        raise NotAsked(f"{building.dataset.name} is not in the Define-XML", skipped=True)
    facts = {**dataset_facts(building.dataset), **define_facts.dataset_facts(define, described)}
    added: dict[str, Column] = {name: Same(value) for name, value in facts.items()}
    return [building.contents().with_columns(added)]

"""Dataset Metadata Check: one row for each file, of what is known of it."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from trialect.schemas.core.operations.metadata import dataset_facts
from trialect.schemas.core.rule_types.building import Building, rows_table
from trialect.schemas.core.table import Table


def tables(building: Building) -> Iterable[Table]:
    """Each file: dataset_name, dataset_label, dataset_location, dataset_size, record_count, ..."""
    parts = building.parts()
    rows = [dataset_facts(one) for one in parts]
    names = pl.Series([one.name for one in parts], dtype=pl.String)
    first = pl.Series([1] * len(parts), dtype=pl.Int64)
    return [rows_table(rows, list(rows[0]), names, first, building.dataset.prefix)]

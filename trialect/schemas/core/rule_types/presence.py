"""Domain Presence Check: one row for the package, with a column for each dataset it has.

Against Define XML: one row for each dataset that the Define-XML lists.
"""

from __future__ import annotations

from collections.abc import Iterable

from trialect.schemas.core.define_facts import dataset_facts
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.rule_types.building import STUDY, Building, rows_table
from trialect.schemas.core.table import Column, Same, Table


def tables(building: Building) -> Iterable[Table]:
    """A column `AE` says that AE is there; its value is the file's name."""
    columns: dict[str, Column] = {
        name: Same(parts[-1].file) for name, parts in building.study.datasets.wholes.items()
    }
    return [Table(columns, 1, Same(STUDY), prefix=building.dataset.prefix)]


def with_define(building: Building) -> Iterable[Table]:
    """The columns domain and filename (missing: there is none), and define_dataset_..."""
    datasets = building.study.datasets
    if datasets.define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    files = {name: parts[-1].file for name, parts in datasets.wholes.items()}
    rows = []
    for described in datasets.define:
        facts = dataset_facts(datasets.define, described)
        name = described.name
        file = files.get(name)
        rows.append({**facts, "domain": name if file is not None else None, "filename": file})
    if not rows:
        return []
    return [rows_table(rows, list(rows[0]), Same(STUDY), None, building.dataset.prefix)]

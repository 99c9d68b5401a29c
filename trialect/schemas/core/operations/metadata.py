"""What is known of datasets and variables: names, labels, sizes, and lists computed from lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from trialect.schemas.core import library
from trialect.schemas.core.operations.doing import Doing, operation
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.table import Column, Same


@operation("dataset_names")
def dataset_names(doing: Doing) -> Column:
    """The names of all datasets of the package, sorted."""
    return Same(sorted(doing.datasets.by_name))


@operation("study_domains")
def study_domains(doing: Doing) -> Column:
    """The domains of all datasets of the package, sorted; empty text for those without one."""
    return Same(sorted({one.domain or "" for one in doing.datasets}))


@operation("domain_label")
def domain_label(doing: Doing) -> Column:
    """The label that the standard gives the dataset; empty for a custom domain."""
    return Same(library.label_of(doing.domain))


@operation("domain_is_custom")
def domain_is_custom(doing: Doing) -> Column:
    """Whether the standard has no such dataset."""
    return Same(not library.is_standard(doing.domain))


@operation("related_domain_is_custom")
def related_domain_is_custom(doing: Doing) -> Column:
    """Whether the domain that supplemental qualifiers belong to is none of the standard's."""
    for one in doing.datasets:
        if one.is_supp and one.rdomain and doing.domain.endswith(one.rdomain):
            return Same(not library.is_standard(one.rdomain))
    return Same(False)


@operation("standard_domains")
def standard_domains(doing: Doing) -> Column:  # noqa: ARG001 # every operation is called alike
    """The datasets of the standard, sorted."""
    return Same(library.standard_names())


@operation("get_library_class_domains")
def get_library_class_domains(doing: Doing) -> Column:
    """The datasets of the implementation guide, or those of `domain_class`."""
    wanted = doing.option.get("domain_class")
    return Same(library.guide_names(str(wanted) if wanted else None))


def dataset_facts(dataset: Dataset) -> dict[str, Any]:
    """What is known of a dataset, by the names that rules use."""
    return {
        "dataset_size": dataset.size,
        "dataset_location": dataset.file,
        "dataset_name": dataset.name,
        "dataset_label": dataset.label,
        "record_count": dataset.records,
        "is_ap": dataset.is_ap,
        "ap_suffix": dataset.ap_suffix,
        "domain": dataset.domain,
    }


@operation("extract_metadata")
def extract_metadata(doing: Doing) -> Column:
    """One fact of the dataset: dataset_name, dataset_label, dataset_size, ..."""
    facts = dataset_facts(doing.source_dataset())
    if doing.target not in facts:
        raise NotAsked(f"{doing.target} is no fact of a dataset ({', '.join(facts)})")
    return Same(facts[doing.target])


@operation("map")
def mapped(doing: Doing) -> Column:
    """The `output` of the first line of `map` whose other columns are the row's."""
    lines = doing.option.get("map")
    if not isinstance(lines, list) or not all(isinstance(one, Mapping) for one in lines):
        raise NotAsked("operation map needs a list of lines")
    keys = dict.fromkeys(key for one in lines for key in one)
    names = [name for name in keys if name != "output"]
    if not names:
        return Same(lines[0].get("output"))
    rows = zip(*(doing.table.series(name).to_list() for name in names), strict=True)
    table = {tuple(one.get(name) for name in names): one.get("output") for one in reversed(lines)}
    found = [table.get(row) for row in rows]
    return pl.Series(found, strict=False)


@operation("minus")
def minus(doing: Doing) -> Column:
    """The members of one list that are not in another one, in their order.

    With `order_insensitive: false` a member is taken away only where it follows the last one
    taken.
    """
    first = _first_list(doing, doing.operation.name)
    second = _first_list(doing, doing.option.get("subtract"))
    if doing.option.get("order_insensitive", True):
        return Same([one for one in first if one not in second])
    left, start = [], 0
    for taken in second:
        if taken not in first[start:]:
            continue
        at = first.index(taken, start)
        left.extend(first[start:at])
        start = at
        while start < len(first) and first[start] == taken:
            start += 1
    return Same([*left, *first[start:]])


def _first_list(doing: Doing, name: object) -> list[Any]:
    column = doing.table.get(str(name)) if name else None
    if column is None:
        return []
    value = column.value if isinstance(column, Same) else column.to_list()[0]
    if value is None:
        return []
    return list(value) if isinstance(value, list | set | tuple) else [value]


@operation("split_by")
def split_by(doing: Doing) -> Column:
    """The parts of each text between `delimiter`."""
    delimiter = doing.text("delimiter")
    series = doing.table.series(doing.target)
    if series.dtype != pl.String:
        raise MissingColumn(doing.target)
    return series.str.split(delimiter)

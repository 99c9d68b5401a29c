"""Variable Metadata Check: one row for each variable, of what is known of it.

Against Library Metadata, Define XML or both, what these say of the variable stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from trialect.schemas.core import library
from trialect.schemas.core.define_facts import variable_facts
from trialect.schemas.core.library import LibraryVariable
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.rule_types.building import Building, rows_table
from trialect.schemas.core.table import Table


def tables(building: Building) -> Iterable[Table]:
    """Each variable of the dataset: variable_name, variable_label, variable_data_type, ..."""
    longest = _measured(building)
    names = tuple(part.name for part in building.parts())
    return [
        building.study.kept(
            ("variables", building.dataset.name, names, longest),
            lambda: _table(building, _described(building)),
        )
    ]


def with_library(building: Building) -> Iterable[Table]:
    """Each variable, with what the standard says (library_variable_...)."""
    rows = _described(building, nulls=True)
    known = library_rows(building, building.dataset)
    return [_table(building, [_joined(row, known, library_fields()) for row in rows])]


def with_define(building: Building) -> Iterable[Table]:
    """Each variable, with what the Define-XML says (define_variable_...)."""
    rows = _described(building)
    known = define_rows(building, building.dataset)
    fields = list(next(iter(known.values())))
    return [_table(building, [_joined(row, known, fields) for row in rows])]


def with_define_and_library(building: Building) -> Iterable[Table]:
    """Each variable, with what the Define-XML and the standard say."""
    rows = _described(building, nulls=True)
    define, standard = (
        define_rows(building, building.dataset),
        library_rows(building, building.dataset),
    )
    both = [_joined(row, define, list(next(iter(define.values())))) for row in rows]
    return [_table(building, [_joined(row, standard, library_fields()) for row in both])]


def define_items(building: Building) -> Iterable[Table]:
    """Each variable of the Define-XML (define_variable_...)."""
    rows = list(define_rows(building, building.dataset).values())
    return [_table(building, rows, numbered=False)]


def define_with_library(building: Building) -> Iterable[Table]:
    """Each variable of the Define-XML, with what the standard says."""
    rows = list(define_rows(building, building.dataset).values())
    known = library_rows(building, building.dataset)
    named = [{**row, "variable_name": row["define_variable_name"]} for row in rows]
    found = [_joined(row, known, library_fields()) for row in named]
    for row in found:
        del row["variable_name"]
    return [_table(building, found, numbered=False)]


def _described(building: Building, *, nulls: bool = False) -> list[dict[str, Any]]:
    """The variables of each file; `nulls` adds whether their values are missing."""
    longest = _measured(building)
    rows: list[dict[str, Any]] = []
    for dataset in building.parts():
        for row in variable_rows(dataset):
            whole = building.study.datasets.wholes[dataset.whole]
            name = row["variable_name"]
            for fact in longest:
                row[fact] = max(_longest(part, name, _MEASURES[fact]) for part in whole)
            if nulls:
                row.update(_null_facts(dataset, row["variable_name"]))
            rows.append(row)
    return rows


def variable_rows(dataset: Dataset) -> list[dict[str, Any]]:
    """What a file says of its variables."""
    return [
        {
            "variable_name": one.name,
            "variable_order_number": order,
            "variable_label": one.label or None,
            "variable_size": one.length,
            "variable_data_type": one.type,
            "variable_format": one.format or None,
            "@dataset": dataset.name,
            "@record": order,
        }
        for order, one in enumerate(dataset.facts, start=1)
    ]


_MEASURES: dict[str, Callable[[pl.Series], pl.Series]] = {
    "variable_max_size": lambda texts: texts.str.len_chars(),
    "variable_max_bytes": lambda texts: texts.str.len_bytes(),
}
"""What the longest value is measured in: characters, or bytes of UTF-8, as the XPT format counts
(of ASCII, which regulators take, both are the same)."""


def _measured(building: Building) -> tuple[str, ...]:
    return tuple(fact for fact in _MEASURES if building.mentions(fact))


def _longest(dataset: Dataset, name: str, measure: Callable[[pl.Series], pl.Series]) -> int:
    if name not in dataset.columns:
        return 0
    lengths = (measure(piece.drop_nulls().cast(pl.String)).max() for piece in dataset.pieces(name))
    return max((int(one) for one in lengths if isinstance(one, int)), default=0)


def _null_facts(dataset: Dataset, name: str) -> dict[str, bool]:
    missing = total = dataset.records
    if name in dataset.columns:
        missing = dataset.nulls(name)
    return {
        "variable_has_empty_values": missing > 0 or name not in dataset.columns,
        "variable_is_empty": missing == total,
    }


def library_fields() -> list[str]:
    """The columns that tell what the standard says of a variable."""
    return [f"library_variable_{key}" for key in _LIBRARY]


_LIBRARY = {
    "name": "name",
    "label": "label",
    "data_type": "data_type",
    "role": "role",
    "core": "core",
    "ccode": "codelist",
    "order_number": "order",
}


def library_rows(building: Building, dataset: Dataset) -> dict[str, dict[str, Any]]:
    """What the standard says of the dataset's variables, by name. Raises `NotAsked`."""
    cls = building.study.datasets.class_of(dataset)
    found = library.guide_variables(dataset.whole, cls)
    if found is None:
        raise NotAsked(f"the standard says nothing of {dataset.whole}, and its class is not known")
    return {one.name: _library_row(one) for one in found}


def _library_row(variable: LibraryVariable) -> dict[str, Any]:
    row = {f"library_variable_{key}": getattr(variable, name) for key, name in _LIBRARY.items()}
    row["library_variable_order_number"] = str(variable.order)
    row["library_variable_has_codelist"] = bool(variable.codelist)
    return row


def define_rows(building: Building, dataset: Dataset) -> dict[str, dict[str, Any]]:
    """What the Define-XML says of the dataset's variables, by name. Raises `NotAsked`."""
    define = building.study.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    domain = dataset.domain or dataset.rdomain
    named = [one for one in define if one.name == dataset.name]
    if not named:
        raise NotAsked(f"{dataset.name} is not in the Define-XML", skipped=True)
    described = next((one for one in named if one.domain == domain), named[0])
    rows = {str(row["define_variable_name"]): row for row in variable_facts(described)}
    if not rows:
        raise NotAsked(f"the Define-XML has no variables of {dataset.name}", skipped=True)
    return rows


def _joined(
    row: dict[str, Any], known: dict[str, dict[str, Any]], fields: Iterable[str]
) -> dict[str, Any]:
    more = known.get(row["variable_name"])
    return {**row, **(more if more is not None else dict.fromkeys(fields))}


def _table(building: Building, rows: list[dict[str, Any]], *, numbered: bool = True) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row if name[0] != "@"))
    dataset = pl.Series(
        [row.get("@dataset", building.dataset.name) for row in rows], dtype=pl.String
    )
    record = pl.Series([row["@record"] for row in rows], dtype=pl.Int64) if numbered else None
    return rows_table(rows, names, dataset, record, building.dataset.prefix)

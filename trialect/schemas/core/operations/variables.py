"""Lists of variables: those of the dataset, of the standard, of the model behind it."""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.schemas.core import library
from trialect.schemas.core.library import LibraryVariable
from trialect.schemas.core.operations.doing import Does, Doing, operation
from trialect.schemas.core.outcome import MissingDataset, NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.table import Column, Same


@operation("get_column_order_from_dataset")
def column_order_from_dataset(doing: Doing) -> Column:
    """The variables of the dataset in its own order."""
    return Same([name for name in doing.source().names if not name.startswith("$")])


@operation("get_column_order_from_library")
def column_order_from_library(doing: Doing) -> Column:
    """The variables of the dataset in the order of the standard; `key_name` selects."""
    return Same([one.name for one in _selected(doing, _of_guide(doing))])


@operation("get_dataset_filtered_variables")
def dataset_filtered_variables(doing: Doing) -> Column:
    """Of the standard's variables that `key_name` selects, those that the dataset has."""
    columns = frozenset(doing.source().names)
    return Same([one.name for one in _selected(doing, _of_guide(doing)) if one.name in columns])


@operation("get_model_column_order")
def model_column_order(doing: Doing) -> Column:
    """The variables that the model allows in the dataset, in order."""
    return Same(_model_names(doing, doing.source_dataset()))


@operation("get_model_filtered_variables")
def model_filtered_variables(doing: Doing) -> Column:
    """Of the variables that the model allows, those that `key_name` selects."""
    found = _of_model(doing, doing.source_dataset())
    return Same([one.name for one in _selected(doing, found)])


@operation("get_parent_model_column_order")
def parent_model_column_order(doing: Doing) -> Column:
    """For each record the variables that the model allows in the dataset of its RDOMAIN."""
    column = doing.table.get("RDOMAIN")
    if column is None:
        raise MissingDataset("the parent dataset")
    domains = doing.table.spread(column)
    lists: dict[Any, list[str]] = {}
    for domain in domains.unique(maintain_order=True).to_list():
        parents = [one for one in doing.datasets if one.domain == domain] if domain else []
        if not parents:
            raise MissingDataset(str(domain))
        lists[domain] = _model_names(doing, parents[0])
    if len(lists) == 1:
        return Same(next(iter(lists.values())))
    return pl.Series([lists[domain] for domain in domains.to_list()], dtype=pl.List(pl.String))


def _of_core(name: str, word: str, *cores: str) -> Does:
    @operation(name)
    def does(doing: Doing) -> Column:
        return Same([one.name for one in _of_guide(doing) if one.core in cores])

    does.__doc__ = f"The variables that the implementation guide calls {word}."
    return does


required_variables = _of_core("required_variables", "Required", "Req")
expected_variables = _of_core("expected_variables", "Expected", "Exp")
permissible_variables = _of_core("permissible_variables", "Permissible", "Perm")
required_expected_variables = _of_core(
    "required_expected_variables", "Required or Expected", "Req", "Exp"
)


@operation("variable_names")
def variable_names(doing: Doing) -> Column:  # noqa: ARG001 # every operation is called alike
    """The names of all variables of the implementation guide, sorted."""
    names = {
        one.name
        for dataset in library.guide_names()
        for one in library.guide_variables(dataset, None) or []
        if one.order
    }
    return Same(sorted(names))


def _of_guide(doing: Doing) -> list[LibraryVariable]:
    dataset = doing.source_dataset()
    found = doing.study.kept(
        ("guide", dataset.whole),
        lambda: library.guide_variables(dataset.whole, doing.datasets.class_of(dataset)),
    )
    if found is None:
        raise NotAsked(f"the standard says nothing of {dataset.whole}, and its class is not known")
    return found


def _of_model(doing: Doing, dataset: Dataset) -> list[LibraryVariable]:
    found = doing.study.kept(
        ("model", dataset.whole),
        lambda: library.model_variables(dataset.whole, doing.datasets.class_of(dataset)),
    )
    if found is None:
        raise NotAsked(f"the model says nothing of {dataset.whole}, and its class is not known")
    return found


def _model_names(doing: Doing, dataset: Dataset) -> list[str]:
    return list(dict.fromkeys(one.name for one in _of_model(doing, dataset)))


_KEYS = {
    "role": "role",
    "core": "core",
    "name": "name",
    "label": "label",
    "simpleDatatype": "data_type",
}


def _selected(doing: Doing, variables: list[LibraryVariable]) -> list[LibraryVariable]:
    """The variables whose fact `key_name` is `key_value`; all when no key is named."""
    key = doing.option.get("key_name")
    if not key:
        return variables
    if key not in _KEYS:
        raise NotAsked(f"key_name {key!r} is none of {', '.join(_KEYS)}")
    wanted = doing.option.get("key_value")
    return [one for one in variables if getattr(one, _KEYS[key]) == wanted]


def _referenced(doing: Doing, by: str) -> dict[str, Column]:
    """The facts of the variable that each row's target names, as columns `ID_name`, `ID_label`."""
    facts = {getattr(one, by): one for one in reversed(_of_guide(doing))}
    targets = doing.table.series(doing.target).to_list()
    found = [facts.get(one) for one in targets]
    start = doing.operation.id
    return {
        f"{start}_{key}": pl.Series(
            [getattr(one, field) if one is not None else "" for one in found], dtype=pl.String
        )
        for key, field in _KEYS.items()
    }


@operation("name_referenced_variable_metadata")
def name_referenced(doing: Doing) -> dict[str, Column]:
    """What the standard says of the variable whose name is the row's target."""
    return _referenced(doing, "name")


@operation("label_referenced_variable_metadata")
def label_referenced(doing: Doing) -> dict[str, Column]:
    """What the standard says of the variable whose label is the row's target."""
    return _referenced(doing, "label")

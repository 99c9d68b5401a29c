"""What a define.xml and a define.html both show of the metadata, each thing said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trialect.metadata import (
    CodelistMeta,
    Condition,
    DatasetMeta,
    MethodMeta,
    Origin,
    ValueMeta,
    VariableMeta,
)
from trialect.schemas.define.datatypes import WITH_LENGTH


def with_values(variable: VariableMeta) -> tuple[VariableMeta | ValueMeta, ...]:
    """A variable and its values."""
    return (variable, *variable.value_level)


def described(datasets: Iterable[DatasetMeta]) -> Iterator[VariableMeta | ValueMeta]:
    """Every variable and its values, in order."""
    for dataset in datasets:
        for variable in dataset.variables:
            yield from with_values(variable)


def codelists_of(datasets: Iterable[DatasetMeta]) -> list[CodelistMeta]:
    """The codelists that variables and values use, each once, by their OID."""
    found = {one.codelist.oid: one.codelist for one in described(datasets) if one.codelist}
    return [found[oid] for oid in sorted(found)]


def methods_of(datasets: Iterable[DatasetMeta]) -> list[MethodMeta]:
    """The methods that variables and values are made by, each once."""
    found = {one.method.oid: one.method for one in described(datasets) if one.method}
    return list(found.values())


def condition_key(where: Iterable[Condition]) -> tuple[str, ...]:
    """The values of a where-clause, which tell it from others of its dataset."""
    return tuple(value for condition in where for value in condition.values)


def origins_of(one: VariableMeta | ValueMeta) -> tuple[Origin, ...]:
    """All origins of a variable or value."""
    return ((one.origin,) if one.origin else ()) + one.other_origins


def define_length(one: VariableMeta | ValueMeta) -> int | None:
    """Length as Define-XML counts it: bytes of a text, digits of a number, None for a date."""
    if one.data_type not in WITH_LENGTH:
        return None
    if isinstance(one, VariableMeta) and one.type == "Num" and one.digits is not None:
        return one.digits
    return one.length


def class_name(observation_class: str) -> str:
    """The class of a dataset as Define-XML writes it (SPECIAL PURPOSE)."""
    return observation_class.upper().replace("-", " ")


def files_of(dataset: DatasetMeta, files: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The files of a dataset; `NAME.xpt` where nothing is said."""
    return files.get(dataset.name) or (f"{dataset.name.lower()}.xpt",)


def texts_of(one: VariableMeta | ValueMeta) -> Iterator[str]:
    """Every text of a variable or value that a define.xml prints."""
    yield one.label
    yield one.comment or ""
    if one.method is not None:
        yield one.method.description
    if one.codelist is not None:
        for term in one.codelist.terms:
            yield term.value
            yield term.decode or ""
    if isinstance(one, ValueMeta):
        yield from condition_key(one.where)

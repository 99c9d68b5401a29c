"""Whether a define.xml and the datasets beside it say the same of names, order, labels, types and
lengths, in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from trialect.converters.readers.define_xml import DefineXml, read_define
from trialect.converters.readers.xpt import open_members
from trialect.metadata import DatasetMeta, VariableMeta
from trialect.problems import Problem, rule
from trialect.schemas.define.datatypes import WITH_LENGTH

_MEND = "Make define.xml anew from the datasets that are submitted."

DATASET_UNDESCRIBED = rule(
    "DEFINE-DATASET-UNDESCRIBED",
    "error",
    "A dataset is not in define.xml",
    "{value} is submitted, but define.xml does not describe it.",
    _MEND,
    "FDA sdTCG 4.1.4.5",
)
DATASET_ABSENT = rule(
    "DEFINE-DATASET-ABSENT",
    "error",
    "define.xml describes a dataset that is not there",
    "define.xml describes {value}, which is not among the datasets.",
    _MEND,
    "FDA sdTCG 4.1.4.5",
)
DATASET_LABEL = rule(
    "DEFINE-DATASET-LABEL",
    "error",
    "A dataset's label differs from define.xml",
    "The label of {domain} is {found!r}; define.xml says {value!r}.",
    _MEND,
    "Define-XML 2.1, 5.3.9",
)
VARIABLE_UNDESCRIBED = rule(
    "DEFINE-VARIABLE-UNDESCRIBED",
    "error",
    "A variable is not in define.xml",
    "{domain}.{value} is submitted, but define.xml does not describe it.",
    _MEND,
    "Define-XML 2.1, 5.3.9.1",
)
VARIABLE_ABSENT = rule(
    "DEFINE-VARIABLE-ABSENT",
    "error",
    "define.xml describes a variable that is not there",
    "define.xml describes {domain}.{value}, which the dataset lacks.",
    _MEND,
    "Define-XML 2.1, 5.3.9.1",
)
VARIABLE_ORDER = rule(
    "DEFINE-VARIABLE-ORDER",
    "error",
    "Variables stand in another order than in define.xml",
    "{domain} has {found} where define.xml has {value}.",
    _MEND,
    "Define-XML 2.1, 5.3.9.1",
)
VARIABLE_LABEL = rule(
    "DEFINE-VARIABLE-LABEL",
    "error",
    "A variable's label differs from define.xml",
    "The label of {domain}.{variable} is {found!r}; define.xml says {value!r}.",
    _MEND,
    "Define-XML 2.1, 5.3.11",
)
VARIABLE_TYPE = rule(
    "DEFINE-VARIABLE-TYPE",
    "error",
    "A variable's type differs from define.xml",
    "{domain}.{variable} is {found}; define.xml says {value}.",
    _MEND,
    "Define-XML 2.1, 5.3.11",
)
VARIABLE_LENGTH = rule(
    "DEFINE-VARIABLE-LENGTH",
    "error",
    "A variable's length differs from define.xml",
    "{domain}.{variable} has length {found}; define.xml says {value}.",
    _MEND,
    "Define-XML 2.1, 5.3.11",
)


class SubmittedVariable(Protocol):
    """A variable as a dataset's file declares it; `length` in bytes."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def type(self) -> Literal["Char", "Num"]:
        """Char or Num."""

    @property
    def length(self) -> int:
        """Its length in bytes."""


class SubmittedDataset(Protocol):
    """A dataset as its file declares it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def variables(self) -> Sequence[SubmittedVariable]:
        """Its variables, in order."""


def check_define_against(path: Path, datasets: Iterable[Path | SubmittedDataset]) -> list[Problem]:
    """The differences between a define.xml and the datasets that are submitted with it.

    A dataset is given as its XPT file, or as what such a file says. Files that define.xml names
    for one dataset (qs1.xpt and qs2.xpt for QS) are parts of it. Numbers are compared by type
    only: define.xml gives their digits, XPT their bytes. Raises `Unusable` for a file that is no
    Define-XML, or no XPT.
    """
    described = read_define(path)
    submitted = list(_submitted(datasets, described))
    found: list[Problem] = []
    for name, file, dataset in submitted:
        meta = described.dataset(name)
        if meta is None:
            place = {"file": file or path.name, "domain": name}
            found.append(DATASET_UNDESCRIBED.problem(**place, value=name))
        else:
            found += [one.at(file=file or path.name) for one in _differences(meta, dataset)]
    present = {name for name, _, _ in submitted}
    for meta in described.datasets:
        if meta.name not in present:
            found.append(DATASET_ABSENT.problem(file=path.name, domain=meta.name, value=meta.name))
    return found


def _submitted(
    datasets: Iterable[Path | SubmittedDataset], described: DefineXml
) -> Iterator[tuple[str, str | None, SubmittedDataset]]:
    """Each dataset with the name that define.xml has for it, and its file."""
    parts = {
        file: name for name, files in described.files.items() if len(files) > 1 for file in files
    }
    for one in datasets:
        if isinstance(one, Path):
            for member in open_members(one):
                yield parts.get(one.name, member.name), one.name, member
        else:
            yield one.name, None, one


def _differences(meta: DatasetMeta, dataset: SubmittedDataset) -> Iterator[Problem]:
    name = meta.name
    if dataset.label != meta.label:
        yield DATASET_LABEL.problem(domain=name, found=dataset.label, value=meta.label)
    submitted = {one.name: one for one in dataset.variables}
    described = {one.name: one for one in meta.variables}
    for variable in submitted:
        if variable not in described:
            yield VARIABLE_UNDESCRIBED.problem(domain=name, variable=variable, value=variable)
    for variable in described:
        if variable not in submitted:
            yield VARIABLE_ABSENT.problem(domain=name, variable=variable, value=variable)
    here = [one for one in submitted if one in described]
    there = [one for one in described if one in submitted]
    for mine, theirs in zip(here, there, strict=True):
        if mine != theirs:
            yield VARIABLE_ORDER.problem(domain=name, variable=mine, found=mine, value=theirs)
            break
    for variable in here:
        yield from _variable(name, described[variable], submitted[variable])


def _variable(dataset: str, meta: VariableMeta, variable: SubmittedVariable) -> Iterator[Problem]:
    place = {"domain": dataset, "variable": meta.name}
    if variable.label != meta.label:
        yield VARIABLE_LABEL.problem(**place, found=variable.label, value=meta.label)
    if (variable.type == "Num") != (meta.type == "Num"):
        yield VARIABLE_TYPE.problem(**place, found=variable.type, value=meta.data_type)
    elif meta.type == "Char" and meta.data_type in WITH_LENGTH and variable.length != meta.length:
        yield VARIABLE_LENGTH.problem(**place, found=variable.length, value=meta.length)

"""SDTMIG metadata: datasets, their variables in the order of the model, and codelists.

The table is built by scripts/build_sdtm_tables.py; its first line tells where the facts are from.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

FINDINGS_CLASSES = frozenset({"Findings", "Findings About"})


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a dataset as SDTMIG lists it.

    `codelists` are NCI codes of the codelists it may take terms from; `value_domain` is what
    SDTMIG says of values without a codelist ("ISO 8601 duration", "MedDRA", ...).
    """

    name: str
    label: str
    type: Literal["Char", "Num"]
    role: str
    core: Literal["Req", "Exp", "Perm"]
    codelists: tuple[str, ...]
    value_domain: str
    order: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset of SDTMIG: its class, structure and variables in order."""

    name: str
    label: str
    observation_class: str
    structure: str
    variables: tuple[Variable, ...]

    @property
    def is_findings(self) -> bool:
        """Whether the records are results of tests (--TESTCD, --ORRES)."""
        return self.observation_class in FINDINGS_CLASSES

    @property
    def has_subjects(self) -> bool:
        """Whether every record belongs to a subject (USUBJID)."""
        return any(variable.name == "USUBJID" for variable in self.variables)

    def variable(self, name: str) -> Variable | None:
        """The variable with this name, or None when SDTMIG lists none."""
        return _by_name(self).get(name)

    def expand(self, name: str) -> str:
        """`--TESTCD` as this dataset spells it (`QSTESTCD`)."""
        return self.name[:2] + name[2:] if name.startswith("--") else name


@cache
def _by_name(dataset: Dataset) -> dict[str, Variable]:
    return {variable.name: variable for variable in dataset.variables}


@cache
def _tables(version: str) -> dict[str, Dataset]:
    packed = files(__package__).joinpath(f"sdtmig-{version}.jsonl.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    return {one["name"]: _dataset(one) for one in map(json.loads, lines[1:])}


def _dataset(facts: dict[str, Any]) -> Dataset:
    return Dataset(
        name=facts["name"],
        label=facts["label"],
        observation_class=facts["class"],
        structure=facts["structure"],
        variables=tuple(
            Variable(
                name=name,
                label=label,
                type=type_,
                role=role,
                core=core,
                codelists=tuple(code.strip() for code in codelists.split(";") if code.strip()),
                value_domain=value_domain,
                order=order,
            )
            for order, (name, label, type_, role, core, codelists, value_domain) in enumerate(
                facts["variables"], start=1
            )
        ),
    )


def datasets(version: str = "3.4") -> dict[str, Dataset]:
    """All datasets of SDTMIG by name, in the order in which it lists them."""
    return _tables(version)


def supp_name(domain: str) -> str:
    """The name of the supplemental qualifiers' dataset of a domain (SUPPQS for QS)."""
    return f"SUPP{domain}"


@cache
def dataset(name: str, version: str = "3.4") -> Dataset | None:
    """The dataset with this name; `SUPP--` is the model's SUPPQUAL under its own name.

    A split dataset (QSPH) is its parent (QS) under its own name: SDTMIG 4.1.7.
    """
    tables = _tables(version)
    if name in tables:
        return tables[name]
    if name.startswith("SUPP") and len(name) > len("SUPP"):
        model = tables["SUPPQUAL"]
        label = f"Supplemental Qualifiers for {name[4:]}"
        return Dataset(name, label, model.observation_class, model.structure, model.variables)
    parent = tables.get(name[:2])
    if parent is not None and len(name) in (3, 4) and parent.has_subjects:
        return Dataset(
            name, parent.label, parent.observation_class, parent.structure, parent.variables
        )
    return None

"""SDTMIG metadata: datasets, their variables in the order of the model, and codelists.

The table is built by scripts/build_sdtm_tables.py; its first line tells where the facts are from.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

VERSION = "3.4"

FINDINGS_CLASSES = frozenset({"Findings", "Findings About"})
GENERAL_CLASSES = frozenset({"Interventions", "Events"}) | FINDINGS_CLASSES
"""The general observation classes, whose datasets may take each other's identifiers and timing
variables (SDTM 2.0, 3.1)."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a dataset as SDTMIG lists it.

    `codelists` are NCI codes of the codelists it may take terms from; `value_domain` is what
    SDTMIG says of values without a codelist ("ISO 8601 duration", "MedDRA", ...). `order` is its
    place in the dataset; one that SDTMIG does not list there has the place of the one before it.
    """

    name: str
    label: str
    type: Literal["Char", "Num"]
    role: str
    core: Literal["Req", "Exp", "Perm"]
    codelists: tuple[str, ...]
    value_domain: str
    order: int


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset of SDTMIG: its class, structure and variables in order. There is one of a name."""

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

    def allowed(self, name: str) -> Variable | None:
        """The variable with this name that SDTMIG lists, or that the SDTM model allows here.

        A dataset of a general observation class may take every variable of its class, and the
        identifiers and timing variables of them all (AEDTC, CMLNKID); such a variable is
        Permissible. None when the dataset has no variable of that name.
        """
        return _by_name(self).get(name) or _beyond(self).get(name)

    def place(self, name: str) -> tuple[int, int]:
        """Sorts names into the order of the model; those that are no variables come last."""
        if (listed := self.variable(name)) is not None:
            return listed.order, 0
        if (known := self.allowed(name)) is not None:
            return known.order, 1 + list(_beyond(self)).index(name)
        return len(self.variables) + 1, 0

    def expand(self, name: str) -> str:
        """`--TESTCD` as this dataset spells it (`QSTESTCD`)."""
        return self.name[:2] + name[2:] if name.startswith("--") else name


@cache
def _by_name(dataset: Dataset) -> dict[str, Variable]:
    return {variable.name: variable for variable in dataset.variables}


_MODEL_LABELS = {
    "--DTC": "Date/Time of Collection",
    "--STDTC": "Start Date/Time of Observation",
    "--ENDTC": "End Date/Time of Observation",
    "--DY": "Study Day of Visit/Collection/Exam",
    "--STDY": "Study Day of Start of Observation",
    "--ENDY": "Study Day of End of Observation",
}
"""Timing variables that SDTMIG words anew in every dataset, as the SDTM 2.0 itself labels them."""

_OF_ONE_KIND = frozenset({"--BEATNO"})
"""Identifiers that belong to one kind of observation only."""


def _stem(dataset: Dataset, name: str) -> str:
    """A variable without the dataset's prefix: --LNKID of AELNKID."""
    return f"--{name[2:]}" if name[:2] == dataset.name[:2] and len(name) > 3 else name


@cache
def _beyond(dataset: Dataset) -> dict[str, Variable]:
    """The variables that the model allows in a dataset and SDTMIG does not list there, in order."""
    if dataset.observation_class not in GENERAL_CLASSES:
        return {}
    found = {}
    before = 0
    for stem, variable in _of_class(dataset.observation_class).items():
        name = dataset.expand(stem)
        if (listed := dataset.variable(name)) is not None:
            before = listed.order
        else:
            label = _MODEL_LABELS.get(stem, variable.label)
            found[name] = replace(variable, name=name, label=label, core="Perm", order=before)
    return found


@cache
def _of_class(observation_class: str) -> dict[str, Variable]:
    """The variables of a general observation class by stem, in the order of the model: what most
    datasets of SDTMIG that list one say of it, and where they place it.
    """
    models = [d for d in datasets().values() if d.observation_class in GENERAL_CLASSES]
    models.sort(key=lambda one: one.observation_class != observation_class)
    own: dict[str, list[Variable]] = {}
    before: Counter[tuple[str, str]] = Counter()
    for model in models:
        # What is found about an event or intervention is a finding (SDTM 2.0, 3.1.3.1).
        same = model.observation_class in (observation_class, observation_class.split(" ")[0])
        stems: list[str] = []
        for variable in model.variables:
            stem = _stem(model, variable.name)
            common = variable.role in ("Identifier", "Timing") and stem not in _OF_ONE_KIND
            if same or common:
                own.setdefault(stem, []).append(variable)
                before.update((one, stem) for one in stems)
                stems.append(stem)
    # Where no dataset lists two variables, identifiers come first and timing comes last.
    parts = {"Identifier": 0, "Timing": 2}
    waiting = {
        stem: {other for other in own if before[other, stem] > before[stem, other]}
        for stem in sorted(own, key=lambda one: parts.get(own[one][0].role, 1))
    }
    ordered: dict[str, Variable] = {}
    while waiting:
        stem = next((one for one, first in waiting.items() if not first), next(iter(waiting)))
        del waiting[stem]
        for first in waiting.values():
            first.discard(stem)
        (meaning, _), *_ = Counter(map(_meaning, own[stem])).most_common(1)
        ordered[stem] = next(one for one in own[stem] if _meaning(one) == meaning)
    return ordered


def _meaning(variable: Variable) -> tuple[str, str, tuple[str, ...]]:
    return variable.label, variable.type, variable.codelists


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


def datasets(version: str = VERSION) -> dict[str, Dataset]:
    """All datasets of SDTMIG by name, in the order in which it lists them."""
    return _tables(version)


def supp_name(domain: str) -> str:
    """The name of the supplemental qualifiers' dataset of a domain (SUPPQS for QS)."""
    return f"SUPP{domain}"


@cache
def dataset(name: str, version: str = VERSION) -> Dataset | None:
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

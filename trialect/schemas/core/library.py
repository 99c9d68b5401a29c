"""What CDISC's standards say of datasets, as rules ask for it: classes and variables in order.

The implementation guide (SDTMIG 3.4) comes from `schemas.sdtm`; the model behind it (SDTM 2.0,
published 2021-11-29: the variables of each class and dataset, in order, and their roles) from
sdtm-2.0.csv beside this module, which was made from the model's own tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from trialect.schemas.sdtm.model import VERSION, datasets

FINDINGS, FINDINGS_ABOUT = "FINDINGS", "FINDINGS ABOUT"
EVENTS, INTERVENTIONS, RELATIONSHIP = "EVENTS", "INTERVENTIONS", "RELATIONSHIP"
OBSERVATIONS = frozenset({FINDINGS, FINDINGS_ABOUT, EVENTS, INTERVENTIONS})
"""The general observation classes, whose variables are the model's."""

_TIMING, _IDENTIFIER = "Timing", "Identifier"


@dataclass(frozen=True, slots=True)
class LibraryVariable:
    """A variable as the standard describes it; what it does not say is empty.

    `order` is its place in the table it is from; `codelist` the NCI code of the first codelist.
    """

    name: str
    label: str = ""
    data_type: str = ""
    role: str = ""
    core: str = "Perm"
    codelist: str = ""
    order: int = 0

    def named(self, name: str) -> LibraryVariable:
        """The same variable under another name (`--SEQ` as AESEQ)."""
        return LibraryVariable(
            name, self.label, self.data_type, self.role, self.core, self.codelist, self.order
        )


@dataclass(frozen=True)
class _Model:
    """The SDTM: variables by class, and by dataset for those that have no class of their own."""

    classes: dict[str, tuple[LibraryVariable, ...]]
    datasets: dict[str, tuple[LibraryVariable, ...]]
    class_of: dict[str, str]


@cache
def _guide() -> dict[str, tuple[str, str, tuple[LibraryVariable, ...]]]:
    """The datasets of SDTMIG: class, label and variables by name."""
    return {
        one.name: (
            one.observation_class.upper(),
            one.label,
            tuple(
                LibraryVariable(
                    name=variable.name,
                    label=variable.label,
                    data_type=variable.type,
                    role=variable.role,
                    core=variable.core,
                    codelist=variable.codelists[0] if variable.codelists else "",
                    order=variable.order,
                )
                for variable in one.variables
            ),
        )
        for one in datasets(VERSION).values()
    }


@cache
def _model() -> _Model:
    classes: dict[str, list[LibraryVariable]] = {}
    by_dataset: dict[str, list[LibraryVariable]] = {}
    class_of: dict[str, str] = {}
    known = _known_by_stem()
    table = files(__package__).joinpath("sdtm-2.0.csv").read_text("ascii").splitlines()
    for line in table[1:]:
        cls, dataset, name, role = line.split(",")
        cls = cls.upper()
        rows = by_dataset.setdefault(dataset, []) if dataset else classes.setdefault(cls, [])
        if dataset:
            class_of[dataset] = cls
        like = known.get((cls, name)) or known.get(("", name))
        rows.append(
            LibraryVariable(
                name=name,
                label=like.label if like else "",
                data_type=like.data_type if like else "",
                role=role or (like.role if like else ""),
                order=len(rows) + 1,
            )
        )
    return _Model(
        {name: tuple(rows) for name, rows in classes.items()},
        {name: tuple(rows) for name, rows in by_dataset.items()},
        class_of,
    )


def _known_by_stem() -> dict[tuple[str, str], LibraryVariable]:
    """What SDTMIG says of a variable first, by class and generic name; class "" is any class."""
    found: dict[tuple[str, str], LibraryVariable] = {}
    for dataset, (cls, _, variables) in _guide().items():
        for variable in variables:
            name = variable.name
            stem = f"--{name[2:]}" if name[:2] == dataset[:2] and len(name) > 3 else name
            found.setdefault((cls, stem), variable)
            found.setdefault(("", stem), variable)
    return found


def is_standard(name: str) -> bool:
    """Whether the standard has a dataset of this name; one that it has not is custom."""
    return name in _guide() or name in _model().datasets


def standard_names() -> list[str]:
    """Every dataset of the guide and of the model, sorted."""
    return sorted({*_guide(), *_model().datasets})


def guide_names(observation_class: str | None = None) -> list[str]:
    """The datasets of the guide, or those of one class (as the standard or as rules write it)."""
    wanted = class_term(observation_class) if observation_class else None
    return sorted(name for name, (cls, *_) in _guide().items() if wanted in (None, cls))


def class_term(name: str) -> str:
    """A class as rules write it: SPECIAL PURPOSE for the standard's Special-Purpose."""
    return "SPECIAL PURPOSE" if name.lower() == "special-purpose" else name.upper()


def class_of(name: str) -> str | None:
    """The class of a dataset of the standard, as rules write it; None for a custom one."""
    if (found := _guide().get(name)) is not None:
        return class_term(found[0])
    found_class = _model().class_of.get(name)
    return class_term(found_class) if found_class else None


def label_of(name: str) -> str:
    """The label that the guide gives a dataset; empty when it has no such dataset."""
    found = _guide().get(name)
    return found[1] if found else ""


def guide_variables(name: str, observation_class: str | None) -> list[LibraryVariable] | None:
    """The variables of a dataset in the order of the standard, the guide's words where it has any.

    For a general observation class these are all variables of the model. `name` is the whole
    dataset's (QS for a part, SUPPAE, APMH); `observation_class` is used when the dataset is
    custom. None when the class is unknown.
    """
    table, prefix, associated = _asked(name)
    cls = class_of(table) if is_standard(table) else observation_class
    if cls is None:
        return None
    listed = list(_guide()[table][2]) if table in _guide() else []
    if cls not in OBSERVATIONS:
        if not is_standard(table):
            return None
        listed = listed or list(_model().datasets[table])
        return _with_persons(listed, prefix) if associated else listed
    parts = _class_variables(cls, prefix, associated)
    if not is_standard(table):
        return [one for part in parts for one in part]
    identifiers, own, timing = parts
    found = [*identifiers, *own, *timing]
    place = {one.name: number for number, one in enumerate(found)}
    for one in listed:
        if one.name in place:
            found[place[one.name]] = one
            continue
        # A variable of the guide that the model has not goes to the end of its section.
        at = len(found)
        if one.role == _IDENTIFIER:
            at = len(identifiers)
        elif one.role != _TIMING:
            at -= len(timing)
        found.insert(at, one)
        place = {one.name: number for number, one in enumerate(found)}
    return found


def model_variables(name: str, observation_class: str | None) -> list[LibraryVariable] | None:
    """The variables that the model allows in a dataset, in order; None when it says nothing."""
    table, prefix, associated = _asked(name)
    cls = class_of(table) if is_standard(table) else observation_class
    if cls in OBSERVATIONS and cls is not None:
        return [one for part in _class_variables(cls, prefix, associated) for one in part]
    rows = _model().datasets.get(table) or (_guide()[table][2] if table in _guide() else None)
    if rows is None:
        return None
    found = [one.named(one.name.replace("--", prefix)) for one in rows]
    return _with_persons(found, prefix) if associated else found


def wildcard_variables() -> frozenset[str]:
    """The generic names (`--TERM`) that some class of the model has."""
    return frozenset(
        one.name for rows in _model().classes.values() for one in rows if one.name[:2] == "--"
    )


def _asked(name: str) -> tuple[str, str, bool]:
    """The table to look in, what `--` stands for, and whether it is of associated persons."""
    upper = name.upper()
    if upper.startswith(("SUPP", "SQ")) and len(name) > 2:
        return "SUPPQUAL", name, upper.startswith("SQAP")
    if upper.startswith("AP") and upper not in _model().datasets:
        return name[2:], name[2:], True
    return name, name, False


def _class_variables(
    cls: str, prefix: str, associated: bool
) -> tuple[list[LibraryVariable], list[LibraryVariable], list[LibraryVariable]]:
    """Identifiers, the class's own variables and timing, under the dataset's own names."""
    model = _model()
    common = model.classes["GENERAL OBSERVATIONS"]
    identifiers = [one for one in common if one.role == _IDENTIFIER]
    timing = [one for one in common if one.role == _TIMING]
    own = list(model.classes[cls])
    if cls == FINDINGS_ABOUT:
        # SDTM 2.0, 3.1.3.1: the object stands behind the test among the findings' variables.
        findings = list(model.classes[FINDINGS])
        at = next(i for i, one in enumerate(findings) if one.name == "--TEST") + 1
        own = [*findings[:at], *own, *findings[at:]]
    if associated:
        identifiers = _persons(identifiers)
    first, second, third = (
        [one.named(one.name.replace("--", prefix)) for one in part]
        for part in (identifiers, own, timing)
    )
    return first, second, third


def _persons(rows: Iterable[LibraryVariable]) -> list[LibraryVariable]:
    """Identifiers with those of associated persons, who have no USUBJID (SDTM 2.0, 4)."""
    both = [*rows, *_model().classes["ASSOCIATED PERSONS"]]
    return sorted((one for one in both if one.name != "USUBJID"), key=lambda one: one.order)


def _with_persons(rows: Iterable[LibraryVariable], prefix: str) -> list[LibraryVariable]:
    return [one.named(one.name.replace("--", prefix)) for one in _persons(rows)]

"""What an XPT file declares of its dataset, held against SDTMIG and against its own values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from trialect.problems import Problem, rule
from trialect.schemas.sdtm.model import dataset, datasets

DATASET_UNKNOWN = rule(
    "SDTM-DATASET-UNKNOWN",
    "warning",
    "A dataset is not in SDTMIG",
    "{domain} is no dataset of SDTMIG 3.4; it is checked as a file only.",
    "Name the domain as SDTMIG does, or describe the custom domain in define.xml.",
    "SDTMIG 3.4, 2.6",
)
FILE_NAME = rule(
    "SDTM-FILE-NAME",
    "error",
    "A file is not named after its dataset",
    "{file} holds dataset {domain}.",
    "Name it {expected}.",
    "FDA Study Data Technical Conformance Guide 3.3.2",
)
LABEL = rule(
    "SDTM-LABEL",
    "error",
    "A label is not that of SDTMIG",
    "{variable} of {domain} is labelled {value!r}; SDTMIG says {expected!r}.",
    "Label it as SDTMIG does.",
    "SDTMIG 3.4, 3.2.2",
)
DATASET_LABEL = rule(
    "SDTM-DATASET-LABEL",
    "warning",
    "A dataset's label is not that of SDTMIG",
    "{domain} is labelled {value!r}; SDTMIG says {expected!r}.",
    "Label it as SDTMIG does.",
    "SDTMIG 3.4, 3.2.1",
)
LENGTH = rule(
    "SDTM-LENGTH",
    "warning",
    "A variable is longer than its longest value",
    "{variable} of {domain} has length {value}; its longest value has {expected} bytes.",
    "Give each variable the length of its longest value.",
    "FDA Study Data Technical Conformance Guide 3.3.3",
)


REQUIRED_DATASETS = rule(
    "SDTM-REQUIRED-DATASET",
    "error",
    "A dataset that every submission needs is missing",
    "The package has no {domain}.",
    "Map the form that holds it; without DM and TS a submission is rejected.",
    "CG0368; FDA technical rejection criteria 1734 and 1736",
)


class Declared(Protocol):
    """A variable as the file declares it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def type(self) -> str:
        """Char or Num."""

    @property
    def length(self) -> int:
        """Its length in bytes."""


class Member(Protocol):
    """A dataset as a file holds it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def variables(self) -> Sequence[Declared]:
        """Its variables in order."""


def check_metadata(path: Path, member: Member) -> Iterator[Problem]:
    """The problems of one dataset's name and labels, and of its file's name."""
    name = member.name
    if path.stem.upper() != name.upper() or path.suffix.lower() != ".xpt":
        expected = f"{name.lower()}.xpt"
        yield FILE_NAME.problem(file=path.name, domain=name, expected=expected)
    model = dataset(name)
    if model is None:
        yield DATASET_UNKNOWN.problem(file=path.name, domain=name)
        return
    # A supplemental or split dataset's label may say of which part it is (SDTMIG 3.4, 4.1.7, 8.4).
    is_part = name not in datasets()
    fits = member.label.startswith(model.label.partition(" for ")[0] if is_part else model.label)
    if not fits or (not is_part and member.label != model.label):
        yield DATASET_LABEL.problem(
            file=path.name, domain=name, value=member.label, expected=model.label
        )
    for variable in member.variables:
        known = model.allowed(variable.name)
        if known is not None and variable.label != known.label:
            yield LABEL.problem(
                file=path.name,
                domain=name,
                variable=variable.name,
                value=variable.label,
                expected=known.label,
            )


def check_lengths(
    file: str, member: Member, longest: Mapping[str, int], *, rows: int
) -> Iterator[Problem]:
    """Variables that are longer than their longest value (in bytes) in all parts of a dataset."""
    for variable in member.variables:
        needed = max(longest.get(variable.name, 0), 1)
        if rows and variable.type == "Char" and variable.length > needed:
            yield LENGTH.problem(
                file=file,
                domain=member.name,
                variable=variable.name,
                value=variable.length,
                expected=needed,
            )

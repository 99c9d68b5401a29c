"""What an XPT file declares of its dataset, held against SDTMIG and against its own values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from trialect.problems import Problem, rule
from trialect.schemas.sdtm.model import dataset

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
    "CG0012; SDTMIG 3.4, 4.1.5",
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

    @property
    def frame(self) -> pl.DataFrame:
        """Its records."""


def check_metadata(path: Path, member: Member) -> Iterator[Problem]:
    """The problems of one dataset's declarations."""
    if path.stem.upper() != member.name.upper():
        expected = f"{member.name.lower()}.xpt"
        yield FILE_NAME.problem(file=path.name, domain=member.name, expected=expected)
    model = dataset(member.name)
    if model is None:
        yield DATASET_UNKNOWN.problem(file=path.name, domain=member.name)
    elif member.label != model.label and not member.name.startswith("SUPP"):
        yield DATASET_LABEL.problem(
            file=path.name, domain=member.name, value=member.label, expected=model.label
        )
    for variable in member.variables:
        place = {"file": path.name, "domain": member.name, "variable": variable.name}
        known = model.variable(variable.name) if model else None
        if known is not None and variable.label != known.label:
            yield LABEL.problem(**place, value=variable.label, expected=known.label)
        if variable.type == "Char" and member.frame.height:
            longest = int(member.frame[variable.name].str.len_bytes().max() or 0)  # type: ignore[arg-type] # of an integer series
            if variable.length > max(longest, 1):
                yield LENGTH.problem(**place, value=variable.length, expected=max(longest, 1))

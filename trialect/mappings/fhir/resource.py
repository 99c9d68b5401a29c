"""What a resource file declares: a type, a template, and the rows that fill it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialect.mappings.fhir.slots import Template

if TYPE_CHECKING:
    import polars as pl

    from trialect.mappings.fhir.partition import Partition


@dataclass(frozen=True, slots=True)
class SubjectResource:
    """A type of resource that is made of a subject's records.

    `rows` gives a frame with a row for each resource: `USUBJID`, `subject`, `record` (value of the
    identifier), `id`, and the columns that the template's slots name.
    """

    type: str
    template: Callable[[Partition], Template]
    rows: Callable[[Partition], pl.DataFrame]
    unblinded_only: bool = False
    """Whether that there is one at all would tell the arm."""

"""What a verb is: the cells that its lines have, and the origin that its values get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trialect.metadata import Origin

Need = Literal["required", "optional", "none"]

COLLECTED = Origin("Collected", "Investigator")
ASSIGNED = Origin("Assigned", "Sponsor")
DERIVED = Origin("Derived", "Sponsor")


@dataclass(frozen=True, slots=True)
class Verb:
    """The grammar of a verb's lines.

    `sources` is the least and the largest number of columns (None: any), `value`, `codelist`,
    `format` say whether the cells are needed; a verb with `looks` reads another form only. The
    words of `method` (with {value}, {source}) describe values that are derived.
    """

    name: str
    sources: tuple[int, int | None]
    origin: Origin
    value: Need = "none"
    codelist: Need = "none"
    format: Need = "none"
    looks: bool = False
    target: Need = "required"
    method: str | None = None

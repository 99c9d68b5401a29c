"""What a package says of its datasets: the one description that every writer reads.

XPT lengths, Dataset-JSON columns, Define-XML and the reviewer's guide are made from the same
`DatasetMeta`, so they cannot disagree. It is made once, from the merged profile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OriginType = Literal[
    "Collected", "Derived", "Assigned", "Protocol", "Predecessor", "Not Available", "Other"
]
Comparator = Literal["EQ", "IN", "NE", "NOTIN"]
OriginSource = Literal["Investigator", "Sponsor", "Subject", "Vendor"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a variable's values come from (Define-XML 2.1, 5.3.11.3)."""

    type: OriginType
    source: OriginSource | None = None


@dataclass(frozen=True, slots=True)
class TermMeta:
    """A term in use: `code` is its NCI code, None for a sponsor's own (ExtendedValue)."""

    value: str
    decode: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CodelistMeta:
    """A codelist as used by a variable: the terms that occur, in the codelist's order."""

    oid: str
    name: str
    code: str | None
    terms: tuple[TermMeta, ...]
    type: Literal["text", "integer", "float"] = "text"
    external: str | None = None
    """An external dictionary (MedDRA, ISO 3166) instead of terms, with `external_version`."""
    external_version: str | None = None


@dataclass(frozen=True, slots=True)
class MethodMeta:
    """How a derived variable is made, in words a reviewer can follow."""

    oid: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One range check of a where-clause: `variable` of `dataset` is one of `values`."""

    dataset: str
    variable: str
    comparator: Comparator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueMeta:
    """Value-level metadata: what a variable is where a condition holds (QSORRES of PI0101)."""

    where: tuple[Condition, ...]
    label: str
    data_type: str
    length: int | None
    significant_digits: int | None = None
    origin: Origin | None = None
    codelist: CodelistMeta | None = None
    method: MethodMeta | None = None
    comment: str | None = None
    mandatory: bool = False
    other_origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class VariableMeta:
    """A variable of a dataset as it is submitted.

    `type` and `length` are the XPT's (bytes; 8 for Num); `data_type` is Define-XML's (text,
    integer, float, datetime, date, partialDatetime, durationDatetime, ...), which Dataset-JSON
    maps to its own. `digits` is Define-XML's length of a number: its digits before and after the
    decimal point, of which `significant_digits` come after. `has_data` is false when no record
    holds a value. `other_origins` are those of the blocks whose values come from elsewhere.
    """

    name: str
    label: str
    type: Literal["Char", "Num"]
    length: int
    data_type: str
    role: str
    core: str | None
    origin: Origin | None = None
    significant_digits: int | None = None
    codelist: CodelistMeta | None = None
    method: MethodMeta | None = None
    comment: str | None = None
    key_sequence: int | None = None
    value_level: tuple[ValueMeta, ...] = ()
    digits: int | None = None
    has_data: bool = True
    other_origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetMeta:
    """A dataset as it is submitted: its variables in order and its number of records.

    `domain` is that of the records: QS for QS, for a part of it (QSPH) and for SUPPQS. Trial
    design datasets have no subjects; `repeating` says that a subject may have several records.
    """

    name: str
    label: str
    domain: str
    observation_class: str
    structure: str
    rows: int
    variables: tuple[VariableMeta, ...]
    has_subjects: bool = True
    repeating: bool = True
    comment: str | None = None

    def variable(self, name: str) -> VariableMeta | None:
        """The variable with this name."""
        return next((variable for variable in self.variables if variable.name == name), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key variables in their sequence."""
        keyed = [(v.key_sequence, v.name) for v in self.variables if v.key_sequence is not None]
        return tuple(name for _, name in sorted(keyed))


@dataclass(frozen=True, slots=True)
class Provenance:
    """How one mapping block fills one variable: what trace prints and Define-XML's origin says.

    `verb` is a verb of the mapping tables or `derive:NAME`; `form` and `columns` what it reads;
    `table` and `line` the place of the instruction (`mappings/qs.csv`, 14). `testcd` is the
    --TESTCD of the records that an instruction is for, where it is not for all of the block.
    """

    domain: str
    variable: str
    block: str
    verb: str
    form: str | None = None
    columns: tuple[str, ...] = ()
    table: str | None = None
    line: int | None = None
    origin: Origin | None = None
    method: str | None = None
    note: str | None = None
    inputs: tuple[str, ...] = field(default=())
    """Variables (`QSDTC`, `DM.RFSTDTC`) that a derivation reads."""
    testcd: str | None = None

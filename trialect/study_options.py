"""How the records of a study are read, and how its outputs are written: study.yaml's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trialect.protocol import Event


@dataclass(frozen=True, slots=True)
class FormFile:
    """How one form's export is read; whatever is None is detected."""

    file: str
    sheet: str | None = None
    subject: str | None = None
    visit: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] = "."
    per_subject: bool = True
    """False for a form without subjects (a list of sites, say): every partition sees all of it."""
    duplicates: Literal["keep", "reject"] = "reject"
    """What becomes of a row that equals an earlier one in every column: `keep` is for an export
    that lacks the column which tells rows apart."""


@dataclass(frozen=True, slots=True)
class Records:
    """Where the exports lie and which columns name the subject and the visit."""

    folder: str = "records"
    subject: str = "SUBJID"
    visit: str | None = None
    date_format: str | None = None
    missing: tuple[str, ...] = ()
    """Texts that mean "no value" in the exports (for example NA)."""
    forms: Mapping[str, FormFile] = field(default_factory=dict)
    """Forms that are not simply `<form>.csv` in the folder."""


@dataclass(frozen=True, slots=True)
class ReferencePeriod:
    """What RFSTDTC and RFENDTC are; by default the first and last study treatment (EX)."""

    start: Event = field(default_factory=lambda: Event("EX", "EXSTDTC"))
    end: Event = field(default_factory=lambda: Event("EX", "EXENDTC", pick="latest"))


@dataclass(frozen=True, slots=True)
class SdtmOptions:
    """What the SDTM package says of itself and how it is cut."""

    ig: str = "3.4"
    ct: str = "2025-03-28"
    stamp: str | None = None
    """Creation time written into the files (ISO 8601, UTC); else SOURCE_DATE_EPOCH."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Character lengths wanted, by `DOMAIN.VARIABLE` or `VARIABLE`; else the longest value."""
    split_bytes: int = 5_000_000_000
    transliterate: Mapping[str, str] = field(default_factory=dict)
    reference: ReferencePeriod = field(default_factory=ReferencePeriod)


@dataclass(frozen=True, slots=True)
class FhirOptions:
    """What the FHIR bundles are named by and how much they hold."""

    base: str = ""
    """The URL under which the study's canonical resources and identifiers stand."""
    release: Literal["R4", "R5"] = "R4"
    cross_version: Literal["own", "hl7"] = "own"
    """Whose extensions hold what the release has no element for and another one has."""
    birth_date: Literal["none", "year", "month", "day"] = "year"
    all_variables: bool = False
    """Whether variables that SDTM derives, or that an element holds in other words, are carried
    as extensions too; what enters as an SDTM package is."""
    bundle_subjects: int = 10
    bundle_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True)
class PrsOptions:
    """How the upload to ClinicalTrials.gov (PRS) is written."""

    organization: str | None = None
    """The short name of the organization's PRS account (org_name), which no record shows."""
    partial_upload: bool = False
    """Whether the upload is merged into the record there; otherwise it replaces the whole one."""


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """How the files for registries are written, and the record that the study is held against."""

    prs: PrsOptions = field(default_factory=PrsOptions)
    record: str | None = None
    """The file of the trial's record in a registry, by its path in the study folder."""

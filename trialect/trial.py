"""Study and Trial: what every reader fills and every writer reads.

A `Study` is the protocol: what is true of the trial whoever takes part. A `Trial` is a Study and
its domains: SDTM-shaped tables whose rows remember the source row they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from trialect.problems import Problems

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

FORM = "@form"
"""Lineage column (String): the form (source) a record came from; null for derived records."""
ROW = "@row"
"""Lineage column (Int64): the row of the form, as a spreadsheet numbers it (header = 1)."""
BLOCK = "@block"
"""Lineage column (String): the mapping block, or the name of the derivation, that made it."""
LOOKUP_ROW = "@row:"
"""Prefix of lineage columns (Int64) for a variable whose value stands in another form's row."""


def is_lineage(column: str) -> bool:
    """Whether a column of a domain's frame tells where a record came from; never written out."""
    return column.startswith("@")


@dataclass(frozen=True, slots=True)
class Registration:
    """An identifier of the trial in a registry."""

    id: str
    registry: str


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Who leads the trial."""

    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about the trial."""

    name: str
    role: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class StudyDate:
    """A date of the protocol, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, planned or reached."""

    date: str
    type: Literal["ESTIMATED", "ACTUAL"] = "ESTIMATED"


@dataclass(frozen=True, slots=True)
class Design:
    """How the trial is built, in the words of ClinicalTrials.gov's API v2 enumerations."""

    type: str = "INTERVENTIONAL"
    allocation: str | None = None
    model: str | None = None
    masking: str | None = None
    masked: tuple[str, ...] = ()
    purpose: str | None = None
    phases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How many subjects are planned and were enrolled."""

    planned: int | None = None
    actual: int | None = None


@dataclass(frozen=True, slots=True)
class Intervention:
    """What is done to or given to subjects (ClinicalTrials.gov: intervention)."""

    name: str
    type: str | None = None
    description: str | None = None
    treatment: str | None = None
    """EXTRT of the records that tell of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A date in the data: the earliest or latest `date` of the records of `domain`."""

    domain: str
    date: str
    where: str | None = None
    pick: Literal["earliest", "latest"] = "earliest"


@dataclass(frozen=True, slots=True)
class Element:
    """A part of an arm in which one thing is planned (TE); `start` makes the subject's SE."""

    code: str
    name: str
    start_rule: str
    end_rule: str | None = None
    duration: str | None = None
    start: Event | None = None


@dataclass(frozen=True, slots=True)
class ArmElement:
    """An element's place in an arm (TA): its epoch, branch and transition rules."""

    element: str
    epoch: str
    branch: str | None = None
    transition: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """A planned path through the trial (TA, DM.ARM, ResearchStudy.arm)."""

    code: str
    name: str
    type: str | None = None
    description: str | None = None
    interventions: tuple[str, ...] = ()
    elements: tuple[ArmElement, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A planned visit (TV); `day` is VISITDY, the planned study day, never 0."""

    num: float
    name: str
    day: int | None = None
    start_rule: str = ""
    end_rule: str | None = None
    arm: str | None = None
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """An inclusion or exclusion criterion (TI); `code` is IETESTCD, `test` IETEST."""

    code: str
    category: Literal["INCLUSION", "EXCLUSION"]
    text: str
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome measure of the protocol."""

    type: Literal["PRIMARY", "SECONDARY", "OTHER"]
    measure: str
    time_frame: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may take part; ages as `18 Years`, sex ALL, FEMALE or MALE."""

    minimum_age: str | None = None
    maximum_age: str | None = None
    sex: str | None = None
    healthy_volunteers: bool | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Where subjects are seen; `timezone` (IANA) is what a time of day in FHIR needs."""

    id: str
    name: str
    timezone: str
    country: str
    city: str | None = None
    investigator: str | None = None
    investigator_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A trial summary parameter (TS) that no other fact of the study gives."""

    code: str
    value: str | None = None
    null_flavor: str | None = None
    value_code: str | None = None
    dictionary: str | None = None
    dictionary_version: str | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the study file says that its sources do not; each is a warning in the report."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts of the study file come from, by their dotted paths."""

    name: str
    facts: tuple[str, ...] = ()


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
class Study:
    """The protocol, and how its records are read and written (study.yaml)."""

    studyid: str
    title: str
    sponsor: Sponsor
    brief_title: str | None = None
    acronym: str | None = None
    invented: str | None = None
    """Set when the records are not real: the sentence every output carries."""
    registrations: tuple[Registration, ...] = ()
    contact: Contact | None = None
    status: str | None = None
    start: StudyDate | None = None
    completion: StudyDate | None = None
    conditions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    design: Design = field(default_factory=Design)
    enrolment: Enrolment = field(default_factory=Enrolment)
    eligibility: Eligibility = field(default_factory=Eligibility)
    interventions: tuple[Intervention, ...] = ()
    arms: tuple[Arm, ...] = ()
    elements: tuple[Element, ...] = ()
    visits: tuple[Visit, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    sites: tuple[Site, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    records: Records = field(default_factory=Records)
    sdtm: SdtmOptions = field(default_factory=SdtmOptions)
    fhir: FhirOptions = field(default_factory=FhirOptions)
    outputs: tuple[str, ...] = ("sdtm", "dataset-json", "fhir")

    def arm(self, code: str) -> Arm | None:
        """The arm with this ARMCD."""
        return next((arm for arm in self.arms if arm.code == code), None)

    def site(self, id: str) -> Site | None:
        """The site with this SITEID."""
        return next((site for site in self.sites if site.id == id), None)

    @property
    def epochs(self) -> tuple[str, ...]:
        """The epochs of the arms in their order, each once."""
        return tuple(dict.fromkeys(e.epoch for arm in self.arms for e in arm.elements))


class Domains(Mapping[str, "pd.DataFrame"]):
    """The domains as people take them: pandas frames by name, made when asked for."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self.frames = frames

    def __getitem__(self, name: str) -> pd.DataFrame:
        import pandas as pd

        frame = self.frames[name]
        return pd.DataFrame(
            {c: frame[c].to_numpy(writable=True) for c in frame.columns if not is_lineage(c)}
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(slots=True)
class Trial:
    """A study and its domains, with what was found on the way.

    `frames` holds one Polars frame a domain: String columns for Char variables, Float64 for Num,
    null for missing (never an empty string), then the lineage columns.
    """

    study: Study
    frames: dict[str, pl.DataFrame]
    problems: Problems = field(default_factory=Problems)

    @property
    def domains(self) -> Domains:
        """The domains as pandas frames, without the lineage."""
        return Domains(self.frames)

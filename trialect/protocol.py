"""What a protocol says of a trial, in the words of ClinicalTrials.gov's API v2 enumerations.

Every value is what a source says; None and an empty tuple are what it does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    """Whom to ask about the trial; `name` is empty where a record has none."""

    name: str
    role: str | None = None
    phone: str | None = None
    email: str | None = None
    phone_ext: str | None = None


@dataclass(frozen=True, slots=True)
class StudyDate:
    """A date of the protocol, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, planned or reached."""

    date: str
    type: Literal["ESTIMATED", "ACTUAL"] | None = "ESTIMATED"
    """None where a record does not say which."""


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
    model_description: str | None = None
    masking_description: str | None = None
    time_perspective: str | None = None
    """Of an observational study."""
    patient_registry: bool | None = None
    target_duration: str | None = None
    """How long each participant of a patient registry is followed, as `5 Years`."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How many subjects are planned and were enrolled."""

    planned: int | None = None
    actual: int | None = None
    count: int | None = None
    """A number of which the record does not say whether it is planned or reached."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """What is done to or given to subjects (ClinicalTrials.gov: intervention)."""

    name: str
    type: str | None = None
    description: str | None = None
    treatment: str | None = None
    """EXTRT of the records that tell of it."""
    other_names: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    """Names of the arms that it belongs to, where a record says it of the intervention too."""


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
    group: str | None = None
    """The heading that it stands under in its protocol, as `Cohort A only` (IESCAT)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What the trial is to find out (TS: OBJPRIM, OBJSEC, OBJEXP)."""

    type: Literal["PRIMARY", "SECONDARY", "EXPLORATORY"] | None
    """None where a text tells an aim and not which it is."""
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome measure of the protocol."""

    type: Literal["PRIMARY", "SECONDARY", "OTHER"] | None
    """None where a text names what is measured and not which it is."""
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
    criteria: str | None = None
    """The criteria as a registry holds them, one text; `Study.criteria` are its parts."""
    gender_based: bool | None = None
    gender_description: str | None = None
    age_groups: tuple[str, ...] = ()
    population: str | None = None
    """Of an observational study: whom it is about, and how they are sampled."""
    sampling: str | None = None

    @property
    def says_ages(self) -> bool:
        """Whether ages are spoken of at all; then a limit that is left out is no limit."""
        return bool(self.minimum_age or self.maximum_age or self.age_groups)


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

    @property
    def facility(self) -> str | None:
        """The name of the place; none of a site that data know by its number alone."""
        return self.name if self.name != self.id else None


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

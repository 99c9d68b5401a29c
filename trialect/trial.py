"""Study and Trial: what every reader fills and every writer reads.

A `Study` is the protocol: what is true of the trial whoever takes part. A `Trial` is a Study and
its domains: SDTM-shaped tables whose rows remember the source row they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trialect.problems import Problems
from trialect.protocol import (
    Arm,
    Assumption,
    Contact,
    Criterion,
    Design,
    Element,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
    Parameter,
    Registration,
    Site,
    Source,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.registry_facts import (
    AvailableData,
    Biospecimen,
    DataSharing,
    EthicsReview,
    ExpandedAccess,
    FdaApplication,
    Link,
    Location,
    Official,
    Oversight,
    Posting,
    Reference,
    ResponsibleParty,
    SecondaryId,
    StudyIdentifier,
    Undefined,
)
from trialect.registry_results import Results
from trialect.study_options import FhirOptions, Records, RegistryOptions, SdtmOptions

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
class Study:
    """The protocol, and how its records are read and written (study.yaml)."""

    studyid: str
    title: str | None
    """The official title; None where a record has the brief one alone."""
    sponsor: Sponsor
    brief_title: str | None = None
    acronym: str | None = None
    invented: str | None = None
    """Set when the records are not real: the sentence every output carries."""
    registrations: tuple[Registration, ...] = ()
    identifier: StudyIdentifier | None = None
    """The sponsor's identifier as a registry holds it; else `studyid` is it."""
    nct_aliases: tuple[str, ...] = ()
    secondary_ids: tuple[SecondaryId, ...] = ()
    organization: Sponsor | None = None
    """Who holds the registry's record, where that is not the sponsor."""
    collaborators: tuple[Sponsor, ...] = ()
    responsible: ResponsibleParty | None = None
    contacts: tuple[Contact, ...] = ()
    officials: tuple[Official, ...] = ()
    status: str | None = None
    last_known_status: str | None = None
    why_stopped: str | None = None
    delayed_posting: bool | None = None
    verified: str | None = None
    """When the record was last looked over, `YYYY-MM`."""
    start: StudyDate | None = None
    primary_completion: StudyDate | None = None
    completion: StudyDate | None = None
    posting: Posting = field(default_factory=Posting)
    expanded_access: ExpandedAccess = field(default_factory=ExpandedAccess)
    oversight: Oversight = field(default_factory=Oversight)
    fda_application: FdaApplication | None = None
    ethics_review: EthicsReview | None = None
    conditions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    design: Design = field(default_factory=Design)
    biospecimen: Biospecimen | None = None
    enrolment: Enrolment = field(default_factory=Enrolment)
    eligibility: Eligibility = field(default_factory=Eligibility)
    interventions: tuple[Intervention, ...] = ()
    arms: tuple[Arm, ...] = ()
    elements: tuple[Element, ...] = ()
    visits: tuple[Visit, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    objectives: tuple[Objective, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    time_points: tuple[str, ...] = ()
    """When subjects are followed up, as a text says it (`1 week`); `visits` have number and day."""
    sites: tuple[Site, ...] = ()
    locations: tuple[Location, ...] = ()
    """Where registries say that it takes place; of a study that names none its sites."""
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()
    available_data: tuple[AvailableData, ...] = ()
    data_sharing: DataSharing | None = None
    results: Results | None = None
    """What a record tells of results: the flow of participants, deaths and events by group."""
    undefined: tuple[Undefined, ...] = ()
    """What a record says in members that no definition explains; no facts of the trial."""
    parameters: tuple[Parameter, ...] = ()
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    records: Records = field(default_factory=Records)
    sdtm: SdtmOptions = field(default_factory=SdtmOptions)
    fhir: FhirOptions = field(default_factory=FhirOptions)
    registry: RegistryOptions = field(default_factory=RegistryOptions)
    outputs: tuple[str, ...] = ("sdtm", "dataset-json", "fhir")

    @property
    def name(self) -> str:
        """What the trial is called: its official title, else its brief one, else its STUDYID."""
        return self.title or self.brief_title or self.studyid

    def registration(self, registry: str) -> str | None:
        """The identifier of the trial in a registry, the first where there are several."""
        return next((one.id for one in self.registrations if one.registry == registry), None)

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

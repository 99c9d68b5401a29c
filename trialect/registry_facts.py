"""What registries ask of a trial beside its protocol, by ClinicalTrials.gov's API v2.

Words are those of the API's enumerations; None and an empty tuple are what is not said.
"""

from __future__ import annotations

from dataclasses import dataclass

from trialect.protocol import Contact, StudyDate


@dataclass(frozen=True, slots=True)
class StudyIdentifier:
    """The sponsor's own identifier (API: orgStudyIdInfo), `type` that of the grant it is."""

    id: str | None = None
    type: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class SecondaryId:
    """Another identifier: of a grant, of EudraCT, of a further registry (`domain`)."""

    id: str
    type: str | None = None
    domain: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ResponsibleParty:
    """Who answers for the record; the `old` facts are of records before 2011."""

    type: str | None = None
    name: str | None = None
    title: str | None = None
    affiliation: str | None = None
    old_name_title: str | None = None
    old_organization: str | None = None
    account: str | None = None
    """The name under which the investigator signs in at the registry (PRS); no record shows it."""


@dataclass(frozen=True, slots=True)
class Oversight:
    """Who watches over the trial, and what the FDA regulates of it."""

    has_dmc: bool | None = None
    fda_regulated_drug: bool | None = None
    fda_regulated_device: bool | None = None
    unapproved_device: bool | None = None
    pediatric_postmarket: bool | None = None
    us_export: bool | None = None
    fdaaa801_violation: bool | None = None
    fda_application: bool | None = None
    """Whether it runs under an IND or IDE of the FDA; asked by PRS, shown in no record."""
    post_before_approval: bool | None = None
    """Whether the registry may post the record before a device is approved; asked by PRS."""


@dataclass(frozen=True, slots=True)
class FdaApplication:
    """The IND or IDE under which the trial runs: the FDA's center (CDER, CBER, CDRH), number."""

    center: str | None = None
    number: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class EthicsReview:
    """What a review board said of the trial (PRS: irb_info; item 21 of WHO's data set)."""

    status: str | None = None
    number: str | None = None
    board: str | None = None
    affiliation: str | None = None
    phone: str | None = None
    phone_ext: str | None = None
    email: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ExpandedAccess:
    """Whether the treatment is to be had outside of the trial, and the record that tells."""

    available: bool | None = None
    nct_id: str | None = None
    status: str | None = None
    individual: bool | None = None
    intermediate: bool | None = None
    treatment: bool | None = None
    patients: float | None = None
    """Of an expanded access record: patients to whom it was given."""


@dataclass(frozen=True, slots=True)
class Posting:
    """When the record was submitted to the registry and posted by it (dates of days)."""

    first_submitted: str | None = None
    first_submitted_qc: str | None = None
    first_posted: StudyDate | None = None
    results_first_submitted: str | None = None
    results_first_submitted_qc: str | None = None
    results_first_posted: StudyDate | None = None
    disposition_first_submitted: str | None = None
    disposition_first_submitted_qc: str | None = None
    disposition_first_posted: StudyDate | None = None
    last_update_submitted: str | None = None
    last_update_posted: StudyDate | None = None


@dataclass(frozen=True, slots=True)
class Biospecimen:
    """What is kept of samples in an observational study."""

    retention: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Official:
    """Who is responsible for the trial as a whole."""

    name: str
    affiliation: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place as a registry shows it: `country` in the registry's words.

    A `Site` is the same place as the data know it, by SITEID.
    """

    facility: str | None = None
    status: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    contacts: tuple[Contact, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Retraction:
    """A notice that takes a publication back."""

    pmid: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication."""

    citation: str | None = None
    pmid: str | None = None
    type: str | None = None
    retractions: tuple[Retraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A page that tells more."""

    url: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class AvailableData:
    """Data or a document of the trial that can be had (API: availIpds)."""

    type: str | None = None
    id: str | None = None
    url: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class DataSharing:
    """Whether and how the data of single participants are shared (API: ipdSharingStatement)."""

    sharing: str | None = None
    description: str | None = None
    information: tuple[str, ...] = ()
    time_frame: str | None = None
    access: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Undefined:
    """A member of a registry's record that the registry's definition does not have.

    `path` leads to it, with places in lists as digits; `value` is its JSON. Nobody knows what it
    means, so it is written into the same record again and nowhere else.
    """

    path: tuple[str, ...]
    value: str

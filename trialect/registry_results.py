"""What a registry's record tells of a trial's results, as far as a Study holds it.

Who took part and how far (API: participantFlowModule), who died or had adverse events, counted by
group (adverseEventsModule), and what is said around results (moreInfoModule). Numbers of the flow
are texts, as the API has them. Baseline and outcome measures are no facts of a Study.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlowGroup:
    """A group of the participant flow; `id` is what counts name it by (`FG000`)."""

    id: str | None = None
    title: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class FlowCount:
    """How many of a group reached a milestone or left (API: achievements, reasons)."""

    group: str | None = None
    subjects: str | None = None
    units: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A milestone (STARTED, COMPLETED, ...) or a reason to leave, with a count for each group."""

    type: str | None = None
    comment: str | None = None
    counts: tuple[FlowCount, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowPeriod:
    """A stage of the trial; withdrawals are the API's dropWithdraws."""

    title: str | None = None
    milestones: tuple[FlowStep, ...] = ()
    withdrawals: tuple[FlowStep, ...] = ()


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Of a group, how many died, or had serious or other adverse events, and of how many."""

    id: str | None = None
    title: str | None = None
    description: str | None = None
    deaths: int | None = None
    deaths_at_risk: int | None = None
    serious: int | None = None
    serious_at_risk: int | None = None
    other: int | None = None
    other_at_risk: int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What binds investigators in telling of results (API: certainAgreement)."""

    sponsor_employee: bool | None = None
    """Whether all principal investigators are employed by the sponsor."""
    restrictive: bool | None = None
    restriction: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class ResultsContact:
    """Whom to ask about the results (API: pointOfContact); `title` is a name or a title."""

    title: str | None = None
    organization: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_ext: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What the record tells of the results."""

    pre_assignment: str | None = None
    recruitment: str | None = None
    units: str | None = None
    """What is counted beside participants, as `Eyes`."""
    groups: tuple[FlowGroup, ...] = ()
    periods: tuple[FlowPeriod, ...] = ()
    event_time_frame: str | None = None
    event_threshold: str | None = None
    """From how many in a hundred on other events are listed."""
    event_description: str | None = None
    mortality_comment: str | None = None
    event_groups: tuple[EventGroup, ...] = ()
    limitations: str | None = None
    agreement: Agreement | None = None
    contact: ResultsContact | None = None

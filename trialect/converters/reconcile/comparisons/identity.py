"""What the trial is called and who leads it."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import Row, Sides, Value, comparison, weigh
from trialect.converters.reconcile.comparisons.sides import (
    both,
    named,
    of_record,
    parameter,
    text,
)
from trialect.trial import Study

THEME = "Identity"


@comparison(
    "RECONCILE-IDENTIFIER",
    THEME,
    "error",
    "The trial is known under different identifiers",
    "Check that record, study file and package are of the same trial, and correct the identifier.",
    "ClinicalTrials.gov, Unique Protocol Identification Number, Secondary IDs; SDTMIG 3.4, STUDYID",
)
def identifiers(sides: Sides) -> Iterator[Row]:
    """The identifiers in registries, each by its registry, and the sponsor's own."""
    data = sides.data
    registered = set(data.summary.get("REGID", ()))
    registries = {one.registry for one in sides.study.registrations}
    if sides.record is not None:
        registries |= {one.registry for one in sides.record.registrations}
    for registry in sorted(registries):
        ids = {
            side: study.registration(registry)
            for side, study in (("registry", sides.record), ("study", sides.study))
            if study is not None
        }
        known = [one for one in ids.values() if one]
        # TS names no registry that could be relied on: of its identifiers those that fit count.
        kept = next((one for one in known if one in registered), None)
        if kept is None and registry == "ClinicalTrials.gov":
            kept = next((one for one in sorted(registered) if one.startswith("NCT")), None)
        values = {side: Value(one, one.upper()) for side, one in ids.items() if one}
        yield from weigh(
            registry,
            registry=values.get("registry"),
            study=values.get("study"),
            data=Value(kept, kept.upper()) if kept else None,
            expected=[*both(sides), *(["data"] if data.has("TS") else [])],
            field="registrations",
            domain="TS",
        )
    yield from weigh(
        "Protocol identifier",
        registry=of_record(sides, _protocol_id),
        study=_protocol_id(sides.study),
        data=_value(", ".join(data.studyids)),
        same=lambda one, other: str(one).casefold() == str(other).casefold(),
        field="studyid",
        domain="DM",
        variable="STUDYID",
    )


@comparison(
    "RECONCILE-SECONDARY-ID",
    THEME,
    "warning",
    "A secondary identifier is not on both sides",
    "Add the identifier where it is missing.",
    "ClinicalTrials.gov, Secondary IDs",
)
def secondary_ids(sides: Sides) -> Iterator[Row]:
    """Identifiers of grants and other registries, one by one."""
    yield from named(
        "Secondary identifier",
        sides,
        lambda study: (one.id for one in study.secondary_ids),
        field="secondary_ids",
    )


def _value(told: str) -> Value | None:
    return Value(told, told) if told else None


def _protocol_id(study: Study) -> Value | None:
    own = study.identifier.id if study.identifier is not None else None
    own = own or study.studyid
    # A record without one is called by its registry number, which no STUDYID is.
    if not own or any(own == one.id for one in study.registrations):
        return None
    return Value(own, own)


@comparison(
    "RECONCILE-TITLE",
    THEME,
    "warning",
    "The titles differ",
    "Write the title of the approved protocol everywhere.",
    "ClinicalTrials.gov, Official Title, Brief Title; SDTM CT, TSPARMCD TITLE",
)
def titles(sides: Sides) -> Iterator[Row]:
    """Official title, brief title, acronym; TS has the official one."""
    record, study = sides.record, sides.study
    title = parameter(sides, "TITLE")
    official = record.title if record is not None else None
    # A package of a trial without an official title has the brief one (TITLE is required).
    if title and not study.title and text(title) == text(study.brief_title):
        title = None
    yield from weigh(
        "Official title",
        registry=text(official),
        study=text(study.title),
        data=text(title),
        expected=both(sides),
        field="title",
        domain="TS",
    )
    for fact, field in (("Brief title", "brief_title"), ("Acronym", "acronym")):
        yield from weigh(
            fact,
            registry=text(getattr(record, field, None)),
            study=text(getattr(study, field)),
            expected=both(sides),
            field=field,
        )


@comparison(
    "RECONCILE-SPONSOR",
    THEME,
    "warning",
    "Who leads the trial differs",
    "Write the sponsor's name as the registry's account has it, or correct the record.",
    "ClinicalTrials.gov, Sponsor; SDTM CT, TSPARMCD SPONSOR",
)
def sponsors(sides: Sides) -> Iterator[Row]:
    """The sponsor's name; the collaborators by name."""
    yield from weigh(
        "Sponsor",
        registry=of_record(sides, lambda record: text(record.sponsor.name)),
        study=text(sides.study.sponsor.name),
        data=text(parameter(sides, "SPONSOR")),
        expected=both(sides),
        field="sponsor.name",
        domain="TS",
    )
    yield from named(
        "Collaborator",
        sides,
        lambda study: (one.name for one in study.collaborators),
        field="collaborators",
    )


@comparison(
    "RECONCILE-CONDITION",
    THEME,
    "warning",
    "The conditions differ",
    "Name the same conditions in the record and the study file.",
    "ClinicalTrials.gov, Primary Disease or Condition; SDTM CT, TSPARMCD INDIC",
)
def conditions(sides: Sides) -> Iterator[Row]:
    """The conditions by name; TS has them in INDIC, in words of a dictionary at times."""
    yield from named(
        "Condition",
        sides,
        lambda study: study.conditions,
        data=[one for one in sides.data.summary.get("INDIC", ()) if not one.startswith("[")],
        field="conditions",
        domain="TS",
    )

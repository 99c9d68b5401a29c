"""The dates of the trial against the first consent and the last contact; months are intervals."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, of_record, parameter
from trialect.converters.reconcile.spans import Span, of_date
from trialect.protocol import StudyDate

THEME = "Dates"
REACHED = {"ACTUAL": "actual", "ESTIMATED": "estimated", None: "actual or estimated is not said"}


def _reached(kind: str | None) -> str:
    # A record may have any word there; its reader tells which are none.
    return REACHED.get(kind) or str(kind)


def _told(date: StudyDate | None) -> Value | None:
    if date is None:
        return None
    text = f"{date.date} ({_reached(date.type)})"
    span = of_date(date.date)
    return Value(text, span) if span else Value(text, None, f"{date.date} is no date")


def _protocols(fact: str, field: str, sides: Sides, code: str | None = None) -> Iterator[Row]:
    """A date of the record against that of the study file, and what TS has of it."""
    summary = parameter(sides, code) if code else None
    span = of_date(summary)
    yield from weigh(
        fact,
        registry=of_record(sides, lambda record: _told(getattr(record, field))),
        study=_told(getattr(sides.study, field)),
        data=Value(f"{summary} (TS {code})", span) if span else None,
        same=lambda one, other: one.meets(other),
        expected=both(sides),
        field=field,
        domain="TS" if code else None,
    )


@comparison(
    "RECONCILE-DATE",
    THEME,
    "warning",
    "A date of the trial differs",
    "Write the same date in the record and the study file; convert again where TS differs.",
    "ClinicalTrials.gov, Study Start Date, Primary Completion Date, Study Completion Date; "
    "SDTM CT, TSPARMCD SSTDTC, SENDTC",
)
def protocol_dates(sides: Sides) -> Iterator[Row]:
    """Start, primary completion and completion of record, study file and TS."""
    yield from _protocols("Start", "start", sides, "SSTDTC")
    yield from _protocols("Primary completion", "primary_completion", sides)
    yield from _protocols("Completion", "completion", sides, "SENDTC")
    for fact, field in (("Start", "start"), ("Completion", "completion")):
        types = {
            side: date.type
            for side, study in (("registry", sides.record), ("study", sides.study))
            if study is not None and (date := getattr(study, field)) is not None and date.type
        }
        if len(types) == 2:
            yield from weigh(
                f"{fact}: actual or estimated",
                registry=_type(types["registry"]),
                study=_type(types["study"]),
                field=f"{field}.type",
            )


def _type(kind: str | None) -> Value | None:
    return Value(_reached(kind), kind) if kind else None


@comparison(
    "RECONCILE-CONSENT-BEFORE-START",
    THEME,
    "error",
    "A subject consented before the trial began",
    "Correct the start to the day of the first consent, or the consent (RFICDTC).",
    "ClinicalTrials.gov, Study Start Date (actual: the day the first participant was enrolled); "
    "SDTMIG 3.4, DM RFICDTC",
)
def before_start(sides: Sides) -> Iterator[Row]:
    """The first consent of an enrolled subject against an actual start."""
    yield from _start(sides, "ACTUAL", "the first consent lies before the actual start of {sides}")


@comparison(
    "RECONCILE-START",
    THEME,
    "warning",
    "The start of the trial is not the day of the first consent",
    "Set the start to the day on which the first subject was enrolled, as ACTUAL.",
    "ClinicalTrials.gov, Study Start Date; 42 CFR 11.64(a)(1)(ii)",
)
def start(sides: Sides) -> Iterator[Row]:
    """The first consent against an estimated start, and an actual one that lies before it."""
    yield from _start(sides, "ESTIMATED", "the first consent is not on the start of {sides}")


def _start(sides: Sides, rule_of: str, why: str) -> Iterator[Row]:
    first = sides.data.first_consent
    record = sides.record
    dates = {"registry": record.start if record else None, "study": sides.study.start}
    if not any(dates.values()):
        return
    odd: list[str] = []
    reason = ""
    concerned = 0
    for side, date in dates.items():
        span = of_date(date.date) if date else None
        if date is None or span is None or first is None:
            continue
        early = first.before(span)
        as_error = date.type == "ACTUAL" and (early or first.meets(span))
        if (rule_of == "ACTUAL") != as_error:
            continue
        concerned += 1
        if not first.meets(span):
            odd.append(side)
    if first is None:
        if rule_of == "ACTUAL":
            return
        agreement, reason = Agreement.MISSING, "the package has no consents (RFICDTC)"
    elif not concerned:
        return
    elif odd:
        agreement, reason = Agreement.DIFFER, why.format(sides=sides_named(odd))
    else:
        agreement = Agreement.AGREE
    yield Row(
        "Start and first consent",
        registry=_text(dates["registry"]),
        study=_text(dates["study"]),
        data=f"first consent {first}" if first else None,
        agreement=agreement,
        why=reason,
        field="start",
        domain="DM",
        variable="RFICDTC",
        odd=tuple(odd),
    )


def _text(date: StudyDate | None) -> str | None:
    told = _told(date)
    return told.text if told else None


@comparison(
    "RECONCILE-COMPLETION",
    THEME,
    "warning",
    "The completion of the trial does not fit the last contact with a subject",
    "Set the completion to the last subject's last visit (ACTUAL), or move the estimated one.",
    "ClinicalTrials.gov, Study Completion Date (actual: the last participant's last visit); "
    "SDTMIG 3.4, DM RFPENDTC",
)
def completion(sides: Sides) -> Iterator[Row]:
    """The last contact (RFPENDTC) against the completion.

    An actual completion is that day; an estimated one may lie behind it, not before it.
    """
    yield from _ending(sides, "Completion and last contact", "completion", exact=True)


@comparison(
    "RECONCILE-PRIMARY-COMPLETION",
    THEME,
    "warning",
    "The primary completion lies behind the last contact with a subject",
    "Set the primary completion to the day on which the last primary outcome was measured.",
    "ClinicalTrials.gov, Primary Completion Date; SDTMIG 3.4, DM RFPENDTC",
)
def primary_completion(sides: Sides) -> Iterator[Row]:
    """An actual primary completion at a time when nobody was left in the trial."""
    field = "primary_completion"
    yield from _ending(sides, "Primary completion and last contact", field, exact=False)


def _ending(sides: Sides, fact: str, field: str, *, exact: bool) -> Iterator[Row]:
    last = sides.data.last_contact
    studies = {"registry": sides.record, "study": sides.study}
    dates = {side: getattr(study, field) for side, study in studies.items() if study is not None}
    if not any(dates.values()):
        return
    reasons: dict[str, str] = {}
    for side, date in dates.items():
        span = of_date(date.date) if date else None
        if span is None or last is None:
            continue
        if reason := _misfit(date.type, span, last, exact=exact):
            reasons[side] = f"{reason} of {NAMES[side]}"
    if last is None:
        agreement, why = Agreement.MISSING, "the package has no ends of participation (RFPENDTC)"
    elif reasons:
        agreement, why = Agreement.DIFFER, "; ".join(reasons.values())
    else:
        agreement, why = Agreement.AGREE, ""
    yield Row(
        fact,
        registry=_text(dates.get("registry")),
        study=_text(dates.get("study")),
        data=f"last contact {last}" if last else None,
        agreement=agreement,
        why=why,
        field=field,
        domain="DM",
        variable="RFPENDTC",
        odd=tuple(reasons),
    )


def _misfit(type_: str | None, date: Span, last: Span, *, exact: bool) -> str:
    """What is wrong between an ending and the last contact, in words; empty where nothing is."""
    if exact:
        if type_ == "ACTUAL" and not date.meets(last):
            return "the last contact is not on the actual completion"
        if type_ != "ACTUAL" and date.before(last):
            return "the last contact lies behind the completion"
        return ""
    if type_ == "ACTUAL" and last.before(date):
        return "the last contact lies before the actual primary completion"
    return ""

"""Dates, status and enrollment of a PRS record against each other."""

from __future__ import annotations

from trialect.problems import rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.forms import is_date
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs_facts import STOPPED

DATE_ORDER = rule(
    "PRS-DATE-ORDER",
    "error",
    "A date lies before one that it follows",
    "{name} is {value}, before {before} ({earlier}).",
    "Correct the dates: start, primary completion and study completion follow each other.",
    "PRS definitions 2",
)
ACTUAL_LATER = rule(
    "PRS-ACTUAL-LATER",
    "warning",
    "An actual date lies after the record was verified",
    "{name} is {value} and actual, and the record was verified in {verified}.",
    "Correct the date or its type, or verify the record again.",
    "PRS definitions 2, Record Verification Date",
)
ANTICIPATED_PAST = rule(
    "PRS-ANTICIPATED-PAST",
    "warning",
    "An anticipated date lies before the record was verified",
    "{name} is {value} and anticipated, and the record was verified in {verified}, after it.",
    "Say the actual date once it is reached, or the date that is expected now.",
    "42 CFR 11.10(b), Primary Completion Date; PRS definitions 2",
)
DATE_TYPES = rule(
    "PRS-DATE-TYPES",
    "warning",
    "A date is actual, and one before it is anticipated",
    "{name} is actual, and {before}, which comes before it, is anticipated.",
    "Correct one of the types.",
    "PRS definitions 2",
)
ENROLLMENT_ACTUAL = rule(
    "PRS-ENROLLMENT-ACTUAL",
    "warning",
    "The primary completion is reached, and the enrollment is anticipated",
    "primary_compl_date is actual, and the enrollment is {number} (Anticipated).",
    "Say the actual number of participants.",
    "42 CFR 11.10(b), Enrollment",
)
STATUS_DATE = rule(
    "PRS-STATUS-DATE",
    "warning",
    "The type of a date does not fit the status",
    "The status is {value}, and {name} is {type}.",
    "Correct the status, or the date and its type.",
    "PRS definitions 2, Overall Recruitment Status",
)
STATUS_ENROLLMENT = rule(
    "PRS-STATUS-ENROLLMENT",
    "warning",
    "The enrollment does not fit the status",
    "The status is {value}, and the enrollment is {number} ({type}).",
    "A withdrawn study enrolled nobody; of one that ended the actual number is asked.",
    "PRS definitions 2 and 7, Enrollment",
)
NO_SITE_RECRUITS = rule(
    "PRS-NO-SITE-RECRUITS",
    "warning",
    "The study recruits, and none of its locations does",
    "The overall status is Recruiting, and of {count} locations with a status none is Recruiting.",
    "Correct the status of the study or of a location.",
    "PRS definitions 2, Overall Recruitment Status: it follows from the locations",
)
SITE_STATUS = rule(
    "PRS-SITE-STATUS",
    "warning",
    "A location recruits, and the study does not",
    "{value} is Recruiting, and the overall status is {status}: as long as one location recruits, "
    "the study does.",
    "Correct the status of the location or of the study.",
    "PRS definitions 2, Overall Recruitment Status",
)

DATES = ("start_date", "primary_compl_date", "last_follow_up_date")
_BEGAN = ("Active, not recruiting", "Completed", "Terminated")
_ENDED = ("Completed", "Terminated")


def check_dates(study: Node, where: Where, asked: Asked) -> None:
    """The order of dates, and whether their types and the enrollment fit the status."""
    said = {one.name: one.text.strip() for one in study.parts or () if one.parts is None}
    dates = {name: said[name] for name in DATES if is_date(said.get(name, ""))}
    earlier = ""
    for name in DATES:
        date = dates.get(name)
        if date is None:
            continue
        if earlier:
            before = dates[earlier]
            common = min(len(date), len(before))
            if date[:common] < before[:common]:
                at = step(where, name)
                asked.tell(
                    DATE_ORDER, study, at, name=name, value=date, before=earlier, earlier=before
                )
        earlier = name
    status = said.get("overall_status", "")
    verified = said.get("verification_date", "")
    types = {name: said.get(f"{name}_type", "") for name in DATES}
    for name, date in dates.items():
        if types[name] == "Actual" and len(verified) == 7 and date[:7] > verified:
            at = step(where, name)
            asked.tell(ACTUAL_LATER, study, at, name=name, value=date, verified=verified)
        if types[name] == "Anticipated" and len(verified) == 7 and date[:7] < verified:
            at = step(where, name)
            asked.tell(ANTICIPATED_PAST, study, at, name=name, value=date, verified=verified)
    _types(types, where, study, asked)
    for name, wrong in _wrong_types(status):
        if types[name] == wrong:
            at = step(where, f"{name}_type")
            asked.tell(STATUS_DATE, study, at, name=name, value=status, type=wrong)
    _enrollment(said, status, where, study, asked)


def _types(types: dict[str, str], where: Where, study: Node, asked: Asked) -> None:
    for place, name in enumerate(DATES):
        if types[name] == "Actual":
            for before in DATES[:place]:
                if types[before] == "Anticipated":
                    at = step(where, f"{before}_type")
                    asked.tell(DATE_TYPES, study, at, name=name, before=before)


def _wrong_types(status: str) -> list[tuple[str, str]]:
    """Types of dates that cannot be at a status."""
    wrong: list[tuple[str, str]] = []
    if status == "Not yet recruiting":
        wrong += [(name, "Actual") for name in DATES]
    elif status in ("Recruiting", "Enrolling by invitation"):
        wrong += [("last_follow_up_date", "Actual")]
    if status in _BEGAN:
        wrong.append(("start_date", "Anticipated"))
    if status in _ENDED:
        wrong += [(name, "Anticipated") for name in DATES[1:]]
    return wrong


def _enrollment(said: dict[str, str], status: str, where: Where, study: Node, asked: Asked) -> None:
    number, type_ = said.get("enrollment", ""), said.get("enrollment_type", "")
    if not number.isdigit():
        return
    withdrawn = status == "Withdrawn" and (number.strip("0") or type_ == "Anticipated")
    ended = status in _ENDED and type_ == "Anticipated"
    early = status == "Not yet recruiting" and type_ == "Actual" and number.strip("0")
    none = status in _ENDED and type_ == "Actual" and not number.strip("0")
    reached = said.get("primary_compl_date_type") == "Actual" and type_ == "Anticipated"
    if reached and not ended and not withdrawn:
        asked.tell(ENROLLMENT_ACTUAL, study, step(where, "enrollment_type"), number=number)
    if withdrawn or ended or early or none:
        at = step(where, "enrollment")
        shown = type_ or "of no type"
        asked.tell(STATUS_ENROLLMENT, study, at, value=status, number=number, type=shown)


def check_sites(study: Node, where: Where, asked: Asked) -> None:
    """Whether the study recruits while one of its locations does, and only then."""
    status = study.said("overall_status")
    if status == "Recruiting":
        told = [said for one in study.all("location") if (said := one.said("status"))]
        if told and "Recruiting" not in told:
            asked.tell(NO_SITE_RECRUITS, study, step(where, "overall_status"), count=len(told))
        return
    if not status or status in STOPPED:
        return
    for number, one in enumerate(study.all("location"), 1):
        if one.said("status") == "Recruiting":
            at = step(step(where, "location", number, one.fact), "status")
            name = one.said("facility/name") or "A location"
            asked.tell(SITE_STATUS, one, at, value=name, status=status)
            return

"""What each value of study.yaml must be by itself: words of closed lists, dates, ages, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache

from trialect.converters.did_you_mean import meant
from trialect.converters.readers.study_facts import Facts
from trialect.converters.readers.study_words import WORDS
from trialect.converters.readers.typed import UNKNOWN_WORD
from trialect.problems import Problem, rule

NO_DATE = rule(
    "STUDY-DATE",
    "error",
    "A date of the study file is none",
    "{value!r} is no date that exists.",
    "Write YYYY, YYYY-MM or YYYY-MM-DD.",
    "ISO 8601",
)
NO_FORMAT = rule(
    "STUDY-DATE-FORMAT",
    "error",
    "The date format of the records is none",
    "{value!r} is no format of dates: {reason}.",
    "Write it with yyyy, mm or mon, and dd, as in dd.mm.yyyy; docs/mapping.md says how.",
)
NO_STAMP = rule(
    "STUDY-STAMP",
    "error",
    "The stamp of the study file is no date and time",
    "{value!r} is no date and time in UTC.",
    "Write it as 2026-01-31T12:00:00Z.",
    "ISO 8601",
)
NO_AGE = rule(
    "STUDY-AGE",
    "error",
    "An age of the study file is none",
    "{value!r} is no age.",
    "Write a whole number and Years, Months, Weeks, Days, Hours or Minutes, as in `18 Years`.",
    "ClinicalTrials.gov API v2, NormalizedTime",
)
NO_ZONE = rule(
    "STUDY-TIMEZONE",
    "error",
    "The time zone of a site is not known",
    "{value!r} is no time zone.{meant}",
    "Write a name of the IANA time zone database, as in Europe/Istanbul.",
)
DAY_ZERO = rule(
    "STUDY-DAY-ZERO",
    "error",
    "A planned visit is on day 0",
    "there is no study day 0: the day before day 1 is day -1.",
    "Write the planned study day without a day 0.",
    "SDTMIG 3.4, 4.4.4",
)
OUT_OF_RANGE = rule(
    "STUDY-RANGE",
    "error",
    "A number of the study file is out of its range",
    "{value} is not within {low} to {high}.",
    "Write a number within it.",
)
NO_ENCODING = rule(
    "STUDY-ENCODING",
    "error",
    "A declared encoding is not known",
    "{value!r} is no text encoding.",
    "Write utf-8, utf-16, cp1252, cp1254, iso8859-9 or another name that Python knows.",
)
NO_URL = rule(
    "STUDY-URL",
    "error",
    "The base of the FHIR resources is no URL",
    "{value!r} is no http(s) URL.",
    "Write one, as in https://example.org/trials/ID, without a slash at its end.",
)
NOT_ASCII = rule(
    "STUDY-TRANSLITERATION",
    "error",
    "A transliteration is not ASCII",
    "{value!r} is replaced by {by!r}, which is not ASCII either.",
    "Write the replacement in ASCII.",
)

_DATES = (
    "start.date",
    "primary_completion.date",
    "completion.date",
    "verified",
    *(
        f"posting.{event}{step}"
        for event in ("first", "results_first", "disposition_first", "last_update")
        for step in ("_submitted", "_submitted_qc", "_posted.date")
    ),
)
_AGE = re.compile(r"[0-9]+ (Years?|Months?|Weeks?|Days?|Hours?|Minutes?)")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?(?<!/)")


def words(facts: Facts) -> Iterator[Problem]:
    """Words of closed lists."""
    for pattern, known in WORDS.items():
        for path, text in facts.values(pattern):
            if text not in known:
                yield facts.problem(
                    UNKNOWN_WORD, path, value=text, meant=meant(text, known), known=", ".join(known)
                )


def dates(facts: Facts) -> Iterator[Problem]:
    """Dates that exist, as complete as they are known; the stamp in UTC."""
    for pattern in _DATES:
        for path, text in facts.values(pattern):
            if not is_date(text):
                yield facts.problem(NO_DATE, path, value=text)
    stamp = facts.study.sdtm.stamp
    if stamp is not None and not _is_stamp(stamp):
        yield facts.problem(NO_STAMP, "sdtm.stamp", value=stamp)


def date_formats(facts: Facts) -> Iterator[Problem]:
    """How the exports write dates."""
    from trialect.mappings.dates import DateFormatError, check_format

    for path, text in facts.values("records.date_format"):
        try:
            check_format(text)
        except DateFormatError as error:
            yield facts.problem(NO_FORMAT, path, value=text, reason=error)


def is_date(text: str) -> bool:
    """Whether a text is a date YYYY, YYYY-MM or YYYY-MM-DD that exists."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _is_stamp(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def ages(facts: Facts) -> Iterator[Problem]:
    """Ages as ClinicalTrials.gov writes them."""
    for pattern in ("eligibility.minimum_age", "eligibility.maximum_age", "design.target_duration"):
        for path, text in facts.values(pattern):
            if not _AGE.fullmatch(text):
                yield facts.problem(NO_AGE, path, value=text)


def days(facts: Facts) -> Iterator[Problem]:
    """No planned day 0."""
    for place, visit in enumerate(facts.study.visits):
        if visit.day == 0:
            yield facts.problem(DAY_ZERO, f"visits.{place}.day", value=0)


def zones(facts: Facts) -> Iterator[Problem]:
    """Time zones of the sites."""
    for path, text in facts.values("sites.*.timezone"):
        if text not in _zones():
            yield facts.problem(NO_ZONE, path, value=text, meant=meant(text, sorted(_zones())))


@cache
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def numbers(facts: Facts) -> Iterator[Problem]:
    """Numbers that have a range."""
    study = facts.study
    limits: list[tuple[str, int | None, int, int]] = [
        ("enrolment.planned", study.enrolment.planned, 0, 10**9),
        ("enrolment.actual", study.enrolment.actual, 0, 10**9),
        ("enrolment.count", study.enrolment.count, 0, 10**9),
        ("sdtm.split_bytes", study.sdtm.split_bytes, 10**4, 10**15),
        ("fhir.bundle_subjects", study.fhir.bundle_subjects, 1, 10**6),
        ("fhir.bundle_bytes", study.fhir.bundle_bytes, 10**4, 10**12),
        *((f"sdtm.lengths.{name}", size, 1, 200) for name, size in study.sdtm.lengths.items()),
    ]
    for path, number, low, high in limits:
        if number is not None and not low <= number <= high:
            yield facts.problem(OUT_OF_RANGE, path, value=number, low=low, high=high)


def encodings(facts: Facts) -> Iterator[Problem]:
    """Encodings that can be read."""
    from trialect.converters.readers.text import is_encoding

    for path, text in facts.values("records.forms.*.encoding"):
        if not is_encoding(text):
            yield facts.problem(NO_ENCODING, path, value=text)


def urls(facts: Facts) -> Iterator[Problem]:
    """The base of the FHIR resources."""
    base = facts.study.fhir.base
    if base and not _URL.fullmatch(base):
        yield facts.problem(NO_URL, "fhir.base", value=base)


def transliterations(facts: Facts) -> Iterator[Problem]:
    """Replacements for what ASCII has not."""
    for sign, by in facts.study.sdtm.transliterate.items():
        if not by.isascii():
            yield facts.problem(NOT_ASCII, f"sdtm.transliterate.{sign}", value=sign, by=by)

"""The one time that a package carries: declared, never the clock's."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trialect.problems import Problem, Unusable, rule

if TYPE_CHECKING:
    from trialect.trial import Study

EPOCH = datetime(1960, 1, 1)
"""SAS's day zero; stands where no stamp is declared, so that the bytes stay the same."""

STAMP_MISSING = rule(
    "STUDY-STAMP-MISSING",
    "warning",
    "The files carry no true creation time",
    "Neither sdtm.stamp in study.yaml nor SOURCE_DATE_EPOCH says when the files were made; they "
    "are stamped 1960-01-01.",
    "Set sdtm.stamp, for example 2026-06-30T12:00:00.",
)
STAMP_INVALID = rule(
    "STUDY-STAMP-INVALID",
    "error",
    "The stamp is no time",
    "{field} is {value!r}.",
    "sdtm.stamp is an ISO 8601 time such as 2026-06-30T12:00:00; SOURCE_DATE_EPOCH is seconds "
    "since 1970.",
)


def stamp_of(study: Study) -> datetime:
    """The creation time of the package (UTC, without zone): sdtm.stamp, SOURCE_DATE_EPOCH, or
    1960-01-01.

    Raises `Unusable` when either is set to something that is no time.
    """
    if study.sdtm.stamp:
        try:
            stamp = datetime.fromisoformat(study.sdtm.stamp)
        except ValueError as error:
            problem = STAMP_INVALID.problem(
                file="study.yaml", field="sdtm.stamp", value=study.sdtm.stamp
            )
            raise Unusable(problem) from error
        return stamp.astimezone(UTC).replace(tzinfo=None) if stamp.tzinfo else stamp
    return environment_stamp() or EPOCH


def environment_stamp() -> datetime | None:
    """The time that SOURCE_DATE_EPOCH says, if it is set.

    Raises `Unusable` when it is set to something that is no time.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError) as error:
        problem = STAMP_INVALID.problem(field="SOURCE_DATE_EPOCH", value=seconds)
        raise Unusable(problem) from error


def stamp_problems(study: Study) -> list[Problem]:
    """A warning when nothing declares the stamp."""
    if study.sdtm.stamp or os.environ.get("SOURCE_DATE_EPOCH"):
        return []
    return [STAMP_MISSING.problem(file="study.yaml", field="sdtm.stamp")]

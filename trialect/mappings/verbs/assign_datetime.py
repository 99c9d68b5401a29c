"""assign_datetime: an ISO 8601 date and time from one or more columns."""

from __future__ import annotations

from trialect.mappings.moments import to_iso
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("assign_datetime", (1, 6), COLLECTED, codelist="optional", format="optional")


def fill(call: Call) -> Filled:
    """The date and time, as complete as their sources."""
    return to_iso(call)

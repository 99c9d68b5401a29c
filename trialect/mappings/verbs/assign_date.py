"""assign_date: an ISO 8601 date from one column or from its parts."""

from __future__ import annotations

from trialect.mappings.moments import to_iso
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("assign_date", (1, 3), COLLECTED, codelist="optional", format="optional")


def fill(call: Call) -> Filled:
    """The date, as complete as its source."""
    return to_iso(call)

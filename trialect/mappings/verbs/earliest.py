"""earliest: the earliest date in the rows of another form."""

from __future__ import annotations

from trialect.mappings.lookup import dated
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("earliest", (1, 1), COLLECTED, codelist="optional", format="optional", looks=True)


def fill(call: Call) -> Filled:
    """The earliest date, as complete as its source; undecided between partial dates, a problem."""
    return dated(call, latest=False)

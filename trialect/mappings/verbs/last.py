"""last: the value of the last row of another form."""

from __future__ import annotations

from trialect.mappings.lookup import ordered
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("last", (1, 1), COLLECTED, value="optional", looks=True)


def fill(call: Call) -> Filled:
    """The value in the last row, in the order of the form or of the expression in `value`."""
    return ordered(call, last=True)

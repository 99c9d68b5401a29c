"""first: the value of the first row of another form."""

from __future__ import annotations

from trialect.mappings.lookup import ordered
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("first", (1, 1), COLLECTED, value="optional", looks=True)


def fill(call: Call) -> Filled:
    """The value in the first row, in the order of the form or of the expression in `value`."""
    return ordered(call, last=False)

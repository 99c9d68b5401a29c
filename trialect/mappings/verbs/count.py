"""count: how many rows of another form hold a value."""

from __future__ import annotations

from trialect.mappings.lookup import counted
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import DERIVED, Verb

VERB = Verb("count", (1, 1), DERIVED, looks=True, method="The number of values of {source}")


def fill(call: Call) -> Filled:
    """The number of rows that fit and hold a value; 0 where none does."""
    return counted(call)

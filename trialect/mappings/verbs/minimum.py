"""minimum: the minimum of numbers in the rows of another form."""

from __future__ import annotations

from trialect.mappings.lookup import reckoned
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import DERIVED, Verb

VERB = Verb("minimum", (1, 1), DERIVED, looks=True, method="The minimum of {source}")


def fill(call: Call) -> Filled:
    """The minimum over the rows that fit; null where none does."""
    return reckoned(call, "minimum")

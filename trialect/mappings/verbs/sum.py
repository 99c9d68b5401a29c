"""sum: the sum of numbers in the rows of another form."""

from __future__ import annotations

from trialect.mappings.lookup import reckoned
from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import DERIVED, Verb

VERB = Verb("sum", (1, 1), DERIVED, looks=True, method="The sum of {source}")


def fill(call: Call) -> Filled:
    """The sum over the rows that fit; null where none does."""
    return reckoned(call, "sum")

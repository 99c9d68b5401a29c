"""not_submitted: columns that are left out on purpose."""

from __future__ import annotations

from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import ASSIGNED, Verb

VERB = Verb("not_submitted", (1, None), ASSIGNED, value="required", target="none")


def fill(call: Call) -> Filled:  # noqa: ARG001 # every verb is called alike
    """Nothing: the line only says why the columns are not there."""
    return Filled({})

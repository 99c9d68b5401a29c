"""hardcode_ct: one term for every record, held against its codelist."""

from __future__ import annotations

from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs import hardcode
from trialect.mappings.verbs.verb import ASSIGNED, Verb

VERB = Verb("hardcode_ct", (0, 0), ASSIGNED, value="required", codelist="optional")


def fill(call: Call) -> Filled:
    """The term; that it is one was checked when the table was read."""
    return hardcode.fill(call)

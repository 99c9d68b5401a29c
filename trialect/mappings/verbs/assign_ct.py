"""assign_ct: the term that a column's text means."""

from __future__ import annotations

from trialect.mappings.terms import to_terms
from trialect.mappings.values import Call, Filled, texts
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("assign_ct", (1, 1), COLLECTED, codelist="optional")


def fill(call: Call) -> Filled:
    """The term by the study's codelist, then by CDISC's; an unknown text is kept and a problem."""
    values, rows, problems = texts(call, call.line.source[0])
    terms, more = to_terms(call, values)
    if call.is_number:
        from trialect.mappings.numbers import to_numbers

        terms, numbers = to_numbers(call, terms)
        more += numbers
    target = call.line.target
    return Filled({target: terms}, problems + more, {} if rows is None else {target: rows})

"""What is odd in a ClinicalTrials.gov record, as problems, and the values that it costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from trialect.mappings.registry.ctgov_odds import Odd, Odds, count_leaves, number_of_leaves
from trialect.problems import Problem, Rule, rule

_API = "ClinicalTrials.gov API v2 (https://clinicaltrials.gov/data-api/api)"

NO_RECORD = rule(
    "CTGOV-NO-RECORD",
    "error",
    "A record is no record of the API v2",
    "A record has an object `protocolSection` that names the trial; {found}.",
    "Download the record again, as JSON of the API v2.",
    _API,
)
TYPE = rule(
    "CTGOV-TYPE",
    "error",
    "A value of a record is of the wrong type",
    "{found} stands where {expected} belongs; it is not taken, the rest of the record is.",
    "Mend the record, or download it again.",
    _API,
)
FORM = rule(
    "CTGOV-FORM",
    "error",
    "A value of a record is not in the form it must have",
    "{found} is not {expected}; it is not taken, the rest of the record is.",
    "Mend the record, or download it again.",
    _API,
)
WORD = rule(
    "CTGOV-WORD",
    "warning",
    "A word of a record is not in its enumeration",
    "{found} is not {expected}.{fate}",
    "Say what it means with a word of the list, or look whether the API has a newer one.",
    _API,
)
UNKNOWN = rule(
    "CTGOV-UNKNOWN",
    "warning",
    "A record has a member that the API does not define",
    "The API does not define this member; its values ({count}) are {fate}.",
    "Remove it; where the API has it by now, tell the project.",
    _API,
)
EMPTY = rule(
    "CTGOV-EMPTY",
    "note",
    "A text of a record is empty",
    "The text is empty, which says nothing; it is not taken.",
)
ALONE = rule(
    "CTGOV-ALONE",
    "warning",
    "A value of a record lacks what it belongs to",
    "{found} says nothing without {expected}; it is not taken.",
    "Give what is missing.",
    _API,
)
ABSENT = rule(
    "CTGOV-ABSENT",
    "warning",
    "A record lacks what every record has",
    "The record does not have this, which every record of the registry has.",
    "Download the record again; otherwise what is written of it lacks this too.",
)
SECOND = rule(
    "CTGOV-SECOND-MODEL",
    "warning",
    "A record has the models of two types of study",
    "{found} is the model of the other type of study; it is not taken.",
    "Leave the model that fits the type of the study.",
    _API,
)
REFERENCE = rule(
    "CTGOV-REFERENCE",
    "warning",
    "A record names what it does not have",
    "{found} is none of the record's {expected}; it is kept as it stands.",
    "Write it as the type and the name of the intervention, as in `Drug: Aspirin`.",
)
CODES = rule(
    "CTGOV-ARM-CODES",
    "note",
    "Arms get codes by their place",
    "SDTM needs a code of each arm (ARMCD), which a record has not: {codes} by their place.",
    "Where data has codes of its own, give them in a study.yaml.",
    "SDTMIG 3.4, 7.2.1: ARMCD",
)
CHARACTER = rule(
    "CTGOV-CHARACTER",
    "error",
    "A text of a record holds a character that no text may have",
    "The text holds {found}, which neither XML nor FHIR can hold; U+FFFD stands in its place.",
    "Remove it from the text.",
    "XML 1.0, 2.2; http://hl7.org/fhir/R4/datatypes.html#string",
)
MORE = rule(
    "CTGOV-MORE",
    "error",
    "A record has more that is wrong than is told",
    "{count} further findings of the record are not told one by one.",
    "Mend what is told, and convert again.",
)
RULES_OF: Mapping[str, Rule] = {
    "type": TYPE,
    "form": FORM,
    "range": FORM,
    "word": WORD,
    "unknown": UNKNOWN,
    "empty": EMPTY,
    "alone": ALONE,
    "absent": ABSENT,
    "second": SECOND,
    "reference": REFERENCE,
    "codes": CODES,
    "character": CHARACTER,
}

MOST = 200
"""Findings of one record that are told; where everything is wrong the rest is counted."""
_PLACE = re.compile(r"\[[0-9]+\]")
_LONGEST = 60
_KEPT = "kept for the record alone, and no other file says them"


def told(
    odds: Odds, left: MutableMapping[str, int], trial: str | None, where: Mapping[str, Any]
) -> Iterator[Problem]:
    """The problems of what is odd; the values that are not taken are counted in `left`."""
    for number, odd in enumerate(odds):
        path = odd.path[1:]
        count = 0
        if not odd.kept and odd.value is not None:
            count = number_of_leaves(odd.value)
            count_leaves(odd.value, _PLACE.sub("[]", path), left)
        if number < MOST:
            yield _problem(odd, path, count, trial, where)
    if len(odds) > MOST:
        yield MORE.problem(count=len(odds) - MOST, trial=trial, **where)


def _problem(
    odd: Odd, path: str, count: int, trial: str | None, where: Mapping[str, Any]
) -> Problem:
    given: dict[str, Any] = {"path": shortened(path, 300), "trial": trial, **where}
    if odd.finding == "codes":
        codes = "A1" if odd.value == 1 else f"A1 to A{odd.value}"
        return CODES.problem(codes=codes, field="arms.*.code", **{**given, "path": None})
    if odd.finding == "character":
        from trialect.mappings.registry.ctgov_characters import characters

        return CHARACTER.problem(found=characters(str(odd.value)), **given)
    if odd.finding == "word":
        given["fate"] = " It is kept as it stands." if odd.kept else " It is not taken."
    if odd.finding == "unknown":
        given["fate"] = _KEPT if odd.kept else "not taken"
        count = number_of_leaves(odd.value)
    value = None if isinstance(odd.value, dict | list) else odd.value
    if value is not None:
        given["value"] = shortened(str(value), 300)
    return RULES_OF[odd.finding].problem(
        found=described(odd.value), expected=odd.expected, count=count, **given
    )


def described(value: object) -> str:
    """A JSON value in a few words."""
    if isinstance(value, str):
        return f"the text {shortened(value, _LONGEST)!r}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shortened(str(value), _LONGEST)}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "null" if value is None else "an object"


def shortened(text: str, longest: int) -> str:
    """A text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"

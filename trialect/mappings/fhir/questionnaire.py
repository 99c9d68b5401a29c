"""The instruments in use (QSCAT) as Questionnaires, made of the questions that the records show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from trialect.mappings.fhir.observation import codings_of_test
from trialect.mappings.fhir.protocol import Item, Protocol, Resource
from trialect.mappings.fhir.terms import ncit
from trialect.problems import rule

TYPE = "Questionnaire"

QSCAT = "C100129"
"""Codelist of SDTM CT."""

PAIN_NOW = "72514-3"
"""LOINC: the rating of the pain at this moment, from 0 to 10."""

PAIN_CODE = rule(
    "FHIR-PAIN-CODE",
    "warning",
    "A code for the pain now on a rating of a period",
    "LOINC 72514-3 is the rating of the pain now; {value} asks about a period.",
    "Give the item no LOINC code, or that of the question asked, in items.csv.",
    "LOINC 72514-3",
)
MIXED = rule(
    "FHIR-MIXED-ANSWERS",
    "warning",
    "Numbers and texts answer the same question",
    "{value} of {instrument} is answered with numbers and with texts; the Questionnaire calls it"
    " text, its numeric answers stay numbers.",
    "Map the texts to another item, or the numbers to texts.",
    "http://hl7.org/fhir/R4/questionnaireresponse.html#notes",
)


def resources(protocol: Protocol) -> Iterator[Resource]:
    """A Questionnaire for each instrument, in the order of their names."""
    for number, (name, group) in enumerate(
        groupby(protocol.items, key=lambda item: item.instrument), start=1
    ):
        found = {**protocol.define(TYPE, name), "name": f"Instrument{number}", "title": name}
        found |= {"status": "active", "experimental": protocol.study.invented is not None}
        found["subjectType"] = ["Patient"]
        if codes := ncit(protocol.study.sdtm.ct, QSCAT, name):
            found["code"] = codes
        found["item"] = [_item(protocol, item) for item in _unique(group)]
        yield found


def _unique(items: Iterator[Item]) -> Iterator[Item]:
    """Each --TESTCD once: two names for one code are a finding of the SDTM checks (FB0901)."""
    seen: set[str] = set()
    for item in items:
        if item.testcd not in seen:
            seen.add(item.testcd)
            yield item


def _item(protocol: Protocol, item: Item) -> dict[str, Any]:
    if item.numeric and item.textual:
        protocol.problems.add(
            MIXED.problem(domain="QS", value=item.testcd, instrument=item.instrument)
        )
    averaged = item.interval or "average" in item.test.casefold()
    if averaged and protocol.codes.get(item.testcd, (None, None))[0] == PAIN_NOW:
        protocol.problems.add(PAIN_CODE.problem(domain="QS", value=item.testcd))
    return {
        "linkId": item.testcd,
        "code": codings_of_test(protocol, item.testcd, item.test),
        "text": item.test,
        "type": "decimal" if item.numeric and not item.textual else "string",
    }

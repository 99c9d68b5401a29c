"""Codes: the tables in codes/ and SDTM controlled terminology as FHIR codings.

A text that no table knows stays as text where FHIR allows text; where FHIR takes only its own
codes the element is left out, with a problem.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from trialect.problems import rule
from trialect.schemas.ct import terminology

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MEDDRA = "https://www.meddra.org"
ISO3166 = "urn:iso:std:iso:3166"

NOT_MAPPED = rule(
    "FHIR-NO-CODE",
    "warning",
    "A value that FHIR has no code for",
    "FHIR takes only its own codes here and has none for {value!r}; the element is left out.",
    "Map the value to the CDISC submission value it means.",
    "http://hl7.org/fhir/R4/terminologies.html#required",
)

Coding = dict[str, str]
Concept = dict[str, Any]


@cache
def _rows(table: str) -> tuple[dict[str, str], ...]:
    with files(__package__).joinpath("codes", f"{table}.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


@cache
def values(table: str) -> dict[str, Coding]:
    """A table of codes/values.csv: the source's value to the coding it becomes."""
    return {
        row["source"]: coding(row["system"], row["code"], row["display"])
        for row in _rows("values")
        if row["table"] == table
    }


@cache
def _displays(table: str) -> dict[str, str]:
    return {row["code"]: row["display"] for row in _rows(table)}


@cache
def ucum(unit: str) -> str | None:
    """The UCUM code of a unit of SDTM CT; None when the table does not have it."""
    return next((row["ucum"] for row in _rows("ucum") if row["unit"] == unit), None)


def coding(system: str, code: str, display: str | None = None) -> Coding:
    """A coding; without display where none is known for certain."""
    found = {"system": system, "code": code}
    return {**found, "display": display} if display else found


def concept(text: str | None, codings: Iterable[Coding] = ()) -> Concept | None:
    """A CodeableConcept of what there is; None for nothing."""
    found: Concept = {}
    if given := list(codings):
        found["coding"] = given
    if text:
        found["text"] = text
    return found or None


def loinc(code: str) -> Coding:
    """A LOINC coding, with its display where codes/loinc.csv has it."""
    return coding(LOINC, code, _displays("loinc").get(code))


def snomed(code: str) -> Coding:
    """A SNOMED CT coding, with its display where codes/snomed.csv has it."""
    return coding(SNOMED, code, _displays("snomed").get(code))


def ncit(version: str, codelist: str, value: str) -> list[Coding]:
    """The NCI Thesaurus coding of a submission value of a codelist; empty when it has none."""
    found = terminology(version).codelist(codelist)
    term = found.by_value.get(value) if found else None
    return [coding(NCIT, term.code, term.preferred)] if term else []


def ncit_of_test(version: str, testcd: str) -> list[Coding]:
    """The NCI Thesaurus coding of a questionnaire's test code: PI0101 stands in codelist PI01TC."""
    return ncit(version, f"{testcd[:-2]}TC", testcd) if len(testcd) > 2 else []


def quantity(number: Any, unit: str | None) -> dict[str, Any]:
    """A Quantity of a number (or the text of one, as orjson.Fragment) in a unit of SDTM CT."""
    found: dict[str, Any] = {"value": number}
    if unit:
        found["unit"] = unit
        if code := ucum(unit):
            found |= {"system": UCUM, "code": code}
    return found

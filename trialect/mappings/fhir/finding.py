"""Findings other than QS to Observation: any domain whose records are results of tests.

The value is the result as collected (--ORRES with --ORRESU), in its own text; the standard result
stands beside it as extensions of its variables, since R4 has one value. Ranges of normal, the
judgement of them, place, method and reasons have their elements; codes/categories.csv gives the
category of a domain, codes/variables.csv tells where each variable goes.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir.decimals import NUMBER
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition, json_text
from trialect.mappings.fhir.periods import PERIOD, ended, period
from trialect.mappings.fhir.procedure import body_site
from trialect.mappings.fhir.records import of_class, records, without_prefix
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import (
    Coding,
    Concept,
    coding,
    concept,
    loinc,
    ncit,
    quantity,
    values,
)
from trialect.mappings.fhir.variables import MORE, with_more
from trialect.schemas.sdtm.model import dataset

TYPE = "Observation"

USED = (
    *("TESTCD", "TEST", "CAT", "ORRES", "ORRESU", "ORNRLO", "ORNRHI", "NRIND", "STRESC", "STRESU"),
    *("STAT", "REASND", "LOC", "LAT", "DIR", "METHOD", "LOINC", "DTC", "ENDTC"),
)
ELSEWHERE = frozenset({"QS"})
"""Findings that have a mapping of their own."""

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_NOT_PERFORMED = concept(None, [coding(_ABSENT, "not-performed", "Not Performed")])
_UNKNOWN = concept(None, [coding(_ABSENT, "unknown", "Unknown")])

_COLUMNS = (
    *("USUBJID", SUBJECT, "patient", "encounter", "record", "id", MORE, "category", "CAT", "code"),
    *("moment", *PERIOD, "quantity", "words", "absent", "interpretation", "why", "site"),
    *("METHOD", "range"),
)


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json(MORE)]),
        "status": "final",
        "category": [Json("category"), {"text": Text("CAT")}],
        "code": Json("code"),
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("moment"),
        "effectivePeriod": period(part),
        "valueQuantity": Json("quantity"),
        "valueString": Text("words"),
        "dataAbsentReason": Json("absent"),
        "interpretation": [Json("interpretation")],
        "note": [{"text": Text("why")}],
        "bodySite": Json("site"),
        "method": {"text": Text("METHOD")},
        "referenceRange": [Json("range")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of each Findings domain but QS, the domains by name within a subject."""
    return of_class(part, "Findings", ELSEWHERE, _COLUMNS, _of_domain)


def _of_domain(part: Partition, domain: str) -> pl.DataFrame:
    frame = records(part, TYPE, domain, [f"{domain}{name}" for name in USED])
    frame = part.dated(frame, domain, f"{domain}DTC", "start")
    frame = part.dated(frame, domain, f"{domain}ENDTC", "end")
    frame = ended(frame)
    frame = with_more(part, frame, domain, {f"{domain}DTC": "start", f"{domain}ENDTC": "said"})
    frame = without_prefix(frame, domain, USED)

    def code(testcd: str | None, test: str | None, in_loinc: str | None) -> Concept | None:
        return concept(test or testcd, _codings(part, domain, testcd, test, in_loinc))

    def judged(indicator: str | None) -> Concept | None:
        known = values("interpretation")
        return concept(indicator, [known[indicator]] if indicator in known else [])

    frame = part.fragments(frame, ["TESTCD", "TEST", "LOINC"], code, "code")
    frame = body_site(part, frame, domain)
    frame = part.fragments(frame, ["NRIND"], judged, "interpretation")
    frame = part.fragments(frame, ["ORNRLO", "ORNRHI", "ORRESU"], _range, "range")
    return _valued(part, frame).with_columns(
        category=pl.lit(json_text(_category(domain)), pl.String)
    )


def _valued(part: Partition, frame: pl.DataFrame) -> pl.DataFrame:
    """With the value[x], or the reason for its absence.

    A result that was not collected is its standard form (--STRESC, a derived result).
    """
    done = (pl.col("STAT") != "NOT DONE").fill_null(True)
    collected = pl.col("ORRES").is_not_null()
    frame = frame.with_columns(
        value=pl.when(done).then(pl.coalesce("ORRES", "STRESC")),
        unit=pl.when(collected).then("ORRESU").otherwise("STRESU"),
    )
    number = pl.col("value").str.contains(NUMBER).fill_null(False)
    frame = frame.with_columns(
        number=pl.when(number).then("value"),
        words=pl.when(~number).then("value"),
        absent=pl.when(~done)
        .then(pl.lit(json_text(_NOT_PERFORMED)))
        .when(pl.col("value").is_null())
        .then(pl.lit(json_text(_UNKNOWN))),
        why="REASND",
    )

    def amount(text: str | None, unit: str | None) -> dict[str, Any] | None:
        return None if text is None else quantity(orjson.Fragment(text.encode()), unit)

    return part.fragments(frame, ["number", "unit"], amount, "quantity")


def _range(low: str | None, high: str | None, unit: str | None) -> dict[str, Any] | None:
    """The range of normal: numbers as quantities, anything else as the text it is."""
    import re

    ends = {"low": low, "high": high}
    numeric = {
        name: quantity(orjson.Fragment(text.encode()), unit)
        for name, text in ends.items()
        if text is not None and re.fullmatch(NUMBER, text)
    }
    words = [f"{name} {text}" for name, text in ends.items() if text and name not in numeric]
    found: dict[str, Any] = dict(numeric)
    if words:
        found["text"] = ", ".join(words)
    return found or None


@cache
def _categories() -> dict[str, Coding]:
    with files(__package__).joinpath("codes", "categories.csv").open(encoding="utf-8") as file:
        return {
            row["domain"]: coding(_CATEGORY, row["code"], row["display"])
            for row in csv.DictReader(file)
        }


def _category(domain: str) -> Concept | None:
    known = _categories().get(domain)
    return concept(None, [known]) if known else None


def _codings(
    part: Partition, domain: str, testcd: str | None, test: str | None, in_loinc: str | None
) -> list[Coding]:
    """LOINC where the record or the tables say it, NCI Thesaurus, and the test code itself."""
    if testcd is None:
        return []
    by_study, _ = part.codes.get(testcd, (None, None))
    of_test = values("test_loinc").get(f"{domain}.{testcd}")
    found = [of_test] if of_test else []
    if by_record := in_loinc or by_study:
        found = [loinc(by_record)]
    model = dataset(domain)
    variable = model.variable(f"{domain}TESTCD") if model is not None else None
    for codelist in variable.codelists if variable is not None else ():
        found += ncit(part.study.sdtm.ct, codelist, testcd)
    if not any(one["system"] != found[0]["system"] for one in found) and len(testcd) > 2:
        found += ncit(part.study.sdtm.ct, f"{testcd[:-2]}TC", testcd)
    unique = {(one["system"], one["code"]): one for one in found}
    return [*unique.values(), coding(part.identity.code_system(f"{domain}TESTCD"), testcd, test)]


RESOURCE = SubjectResource(TYPE, template, rows)

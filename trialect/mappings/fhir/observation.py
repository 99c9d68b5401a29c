"""QS to Observation: one result each, exactly as collected.

| record | Observation |
|---|---|
| result that is a number | valueQuantity, the number's own text (19.00 stays 19.00) |
| result that is a text with a code of its own (QSSTRESC) | valueCodeableConcept |
| any other result | valueString |
| QSSTAT = NOT DONE | no value, dataAbsentReason not-performed, QSREASND as note |
| no result without a reason | no value, dataAbsentReason unknown |

The status is final in every case: nothing more is to come. A collected result is derived from the
QuestionnaireResponse it was given in; a derived one (QSDRVFL) from the results that RELREC relates
(relations.py).
"""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir import encounter
from trialect.mappings.fhir.decimals import NUMBER
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import RECORD, SUBJECT, Partition, json_text
from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import (
    Coding,
    Concept,
    coding,
    concept,
    loinc,
    ncit_of_test,
    quantity,
    snomed,
)
from trialect.mappings.fhir.variables import MORE, carried, with_more

TYPE = "Observation"

QS = (
    *("QSTESTCD", "QSTEST", "QSCAT", "QSORRES", "QSORRESU", "QSSTRESC", "QSSTRESU", "QSSTAT"),
    *("QSREASND", "QSMETHOD", "QSDRVFL", "QSDTC", "QSTPT", "QSEVLINT", "QSEVINTX"),
)

_CATEGORY = coding("http://terminology.hl7.org/CodeSystem/observation-category", "survey", "Survey")
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_NOT_PERFORMED = concept(None, [coding(_ABSENT, "not-performed", "Not Performed")])
_UNKNOWN = concept(None, [coding(_ABSENT, "unknown", "Unknown")])


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    extension = part.identity.extension
    return {
        **opening(
            part,
            TYPE,
            [
                {"url": extension("planned-time-point"), "valueString": Text("QSTPT")},
                {"url": extension("evaluation-interval"), "valueString": Text("interval")},
                Json(MORE),
            ],
        ),
        "status": "final",
        "category": [{"coding": [_CATEGORY]}],
        "code": Json("code"),
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "effectiveDateTime": Text("effective"),
        "valueQuantity": Json("quantity"),
        "valueCodeableConcept": Json("answer"),
        "valueString": Text("words"),
        "dataAbsentReason": Json("absent"),
        "note": [{"text": Text("QSREASND")}],
        "method": {"text": Text("QSMETHOD")},
        "derivedFrom": [Ref("QuestionnaireResponse", "response")],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of QS."""
    texts, numbers = carried(part, "QS")
    qs = part.domain(
        "QS",
        tuple(dict.fromkeys((*QS, *texts))),
        tuple(dict.fromkeys(("QSSEQ", "VISITNUM", *numbers))),
    )
    qs = part.named(encounter.at_visit(part, qs), TYPE, "QS", "QSSEQ")
    qs = part.dated(qs, "QS", "QSDTC", "effective")
    qs = with_more(part, qs, "QS", {"QSDTC": "effective"})
    qs = _valued(part, qs)

    def code(testcd: str | None, test: str | None) -> Concept | None:
        return concept(test or testcd, codings_of_test(part, testcd, test))

    qs = part.fragments(qs, ["QSTESTCD", "QSTEST"], code, "code")
    return _with_responses(part, qs)


def codings_of_test(of: Partition | Protocol, testcd: str | None, test: str | None) -> list[Coding]:
    """The codings of a test: LOINC and SNOMED CT as the study's items say, NCI Thesaurus, and
    the test code itself.
    """
    if testcd is None:
        return []
    in_loinc, in_snomed = of.codes.get(testcd, (None, None))
    found = [loinc(in_loinc)] if in_loinc else []
    found += [snomed(in_snomed)] if in_snomed else []
    found += ncit_of_test(of.study.sdtm.ct, testcd)
    return [*found, coding(of.identity.code_system("QSTESTCD"), testcd, test)]


def _valued(part: Partition, qs: pl.DataFrame) -> pl.DataFrame:
    """With `value` (the result's text), and the value[x] or the reason for its absence."""
    done = (pl.col("QSSTAT") != "NOT DONE").fill_null(True)
    collected = pl.col("QSORRES").is_not_null()
    qs = qs.with_columns(
        value=pl.when(done).then(pl.coalesce("QSORRES", "QSSTRESC")),
        unit=pl.when(collected).then("QSORRESU").otherwise("QSSTRESU"),
        interval=pl.coalesce("QSEVINTX", "QSEVLINT"),
    )
    number = pl.col("value").str.contains(NUMBER).fill_null(False)
    coded = (
        collected
        & pl.col("QSSTRESC").ne_missing(pl.col("QSORRES"))
        & (pl.col("QSSTRESC").is_not_null())
    )
    qs = qs.with_columns(
        number=pl.when(number).then("value"),
        coded=pl.when(~number & coded & done).then("QSSTRESC"),
        words=pl.when(~number & ~coded).then("value"),
        absent=pl.when(~done)
        .then(pl.lit(json_text(_NOT_PERFORMED)))
        .when(pl.col("value").is_null())
        .then(pl.lit(json_text(_UNKNOWN))),
        QSREASND=pl.when(~done).then("QSREASND"),
    )

    def amount(text: str | None, unit: str | None) -> dict[str, Any] | None:
        return None if text is None else quantity(orjson.Fragment(text.encode()), unit)

    def answer(testcd: str | None, text: str | None, coded: str | None) -> Concept | None:
        if coded is None:
            return None
        system = part.identity.code_system(testcd or "QSTESTCD")
        return concept(text, [coding(system, coded, text)])

    qs = part.fragments(qs, ["number", "unit"], amount, "quantity")
    answered = pl.when(pl.col("coded").is_not_null()).then("value").alias("@text")
    qs = part.fragments(qs.with_columns(answered), ["QSTESTCD", "@text", "coded"], answer, "answer")
    return qs.drop("@text")


def _with_responses(part: Partition, qs: pl.DataFrame) -> pl.DataFrame:
    """With `asked` (the record that names the QuestionnaireResponse) and `response`, its id.

    What one subject answered of one instrument at one visit, time point and time is one response,
    named by its first record.
    """
    given = pl.col("value").is_not_null() & (pl.col("QSDRVFL") != "Y").fill_null(True)
    together = [SUBJECT, "QSCAT", "VISITNUM", "QSTPT", "effective", "@given"]
    qs = qs.with_columns(given.alias("@given"))
    qs = qs.with_columns(
        asked=pl.when("@given").then(pl.col(RECORD).first().over(together)),
    )
    names = qs["asked"].drop_nulls().unique(maintain_order=True)
    ids = part.identity.ids("QuestionnaireResponse", names).alias("response")
    table = pl.DataFrame([names, ids])
    return qs.join(table, on="asked", how="left", maintain_order="left").drop("@given")


RESOURCE = SubjectResource(TYPE, template, rows)

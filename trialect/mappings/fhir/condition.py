"""Events other than AE, DS and those with resources of their own to Condition (MH, CE, custom).

A record with --OCCUR = N says that the subject did not have it: its verification status is
refuted. A condition that has ended is resolved, one that is ongoing active (R4 con-4).
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition, json_text, shown
from trialect.mappings.fhir.procedure import body_site
from trialect.mappings.fhir.records import of_class, records, without_prefix
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import MEDDRA, Coding, Concept, coding, concept
from trialect.mappings.fhir.variables import MORE, with_more

TYPE = "Condition"

ELSEWHERE = frozenset({"AE", "DS", "SV"})
"""Events that have another resource."""

USED = ("TERM", "DECOD", "CAT", "OCCUR", "SEV", "LOC", "LAT", "DIR", "DTC", "STDTC", "ENDTC")
ONGOING = ("ENRTPT", "ENRF")

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_COLUMNS = (
    *("USUBJID", SUBJECT, "patient", "encounter", "record", "id", MORE, "clinical", "verified"),
    *("CAT", "SEV", "code", "site", "start", "end", "recorded"),
)


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json(MORE)]),
        "clinicalStatus": Json("clinical"),
        "verificationStatus": Json("verified"),
        "category": [{"text": Text("CAT")}],
        "severity": {"text": Text("SEV")},
        "code": Json("code"),
        "bodySite": [Json("site")],
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "onsetDateTime": Text("start"),
        "abatementDateTime": Text("end"),
        "recordedDate": Text("recorded"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of each Events domain without a resource of its own."""
    return of_class(part, "Events", ELSEWHERE, _COLUMNS, _of_domain)


def _of_domain(part: Partition, domain: str) -> pl.DataFrame:
    marks = [f"{domain}{name}" for name in ONGOING]
    code = f"{domain}PTCD"
    texts = [*(f"{domain}{name}" for name in USED), *marks]
    frame = records(part, TYPE, domain, texts, [code])
    dates = {f"{domain}DTC": "recorded", f"{domain}STDTC": "start", f"{domain}ENDTC": "end"}
    for variable, column in dates.items():
        frame = part.dated(frame, domain, variable, column)
    frame = with_more(part, frame, domain, dates)
    frame = without_prefix(frame, domain, USED)

    def named(term: str | None, standard: str | None, number: float | None) -> Concept | None:
        codings: list[Coding] = []
        if number is not None:
            codings = [coding(MEDDRA, shown(number), standard)]
        return concept(term or standard, codings)

    frame = part.fragments(frame, ["TERM", "DECOD", code], named, "code")
    frame = body_site(part, frame, domain)
    absent = (pl.col("OCCUR") == "N").fill_null(False)
    goes_on = pl.any_horizontal(pl.col(m) == "ONGOING" for m in marks).fill_null(False)
    status = {
        name: json_text(concept(None, [coding(_CLINICAL, name, name.capitalize())]))
        for name in ("active", "resolved")
    }
    refuted = json_text(concept(None, [coding(_VERIFIED, "refuted", "Refuted")]))
    over = pl.col("end").is_not_null()
    return frame.with_columns(
        clinical=pl.when(over)
        .then(pl.lit(status["resolved"]))
        .when(goes_on & ~absent)
        .then(pl.lit(status["active"])),
        verified=pl.when(absent).then(pl.lit(refuted)),
    )


RESOURCE = SubjectResource(TYPE, template, rows)

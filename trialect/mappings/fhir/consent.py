"""DS to Consent: that the subject agreed to take part, and when.

A record for each informed consent (or assent) among the protocol milestones of DS; where DS has
none, DM.RFICDTC gives one.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import ID, RECORD, SUBJECT, Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Ref, Template, Text
from trialect.mappings.fhir.terms import coding, concept, loinc

TYPE = "Consent"

MILESTONES = ("INFORMED CONSENT OBTAINED", "INFORMED ASSENT OBTAINED")
"""DSDECOD of SDTM CT C114118 that say so."""

RESEARCH = coding("http://terminology.hl7.org/CodeSystem/consentscope", "research", "Research")

PATIENT_CONSENT = "59284-0"
"""LOINC; one of the codes of R4's consent-category."""


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [as_extension(part.identity, "R5", "Consent.decision", "permit")]),
        "status": "active",
        "scope": concept(None, [RESEARCH]),
        "category": [concept(None, [loinc(PATIENT_CONSENT)])],
        "patient": Ref("Patient", "patient"),
        "dateTime": Text("given"),
        # Invariant ppc-1 asks for a policy; no code of R4's consent-policy is a protocol's own.
        "policyRule": {"text": f"Informed consent to take part in study {part.study.studyid}"},
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a consent."""
    ds = part.domain("DS", ("DSDECOD", "DSSTDTC"), ("DSSEQ",))
    ds = ds.filter(pl.col("DSDECOD").is_in(MILESTONES))
    ds = part.named(part.dated(ds, "DS", "DSSTDTC", "given"), TYPE, "DS", "DSSEQ")
    dm = part.domain("DM", ("RFICDTC",)).unique("USUBJID", keep="first", maintain_order=True)
    dm = dm.filter(pl.col("RFICDTC").is_not_null()).join(
        ds, on=SUBJECT, how="anti", maintain_order="left"
    )
    dm = part.dated(dm, "DM", "RFICDTC", "given").with_columns(
        pl.concat_str("USUBJID", pl.lit(".DM")).alias(RECORD)
    )
    dm = dm.with_columns(part.identity.ids(TYPE, dm[RECORD]).alias(ID))
    columns = ["USUBJID", SUBJECT, "patient", RECORD, ID, "given"]
    return pl.concat([ds.select(columns), dm.select(columns)]).sort(SUBJECT, maintain_order=True)


RESOURCE = SubjectResource(TYPE, template, rows)

"""SV to Encounter: a visit of the subject, planned or not, held or missed.

The planned visit is the code of Encounter.type, which the action of the PlanDefinition carries
too: R4 does not allow workflow-instantiatesCanonical on Encounter.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import blind
from trialect.mappings.fhir.opening import DATA_ABSENT, opening
from trialect.mappings.fhir.partition import Partition, shown
from trialect.mappings.fhir.patient import site_of
from trialect.mappings.fhir.periods import ORDERED, comparable, period
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, SiteRef, Template, Text
from trialect.mappings.fhir.terms import coding, concept, values
from trialect.mappings.fhir.variables import MORE, carried, with_more

TYPE = "Encounter"

CANCELLED = "http://hl7.org/fhir/StructureDefinition/encounter-reasonCancelled"

SV = ("VISIT", "SVOCCUR", "SVREASOC", "SVCNTMOD", "SVUPDES", "SVSTDTC", "SVENDTC")


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    reason = {"url": CANCELLED, "valueCodeableConcept": {"text": Text("why")}}
    return {
        **opening(part, TYPE, [reason, Json(MORE)]),
        "status": Text("status"),
        "class": Json("class"),
        "type": [Json("type")],
        "subject": Ref("Patient", "patient"),
        "period": period(part),
        "reasonCode": [{"text": Text("SVUPDES")}],
        "location": [{"location": SiteRef("Location", "site")}],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a visit (SV: a record for each VISITNUM of a subject)."""
    texts, numbers = carried(part, "SV")
    sv = part.domain(
        "SV",
        tuple(dict.fromkeys((*SV, *texts))),
        tuple(dict.fromkeys(("VISITNUM", *numbers))),
    )
    sv = _blinded(part, sv)
    sv = part.named(sv, TYPE, "SV", "VISITNUM")
    sv = part.dated(sv, "SV", "SVSTDTC", "start")
    sv = part.dated(sv, "SV", "SVENDTC", "end")
    sv = sv.with_columns(end=pl.when(ORDERED).then("end"))
    # HL7's class says ambulatory or virtual, no more.
    other = {"SVCNTMOD": pl.col("SVCNTMOD") != "IN PERSON"}
    sv = with_more(part, sv, "SV", {"SVSTDTC": "start", "SVENDTC": "end"}, other)

    def visit(number: float, name: str | None) -> dict[str, object] | None:
        code = coding(part.identity.code_system("visit"), shown(number), name)
        return concept(name, [code])

    contacts = values("contact")
    unknown = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
    sv = part.fragments(sv, ["VISITNUM", "VISIT"], visit, "type")
    sv = part.fragments(sv, ["SVCNTMOD"], lambda mode: contacts.get(mode, unknown), "class")
    missed = (pl.col("SVOCCUR") == "N").fill_null(False)
    return sv.with_columns(
        status=pl.when(missed).then(pl.lit("cancelled")).otherwise(pl.lit("finished")),
        why=pl.when(missed).then("SVREASOC"),
        site=site_of(part),
        **comparable("start", "end"),
    )


def at_visit(part: Partition, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with `encounter`, the id of the Encounter of its USUBJID and VISITNUM."""
    known = part.rows(RESOURCE).select("USUBJID", "VISITNUM", encounter="id")
    return frame.join(known, on=["USUBJID", "VISITNUM"], how="left", maintain_order="left")


def _blinded(part: Partition, sv: pl.DataFrame) -> pl.DataFrame:
    """Without the visits that are planned in one arm only, unless unblinded."""
    if part.unblinded:
        return sv
    of_all = {float(visit.num) for visit in part.study.visits if visit.arm is None}
    of_one = {float(visit.num): visit.name for visit in part.study.visits if visit.arm is not None}
    withheld = pl.col("VISITNUM").is_in(sorted(of_one.keys() - of_all))
    for usubjid, number in sv.filter(withheld).select("USUBJID", "VISITNUM").iter_rows():
        part.tell(
            blind.VISIT_WITHHELD.problem(
                domain="SV", usubjid=usubjid, seq=shown(number), value=of_one[number]
            )
        )
    return sv.filter(~withheld)


RESOURCE = SubjectResource(TYPE, template, rows)

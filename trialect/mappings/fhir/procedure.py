"""PR and EX to Procedure: what was done to the subject.

A record of EX is the study treatment. Blinded, it is an act of which only the start is told:
neither its name nor its place, and no end, because treatments may take their own time.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import encounter
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import SUBJECT, Partition, json_text
from trialect.mappings.fhir.periods import ended, period
from trialect.mappings.fhir.records import records
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, Template, Text
from trialect.mappings.fhir.terms import Concept, concept, ncit
from trialect.mappings.fhir.variables import MORE, carried, with_more

TYPE = "Procedure"

STUDY_TREATMENT = "Study treatment"

PR = (
    "PRTRT",
    "PRDECOD",
    "PRCAT",
    "PROCCUR",
    "PRSTAT",
    "PRREASND",
    "PRINDC",
    "PRLOC",
    "PRLAT",
    "PRDIR",
    "PRSTDTC",
    "PRENDTC",
)
EX = ("EXTRT", "EXLOC", "EXLAT", "EXDIR", "EXADJ", "EXSTDTC", "EXENDTC")

LOC, LAT, DIR = "C74456", "C99073", "C99074"
"""Codelists of SDTM CT."""

_COLUMNS = (
    *("USUBJID", SUBJECT, "patient", "encounter", "record", "id", "status", "why", "category"),
    *("code", "start", "end", "indication", "site", "note", "treatment", MORE),
)


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json(MORE)]),
        "status": Text("status"),
        "statusReason": {"text": Text("why")},
        "category": {"text": Text("category")},
        "code": Json("code"),
        "subject": Ref("Patient", "patient"),
        "encounter": Ref("Encounter", "encounter"),
        "performedDateTime": Text("moment"),
        "performedPeriod": period(part),
        "reasonCode": [{"text": Text("indication")}],
        "bodySite": [Json("site")],
        "note": [{"text": Text("note")}],
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a record of PR, then of EX, of each subject; `treatment` is true for EX."""
    found = pl.concat(
        [_procedures(part).select(_COLUMNS), _treatments(part).select(_COLUMNS)]
    ).sort(SUBJECT, maintain_order=True)
    # A blinded treatment has a start alone, which says nothing of how long it was.
    return ended(found, pl.col("treatment") & part.unblinded)


def _treatments(part: Partition) -> pl.DataFrame:
    told = EX if part.unblinded else ("EXSTDTC",)
    # Blinded, that there is anything to tell of a treatment but its start may tell the arm.
    texts, numbers = carried(part, "EX") if part.unblinded else ((), ())
    ex = part.domain(
        "EX",
        tuple(dict.fromkeys((*told, *texts))),
        tuple(dict.fromkeys(("EXSEQ", "VISITNUM", *numbers))),
    )
    ex = part.named(encounter.at_visit(part, ex), TYPE, "EX", "EXSEQ")
    ex = part.dated(ex, "EX", "EXSTDTC", "start")
    nothing = pl.lit(None, pl.String)
    if part.unblinded:
        ex = ended(part.dated(ex, "EX", "EXENDTC", "end"), pl.lit(True))
        ex = with_more(part, ex, "EX", {"EXSTDTC": "start", "EXENDTC": "said"})
        ex = part.fragments(ex, ["EXTRT"], lambda name: concept(name), "code")
        ex = body_site(part, ex, "EX")
    else:
        code = pl.lit(json_text(concept(STUDY_TREATMENT)))
        ex = ex.with_columns(code=code, end=nothing, site=nothing, EXADJ=nothing).with_columns(
            nothing.alias(MORE)
        )
    return ex.with_columns(
        status=pl.lit("completed"),
        why=nothing,
        category=pl.lit(STUDY_TREATMENT),
        indication=nothing,
        note=pl.col("EXADJ"),
        treatment=pl.lit(True),
    )


def _procedures(part: Partition) -> pl.DataFrame:
    pr = records(part, TYPE, "PR", PR)
    pr = part.dated(pr, "PR", "PRSTDTC", "start")
    pr = ended(part.dated(pr, "PR", "PRENDTC", "end"))
    # A moment may be the start alone, so an end that is the same moment is said beside it.
    pr = with_more(part, pr, "PR", {"PRSTDTC": "start", "PRENDTC": "until"})
    pr = part.fragments(pr, ["PRTRT", "PRDECOD"], _name, "code")
    pr = body_site(part, pr, "PR")
    missed = (pl.col("PROCCUR") == "N").fill_null(False) | (
        pl.col("PRSTAT") == "NOT DONE"
    ).fill_null(False)
    return pr.with_columns(
        status=pl.when(missed).then(pl.lit("not-done")).otherwise(pl.lit("completed")),
        why=pl.when(missed).then("PRREASND"),
        category=pl.col("PRCAT"),
        indication=pl.col("PRINDC"),
        note=pl.lit(None, pl.String),
        treatment=pl.lit(False),
    )


def _name(reported: str | None, standard: str | None) -> Concept | None:
    """The name as reported; the standard name where the two differ."""
    if standard and reported and standard.casefold() != reported.casefold():
        return concept(f"{reported} ({standard})")
    return concept(reported or standard)


def body_site(part: Partition, frame: pl.DataFrame, domain: str) -> pl.DataFrame:
    """The frame with `site`: --LOC coded in NCI Thesaurus, --LAT and --DIR in the text."""
    version = part.study.sdtm.ct

    def site(location: str | None, side: str | None, direction: str | None) -> Concept | None:
        words = [word for word in (location, side, direction) if word]
        return concept(", ".join(words), ncit(version, LOC, location) if location else [])

    return part.fragments(frame, [f"{domain}LOC", f"{domain}LAT", f"{domain}DIR"], site, "site")


RESOURCE = SubjectResource(TYPE, template, rows)
